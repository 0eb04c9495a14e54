//! What the program says to people and scripts.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// How errors are marked; without colour where the output is no terminal or NO_COLOR is set.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The exit code of wrong arguments and settings; clap's own.
pub(super) const USAGE: u8 = 2;

/// Reports a failure with its causes, which may quote what others wrote.
pub(super) fn failed(error: &anyhow::Error) -> ExitCode {
    let text = visible(&format!("{error:#}"));
    anstream::eprintln!("{ERROR}error:{ERROR:#} {text}");
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

// SECURITY: a terminal must not obey what other members wrote.
/// Prints a line of a result that holds texts of others.
pub(super) fn foreign(line: &str) {
    result(&visible(line));
}

/// Prints a JSON document that holds texts of others. It stays equal as JSON: hidden characters
/// stand only in its strings, as `\u009b`.
pub(super) fn foreign_json(document: &str) {
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        // white space between the parts of a document is no string's
        if is_hidden(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    result(&out);
}

/// Prints something about a result, where it does not get in the way of scripts.
pub(super) fn note(text: &str) {
    anstream::eprintln!("{text}");
}

/// A text of somebody else on one line: control characters, and those that change the direction of a
/// line or take no room on it, as `\u{1b}`.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

/// Whether a terminal obeys a character, or shows nothing for it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
