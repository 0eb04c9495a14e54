//! Why nothing was done, for people and for scripts.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    output,
    show::{Look, problem},
};
use crate::client::{self, ClientError};

/// Tells why nothing was done, all of it; the first reason is the exit code.
pub(super) fn refused(errors: &[ClientError], json: bool) -> ExitCode {
    if json {
        let errors: Vec<_> = errors.iter().map(Problem::of).collect();
        let document = RefusedDocument {
            error: errors.first(),
            errors: &errors,
        };
        match serde_json::to_string_pretty(&document) {
            Ok(text) => output::foreign_json(&text),
            Err(error) => return output::failed(&error.into()),
        }
    } else {
        let look = Look {
            width: width(),
            now: client::now().seconds,
            full: false,
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

/// Columns of the terminal of errors; `None`: it is none.
fn width() -> Option<usize> {
    let stream = io::stderr();
    if !stream.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// The document of a command that did nothing.
#[derive(JsonSchema, Serialize)]
pub(super) struct RefusedDocument<'a> {
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
