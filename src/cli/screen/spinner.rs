//! That something takes its time.

use std::{
    io::{self, Write},
    pin::pin,
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{cli::show::Line, cli::show::Tone};

/// Nobody is told of what takes no longer.
const PATIENCE: Duration = Duration::from_millis(300);
const TURN: Duration = Duration::from_millis(100);
const SIGNS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Waits for something, and says so on the terminal of errors while it lasts; `what` may become something
/// else meanwhile.
pub(super) async fn spin<F: Future>(what: &dyn Fn() -> String, future: F) -> F::Output {
    let mut future = pin!(future);
    tokio::select! {
        done = &mut future => return done,
        () = sleep(PATIENCE) => {}
    }
    let mut turns = interval(TURN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut signs = SIGNS.iter().cycle();
    let done = loop {
        tokio::select! {
            done = &mut future => break done,
            _ = turns.tick() => {
                let sign = signs.next().copied().unwrap_or_default();
                let line = Line::of(Tone::Accent, sign).and(Tone::Dim, format!(" {}", what()));
                write(&format!("\r{}\u{1b}[K", line.text(super::terminal::has_error_colours())));
            }
        }
    };
    write("\r\u{1b}[K");
    done
}

/// Where nobody can read it, it is lost.
fn write(text: &str) {
    let mut out = io::stderr();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
