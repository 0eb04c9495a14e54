//! Two streams recorded between real peers and Fabric's Go shim: fed with the peer's side, we send
//! what the Go shim sent.

use std::{collections::VecDeque, fs, path::Path};

use cmscc::proto::protos::{
    ChaincodeId, ChaincodeInput, ChaincodeMessage, chaincode_message::Type,
};
use prost::Message;

use super::{messages::kind, pair::Pair};

struct Line {
    from_peer: bool,
    message: ChaincodeMessage,
}

fn recorded(folder: &str) -> VecDeque<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fabric-data")
        .join(folder)
        .join("ccaas-stream.txt");
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, direction, _, hex] = fields[..] else {
                panic!("{line}");
            };
            Line {
                from_peer: direction == "peer->cc",
                message: ChaincodeMessage::decode(hex::decode(hex).unwrap().as_slice()).unwrap(),
            }
        })
        .collect()
}

/// Transactions that call what our stub does not have: history.
fn out_of_scope(message: &ChaincodeMessage) -> bool {
    if kind(message) != Type::Transaction {
        return false;
    }
    let input = ChaincodeInput::decode(message.payload.as_ref()).unwrap();
    input.args[0] == "hist"
}

/// Replays a stream; how many of our messages were compared.
fn replay(folder: &str) -> usize {
    let mut lines = recorded(folder);
    let register = &lines[0].message;
    let id = ChaincodeId::decode(register.payload.as_ref()).unwrap();
    let mut pair = Pair::new(&id.name);
    let mut skipped = Vec::new();
    let mut compared = 0;
    while let Some(Line { from_peer, message }) = lines.pop_front() {
        if out_of_scope(&message) {
            skipped.push(message.txid.clone());
        }
        if !message.txid.is_empty() && skipped.contains(&message.txid) {
            continue;
        }
        if from_peer {
            pair.deliver(message);
        } else if kind(&message) == Type::QueryStateClose {
            // The Go shim closes an iterator that its peer has already closed; we do not.
            assert!(lines.pop_front().unwrap().from_peer);
        } else {
            assert_eq!(pair.sent.remove(0), message);
            compared += 1;
        }
    }
    assert!(pair.sent.is_empty(), "{:?}", pair.sent);
    compared
}

#[test]
fn fabric_3_1_5_with_batches_and_multiple_gets() {
    assert_eq!(replay("fabric-3.1.5-caps-v2"), 29);
}

#[test]
fn fabric_2_5_16_with_single_messages() {
    assert_eq!(replay("fabric-2.5.16-caps-v2"), 33);
}
