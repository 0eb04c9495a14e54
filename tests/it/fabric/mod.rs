//! A real Fabric network, driven with the `peer` command line, or with the client.
//!
//! The tests run when `FABRIC_BIN` (a directory with peer, orderer, configtxgen, configtxlator,
//! cryptogen, osnadmin) and `FABRIC_CFG` (the sampleconfig directory of the same release) are set,
//! and say so when they do not. `FABRIC_PORT_BASE` moves the ports (default 17050), `CAPS=v3` takes
//! channel capability V3_0. One network runs at a time.

mod agent;
mod behaviour;
mod bft;
mod calls;
mod capabilities;
mod client;
mod combine;
mod deploy;
mod doctor;
mod faults;
mod flood;
mod gateway;
mod identities;
mod init;
mod intents;
mod locked;
mod net;
mod newcomer;
mod pages;
mod recovery;
mod rejection;
mod scenario;
mod servers;
mod settings;
mod shim;
mod stage;
mod story;
mod tasks;
mod tls;
mod update;
mod updates;
mod versions;
mod watching;

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use net::Net;

const CHANNEL: &str = "mychannel";
const CHAINCODE: &str = "cmscc";
const PATIENCE: Duration = Duration::from_secs(60);

fn base64_of(file: &Path) -> String {
    STANDARD.encode(fs::read(file).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Asks again until there is an answer; a minute is the end of patience.
#[expect(clippy::disallowed_methods, reason = "a deadline for other processes")]
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "gave up waiting: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
