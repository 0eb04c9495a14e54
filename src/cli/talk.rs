//! How a command that acts talks: results and progress on its screen; a question only where a person sits
//! at a terminal.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

use serde::Serialize;

use super::{
    args::ShownArgs,
    output,
    screen::Screen,
    show::{Line, Look, Tone},
};
use crate::client::{ClientError, Progress};

/// How one command talks.
#[derive(Debug)]
pub(super) struct Talk {
    screen: Screen,
    /// Whether questions may be asked.
    input: bool,
}

impl Talk {
    /// As the flags say it.
    pub(super) fn of(shown: &ShownArgs) -> Self {
        Self::new(shown, false)
    }

    /// The same; `full`: certificates and long lists are shown whole.
    pub(super) fn new(shown: &ShownArgs, full: bool) -> Self {
        Self {
            screen: Screen::new(shown, full),
            input: !shown.no_input,
        }
    }

    /// How lines are drawn on standard output.
    pub(super) const fn look(&self) -> Look {
        self.screen.look()
    }

    /// Whether the result is a document.
    pub(super) const fn wants_json(&self) -> bool {
        self.screen.wants_json()
    }

    /// Prints lines of a result, as they come; nothing where the result is a document.
    pub(super) fn lines(&self, lines: &[Line]) {
        if self.wants_json() {
            return;
        }
        let width = self.look().width;
        for line in lines.iter().flat_map(|line| line.clone().wrapped(width)) {
            output::told(&line.text(true));
        }
    }

    /// Prints one line of a result.
    pub(super) fn line(&self, line: &Line) {
        self.lines(std::slice::from_ref(line));
    }

    /// Prints a line of a result that is copied, so it is not wrapped.
    pub(super) fn verbatim(&self, text: &str) {
        if !self.wants_json() {
            output::told(&Line::plain(text).text(true));
        }
    }

    /// Prints the result as a document, where that is wanted.
    pub(super) fn document(&self, document: &impl Serialize) -> Result<(), ClientError> {
        match self.wants_json() {
            true => self.screen.result(document, None, |_| Vec::new()),
            false => Ok(()),
        }
    }

    /// Says something beside the result.
    pub(super) fn say(&self, line: &Line) {
        self.screen.note(line);
    }

    /// Says that something is done.
    pub(super) fn done(&self, text: &str) {
        self.line(&Line::of(Tone::Good, "✓ ").and(Tone::Plain, text));
    }

    /// Says that something deserves a look.
    pub(super) fn warn(&self, text: &str) {
        self.say(&Line::of(Tone::Waiting, "! ").and(Tone::Plain, text));
    }

    /// Says what could be done next.
    pub(super) fn next(&self, command: &str) {
        self.say(&Line::of(Tone::Dim, "next: ").and(Tone::Accent, command));
    }

    /// Waits for something that takes its time, and tells so.
    pub(super) async fn wait<F: Future>(&self, what: &str, future: F) -> F::Output {
        self.screen.wait(what, future).await
    }

    /// Says how far something is that takes its time.
    pub(super) fn progress(&self, progress: &Progress) {
        let text = match progress {
            Progress::Verified(done, all) if *all > 1 => {
                format!("verified {done} of {all} config blocks")
            }
            Progress::HandedIn(done, all) if *all > 1 => {
                format!("handed in {done} of {all} config blocks")
            }
            Progress::Verified(..) | Progress::HandedIn(..) => return,
            Progress::Waiting => "sent; waiting for the block".to_owned(),
            Progress::InBlock(number) => format!("in block {number}"),
            Progress::Again => "no block yet: the same bytes are sent again".to_owned(),
        };
        self.say(&Line::of(Tone::Dim, text));
    }

    /// Asks a person, who answers with a line; `None` where nobody can be asked, or says nothing.
    pub(super) fn ask(&self, question: &Line) -> Option<String> {
        if !self.may_ask() {
            return None;
        }
        let mut err = anstream::stderr();
        let _ = write!(err, "{} ", question.text(true)).and_then(|()| err.flush());
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(read) if read > 0 => Some(answer.trim().to_owned()),
            _ => None,
        }
    }

    /// Whether a person can be asked.
    pub(super) fn may_ask(&self) -> bool {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        self.input && !self.wants_json() && is_terminal
    }

    /// Whether a person sees the results.
    pub(super) fn is_seen(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Reports why something was not done; gives the exit code.
    pub(super) fn failed(&self, error: &ClientError) -> ExitCode {
        self.screen.failed(error)
    }
}
