//! The commands that act on a network that runs.

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use super::{
    control::{self, ControlAnswer, ControlOrder, NetStatus},
    folder::DevnetFolder,
};
use crate::cli::{
    args::{DevnetFolderArgs, DevnetOrgArgs, NewcomerArgs},
    output,
};

/// How long a network may take to end.
const ENDING: Duration = Duration::from_secs(20);

pub(in crate::cli::command::devnet) fn status(args: &DevnetFolderArgs) -> anyhow::Result<ExitCode> {
    order(args, ControlOrder::Status)
}

pub(in crate::cli::command::devnet) fn add_org(args: &NewcomerArgs) -> anyhow::Result<ExitCode> {
    let name = args.name.clone();
    order(&args.folder, ControlOrder::AddOrg { name })
}

pub(in crate::cli::command::devnet) fn stop_peer(args: &DevnetOrgArgs) -> anyhow::Result<ExitCode> {
    let org = args.org.clone();
    order(&args.folder, ControlOrder::StopPeer { org })
}

pub(in crate::cli::command::devnet) fn start_peer(
    args: &DevnetOrgArgs,
) -> anyhow::Result<ExitCode> {
    let org = args.org.clone();
    order(&args.folder, ControlOrder::StartPeer { org })
}

pub(in crate::cli::command::devnet) fn stop_server(
    args: &DevnetOrgArgs,
) -> anyhow::Result<ExitCode> {
    let org = args.org.clone();
    order(&args.folder, ControlOrder::StopServer { org })
}

pub(in crate::cli::command::devnet) fn start_server(
    args: &DevnetOrgArgs,
) -> anyhow::Result<ExitCode> {
    let org = args.org.clone();
    order(&args.folder, ControlOrder::StartServer { org })
}

/// Ends the network; it removes its files itself. Those of one that was killed are removed here.
pub(in crate::cli::command::devnet) fn down(args: &DevnetFolderArgs) -> anyhow::Result<ExitCode> {
    let folder = DevnetFolder::find(args)?;
    folder.description()?;
    if control::runs(&folder) {
        let asked = control::ask(&folder, ControlOrder::Down);
        // it may end before its answer is here
        if control::runs(&folder) {
            asked?;
        }
        wait_until_gone(&folder)?;
    } else {
        folder.remove()?;
    }
    say(args, "the network has ended, and its files are removed")?;
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command waits for another process"
)]
fn wait_until_gone(folder: &DevnetFolder) -> anyhow::Result<()> {
    let start = Instant::now();
    while folder.path.exists() {
        if start.elapsed() > ENDING {
            anyhow::bail!("the network has not ended within {} s", ENDING.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn order(args: &DevnetFolderArgs, order: ControlOrder) -> anyhow::Result<ExitCode> {
    let folder = DevnetFolder::find(args)?;
    match control::ask(&folder, order)? {
        ControlAnswer::Status(status) if args.json => {
            output::result(&serde_json::to_string_pretty(&status)?);
        }
        ControlAnswer::Status(status) => output::result(&shown(&status)),
        ControlAnswer::Done(text) | ControlAnswer::Failed(text) => say(args, &text)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn say(args: &DevnetFolderArgs, text: &str) -> anyhow::Result<()> {
    if args.json {
        output::result(&serde_json::to_string(
            &serde_json::json!({ "done": text }),
        )?);
    } else {
        output::result(text);
    }
    Ok(())
}

/// A network for people.
pub(super) fn shown(status: &NetStatus) -> String {
    let mut lines = Vec::new();
    for channel in &status.channels {
        let name = &channel.name;
        lines.push(format!("channel {name}: {}", channel.members.join(", ")));
    }
    lines.push(format!("contract {}", status.chaincode));
    let width = status
        .organizations
        .iter()
        .map(|organization| organization.name.len())
        .max()
        .unwrap_or_default()
        .max("Orderer".len());
    lines.push(format!("{:<width$}  {}", "Orderer", status.orderer));
    for organization in &status.organizations {
        let peer = match organization.peer_runs {
            true => "peer runs",
            false => "peer stopped",
        };
        let server = match organization.server_runs {
            true => "server runs",
            false => "no server",
        };
        let heights = (organization.heights.iter())
            .map(|(channel, height)| format!("{channel} {height} blocks"))
            .collect::<Vec<_>>();
        let heights = match heights.is_empty() {
            true => "in no channel yet".to_owned(),
            false => heights.join(", "),
        };
        let (name, address) = (&organization.name, &organization.peer);
        lines.push(format!(
            "{name:<width$}  {address}  {peer}, {server}, {heights}"
        ));
    }
    lines.join("\n")
}
