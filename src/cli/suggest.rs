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
    ("getinfo", "cmscc status"),
    ("install", "cmscc deploy install"),
    ("invoke", "cmscc api --submit FUNCTION ARG.."),
    ("lifecycle", "cmscc deploy"),
    ("login", "cmscc profile list"),
    ("logs", "cmscc watch"),
    (
        "peer",
        "cmscc config export (as `peer channel fetch`), cmscc sign (as `signconfigtx`), cmscc submit (as `update`)",
    ),
    ("proto_decode", "cmscc update inspect FILE --decode"),
    (
        "proto_encode",
        "cmscc update compute, which takes JSON as it is",
    ),
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
    let hint = habit(&typed(), &missing(error));
    #[cfg(feature = "client")]
    if error.use_stderr() && wants_json() {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.strip_prefix("error: ").unwrap_or(first);
        let error = ClientError::new(Exit::Usage, "ARGUMENTS", first);
        let hint = hint.unwrap_or("--help lists what the command takes");
        return super::terminal::refused(&[error.hint(hint)], true);
    }
    // as clap does; where nobody can read it, it is lost
    let _ = error.print();
    if let Some(hint) = hint.filter(|_| error.use_stderr()) {
        output::note(&format!("hint:  {hint}"));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
}

/// Whether a script asks: the arguments were not understood, so they are looked at as they are.
#[cfg(feature = "client")]
fn wants_json() -> bool {
    typed()
        .iter()
        .any(|argument| argument == "--json" || argument.starts_with("--json="))
}

/// What was typed behind the program's name.
fn typed() -> Vec<String> {
    let arguments = std::env::args_os().skip(1);
    arguments
        .filter_map(|argument| argument.into_string().ok())
        .collect()
}

/// The arguments that are missing, as the usage names them: `--against <CONFIG>`.
fn missing(error: &Error) -> Vec<String> {
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(names))) => names.clone(),
        _ => Vec::new(),
    }
}

/// What to do in the place of what somebody does with `peer` and the tools around it; what no line of the
/// usage tells.
fn habit(typed: &[String], missing: &[String]) -> Option<&'static str> {
    let words: Vec<&str> = typed.iter().map(String::as_str).collect();
    let lacks = |name: &str| missing.iter().any(|one| one.starts_with(name));
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    Some(match words.as_slice() {
        ["update", ..] if lacks("--against") => {
            "--against names the config in force: the block that `peer channel fetch config config_block.pb` \
             writes, or `cmscc config export config_block.pb`"
        }
        ["update", "sign" | "signconfigtx", ..] if lacks("--out") => {
            "`peer channel signconfigtx` writes over its file; here -o names the file, which may be the same"
        }
        ["update", "wrap" | "merge", ..] if lacks("--out") => "-o names the file that is written",
        ["update", "-f" | "-c" | "-o" | "--file" | "--channelID", ..] => {
            "what `peer channel update -f FILE` does: cmscc submit --in FILE. `cmscc update` is about files"
        }
        ["update", ..] if has(&["-f", "--file"]) => "files are named without a flag before them",
        [
            "config",
            "fetch" | "export",
            "config" | "newest" | "oldest",
            ..,
        ] => "cmscc config export FILE writes the newest config block; --sequence N an older one",
        ["sign" | "submit", ..] if has(&["-f", "--file"]) => {
            "a file is named with --in: `cmscc sign --in FILE`, `cmscc submit --in FILE`. To sign a file without \
             the contract: cmscc update sign FILE -o OUT"
        }
        _ => return None,
    })
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

    #[test]
    fn habits_of_peer_are_known() {
        let hint = |typed: &str, missing: &[&str]| {
            let typed: Vec<_> = typed.split(' ').map(str::to_owned).collect();
            let missing: Vec<_> = missing.iter().map(|name| (*name).to_owned()).collect();
            habit(&typed, &missing).unwrap_or_default()
        };
        for (typed, missing, meant) in [
            (
                "update check f.json",
                &["--against <CONFIG>"][..],
                "peer channel fetch config",
            ),
            (
                "update signconfigtx -f f.pb",
                &["--out <FILE>"],
                "may be the same",
            ),
            ("update -f f.pb -c mychannel", &[], "cmscc submit --in FILE"),
            ("update inspect -f f.pb", &[], "without a flag"),
            (
                "config fetch config out.block",
                &[],
                "cmscc config export FILE",
            ),
            ("sign -f f.pb", &[], "--in"),
        ] {
            assert!(hint(typed, missing).contains(meant), "{typed}");
        }
        assert_eq!(hint("update check", &["<FILE>"]), "");
        assert_eq!(hint("list --lst", &[]), "");
    }
}
