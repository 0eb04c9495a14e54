//! A false branch, made by somebody of the orderer organisation, is seen and ended.
//!
//! On a channel of crash-tolerant orderers a block counts as signed with the signature of any member
//! of an orderer organisation. Peers are protected by the chain of hashes, the contract is not.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use cmscc::{block::ConfigBlock, identity::KeySigner};
use serde_json::{Value, json};

use super::{base64_of, net::Net};
use crate::chain::forged::{forge_update, signer_of};

#[test]
fn operators_end_a_false_branch() {
    let Some(net) = Net::up(500) else { return };
    let _servers = net.deploy();
    let both = ["org1", "org2"];

    // three updates are signed, and nobody has submitted them yet
    net.propose_org("org1", &both, "add_orgx", "OrgXMSP");
    let batch = r#"{"channel_group":{"groups":{"Orderer":{"values":{"BatchTimeout":
        {"value":{"timeout":"300ms"}}}}}}}"#;
    net.invoke(&both, "ProposeConfigUpdate", &["timeout", batch, "longer"]);
    let anchors = r#"{"channel_group":{"groups":{"Application":{"groups":{"Org1MSP":{"values":
        {"AnchorPeers":{"value":{"anchor_peers":[{"host":"localhost","port":7051}]}}}}}}}}}"#;
    net.invoke(&both, "ProposeConfigUpdate", &["anchors", anchors, "moved"]);
    for (id, signers) in [
        ("add_orgx", &both[..]),
        ("timeout", &["orderer"]),
        ("anchors", &["org1"]),
    ] {
        for signer in signers {
            net.sign(signer, &both, id);
        }
    }
    let signed = ["add_orgx", "timeout", "anchors"].map(|id| net.ready(id));

    // a user of the orderer organisation makes a block of the first that no orderer ever ordered
    let forged = forged(&net, &signed[0], &orderer_user(&net));
    net.invoke(&both, "SyncConfig", &[&base64_of(&forged)]);
    let head = net.query("org1", "GetConfig", &[]);
    assert_eq!((&head["sequence"], &head["epoch"]), (&json!(1), &json!(1)));
    assert_eq!(net.proposal("add_orgx")["status"], "Submitted");
    net.invoke(&both, "UpdateProposals", &["2"]);
    assert_eq!(net.proposal("add_orgx")["archived"], true);
    // the peers do not know of it
    assert!(
        net.try_fetch("head.block")
            .is_ok_and(|file| base64_of(&file) == base64_of(&net.genesis()))
    );

    // the channel goes on, and its block is another config of a known sequence: both are named
    net.submit("org1", &signed[1]).unwrap();
    let first = net.config_block(1);
    let fork = net.invoke_refused(&both, "SyncConfig", &[&base64_of(&first)], "CONFIG_FORK");
    for digest in [digest(&forged), digest(&first)] {
        assert!(fork.contains(&digest), "{fork}");
    }
    for org in both {
        let ready = net.readiness(org);
        assert!(ready["forks"].as_u64().unwrap() > 0, "{ready}");
        assert_eq!(ready["config_sha256"], json!(digest(&forged)), "{ready}");
    }

    // a recovery goes forward, to a block that every operator mounts with the permission to disown
    net.submit("org1", &signed[2]).unwrap();
    let second = net.config_block(2);
    let block = base64_of(&second);
    net.invoke_refused(&both, "SyncConfig", &[&block], "BLOCK_NOT_SUCCESSOR");
    let recover = [block.as_str(), "1"];
    net.invoke_refused(&both, "RecoverConfig", &recover, "ANCHOR_MISMATCH");
    net.mount("org1", "block", &fs::read(&second).unwrap());
    net.refused("org1", "RecoverConfig", &recover, "NOT_DISOWNED");
    net.mount("org1", "disown", b"1 1\n");
    net.query("org1", "RecoverConfig", &recover);
    net.invoke_refused(&both, "RecoverConfig", &recover, "ANCHOR_MISMATCH");
    net.mount("org2", "block", &fs::read(&second).unwrap());
    net.mount("org2", "disown", b"1 1\n");
    net.invoke(&both, "RecoverConfig", &recover);
    let head = net.query("org2", "GetConfig", &[]);
    assert_eq!(
        [&head["epoch"], &head["sequence"], &head["config_sha256"]],
        [&json!(2), &json!(2), &json!(digest(&second))],
    );
    // the permission was for one recovery
    net.invoke_refused(&both, "RecoverConfig", &recover, "NOT_DISOWNED");
    for org in both {
        net.unmount(org, "disown");
    }

    // what the false branch proved is disowned; what the real one did was replayed by nobody
    let archived = net.proposal("add_orgx");
    assert_eq!(archived["outcome"]["outcome"], "Disowned", "{archived}");
    let report = net.audited("add_orgx");
    assert_eq!(report.outcome, "Disowned", "{report:#?}");
    assert!(report.effective.is_none(), "{report:#?}");
    let history = net.query("org2", "GetHistory", &[]);
    assert_eq!(history["history"][0]["outcome"]["outcome"], "Disowned");
    for id in ["timeout", "anchors"] {
        let done = net.proposal(id);
        assert_eq!(done["status"], "Submitted", "{done}");
        let detail = &done["status_detail"];
        assert_eq!(detail["already_in_effect"], true, "{done}");
        assert_eq!(detail["proof"], Value::Null, "{done}");
    }
    let args = [base64_of(&first)];
    net.invoke_refused(&both, "SyncConfig", &[&args[0]], "BEFORE_CHECKPOINT");
    let chain = net.query("org1", "GetConfigChain", &[]);
    let sequences: Vec<&Value> = chain["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["sequence"])
        .collect();
    assert_eq!(sequences, [0, 2], "{chain}");

    // and it goes on: the same intent under another id, this time ordered
    net.propose_org("org2", &both, "add_orgx_again", "OrgXMSP");
    for org in both {
        net.sign(org, &both, "add_orgx_again");
    }
    net.submit_ready("org2", "add_orgx_again");
    net.sync(&both, 3);
    let done = net.proposal("add_orgx_again");
    assert_eq!(done["status"], "Submitted", "{done}");
    assert_eq!(done["status_detail"]["proof"]["sequence"], 3, "{done}");
    // its bytes are those of the archived one, which is proven by the same block now
    let archived = net.proposal("add_orgx");
    assert_eq!(archived["outcome"]["outcome"], "Submitted", "{archived}");
    assert_eq!(archived["outcome"]["proof"]["sequence"], 3, "{archived}");
    for id in ["add_orgx", "add_orgx_again"] {
        let effective = net.audited(id).effective.unwrap();
        assert_eq!(effective.sequence, 3, "{id}");
    }
}

fn digest(block: &Path) -> String {
    let block = ConfigBlock::parse(fs::read(block).unwrap().into()).unwrap();
    block.config_digest().to_string()
}

/// The false block, as a file of the network.
pub(super) fn forged(net: &Net, envelope: &Path, signer: &KeySigner) -> PathBuf {
    let genesis = Bytes::from(fs::read(net.genesis()).unwrap());
    let envelope = Bytes::from(fs::read(envelope).unwrap());
    let file = net.work("forged.block");
    fs::write(&file, forge_update(genesis, &envelope, signer)).unwrap();
    file
}

/// An identity of the orderer organisation that is no ordering node.
pub(super) fn orderer_user(net: &Net) -> KeySigner {
    orderer_signer(net, "users", "Admin@example.com")
}

/// An identity of the orderer organisation, by its folder.
pub(super) fn orderer_signer(net: &Net, kind: &str, name: &str) -> KeySigner {
    let folder = net.root().join("crypto/ordererOrganizations/example.com");
    signer_of(&folder.join(kind).join(name).join("msp"), name)
}
