//! How commands of the client speak: lines to people, documents to scripts, and why nothing was done.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    output,
    show::{Line, Look, problem},
};
use crate::client::{self, ClientError};

/// How to draw for whoever reads standard output.
pub(super) fn look() -> Look {
    Look {
        width: width(&io::stdout()),
        now: client::now().seconds,
        full: false,
    }
}

/// Columns of a terminal; `None`: it is none.
fn width(stream: &(impl IsTerminal + rustix::fd::AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// Prints lines of a result.
pub(super) fn say(lines: &[Line]) {
    let texts: Vec<String> = lines.iter().map(|line| line.text(true)).collect();
    if !texts.is_empty() {
        output::result(&texts.join("\n"));
    }
}

/// Prints a document of a result.
pub(super) fn document(document: &impl Serialize) -> ExitCode {
    match serde_json::to_string_pretty(document) {
        Ok(text) => {
            output::foreign_json(&text);
            ExitCode::SUCCESS
        }
        Err(error) => output::failed(&error.into()),
    }
}

/// Tells why nothing was done, all of it; the first reason is the exit code.
pub(super) fn refused(errors: &[ClientError], json: bool) -> ExitCode {
    if json {
        let errors: Vec<_> = errors.iter().map(Problem::of).collect();
        document(&Refused {
            error: errors.first(),
            errors: &errors,
        });
    } else {
        let look = Look {
            width: width(&io::stderr()),
            ..look()
        };
        for error in errors {
            for line in problem(error, look) {
                output::note(&line.text(true));
            }
        }
    }
    errors
        .first()
        .map_or(ExitCode::FAILURE, |error| ExitCode::from(error.exit as u8))
}

/// The document of a command that did nothing.
#[derive(JsonSchema, Serialize)]
pub(super) struct Refused<'a> {
    /// The first reason.
    error: Option<&'a Problem<'a>>,
    /// All of them.
    errors: &'a [Problem<'a>],
}

/// An error, as scripts see it.
#[derive(JsonSchema, Serialize)]
pub(super) struct Problem<'a> {
    /// The exit code.
    code: u8,
    symbol: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<ProblemDetail<'a>>,
}

/// What one node said.
#[derive(JsonSchema, Serialize)]
struct ProblemDetail<'a> {
    from: &'a str,
    message: &'a str,
}

impl<'a> Problem<'a> {
    pub(super) fn of(error: &'a ClientError) -> Self {
        let details = error.details.iter();
        Self {
            code: error.exit as u8,
            symbol: &error.symbol,
            message: &error.message,
            hint: error.hint.as_deref(),
            details: details
                .map(|(from, message)| ProblemDetail { from, message })
                .collect(),
        }
    }
}
