//! How a command of the client talks: results to standard output, everything else to standard error; a
//! question only where a person sits at a terminal.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

use serde::Serialize;

use super::{
    args::ShownArgs,
    output,
    show::{Line, Look, Tone, problem},
    terminal::refused,
};
use crate::client::{ClientError, Exit, Progress, now};

/// The columns of a terminal that does not say how wide it is.
const WIDTH: usize = 80;

/// How one command talks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    /// Whether the result is a JSON document.
    pub(super) json: bool,
    /// Whether questions may be asked.
    pub(super) input: bool,
    /// Whether talk beside the result is wanted.
    pub(super) quiet: bool,
}

impl Talk {
    /// As the flags say it.
    pub(super) fn of(shown: &ShownArgs) -> Self {
        Self {
            json: shown.json.is_some(),
            input: !shown.no_input,
            quiet: shown.quiet,
        }
    }

    /// How lines are drawn on standard output.
    pub(super) fn look(self) -> Look {
        Look {
            width: io::stdout().is_terminal().then(columns),
            now: now().seconds,
            full: false,
        }
    }

    /// Prints lines of a result; nothing where the result is a document.
    pub(super) fn lines(self, lines: &[Line]) {
        if self.json {
            return;
        }
        for line in lines {
            output::result(&line.text(true));
        }
    }

    /// Prints one line of a result.
    pub(super) fn line(self, line: &Line) {
        self.lines(std::slice::from_ref(line));
    }

    /// Prints the result as a document, where that is wanted.
    pub(super) fn document(self, document: &impl Serialize) {
        if !self.json {
            return;
        }
        let text = serde_json::to_string_pretty(document);
        output::foreign_json(&text.unwrap_or_else(|error| error.to_string()));
    }

    /// Says something beside the result.
    pub(super) fn say(self, line: &Line) {
        if !self.json && !self.quiet {
            output::note(&line.text(true));
        }
    }

    /// Says that something is done.
    pub(super) fn done(self, text: &str) {
        self.line(&Line::of(Tone::Good, "✓ ").and(Tone::Plain, text));
    }

    /// Says what could be done next.
    pub(super) fn next(self, command: &str) {
        self.say(&Line::of(Tone::Dim, "next: ").and(Tone::Accent, command));
    }

    /// Says how far something is that takes its time.
    pub(super) fn progress(self, progress: &Progress) {
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
    pub(super) fn ask(self, question: &Line) -> Option<String> {
        if !self.may_ask() {
            return None;
        }
        let mut err = anstream::stderr();
        let _ = write!(err, "{} ", question.text(true)).and_then(|()| err.flush());
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        match read {
            Ok(read) if read > 0 => Some(answer.trim().to_owned()),
            _ => None,
        }
    }

    /// Whether a person can be asked.
    pub(super) fn may_ask(self) -> bool {
        self.input && !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Reports why something was not done; gives the exit code.
    pub(super) fn failed(self, error: &ClientError) -> ExitCode {
        if self.json {
            return refused(std::slice::from_ref(error), true);
        } else {
            let look = Look {
                width: io::stderr().is_terminal().then(columns),
                ..self.look()
            };
            for line in problem(error, look) {
                output::note(&line.text(true));
            }
        }
        code(error.exit)
    }
}

/// The exit code of an end.
pub(super) fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    match size {
        Ok(size) if size.ws_col >= 20 => usize::from(size.ws_col),
        _ => WIDTH,
    }
}
