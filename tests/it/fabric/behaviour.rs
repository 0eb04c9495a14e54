//! What a real network answers to the calls of `devnet/behaviour`.

use std::{collections::BTreeMap, env, fs, path::Path};

use super::net::Net;
use crate::devnet::{
    behaviour::{compare, differing, play},
    wire::Place,
};

#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own setting")]
fn a_real_network_answers_what_is_kept() {
    let Some(net) = Net::up(1800) else { return };
    let _servers = net.deploy();
    let place = Place {
        crypto: net.root().join("crypto"),
        peers: BTreeMap::from(["org1", "org2"].map(|org| (org, net.address(org, 1)))),
        orderer: net.orderer_address(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answers = runtime.block_on(play(&place));
    let release = match net.knows("V3_0") {
        true => "3.1",
        false => "2.5",
    };
    if env::var_os("CMSCC_KEEP_ANSWERS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/devnet/behaviour");
        fs::write(folder.join(format!("answers-{release}.txt")), answers).unwrap();
        return;
    }
    compare(&answers, release);
}

/// BFT orderers refuse in other words than raft; everything else is the same.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own setting")]
fn a_real_bft_network_differs_in_what_is_kept() {
    let Some(net) = Net::up_with(1850, &[("CAPS", "v3"), ("CONSENSUS", "bft")]) else {
        return;
    };
    let _servers = net.deploy();
    let place = Place {
        crypto: net.root().join("crypto"),
        peers: BTreeMap::from(["org1", "org2"].map(|org| (org, net.address(org, 1)))),
        orderer: net.orderer_address(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let differ = differing(&runtime.block_on(play(&place)), "3.1");
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/devnet/behaviour/differs-bft.txt");
    if env::var_os("CMSCC_KEEP_ANSWERS").is_some() {
        fs::write(&file, &differ).unwrap();
    }
    assert_eq!(differ, fs::read_to_string(&file).unwrap_or_default());
}
