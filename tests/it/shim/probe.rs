//! What real peers answered to a chaincode on Fabric's Go shim, against the same chaincode on ours over
//! the ledger in memory.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use bytes::Bytes;
use cmscc::{
    ids::{BlockNumber, UnixTime},
    stub::{
        Chaincode, Invocation, Response, StubError,
        memory::{
            CollectionAccess, Conflict, Ledger, MemoryStub, PeerManner, PeerRelease, ReadWriteSet,
            StateDatabase, TxStamp, Version,
        },
    },
};
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

#[path = "../../../examples/shim-probe/script.rs"]
pub(crate) mod script;

/// A transaction as it went at a real peer.
#[derive(Clone, Debug, Deserialize)]
struct Recorded {
    name: String,
    org: String,
    peers: Vec<String>,
    chaincode: String,
    channel: String,
    #[serde(default)]
    init: bool,
    args: Vec<String>,
    #[serde(default)]
    transient: BTreeMap<String, String>,
    /// The transaction between whose endorsement and ordering this one was made.
    during: Option<String>,
    status: i32,
    message: String,
    payload: Value,
    validation: Option<String>,
    event: Option<Value>,
    rwset: Option<Value>,
}

impl Recorded {
    fn operations(&self) -> Vec<Value> {
        let script = self.args.get(1).map(|script| serde_json::from_str(script));
        match script {
            Some(Ok(Value::Array(operations))) => operations,
            _ => Vec::new(),
        }
    }
}

fn recorded(network: &str) -> Vec<Recorded> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fabric-data/probe")
        .join(format!("{network}.jsonl.gz"));
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The chaincode's ledger, and what was played on it.
struct Player {
    network: &'static str,
    manner: PeerManner,
    ledger: Ledger,
    played: u64,
    /// The names of transactions, by the second that they carry.
    names: Vec<String>,
    compared: usize,
    /// What differs and should not.
    failures: Vec<String>,
    /// How many differ, and why that is as it should be.
    explained: BTreeMap<&'static str, usize>,
}

impl Player {
    fn new(network: &'static str, manner: PeerManner) -> Self {
        let mut ledger = Ledger::new();
        ledger.define_index(&["size", "owner"]);
        Self {
            network,
            manner,
            ledger,
            played: 0,
            names: Vec::new(),
            compared: 0,
            failures: Vec::new(),
            explained: BTreeMap::new(),
        }
    }

    /// Simulates a transaction at the peer where it was.
    async fn simulate(&mut self, it: &Recorded) -> (Response, Result<ReadWriteSet, StubError>) {
        for (name, access) in access(&it.peers[0], &it.org) {
            self.ledger.define_collection(name, access);
        }
        let mut stub = MemoryStub::new(&self.ledger)
            .of(&it.channel, &it.chaincode)
            .at(self.manner);
        let stamp = self.stamp(it);
        let invocation = Invocation {
            channel: it.channel.as_str().into(),
            tx_id: stamp.tx_id,
            chaincode: it.chaincode.as_str().into(),
            args: it.args.iter().map(|arg| Bytes::from(arg.clone())).collect(),
            timestamp: stamp.timestamp,
            transient: (it.transient.iter())
                .map(|(name, value)| (name.clone(), Bytes::from(value.clone())))
                .collect(),
            ..Invocation::default()
        };
        let response = script::Probe.invoke(&invocation, &mut stub).await;
        (response, stub.finish())
    }

    /// How a transaction is named in histories.
    fn stamp(&mut self, it: &Recorded) -> TxStamp {
        let place = self.names.iter().position(|name| *name == it.name);
        let place = place.unwrap_or_else(|| {
            self.names.push(it.name.clone());
            self.names.len() - 1
        });
        TxStamp {
            tx_id: format!("tx:{}", it.name).into(),
            timestamp: UnixTime {
                seconds: i64::try_from(place).unwrap(),
                nanos: 0,
            },
        }
    }

    /// Commits what a transaction did.
    fn commit(&mut self, it: &Recorded, set: &ReadWriteSet) {
        self.played += 1;
        let version = Version {
            block: BlockNumber(self.played),
            tx: 0,
        };
        let stamp = self.stamp(it);
        self.ledger.commit_as(version, stamp, set);
    }

    fn compare(&mut self, it: &Recorded, what: &Value, theirs: &Value, ours: &Value) {
        self.compared += 1;
        let (theirs, ours) = (comparable(theirs), comparable(ours));
        if theirs == ours {
            return;
        }
        let Some(why) = explanation(what, &theirs, &ours) else {
            let place = (self.network, &it.name);
            self.failures
                .push(format!("{place:?}: {what}\n  - {theirs}\n  + {ours}"));
            return;
        };
        *self.explained.entry(why).or_default() += 1;
    }

    /// What ours answered, with names in the place of times.
    fn payload(&self, response: &Response) -> Value {
        let mut payload = serde_json::from_slice(&response.payload).unwrap_or(Value::Null);
        self.name_times(&mut payload);
        payload
    }

    fn name_times(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.name_times(value)),
            Value::Object(fields) => {
                if let Some(time) = fields.get_mut("timestamp") {
                    let seconds = usize::try_from(time["seconds"].as_u64().unwrap()).unwrap();
                    *time = format!("time:{}", self.names[seconds]).into();
                }
                fields.values_mut().for_each(|value| self.name_times(value));
            }
            _ => {}
        }
    }

    /// Plays a transaction; what it did, where it would be ordered.
    async fn play(&mut self, it: &Recorded) -> Option<ReadWriteSet> {
        let (response, set) = self.simulate(it).await;
        let payload = self.payload(&response);
        let set = match set {
            Ok(set) => set,
            Err(refused) => {
                self.refused(it, &refused.to_string());
                return self.as_recorded(it);
            }
        };
        let status = json!("status");
        self.compare(it, &status, &it.status.into(), &response.status.into());
        let message = json!("message");
        let words = response.message.as_str();
        self.compare(it, &message, &it.message.as_str().into(), &words.into());
        match (&it.payload, &payload) {
            (Value::Array(theirs), Value::Array(ours)) => {
                assert_eq!(theirs.len(), ours.len(), "{}", it.name);
                for ((op, theirs), ours) in it.operations().iter().zip(theirs).zip(ours) {
                    self.compare(it, op, theirs, ours);
                }
            }
            (theirs, ours) => self.compare(it, &json!("payload"), theirs, ours),
        }
        if let Some(event) = it.event.as_ref().filter(|_| it.status < 400) {
            let ours = set.event.as_ref().unwrap();
            assert_eq!(event["name"], ours.name, "{}", it.name);
        }
        it.validation.is_some().then_some(set)
    }

    /// A transaction whose writes are refused: on Fabric's shim a call of it was refused, or the
    /// transaction, with the same words; on ours the transaction is, once the chaincode has answered.
    fn refused(&mut self, it: &Recorded, words: &str) {
        let reason = words.split_once("`: ").unwrap().1;
        let before =
            "is supported only in|are supported only in|must not be an empty|can not be empty";
        let said = format!("{} {}", it.message, it.payload);
        let quoted = Value::from(reason).to_string();
        let known = said.contains(reason)
            || said.contains(quoted.trim_matches('"'))
            || before.split('|').any(|words| said.contains(words))
            || (reason == "the key is empty" && it.args[1].contains(r#""key":"""#));
        if !known {
            let place = (self.network, &it.name);
            self.failures.push(format!("{place:?}: {reason}\n  {said}"));
        }
        self.compared += 1;
        let why = "writes are refused when the transaction ends";
        *self.explained.entry(why).or_default() += 1;
    }

    /// What a transaction wrote to the public state of a real peer, for those that come after it.
    fn as_recorded(&self, it: &Recorded) -> Option<ReadWriteSet> {
        it.validation.as_ref()?;
        let writes = it.rwset.as_ref()?["probe"]["writes"].as_array()?;
        let mut set = ReadWriteSet::default();
        for write in writes {
            let value = match &write["delete"] {
                Value::Bool(true) => None,
                _ => Some(Bytes::from(write["value"].as_str().unwrap().to_owned())),
            };
            set.writes
                .insert(write["key"].as_str().unwrap().to_owned(), value);
        }
        Some(set)
    }
}

/// An answer without what is never the same: numbers of blocks, bookmarks of CouchDB, and the words
/// that peers put before a reason.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(comparable).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let value = match (name.as_str(), value.as_str()) {
                    ("error", Some(words)) => reason(words).into(),
                    ("bookmark", Some(text)) if text.starts_with("g1AAAA") => json!("g1AAAA"),
                    _ => comparable(value),
                };
                (name.clone(), value)
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn reason(words: &str) -> String {
    let mut words = words;
    if let Some((call, rest)) = words.split_once(" failed: transaction ID: ")
        && call.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    {
        // names of transactions hold colons
        let starts = [
            "collection ",
            "tx creator",
            "Execute",
            "private data ",
            "query ",
            "txid ",
        ];
        let more = [
            "invalid ",
            "error ",
            "EOF",
            "unexpected ",
            "fields ",
            "json: ",
            "panic ",
        ];
        let start = starts.iter().chain(&more).filter_map(|start| {
            let start = format!(": {start}");
            rest.find(&start).map(|at| at + 2)
        });
        words = &rest[start.min().unwrap_or_else(|| panic!("{rest}"))..];
    }
    let words = match words.split_once("]: ") {
        Some((txid, rest)) if txid.starts_with("txid [") => rest,
        _ => words,
    };
    match words.split_once("version = {") {
        Some((before, _)) => before.to_owned(),
        None => words.to_owned(),
    }
}

/// Why an answer may differ from that of Fabric's shim.
pub(super) fn explanation(op: &Value, theirs: &Value, ours: &Value) -> Option<&'static str> {
    let said = theirs["error"].as_str().unwrap_or_default();
    let name = op["op"].as_str().unwrap_or_default();
    let own_words = [
        "collection must not be an empty string",
        "key must not be an empty string",
        "first character of the key [",
        "input contains unicode U+",
    ];
    if ours["error"].is_string() && own_words.iter().any(|words| said.starts_with(words)) {
        return Some("what no peer is asked is refused in other words");
    }
    if name == "split" && (said.starts_with("panic: ") || ours["error"].is_string()) {
        return Some("what is no composite key is refused, not read or a panic");
    }
    if op["size"].as_i64().is_some_and(|size| size <= 0) && ours["error"].is_string() {
        return Some("a page of nothing is refused, not all there is");
    }
    if op["collection"] == "" && ours["error"].is_string() {
        return Some("a collection without a name is not the public state");
    }
    if theirs
        .as_str()
        .is_some_and(|words| words.starts_with("script: "))
    {
        return Some("what is no JSON is refused in other words");
    }
    if op["collection"] == "short" {
        return Some("collections in memory forget nothing after so many blocks");
    }
    if said == "panic during execution" {
        return Some("a query that makes a peer panic is refused");
    }
    let few = theirs["ok"].as_array().is_some_and(Vec::is_empty);
    if name == "get_multiple" && few && ours["error"].is_string() {
        return Some("fewer values than keys are an error");
    }
    None
}

/// Who may have what of the collections, at a peer of this organisation, for a submitter of that one.
fn access(peer: &str, submitter: &str) -> Vec<(&'static str, CollectionAccess)> {
    let one = |org: &str| org == "Org1";
    let (here, may) = (one(peer), one(submitter));
    let of = |peer_has_values, may| CollectionAccess {
        peer_has_values,
        submitter_reads: may,
        submitter_writes: may,
    };
    vec![
        ("both", of(true, true)),
        ("one", of(here, may)),
        ("open", of(here, true)),
        ("strict", of(true, true)),
        ("short", of(true, true)),
        ("_implicit_org_Org1MSP", of(here, true)),
        ("_implicit_org_Org2MSP", of(!here, true)),
    ]
}

/// What is not played: what needs another chaincode, or an identity.
fn is_played(it: &Recorded) -> bool {
    let needs = ["invoke", "creator", "binding", "signed_proposal", "panic"];
    let ops = it.operations();
    let asks = |op: &Value| needs.contains(&op["op"].as_str().unwrap_or_default());
    it.chaincode == "probe" && it.channel == "mychannel" && !it.init && !ops.iter().any(asks)
}

#[tokio::test]
async fn the_ledger_in_memory_answers_as_real_peers_did() {
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all_failures = Vec::new();
    for (network, release, database) in [
        ("3.1.5-leveldb", PeerRelease::V3_1, StateDatabase::LevelDb),
        ("2.5.16-leveldb", PeerRelease::V2_5, StateDatabase::LevelDb),
        ("3.1.5-couchdb", PeerRelease::V3_1, StateDatabase::COUCHDB),
        ("2.5.16-couchdb", PeerRelease::V2_5, StateDatabase::COUCHDB),
    ] {
        let manner = PeerManner::with(database).of_release(release);
        let mut player = Player::new(network, manner);
        let all = recorded(network);
        // what was endorsed and is not ordered yet
        let mut open: Option<(Recorded, ReadWriteSet)> = None;
        for (at, it) in all.iter().enumerate() {
            let set = match is_played(it) {
                true => player.play(it).await,
                false => player.as_recorded(it),
            };
            let next = all.get(at + 1).and_then(|next| next.during.as_ref());
            if next == Some(&it.name) {
                open = set.map(|set| (it.clone(), set));
                continue;
            }
            let outer = it.during.as_ref().and_then(|_| open.take());
            for (it, set) in set.map(|set| (it.clone(), set)).into_iter().chain(outer) {
                let code = match player.ledger.validate(&set) {
                    Ok(()) => "VALID",
                    Err(Conflict::Read { .. }) => "MVCC_READ_CONFLICT",
                    Err(_) => "PHANTOM_READ_CONFLICT",
                };
                let theirs = it.validation.clone().unwrap();
                if theirs == "VALID" {
                    player.commit(&it, &set);
                }
                // who must endorse is not looked at here
                if theirs != "ENDORSEMENT_POLICY_FAILURE" && is_played(&it) {
                    let what = json!("validation");
                    player.compare(&it, &what, &theirs.into(), &code.into());
                }
            }
        }
        let failures = player.failures.join("\n");
        all_failures.push(failures);
        assert!(player.compared > 1_400, "{network}: {}", player.compared);
        for (why, count) in player.explained {
            *explained.entry(why).or_default() += count;
        }
    }
    let failures = all_failures.concat();
    assert!(failures.is_empty(), "{failures}");
    // each explanation is needed
    assert_eq!(explained.len(), 9, "{explained:#?}");
}
