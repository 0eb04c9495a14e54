//! The first page of help: the commands by what people want, those that are used most first.

use std::fmt::Write as _;

use clap::{Command, builder::StyledStr};

use super::args::STYLES;

/// Commands under headings. One that this build lacks is passed over.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "See what there is",
        &[
            "status", "list", "show", "diff", "explain", "plan", "watch", "config", "history",
            "doctor",
        ],
    ),
    (
        "Change the channel's config",
        &[
            "propose", "sign", "submit", "reject", "withdraw", "rebase", "combine", "wait",
            "archive",
        ],
    ),
    ("With files alone", &["update", "audit"]),
    (
        "The contract on the channel",
        &[
            "deploy",
            "package",
            "settings",
            "members",
            "attest",
            "capabilities",
            "sync",
            "init-consortium",
            "recover",
            "api",
        ],
    ),
    ("Your machine", &["profile", "identity", "pin"]),
    ("Run it unattended", &["serve", "agent", "health"]),
    ("Try it without Fabric", &["devnet", "demo"]),
    ("The program", &["version", "completion", "man", "help"]),
];

/// The program's arguments, with that page.
pub(super) fn grouped(command: Command) -> Command {
    let page = page(&command);
    command.help_template(page)
}

fn page(command: &Command) -> StyledStr {
    let (heading, literal) = (STYLES.get_header(), STYLES.get_literal());
    let mut page = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (title, names) in GROUPS {
        let listed = names
            .iter()
            .filter_map(|name| Some((*name, about(command, name)?)));
        let listed: Vec<_> = listed.collect();
        if listed.is_empty() {
            continue;
        }
        // writing into a text does not fail
        let _ = write!(page, "\n{heading}{title}:{heading:#}\n");
        for (name, about) in listed {
            let _ = writeln!(page, "  {literal}{name:<15}{literal:#}  {about}");
        }
    }
    page.push_str("\n{options-heading}\n{options}{after-help}");
    let page = page.replace(
        "{options-heading}",
        &format!("{heading}Options:{heading:#}"),
    );
    StyledStr::from(page)
}

/// What a command is for; `None` where it is not there, or not to be seen.
fn about(command: &Command, name: &str) -> Option<String> {
    if name == "help" {
        return Some("Print this, or the help of a command".to_owned());
    }
    let found = command
        .find_subcommand(name)
        .filter(|found| !found.is_hide_set())?;
    let aliases: Vec<&str> = found.get_visible_aliases().collect();
    let about = found
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    Some(match aliases.is_empty() {
        true => about,
        false => format!("{about} [{}]", aliases.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Args;

    #[test]
    fn every_command_stands_under_one_heading() {
        let command = Args::command();
        let seen = command.get_subcommands().filter(|one| !one.is_hide_set());
        let mut seen: BTreeSet<&str> = seen.map(Command::get_name).collect();
        seen.insert("help");
        let names: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        let listed: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(listed.len(), names.len(), "one stands there twice");
        let missing: Vec<_> = seen.difference(&listed).collect();
        assert!(missing.is_empty(), "{missing:?}");
        // what is listed and not there is of another build, not of none
        #[cfg(all(feature = "client", feature = "devnet"))]
        for name in listed.difference(&seen) {
            assert_eq!(*name, "package");
        }
        let page = page(&command).to_string();
        for name in seen {
            assert!(page.contains(&format!("  {name} ")), "{name}\n{page}");
        }
        // no line of it is one of clap's tags
        let tags = page.matches('{').count();
        assert_eq!(tags, 5, "{page}");
    }
}
