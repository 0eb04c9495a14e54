//! Where the client's commands write: lines for people, documents for scripts, progress, errors.
//!
//! | file | what it does |
//! |---|---|
//! | `terminal` | how wide and how high it is, whether there are colours |
//! | `pager` | long results, a screen at a time, as git does |
//! | `document` | JSON documents, and the members that were asked for |
//! | `hidden` | a line that is typed without being shown |
//! | `spinner` | that something takes its time |

mod document;
mod hidden;
mod pager;
mod spinner;
mod terminal;

pub(in crate::cli) use document::RawMembers;
pub(in crate::cli) use hidden::ask_pin;

use std::process::ExitCode;

use serde::Serialize;

use crate::{
    cli::{
        args::ShownArgs,
        output,
        show::{Line, Look},
        terminal::refused,
    },
    client::{ClientError, Exit, now},
};

/// Where a command writes, as it was asked to.
#[derive(Debug)]
pub(in crate::cli) struct Screen {
    look: Look,
    /// The members that are wanted of a JSON document: none named, all of them.
    json: Option<Vec<String>>,
    is_quiet: bool,
}

impl Screen {
    /// The terminal of this process, or the pipe that is in its place.
    pub(in crate::cli) fn new(args: &ShownArgs, full: bool) -> Self {
        let fields = args.json.as_deref().map(|fields| {
            let fields = fields.split(',').map(str::trim);
            fields
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        });
        let look = Look {
            width: terminal::width(),
            now: now().seconds,
            full,
        };
        Self {
            look,
            json: fields,
            is_quiet: args.quiet,
        }
    }

    /// How results are drawn.
    pub(in crate::cli) const fn look(&self) -> Look {
        self.look
    }

    /// Whether a JSON document is wanted in the place of lines.
    pub(in crate::cli) const fn wants_json(&self) -> bool {
        self.json.is_some()
    }

    /// Whether nothing is wanted beside the result.
    pub(in crate::cli) const fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Prints a result: as a JSON document where one is wanted, otherwise the lines. `rows`: the member
    /// whose entries a selection of members is about, where the document is a list.
    pub(in crate::cli) fn result<T: Serialize>(
        &self,
        document: &T,
        rows: Option<&str>,
        draw: impl FnOnce(Look) -> Vec<Line>,
    ) -> Result<(), ClientError> {
        match &self.json {
            Some(fields) => {
                output::foreign_json(&document::selected(document, rows, fields)?);
            }
            None => self.lines(&draw(self.look)),
        }
        Ok(())
    }

    /// Prints lines; in a pager where they are more than the terminal has.
    pub(in crate::cli) fn lines(&self, lines: &[Line]) {
        let colour = terminal::has_colours();
        let text: Vec<String> = lines.iter().map(|line| line.text(colour)).collect();
        let is_long = terminal::height().is_some_and(|height| text.len() >= height);
        if !(is_long && pager::show(&text)) {
            for line in &text {
                output::result(line);
            }
        }
    }

    /// Says something beside the result, to people.
    pub(in crate::cli) fn note(&self, line: &Line) {
        if !self.is_quiet && !self.wants_json() {
            output::note(&line.text(terminal::has_error_colours()));
        }
    }

    /// Waits for something; a person who waits too is told so after a while.
    pub(in crate::cli) async fn wait<F: Future>(&self, what: &str, future: F) -> F::Output {
        self.wait_saying(&|| what.to_owned(), future).await
    }

    /// The same, where what is waited for changes.
    pub(in crate::cli) async fn wait_saying<F: Future>(
        &self,
        what: &dyn Fn() -> String,
        future: F,
    ) -> F::Output {
        match self.is_quiet || self.wants_json() || !terminal::is_watched() {
            true => future.await,
            false => spinner::spin(what, future).await,
        }
    }

    /// Reports how a command ended that could not do all it was asked for.
    pub(in crate::cli) fn failed(&self, error: &ClientError) -> ExitCode {
        refused(std::slice::from_ref(error), self.wants_json())
    }

    /// How a command ends.
    pub(in crate::cli) fn ended(&self, done: Result<Exit, ClientError>) -> ExitCode {
        match done {
            Ok(exit) => code(exit),
            Err(error) => self.failed(&error),
        }
    }
}

/// The exit code of an ending.
pub(in crate::cli) fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}
