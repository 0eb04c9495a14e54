//! Long results, a screen at a time, as git shows them: `$CMSCC_PAGER`, `$PAGER`, or `less`.

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

/// Shows lines in the pager; `false` where there is none.
// SECURITY: the lines are others' words, made visible; LESSSECURE keeps less from running anything
pub(super) fn show(lines: &[String]) -> bool {
    let Some(pager) = named() else {
        return false;
    };
    let mut command = Command::new("sh");
    command.args(["-c", &pager]).stdin(Stdio::piped());
    command.env("LESSSECURE", "1");
    if !is_set("LESS") {
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut input) = child.stdin.take() {
        for line in lines {
            // who has seen enough reads no more
            if writeln!(input, "{line}").is_err() {
                break;
            }
        }
    }
    // 127: the shell did not find it
    !child.wait().is_ok_and(|status| status.code() == Some(127))
}

/// The pager's command line; `None` where none is wanted.
#[expect(
    clippy::disallowed_methods,
    reason = "whose pager it is says the environment, as with git"
)]
fn named() -> Option<String> {
    let mut names = ["CMSCC_PAGER", "PAGER"].iter();
    let named = names.find_map(|name| env::var(name).ok());
    let pager = named.unwrap_or_else(|| "less".to_owned());
    let plain = pager.trim();
    (!plain.is_empty() && plain != "cat").then(|| plain.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the pager's own settings win")]
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some()
}
