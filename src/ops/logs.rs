//! Structured logs on standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal},
    panic,
};

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}

/// Reads a filter such as `info` or `info,cmscc::shim=debug`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(text)
}

/// Sends log lines to standard error, and panics to the log. Colours only on a terminal, and where
/// the caller allows them.
///
/// # Errors
/// Where logs go elsewhere already.
pub(crate) fn start(filter: EnvFilter, format: Format, colours: bool) -> Result<(), impl Display> {
    let ansi = colours && io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(ansi);
    panic::set_hook(Box::new(|info| {
        let what = info.to_string().replace('\n', " ");
        tracing::error!(what, "panic");
    }));
    match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        Format::Text => builder.try_init(),
    }
}
