//! Variables of the environment that nobody reads.

use std::{cmp::min, env};

use clap::{Command, CommandFactory};

use super::findings::SettingProblems;
use crate::{cli::args::Args, text::foreign};

/// What begins the names of our variables, and of those that we share with other chaincode servers.
const OURS: [&str; 2] = ["CMSCC_", "CHAINCODE_"];

/// How many letters may differ in a name that is suggested.
const SLIP: usize = 3;

/// Warns of variables that look like settings and are none.
pub(super) fn check(findings: &mut SettingProblems) {
    for warning in odd_variables() {
        findings.warn(warning);
    }
}

/// What to say of the variables that look like settings and are none.
pub(in crate::cli) fn odd_variables() -> Vec<String> {
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    let known = known();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let odd = names.iter().filter_map(|name| warning(name, &known));
    odd.collect()
}

/// The variables of all commands.
fn known() -> Vec<String> {
    let mut variables = Vec::new();
    add(&Args::command(), &mut variables);
    #[cfg(feature = "client")]
    variables.extend(of_client().map(str::to_owned));
    variables
}

/// The variables of a command, and of those within it.
fn add(command: &Command, variables: &mut Vec<String>) {
    let named = command.get_arguments().filter_map(|one| one.get_env());
    variables.extend(named.map(|name| name.to_string_lossy().into_owned()));
    for within in command.get_subcommands() {
        add(within, variables);
    }
}

/// Those that the client reads: who runs a server in the shell of an administrator has them set.
#[cfg(feature = "client")]
fn of_client() -> impl Iterator<Item = &'static str> {
    let settings = crate::client::Setting::ALL.into_iter();
    let settings = settings.map(crate::client::Setting::variable);
    let others = [
        "CMSCC_CONFIG",
        "CMSCC_DEVNET_DIR",
        "CMSCC_PAGER",
        "CMSCC_PROFILE",
    ];
    settings.chain(others)
}

/// What to say of a variable.
fn warning(name: &str, known: &[&str]) -> Option<String> {
    if !OURS.iter().any(|ours| name.starts_with(ours))
        || known.contains(&name)
        || is_of_kubernetes(name)
    {
        return None;
    }
    let nearest = (known.iter())
        .map(|known| (distance(name, known), *known))
        .min()
        .filter(|(distance, _)| *distance <= SLIP);
    let meant = match nearest {
        Some((_, nearest)) => format!("; `{nearest}` may be meant"),
        None => String::new(),
    };
    Some(format!("`{}` is no setting{meant}", foreign(name)))
}

/// Whether Kubernetes sets a variable of this name for a Service called `cmscc` or `chaincode`, or so with
/// `-` and something.
fn is_of_kubernetes(name: &str) -> bool {
    let has = |part: &str| {
        name.match_indices(part).any(|(at, _)| {
            let rest = name
                .get(at.saturating_add(part.len())..)
                .unwrap_or_default();
            rest.is_empty() || rest.starts_with('_')
        })
    };
    name.ends_with("_SERVICE_HOST") || has("_SERVICE_PORT") || has("_PORT")
}

/// How many letters must be changed, added or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut next = vec![i.saturating_add(1)];
        let mut left = i.saturating_add(1);
        for (pair, to) in row.windows(2).zip(&b) {
            let [diagonal, above] = pair else { continue };
            let change = diagonal.saturating_add(usize::from(from != *to));
            left = min(change, min(left, *above).saturating_add(1));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_named_with_what_may_be_meant() {
        let known = known();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        assert!(known.contains(&"CMSCC_LOG_FORMAT"));
        for (name, expected) in [
            ("CMSCC_LOG", None),
            #[cfg(feature = "client")]
            ("CMSCC_CHANNEL", None),
            #[cfg(feature = "client")]
            ("CMSCC_CONFIG", None),
            #[cfg(feature = "agent")]
            ("CMSCC_AGENT_OPS_ADDRESS", None),
            #[cfg(feature = "agent")]
            (
                "CMSCC_AGENT_OPS_ADRESS",
                Some(
                    "`CMSCC_AGENT_OPS_ADRESS` is no setting; `CMSCC_AGENT_OPS_ADDRESS` may be meant",
                ),
            ),
            #[cfg(feature = "client")]
            ("CMSCC_PROFILE", None),
            ("PATH", None),
            ("CMSCC_SERVICE_HOST", None),
            ("CMSCC_SERVICE_PORT_CHAINCODE", None),
            ("CMSCC_PORT", None),
            ("CMSCC_PORT_9999_TCP_ADDR", None),
            ("CMSCC_OPS_SERVICE_HOST", None),
            (
                "CMSCC_LOGG",
                Some("`CMSCC_LOGG` is no setting; `CMSCC_LOG` may be meant"),
            ),
            (
                "CMSCC_TRUST_ANCHOR",
                Some("`CMSCC_TRUST_ANCHOR` is no setting; `CMSCC_TRUST_ANCHORS` may be meant"),
            ),
            ("CHAINCODE_TLS_CERT", None),
            ("CHAINCODE_PORT_9999_TCP", None),
            ("CORE_CHAINCODE_ID_NAME", None),
            (
                "CHAINCODE_CLIENT_CA_CERTS",
                Some(
                    "`CHAINCODE_CLIENT_CA_CERTS` is no setting; `CHAINCODE_CLIENT_CA_CERT` may be meant",
                ),
            ),
            (
                "CHAINCODE_TLS_CRT",
                Some("`CHAINCODE_TLS_CRT` is no setting; `CHAINCODE_TLS_CERT` may be meant"),
            ),
            (
                "CMSCC_SOMETHING_ELSE",
                Some("`CMSCC_SOMETHING_ELSE` is no setting"),
            ),
        ] {
            assert_eq!(warning(name, &known).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn distances_count_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected);
        }
    }
}
