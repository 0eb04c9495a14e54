//! What the program says to people and scripts.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// How errors are marked; without colour where the output is no terminal or NO_COLOR is set.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The exit code of wrong arguments and settings; clap's own.
pub(super) const USAGE: u8 = 2;

/// Reports a failure with its causes.
pub(super) fn failed(error: &anyhow::Error) -> ExitCode {
    anstream::eprintln!("{ERROR}error:{ERROR:#} {error:#}");
    ExitCode::FAILURE
}

/// Reports everything that is wrong with the settings.
pub(super) fn misconfigured(errors: &[String]) -> ExitCode {
    for error in errors {
        anstream::eprintln!("{ERROR}error:{ERROR:#} {error}");
    }
    ExitCode::from(USAGE)
}

/// Prints a result.
pub(super) fn result(text: &str) {
    anstream::println!("{text}");
}

/// Prints something about a result, where it does not get in the way of scripts.
pub(super) fn note(text: &str) {
    anstream::eprintln!("{text}");
}
