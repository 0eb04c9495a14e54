//! Lies about what approving and committing a definition write, and who endorsed it.

use bytes::Bytes;
use cmscc::proto::{kvrwset, rwset};
use prost::Message as _;

use super::{Ended, Town, transactions::Parts};

type Change = (&'static str, fn(&mut Parts));

fn own(results: &mut rwset::TxReadWriteSet) -> &mut rwset::NsReadWriteSet {
    let sets = &mut results.ns_rwset;
    sets.iter_mut()
        .find(|set| set.namespace == "_lifecycle")
        .unwrap()
}

/// Changes the private writes of an approval.
fn private(parts: &mut Parts, change: impl FnOnce(&mut kvrwset::HashedRwSet)) {
    parts.results(|results| {
        let collection = &mut own(results).collection_hashed_rwset[0];
        let mut writes = kvrwset::HashedRwSet::decode(collection.hashed_rwset.clone()).unwrap();
        change(&mut writes);
        collection.hashed_rwset = writes.encode_to_vec().into();
    });
}

/// Changes the public writes.
fn public(parts: &mut Parts, change: impl FnOnce(&mut Vec<kvrwset::KvWrite>)) {
    parts.results(|results| {
        let set = own(results);
        let mut writes = kvrwset::KvrwSet::decode(set.rwset.clone()).unwrap();
        change(&mut writes.writes);
        set.rwset = writes.encode_to_vec().into();
    });
}

const APPROVALS: &[Change] = &[
    ("another package", |p| {
        private(p, |set| {
            for write in &mut set.hashed_writes {
                write.value_hash = Bytes::from_static(&[7; 32]);
            }
        });
    }),
    ("one key more", |p| {
        private(p, |set| {
            let mut more = set.hashed_writes[0].clone();
            more.key_hash = Bytes::from_static(&[7; 32]);
            set.hashed_writes.push(more);
        });
    }),
    ("a deletion", |p| {
        private(p, |set| set.hashed_writes[0].is_delete = true);
    }),
    ("nothing", |p| private(p, |set| set.hashed_writes.clear())),
    ("the collection of another", |p| {
        p.results(|results| {
            let collection = &mut own(results).collection_hashed_rwset[0];
            collection.collection_name = "_implicit_org_Org2MSP".to_owned();
        });
    }),
    ("a definition at once", |p| {
        public(p, |writes| {
            writes.push(kvrwset::KvWrite {
                key: "namespaces/fields/cmscc/Sequence".to_owned(),
                is_delete: false,
                value: Bytes::from_static(b"\x08\x02"),
            });
        });
    }),
];

const COMMITS: &[Change] = &[
    ("another sequence", |p| {
        public(p, |writes| {
            for write in writes
                .iter_mut()
                .filter(|write| write.key.ends_with("/Sequence"))
            {
                write.value = Bytes::from_static(b"\x08\x09");
            }
        });
    }),
    ("another policy", |p| {
        public(p, |writes| {
            for write in writes
                .iter_mut()
                .filter(|write| write.key.ends_with("/ValidationInfo"))
            {
                write.value = Bytes::from_static(b"\x12\x00");
            }
        });
    }),
    ("another chaincode, too", |p| {
        public(p, |writes| {
            let mut more = writes[0].clone();
            more.key = more.key.replace("cmscc", "other");
            writes.push(more);
        });
    }),
    ("nothing", |p| public(p, Vec::clear)),
];

impl Town {
    fn lies(&self, change: fn(&mut Parts)) {
        *self.liar.prepared.lock().unwrap() = Some(Box::new(move |prepared| {
            let mut parts = Parts::of(&prepared);
            change(&mut parts);
            parts.envelope()
        }));
    }

    fn deploys(&self, args: &[&str]) -> Ended {
        self.cmscc(&[&["deploy"], args].concat())
    }

    /// A member approves at its own peer.
    fn approves(&self, org: &str) {
        let place = &self.served.place;
        let ca =
            format!("peerOrganizations/{org}.example.com/tlsca/tlsca.{org}.example.com-cert.pem");
        let mut command = self.command(org, org, &["deploy", "approve"]);
        command
            .env("CORE_PEER_ADDRESS", &place.peers[org])
            .env("CORE_PEER_TLS_ROOTCERT_FILE", place.crypto.join(ca));
        let out = command.output().unwrap();
        assert!(out.status.success(), "{out:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_approved_and_committed_as_it_was_asked_for_or_not_at_all() {
    let town = Town::new().await;
    let rule = "OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')";
    let approve = ["upgrade", "--signature-policy", rule];
    for (name, change) in APPROVALS {
        town.lies(*change);
        town.deploys(&approve).refused(name, "PREPARED_DIFFERS", 7);
    }
    town.liar.honest();
    town.deploys(&approve).good();
    town.deploys(&["commit"])
        .refused("too early", "TOO_FEW_APPROVALS", 3);
    town.approves("org2");
    for (name, change) in COMMITS {
        town.lies(*change);
        town.deploys(&["commit"])
            .refused(name, "PREPARED_DIFFERS", 7);
    }
    // one of two that the channel asks for, and two of which one is made up
    for (name, change) in [
        (
            "one endorsement",
            (|p| {
                p.action.action.as_mut().unwrap().endorsements.truncate(1);
            }) as fn(&mut Parts),
        ),
        ("one endorsement twice", |p| {
            let endorsements = &mut p.action.action.as_mut().unwrap().endorsements;
            endorsements[1] = endorsements[0].clone();
        }),
        ("a signature of something else", |p| {
            let endorsements = &mut p.action.action.as_mut().unwrap().endorsements;
            endorsements[1].signature = endorsements[0].signature.clone();
        }),
    ] {
        town.lies(change);
        town.deploys(&["commit"])
            .refused(name, "ENDORSEMENTS_NOT_ENOUGH", 7);
    }
    town.liar.honest();
    let done = town.deploys(&["commit"]).good();
    assert_eq!(done["definition"]["sequence"], 2);
    town.deploys(&["commit"]).good();
}
