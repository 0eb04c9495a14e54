//! What the program says to people and scripts.

use std::{
    io::{ErrorKind, Write},
    process::{self, ExitCode},
};

use anstyle::{AnsiColor, Style};

use crate::text::{escaped_json, visible};

/// How errors are marked; without colour where the output is no terminal or NO_COLOR is set.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The exit code of wrong arguments and settings; clap's own.
pub(super) const USAGE: u8 = 2;

/// Reports a failure with its causes, which may quote what others wrote.
pub(super) fn failed(error: &anyhow::Error) -> ExitCode {
    let text = visible(&format!("{error:#}"));
    complain(&format!("{ERROR}error:{ERROR:#} {text}"));
    ExitCode::FAILURE
}

/// Reports arguments that name nothing, and what was probably meant.
pub(super) fn refused(text: &str, hint: &str) {
    complain(&format!("{ERROR}error:{ERROR:#} {}", visible(text)));
    complain(&format!("hint:  {}", visible(hint)));
}

/// Reports everything that is wrong with the settings.
pub(super) fn misconfigured(errors: &[String]) -> ExitCode {
    for error in errors {
        complain(&format!("{ERROR}error:{ERROR:#} {}", visible(error)));
    }
    ExitCode::from(USAGE)
}

/// Prints a result. Ends the program where it cannot be written; that nobody wants to read on is no
/// failure.
pub(super) fn result(text: &str) {
    let mut out = anstream::stdout();
    let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    complain(&format!(
        "{ERROR}error:{ERROR:#} cannot write the result: {error}"
    ));
    process::exit(1);
}

/// Prints a line of what a command does that goes on doing it: that nobody reads on is no reason to
/// stop half way, as if it were done.
#[cfg(feature = "client")]
pub(super) fn told(text: &str) {
    let mut out = anstream::stdout();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => result(text),
        _ => {}
    }
}

#[cfg(feature = "devnet")]
/// Asks for input at the beginning of a line; where nobody can read it, it is lost.
pub(super) fn prompt(text: &str) {
    let mut out = anstream::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

// SECURITY: a terminal must not obey what other members wrote.
/// Prints a line of a result that holds texts of others.
pub(super) fn foreign(line: &str) {
    result(&visible(line));
}

/// Prints a JSON document that holds texts of others. It stays equal as JSON: hidden characters
/// stand only in its strings, as `\u009b`.
pub(super) fn foreign_json(document: &str) {
    result(&escaped_json(document));
}

/// Prints something about a result, where it does not get in the way of scripts.
pub(super) fn note(text: &str) {
    complain(text);
}

/// Writes a line of errors; where nobody can read it, it is lost.
fn complain(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}
