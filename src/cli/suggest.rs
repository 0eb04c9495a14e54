//! Names that people try, of other tools, and the command that they mean.

use std::process::ExitCode;

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::output::{self, USAGE};
#[cfg(feature = "client")]
use crate::client::{ClientError, Exit};

/// What was typed, and what was meant.
const MEANT: &[(&str, &str)] = &[
    ("apply", "cmscc submit ID"),
    ("approve", "cmscc sign ID, or cmscc deploy approve"),
    ("block", "cmscc config export"),
    (
        "channel",
        "cmscc config export (as `peer channel fetch`), cmscc sign (as `signconfigtx`), cmscc submit (as `update`)",
    ),
    ("commit", "cmscc submit ID, or cmscc deploy commit"),
    ("compute_update", "cmscc update compute ORIGINAL MODIFIED"),
    (
        "configtxlator",
        "cmscc update compute, cmscc update inspect",
    ),
    ("context", "cmscc profile list"),
    ("delete", "cmscc withdraw ID"),
    ("execute", "cmscc submit ID"),
    ("fetch", "cmscc config export"),
    ("install", "cmscc deploy install"),
    ("invoke", "cmscc api --submit FUNCTION ARG.."),
    ("lifecycle", "cmscc deploy"),
    ("login", "cmscc profile list"),
    ("logs", "cmscc watch"),
    ("proto_decode", "cmscc update inspect FILE"),
    ("query", "cmscc api FUNCTION ARG.."),
    ("signconfigtx", "cmscc update sign FILE"),
    ("vote", "cmscc sign ID, or cmscc reject ID"),
];

/// Reports arguments that were not understood; asked for help or version, prints that.
pub(super) fn refused(error: &Error) -> ExitCode {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(meant) = meant(typed)
    {
        output::refused(
            &format!("there is no `cmscc {typed}`"),
            &format!("did you mean {meant}?"),
        );
        return ExitCode::from(USAGE);
    }
    #[cfg(feature = "client")]
    if error.use_stderr() && wants_json() {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.strip_prefix("error: ").unwrap_or(first);
        let error = ClientError::new(Exit::Usage, "ARGUMENTS", first);
        return super::terminal::refused(
            &[error.hint("--help lists what the command takes")],
            true,
        );
    }
    // as clap does; where nobody can read it, it is lost
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
}

/// Whether a script asks: the arguments were not understood, so they are looked at as they are.
#[cfg(feature = "client")]
fn wants_json() -> bool {
    let arguments = std::env::args_os();
    arguments
        .filter_map(|argument| argument.into_string().ok())
        .any(|argument| argument == "--json" || argument.starts_with("--json="))
}

fn meant(typed: &str) -> Option<&'static str> {
    let found = MEANT.binary_search_by_key(&typed, |(name, _)| name).ok();
    found.and_then(|at| MEANT.get(at)).map(|(_, meant)| *meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_tools_are_known() {
        assert!(MEANT.is_sorted());
        assert_eq!(
            meant("approve"),
            Some("cmscc sign ID, or cmscc deploy approve")
        );
        assert_eq!(meant("sign"), None);
    }
}
