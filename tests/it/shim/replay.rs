//! Streams recorded between real peers and Fabric's Go shim: fed with the peer's side, we send what the
//! Go shim sent.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    io::Read,
    path::Path,
};

use cmscc::proto::protos::{
    self, ChaincodeId, ChaincodeInput, ChaincodeMessage, DelState, PurgePrivateState, PutState,
    PutStateMetadata, QueryResponse, QueryStateClose, WriteBatchState, WriteRecord,
    chaincode_message::Type, write_record::Type as Record,
};
use flate2::read::GzDecoder;
use prost::Message;
use serde_json::Value;

use super::{
    messages::{kind, response},
    pair::Pair,
    probe::{explanation, script::Probe},
};

struct Line {
    from_peer: bool,
    message: ChaincodeMessage,
}

fn recorded(folder: &str) -> VecDeque<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fabric-data")
        .join(folder)
        .join("ccaas-stream.txt");
    lines(&fs::read_to_string(path).unwrap())
}

fn lines(text: &str) -> VecDeque<Line> {
    text.lines()
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

/// What a chaincode sent for one transaction, and what the peer answered.
#[derive(Default)]
struct Exchanged {
    /// Reads and calls, in their order, each with its answer.
    reads: VecDeque<(ChaincodeMessage, ChaincodeMessage)>,
    /// What each write left in the end, by collection, key, and whether it is metadata.
    writes: BTreeMap<(String, String, bool), WriteRecord>,
    /// The first refusal of a write.
    refusal: Option<ChaincodeMessage>,
    last: ChaincodeMessage,
}

/// The records of a message that writes; `None` for all others.
fn records(message: &ChaincodeMessage) -> Option<Vec<WriteRecord>> {
    let payload = message.payload.clone();
    let record = |kind: Record, key, collection| WriteRecord {
        key,
        collection,
        r#type: kind.into(),
        ..WriteRecord::default()
    };
    Some(match kind(message) {
        Type::WriteBatchState => WriteBatchState::decode(payload).unwrap().rec,
        Type::PutState => {
            let put = PutState::decode(payload).unwrap();
            vec![WriteRecord {
                value: put.value,
                ..record(Record::PutState, put.key, put.collection)
            }]
        }
        Type::DelState => {
            let del = DelState::decode(payload).unwrap();
            vec![record(Record::DelState, del.key, del.collection)]
        }
        Type::PurgePrivateData => {
            let purge = PurgePrivateState::decode(payload).unwrap();
            vec![record(
                Record::PurgePrivateData,
                purge.key,
                purge.collection,
            )]
        }
        Type::PutStateMetadata => {
            let put = PutStateMetadata::decode(payload).unwrap();
            vec![WriteRecord {
                metadata: put.metadata,
                ..record(Record::PutStateMetadata, put.key, put.collection)
            }]
        }
        _ => return None,
    })
}

impl Exchanged {
    fn write(&mut self, records: Vec<WriteRecord>) {
        for record in records {
            let is_metadata = record.r#type() == Record::PutStateMetadata;
            let place = (record.collection.clone(), record.key.clone(), is_metadata);
            self.writes.insert(place, record);
        }
    }

    /// What the Go shim and the peer said of the transaction that comes first.
    fn take(lines: &mut VecDeque<Line>, txid: &str) -> Self {
        let mut all = Self::default();
        let mut exhausted = BTreeSet::new();
        loop {
            let asked = lines.pop_front().unwrap().message;
            assert_eq!(asked.txid, txid);
            if matches!(kind(&asked), Type::Completed | Type::Error) {
                all.last = asked;
                return all;
            }
            let answer = lines.pop_front().unwrap().message;
            if let Some(records) = records(&asked) {
                match kind(&answer) {
                    Type::Response => all.write(records),
                    _ => all.refusal = all.refusal.or(Some(answer)),
                }
                continue;
            }
            // The Go shim closes an iterator that its peer has already closed; we do not.
            if kind(&asked) == Type::QueryStateClose {
                let close = QueryStateClose::decode(asked.payload.clone()).unwrap();
                if exhausted.contains(&close.id) {
                    continue;
                }
            } else if let Ok(answer) = QueryResponse::decode(answer.payload.clone())
                && !answer.has_more
            {
                exhausted.insert(answer.id);
            }
            all.reads.push_back((asked, answer));
        }
    }
}

/// Replays a stream of the chaincode that performs scripts: reads are the same and in the same order;
/// writes are the same, and come when the chaincode has answered. How many messages were compared,
/// by their kinds.
fn replay_scripts(network: &str) -> BTreeMap<&'static str, usize> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fabric-data/probe")
        .join(format!("{network}.stream.txt.gz"));
    let mut text = String::new();
    let mut file = GzDecoder::new(fs::File::open(path).unwrap());
    file.read_to_string(&mut text).unwrap();
    let mut lines = lines(&text);
    let id = ChaincodeId::decode(lines[0].message.payload.as_ref()).unwrap();
    let mut pair = Pair::of(Probe, &id.name);
    let mut compared = BTreeMap::new();
    while let Some(Line { from_peer, message }) = lines.pop_front() {
        if !from_peer {
            assert_eq!(pair.sent.remove(0), message);
            *compared.entry(kind(&message).as_str_name()).or_default() += 1;
            continue;
        }
        if !matches!(kind(&message), Type::Transaction | Type::Init) {
            pair.deliver(message);
            continue;
        }
        let txid = message.txid.clone();
        let mut theirs = Exchanged::take(&mut lines, &txid);
        let mut ours = Exchanged::default();
        let input = ChaincodeInput::decode(message.payload.as_ref()).unwrap();
        pair.deliver(message);
        loop {
            let sent = pair.sent.remove(0);
            if matches!(kind(&sent), Type::Completed | Type::Error) {
                ours.last = sent;
                break;
            }
            if let Some(records) = records(&sent) {
                ours.write(records);
                let taken = ChaincodeMessage {
                    txid: txid.clone(),
                    channel_id: sent.channel_id,
                    ..response("t", "")
                };
                pair.deliver(theirs.refusal.clone().unwrap_or(taken));
                continue;
            }
            *compared.entry(kind(&sent).as_str_name()).or_default() += 1;
            let (asked, answer) = theirs.reads.pop_front().unwrap();
            assert_eq!(sent, asked);
            pair.deliver(answer);
        }
        assert!(theirs.reads.is_empty(), "{:?}", theirs.reads);
        if theirs.refusal.is_some() {
            assert_eq!(kind(&ours.last), Type::Error);
            continue;
        }
        assert_last(&input, &theirs.last, &ours.last);
        let status = protos::Response::decode(theirs.last.payload)
            .unwrap()
            .status;
        // a response of 400 and above writes nothing
        if status < 400 {
            assert_eq!(ours.writes, theirs.writes);
            for record in ours.writes.values() {
                *compared.entry(record.r#type().as_str_name()).or_default() += 1;
            }
        }
    }
    assert!(pair.sent.is_empty(), "{:?}", pair.sent);
    compared
}

/// The ends of a transaction say the same, as far as shims do.
fn assert_last(input: &ChaincodeInput, theirs: &ChaincodeMessage, ours: &ChaincodeMessage) {
    assert_eq!(kind(theirs), kind(ours));
    let [theirs, ours] = [theirs, ours].map(|last| {
        let response = protos::Response::decode(last.payload.clone()).unwrap();
        let payload: Value = serde_json::from_slice(&response.payload).unwrap();
        let event = last
            .chaincode_event
            .clone()
            .map(|event| (event.event_name, event.payload));
        (response.status, response.message, event, payload)
    });
    assert_eq!((theirs.0, theirs.1), (ours.0, ours.1));
    if theirs.0 < 400 {
        assert_eq!(theirs.2, ours.2);
    }
    let operations: Vec<Value> = serde_json::from_slice(&input.args[1]).unwrap();
    let (theirs, ours) = (theirs.3.as_array().unwrap(), ours.3.as_array().unwrap());
    assert_eq!(theirs.len(), ours.len());
    for ((op, theirs), ours) in operations.iter().zip(theirs).zip(ours) {
        assert!(
            theirs == ours || explanation(op, theirs, ours).is_some(),
            "{op}\n  - {theirs}\n  + {ours}"
        );
    }
}

#[test]
fn every_message_is_that_of_the_go_shim() {
    let mut seen = BTreeSet::new();
    for network in [
        "3.1.5-leveldb",
        "2.5.16-leveldb",
        "3.1.5-couchdb",
        "2.5.16-couchdb",
    ] {
        let compared = replay_scripts(network);
        assert!(compared.values().sum::<usize>() > 60, "{compared:?}");
        seen.extend(compared.into_keys());
    }
    let all = [
        "DEL_STATE",
        "GET_HISTORY_FOR_KEY",
        "GET_PRIVATE_DATA_HASH",
        "GET_QUERY_RESULT",
        "GET_STATE",
        "GET_STATE_BY_RANGE",
        "GET_STATE_METADATA",
        "GET_STATE_MULTIPLE",
        "INVOKE_CHAINCODE",
        "KEEPALIVE",
        "PURGE_PRIVATE_DATA",
        "PUT_STATE",
        "PUT_STATE_METADATA",
        "QUERY_STATE_CLOSE",
        "QUERY_STATE_NEXT",
        "REGISTER",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}
