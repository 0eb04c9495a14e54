//! Lies about the transaction that carries a signature: as it was prepared, and what became of it.

use bytes::Bytes;
use cmscc::{
    ids::Digest,
    proto::{common, gateway::CommitStatusResponse, kvrwset, protos, rwset},
};
use prost::Message as _;

use super::Town;

/// The parts of a prepared transaction.
pub(super) struct Parts {
    payload: common::Payload,
    transaction: protos::Transaction,
    pub(super) action: protos::ChaincodeActionPayload,
    endorsed: protos::ProposalResponsePayload,
    done: protos::ChaincodeAction,
    signature: Bytes,
}

impl Parts {
    pub(super) fn of(envelope: &common::Envelope) -> Self {
        let payload = common::Payload::decode(envelope.payload.clone()).unwrap();
        let transaction = protos::Transaction::decode(payload.data.clone()).unwrap();
        let action = transaction.actions[0].payload.clone();
        let action = protos::ChaincodeActionPayload::decode(action).unwrap();
        let endorsed = action
            .action
            .as_ref()
            .unwrap()
            .proposal_response_payload
            .clone();
        let endorsed = protos::ProposalResponsePayload::decode(endorsed).unwrap();
        let done = protos::ChaincodeAction::decode(endorsed.extension.clone()).unwrap();
        Self {
            payload,
            transaction,
            action,
            endorsed,
            done,
            signature: Bytes::new(),
        }
    }

    pub(super) fn envelope(mut self) -> common::Envelope {
        self.endorsed.extension = self.done.encode_to_vec().into();
        let endorsed = self.endorsed.encode_to_vec().into();
        self.action
            .action
            .as_mut()
            .unwrap()
            .proposal_response_payload = endorsed;
        self.transaction.actions[0].payload = self.action.encode_to_vec().into();
        self.payload.data = self.transaction.encode_to_vec().into();
        common::Envelope {
            payload: self.payload.encode_to_vec().into(),
            signature: self.signature,
        }
    }

    fn channel(&mut self, change: impl FnOnce(&mut common::ChannelHeader)) {
        let header = self.payload.header.as_mut().unwrap();
        let mut channel = common::ChannelHeader::decode(header.channel_header.clone()).unwrap();
        change(&mut channel);
        header.channel_header = channel.encode_to_vec().into();
    }

    fn call(&mut self, change: impl FnOnce(&mut protos::ChaincodeSpec)) {
        let payload = self.action.chaincode_proposal_payload.clone();
        let mut payload = protos::ChaincodeProposalPayload::decode(payload).unwrap();
        let mut call = protos::ChaincodeInvocationSpec::decode(payload.input).unwrap();
        change(call.chaincode_spec.as_mut().unwrap());
        payload.input = call.encode_to_vec().into();
        self.action.chaincode_proposal_payload = payload.encode_to_vec().into();
    }

    pub(super) fn results(&mut self, change: impl FnOnce(&mut rwset::TxReadWriteSet)) {
        let mut results = rwset::TxReadWriteSet::decode(self.done.results.clone()).unwrap();
        change(&mut results);
        self.done.results = results.encode_to_vec().into();
    }
}

type Change = (&'static str, fn(&mut Parts));

const CHANGES: &[Change] = &[
    ("another channel", |p| {
        p.channel(|c| c.channel_id = "other".to_owned())
    }),
    ("another type", |p| p.channel(|c| c.r#type = 2)),
    ("another transaction id", |p| {
        p.channel(|c| c.tx_id = "0".repeat(64))
    }),
    ("another time", |p| p.channel(|c| c.timestamp = None)),
    ("an epoch", |p| p.channel(|c| c.epoch = 1)),
    ("another creator", |p| {
        p.payload.header.as_mut().unwrap().signature_header = Bytes::from_static(b"\x0a\x01x");
    }),
    ("no header", |p| p.payload.header = None),
    ("other arguments", |p| {
        p.call(|call| {
            call.input.as_mut().unwrap().args[1] = Bytes::from_static(b"other");
        })
    }),
    ("another function", |p| {
        p.call(|call| {
            call.input.as_mut().unwrap().args[0] = Bytes::from_static(b"WithdrawProposal");
        })
    }),
    ("another chaincode", |p| {
        p.call(|call| {
            call.chaincode_id.as_mut().unwrap().name = "other".to_owned();
        })
    }),
    ("another chaincode that answered", |p| {
        p.done.chaincode_id.as_mut().unwrap().name = "other".to_owned();
    }),
    ("another namespace written", |p| {
        p.results(|results| {
            let writes = kvrwset::KvrwSet {
                writes: vec![kvrwset::KvWrite {
                    key: "k".to_owned(),
                    ..kvrwset::KvWrite::default()
                }],
                ..kvrwset::KvrwSet::default()
            };
            results.ns_rwset.push(rwset::NsReadWriteSet {
                namespace: "_lifecycle".to_owned(),
                rwset: writes.encode_to_vec().into(),
                ..rwset::NsReadWriteSet::default()
            });
        })
    }),
    ("private data of another namespace", |p| {
        p.results(|results| {
            results.ns_rwset.push(rwset::NsReadWriteSet {
                namespace: "other".to_owned(),
                collection_hashed_rwset: vec![rwset::CollectionHashedReadWriteSet::default()],
                ..rwset::NsReadWriteSet::default()
            });
        })
    }),
    ("a response that refuses", |p| {
        p.done.response.as_mut().unwrap().status = 500
    }),
    ("no response", |p| p.done.response = None),
    ("endorsements of another proposal", |p| {
        p.endorsed.proposal_hash = Bytes::from_static(&[7; 32]);
    }),
    ("no endorsement", |p| {
        p.action.action.as_mut().unwrap().endorsements.clear()
    }),
    ("an action more", |p| {
        let again = p.transaction.actions[0].clone();
        p.transaction.actions.push(again);
    }),
    ("another header of its action", |p| {
        p.transaction.actions[0].header = Bytes::new()
    }),
    ("a signature already", |p| {
        p.signature = Bytes::from_static(b"signed")
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_not_proposed_is_not_signed() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    let digest = town.digest("this").await;
    let height = height(&town);
    for (name, change) in CHANGES {
        *town.liar.prepared.lock().unwrap() = Some(Box::new(move |prepared| {
            let mut parts = Parts::of(&prepared);
            change(&mut parts);
            parts.envelope()
        }));
        town.sign("this", digest)
            .refused(name, "PREPARED_DIFFERS", 7);
        town.unsigned(name, &town.truth("this").await);
    }
    // what is hidden in an encoding
    for (name, tail) in [
        ("an unknown field", &b"\x7a\x01x"[..]),
        ("a field again", b"\x0a\x00"),
    ] {
        *town.liar.prepared.lock().unwrap() = Some(Box::new(move |mut prepared| {
            prepared.payload = [&prepared.payload[..], tail].concat().into();
            prepared
        }));
        town.sign("this", digest)
            .refused(name, "PREPARED_DIFFERS", 7);
    }
    assert_eq!(self::height(&town), height, "something was ordered");
    // another answer is signed by nobody: no peer takes the transaction
    *town.liar.prepared.lock().unwrap() = Some(Box::new(|prepared| {
        let mut parts = Parts::of(&prepared);
        parts.done.response.as_mut().unwrap().payload = Bytes::from_static(b"{}");
        parts.envelope()
    }));
    let ended = town.sign("this", digest);
    assert_ne!(ended.code, 0, "{ended:?}");
    town.unsigned("another answer", &town.truth("this").await);
}

fn height(town: &Town) -> u64 {
    let c = &town.served.consortium;
    c.network.standing("Org2").unwrap().heights[&c.channel]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_it_is_looked_up_in_the_block() {
    let town = Town::new().await;
    let emptied =
        |answer: &Bytes| edited(answer, |block| block.data.as_mut().unwrap().data.clear());
    let lies: Vec<(&str, super::Evaluated, &str)> = vec![
        ("in no block", on_blocks(emptied), "COMMIT_NOT_IN_BLOCK"),
        (
            "valid, marked invalid",
            on_blocks(|answer| {
                edited(answer, |block| {
                    block.metadata.as_mut().unwrap().metadata[2] = Bytes::from_static(&[11]);
                })
            }),
            "COMMIT_STATUS_DIFFERS",
        ),
        (
            "not marked",
            on_blocks(|answer| {
                edited(answer, |block| {
                    block.metadata.as_mut().unwrap().metadata[2] = Bytes::new();
                })
            }),
            "COMMIT_STATUS_DIFFERS",
        ),
        (
            "in a block that no orderer signed",
            on_blocks(|answer| {
                edited(answer, |block| {
                    block.metadata.as_mut().unwrap().metadata[0] = Bytes::new();
                })
            }),
            "BLOCK_NOT_PROVEN",
        ),
        (
            "in a block with another entry",
            on_blocks(|answer| {
                edited(answer, |block| {
                    block
                        .data
                        .as_mut()
                        .unwrap()
                        .data
                        .push(Bytes::from_static(b"x"));
                    let metadata = &mut block.metadata.as_mut().unwrap().metadata;
                    metadata[2] = [&metadata[2][..], &[0]].concat().into();
                })
            }),
            "BLOCK_NOT_PROVEN",
        ),
        (
            "in what is no block",
            on_blocks(|_| Bytes::from_static(b"\xff")),
            "COMMIT_NOT_IN_BLOCK",
        ),
    ];
    for (index, (name, lie, symbol)) in lies.into_iter().enumerate() {
        let id = format!("this{index}");
        town.propose_patch(&id, &super::rule_patch("Endorsement"))
            .await;
        let digest = town.digest(&id).await;
        *town.liar.evaluated.lock().unwrap() = Some(lie);
        town.sign(&id, digest).refused(name, symbol, 7);
        town.liar.honest();
        // the signature was asked for, and is what was agreed to
        withdrawn(&town, &id).await;
    }
    let statuses: [Word; 2] = [
        (
            "in another block",
            |said| CommitStatusResponse {
                block_number: said.block_number - 1,
                ..said
            },
            "COMMIT_NOT_IN_BLOCK",
        ),
        (
            "invalid, marked valid",
            |said| CommitStatusResponse { result: 10, ..said },
            "COMMIT_STATUS_DIFFERS",
        ),
    ];
    for (name, lie, symbol) in statuses {
        let id = name.replace([' ', ','], "_");
        town.propose_patch(&id, &super::rule_patch("Endorsement"))
            .await;
        let digest: Digest = town.digest(&id).await;
        *town.liar.status.lock().unwrap() = Some(Box::new(lie));
        town.sign(&id, digest).refused(name, symbol, 7);
        town.liar.honest();
        withdrawn(&town, &id).await;
    }
}

async fn withdrawn(town: &Town, id: &str) {
    let c = &town.served.consortium;
    c.invoke("Org2", &["WithdrawProposal", id]).await.unwrap();
}

/// A lie about what became of a transaction: its name, what is said, and how it is found out.
type Word = (
    &'static str,
    fn(CommitStatusResponse) -> CommitStatusResponse,
    &'static str,
);

/// Lies about blocks by number.
fn on_blocks(lie: impl Fn(&Bytes) -> Bytes + Send + 'static) -> super::Evaluated {
    Box::new(move |_, args, answer| match args {
        ["GetBlockByNumber", ..] => lie(&answer),
        _ => answer,
    })
}

/// A block with another content, in a header that names it.
fn edited(block: &Bytes, edit: impl FnOnce(&mut common::Block)) -> Bytes {
    let mut block = common::Block::decode(block.clone()).unwrap();
    edit(&mut block);
    let hash = cmscc::block::data_hash(&block.data.as_ref().unwrap().data);
    block.header.as_mut().unwrap().data_hash = Bytes::copy_from_slice(hash.as_bytes());
    block.encode_to_vec().into()
}
