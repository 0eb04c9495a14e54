//! How wide and how high a terminal is, whether there are colours.

use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};

/// Columns of the terminal that results go to; `None`: they go elsewhere.
pub(super) fn width() -> Option<usize> {
    let out = io::stdout();
    out.is_terminal()
        .then(|| size(&out))
        .flatten()
        .map(|(columns, _)| columns)
}

/// Lines of the terminal that results go to.
pub(super) fn height() -> Option<usize> {
    let out = io::stdout();
    out.is_terminal()
        .then(|| size(&out))
        .flatten()
        .map(|(_, lines)| lines)
}

/// Whether a person sees progress.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Whether results have colours: on a terminal, unless NO_COLOR or `--color` say otherwise.
pub(super) fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// The same of errors.
pub(super) fn has_error_colours() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

fn size(terminal: &impl std::os::fd::AsFd) -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    let (columns, lines) = (usize::from(size.ws_col), usize::from(size.ws_row));
    (columns > 0 && lines > 0).then_some((columns, lines))
}
