//! Clocks, servers and peers that are off: `agent status` names each, and all is well behind it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    super::{net::Net, until},
    fleet::Fleet,
};
use crate::client::agent::{Agent, clock_ahead};

/// Waits until `agent status` names what is in the way of Org1's agent.
fn stumbles(fleet: &Fleet<'_>, symbols: &[&str]) {
    let found = until(&format!("one of {symbols:?}"), || {
        let (code, report) = fleet.status("org1")?;
        let symbol = report["trouble"]["symbol"].as_str()?.to_owned();
        (code == 3 && symbols.contains(&symbol.as_str())).then_some(report)
    });
    println!("{}", found["trouble"]);
    assert!(!found["trouble"]["hint"].is_null(), "{found}");
}

#[test]
fn what_is_off_is_named_and_passes() {
    let Some(net) = Net::up(50) else { return };
    let mut fleet = Fleet::new(&net);
    fleet.is_well("org1");
    let backup = backup(&net);
    too_few_servers(&mut fleet);
    an_older_peer(&mut fleet, &backup);
    a_clock(&mut fleet);
}

/// The orderer takes the update, and nobody can tell the contract.
fn too_few_servers(fleet: &mut Fleet<'_>) {
    fleet.proposes("org1", "first");
    let digest = fleet.digest("org1", "first");
    fleet.signs("org2", "first", &digest);
    // signed enough by the last one alone, which is when the server goes
    let held = fleet
        .command("org1", "User1")
        .args(["agent", "hold", "first"])
        .status();
    assert!(held.unwrap().success());
    fleet.signs("org1", "first", &digest);
    fleet.servers.remove("org2");
    let resumed = fleet
        .command("org1", "User1")
        .args(["agent", "resume", "first"])
        .status();
    assert!(resumed.unwrap().success());
    fleet.agents["org1"].signal("HUP");
    stumbles(fleet, &["SERVER_DOWN", "TOO_FEW_ENDORSERS"]);
    let (_, report) = fleet.status("org1").unwrap();
    assert_eq!(
        (&report["sequence"], &report["contract_sequence"]),
        (&1.into(), &0.into())
    );
    fleet.servers.insert("org2", fleet.net.start_server("org2"));
    fleet.is_well("org1");
    let proposal = until("the contract knows it", || {
        let asked = fleet
            .net
            .try_query("org1", "GetProposal", &["first"])
            .ok()?;
        (asked["status"] == "Submitted").then_some(asked)
    });
    assert_eq!(
        proposal["status_detail"]["proof"]["sequence"], 1,
        "{proposal}"
    );
}

/// What the peer of Org1 keeps.
fn ledger(net: &Net) -> PathBuf {
    net.root().join("run/peer-org1/data")
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").args([from, to]).status();
    assert!(copied.unwrap().success());
}

fn backup(net: &Net) -> PathBuf {
    let backup = net.work("backup");
    net.script(&["stop-peer", "org1"]);
    copy(&ledger(net), &backup);
    net.script(&["start-peer", "org1"]);
    backup
}

/// A peer that was made anew, from an older backup, is behind what the agent has verified, until it has
/// caught up.
fn an_older_peer(fleet: &mut Fleet<'_>, backup: &Path) {
    let net = fleet.net;
    net.script(&["stop-peer", "org1"]);
    // nobody tells it what it lacks
    net.script(&["stop-orderer"]);
    fs::remove_dir_all(ledger(net)).unwrap();
    copy(backup, &ledger(net));
    net.script(&["start-peer", "org1"]);
    stumbles(fleet, &["ROLLBACK"]);
    net.script(&["start-orderer"]);
    fleet.is_well("org1");
    let holds = fleet.status("org1").unwrap().1["holds"]["channel"].clone();
    assert!(holds.is_null(), "{holds}");
}

/// An agent whose clock is 20 minutes off.
fn a_clock(fleet: &mut Fleet<'_>) {
    let Some(clock) = clock_ahead() else { return };
    fleet.agents.get_mut("org1").unwrap().kill();
    let mut command = fleet.command("org1", "User1");
    let agent = Agent::of(command.envs(clock).args(["agent", "run"]));
    // older peers look at the time of requests for blocks alone
    stumbles(fleet, &["CLOCK_SKEW", "BAD_REQUEST"]);
    drop(agent);
    fleet.start("org1");
    fleet.is_well("org1");
}
