//! One member floods the contract while another goes on working, on a real network.
//!
//! Org2's admin proposes what is as large as a proposal may be until it is refused, then as many small
//! ones as it may have; proposes, withdraws and deletes, and combines Org1's proposal with its own, over
//! and over; and signs and rejects Org1's proposal with as many identities as its CA makes. Meanwhile
//! Org1 takes one update after the other from its proposal to its archive, and asks what there is to
//! ask. Every call of Org1 must be answered, with as many state calls after the flood as before it.
//!
//! `CMSCC_FLOOD_CYCLES` (default 12) and `CMSCC_FLOOD_IDENTITIES` (default 20) set how long it lasts.

use std::{
    collections::BTreeMap,
    env, fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::proto::common;
use prost::Message as _;
use serde_json::{Value, json};

use super::{
    base64_of,
    gateway::{CallError, Gateway},
    net::Net,
    until,
};
use crate::contract::people::{Person, base64, new_user_of, user_of};

/// How many proposals of a long host name Org2 tries.
const LARGE: u32 = 52;
/// Characters of the long host name.
const LONG: usize = 1_000_000;
/// How many small proposals Org2 tries, at most.
const SMALL: u32 = 60;
/// How many proposals one organisation may have that are not archived.
const OPEN: u32 = 50;
/// With what the contract refuses one proposal more.
const BOUNDS: [&str; 2] = ["TOO_MANY_BYTES", "TOO_MANY_OPEN"];
/// Cycles in flight.
const WAVE: usize = 16;
/// Signatures in one call.
const SIGNATURES: usize = 64;
/// State calls of `GetProposal`, at most.
const MOST: u64 = 12;
/// The proposal of Org1 that Org2 signs, rejects and combines, and one that it leaves alone.
const VICTIM: &str = "victim";
const QUIET: &str = "quiet";

/// Calls that look at what everybody has open or archived: one state call more for each 100 records
/// more, of which there are fewer than that on one page.
const LISTS: [&str; 6] = [
    "ListProposals",
    "ListProposals with conflicts",
    "getProposals",
    "GetHistory",
    "GetCapabilities",
    "UpdateProposals of all",
];

#[test]
fn a_flood_of_one_member_stops_nobody() {
    let Some(net) = Net::up_with(850, &[("BATCH_TIMEOUT", "100ms")]) else {
        return;
    };
    let _servers = net.deploy();
    let processes = net.script(&["status"]);
    let mut org1 = Bystander::new(&net);
    let org2 = Flooder::new(&net);
    for (id, policy) in [(VICTIM, "LifecycleEndorsement"), (QUIET, "Endorsement")] {
        let rule = json!({"type": 3, "value": {"rule": "ALL", "sub_policy": "Endorsement"}});
        let policy = json!({policy: {"mod_policy": "Admins", "policy": rule}});
        let patch = json!({"channel_group": {"groups": {"Application": {"policies": policy}}}});
        let args = [id, &patch.to_string(), "a change for all"];
        org1.settle("ProposeConfigUpdate", &args).unwrap();
    }
    // once of everything that is done to the victim: a range with anything in it is asked again
    // behind its end, an empty one is not
    org1.sign(VICTIM);
    org2.set_up();

    // what is read for the first time
    org1.round(Phase::Warming);
    for _ in 0..2 {
        org1.round(Phase::Before);
    }
    org2.fill();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _end = End(&done);
            org2.flood();
        });
        org1.round(Phase::During);
        while !done.load(Ordering::SeqCst) {
            org1.round(Phase::During);
        }
    });
    org2.fill_with_small("again");
    for _ in 0..2 {
        org1.round(Phase::After);
    }

    org2.report();
    let wrong = [
        org1.report(),
        org2.wrong(),
        wrong_at_servers(&net),
        wrong_at_peers(&net, &processes),
    ];
    assert_eq!(wrong.concat(), Vec::<String>::new());
}

/// Says that the flood is over, however it ended.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Warming,
    Before,
    During,
    After,
}

/// Org1's admin at Org1's peer.
struct Bystander<'a> {
    net: &'a Net,
    gateway: Gateway,
    admin: Person,
    /// Org2's peer, to wait for it where calls are counted.
    other: (Gateway, Person),
    rounds: usize,
    /// The config's sequence.
    sequence: u64,
    calls: Vec<(&'static str, BTreeMap<Phase, Vec<Answered>>)>,
    failures: Vec<String>,
}

/// What one call took.
struct Answered {
    milliseconds: u128,
    tries: u32,
    bytes: usize,
    /// Entries of a list.
    listed: usize,
    /// State calls by kind, where nobody else called the server meanwhile.
    state_calls: Option<BTreeMap<String, u64>>,
}

impl<'a> Bystander<'a> {
    fn new(net: &'a Net) -> Self {
        let crypto = net.root().join("crypto");
        Self {
            net,
            gateway: Gateway::new(net, "org1"),
            admin: user_of(&crypto, "Org1MSP", "Admin"),
            other: (
                Gateway::new(net, "org2"),
                user_of(&crypto, "Org2MSP", "Admin"),
            ),
            rounds: 0,
            sequence: 0,
            calls: Vec::new(),
            failures: Vec::new(),
        }
    }

    fn settle(&self, function: &str, args: &[&str]) -> Result<(Value, u32), CallError> {
        self.gateway.settle(&self.admin, function, args)
    }

    fn sign(&mut self, id: &str) {
        let unsigned = self.decoded(Phase::Warming, id, "config_update_to_sign");
        let signature = self.admin.signed(&update_in(unsigned.unwrap()));
        self.settle("AddSignature", &[id, &signature]).unwrap();
    }

    /// One of everything: an update of Org1's own group from its proposal to its archive, and what
    /// there is to be asked.
    fn round(&mut self, phase: Phase) {
        self.rounds += 1;
        let id = format!("round{}", self.rounds);
        let rule = ["ANY", "ALL", "MAJORITY"][self.rounds % 3];
        let patch = own_policy(rule).to_string();
        let propose = [id.as_str(), patch.as_str(), "a policy of our own"];
        self.write(
            phase,
            "ProposeConfigUpdate",
            "ProposeConfigUpdate",
            &propose,
        );
        let unsigned = self.decoded(phase, &id, "config_update_to_sign");
        let signature = unsigned
            .map(|envelope| self.admin.signed(&update_in(envelope)))
            .unwrap_or_default();
        self.write(phase, "AddSignature", "AddSignature", &[&id, &signature]);
        self.query(phase, "GetProposal", "GetProposal", &[QUIET]);
        self.query(phase, "GetProposal of the victim", "GetProposal", &[VICTIM]);
        for function in [
            "ListProposals",
            "getProposals",
            "GetHistory",
            "GetCapabilities",
        ] {
            self.query(phase, function, function, &[]);
        }
        let options = "{\"conflicts\":true}";
        let what = "ListProposals with conflicts";
        self.query(phase, what, "ListProposals", &[options]);
        let one = format!("[\"{id}\"]");
        let what = "UpdateProposals of one";
        self.write(phase, what, "UpdateProposals", &["6", &one]);
        if let Some(envelope) = self.decoded(phase, &id, "config_update_envelope_to_submit") {
            let file = self.net.work("round.pb");
            fs::write(&file, envelope).unwrap();
            self.net.submit("org1", &file).unwrap();
            self.sequence += 1;
            let block = base64_of(&self.net.config_block(self.sequence));
            self.write(phase, "SyncConfig", "SyncConfig", &[&block]);
        }
        self.query(phase, "ExportProposal", "ExportProposal", &[&id]);
        // of one's own, by range: nobody else's proposals come between
        self.write(
            phase,
            "UpdateProposals of its own",
            "UpdateProposals",
            &["6", "", r#"{"msp_id":"Org1MSP"}"#],
        );
    }

    /// The bytes of a member of `GetProposal`, which is not measured here.
    fn decoded(&mut self, phase: Phase, id: &str, member: &str) -> Option<Bytes> {
        let text = match self.gateway.evaluate(&self.admin, "GetProposal", &[id]) {
            Ok(answer) => {
                let proposal: Value = serde_json::from_slice(&answer).unwrap();
                proposal[member].as_str().map(str::to_owned)
            }
            Err(e) => {
                self.failures
                    .push(format!("{phase:?}: GetProposal {id}: {e}"));
                None
            }
        };
        if text.is_none() {
            self.failures
                .push(format!("{phase:?}: `{id}` has no `{member}`"));
        }
        text.map(|text| STANDARD.decode(text).unwrap().into())
    }

    fn query(&mut self, phase: Phase, what: &'static str, function: &str, args: &[&str]) {
        self.measure(phase, what, |org1| {
            let answer = org1.gateway.evaluate(&org1.admin, function, args)?;
            Ok((answer.len(), serde_json::from_slice(&answer).unwrap(), 1))
        });
    }

    fn write(&mut self, phase: Phase, what: &'static str, function: &str, args: &[&str]) {
        self.measure(phase, what, |org1| {
            let (answer, tries) = org1.settle(function, args)?;
            Ok((answer.to_string().len(), answer, tries))
        });
    }

    #[expect(clippy::disallowed_methods, reason = "what a call takes is reported")]
    fn measure(
        &mut self,
        phase: Phase,
        what: &'static str,
        call: impl FnOnce(&Self) -> Result<(usize, Value, u32), CallError>,
    ) {
        let counted = phase != Phase::During;
        if counted {
            self.wait_for_level();
        }
        let before = Counted::read(self.net, "org1");
        let start = Instant::now();
        let called = call(self);
        let milliseconds = start.elapsed().as_millis();
        match called {
            Ok((bytes, answer, tries)) => {
                let state_calls = counted.then(|| before.since(self.net, "org1")).flatten();
                let answered = Answered {
                    milliseconds,
                    tries,
                    bytes,
                    listed: listed(&answer),
                    state_calls,
                };
                self.row(what).entry(phase).or_default().push(answered);
            }
            Err(e) => self
                .failures
                .push(format!("{phase:?}: {what} after {milliseconds} ms: {e}")),
        }
    }

    fn row(&mut self, what: &'static str) -> &mut BTreeMap<Phase, Vec<Answered>> {
        let found = self.calls.iter().position(|(name, _)| *name == what);
        let place = found.unwrap_or_else(|| {
            self.calls.push((what, BTreeMap::new()));
            self.calls.len() - 1
        });
        &mut self.calls[place].1
    }

    /// Both peers have the same blocks, so that both endorse at once.
    fn wait_for_level(&self) {
        let (gateway, admin) = &self.other;
        until("the peers are level", || {
            (self.gateway.height(&self.admin) == gateway.height(admin)).then_some(())
        });
    }

    /// Prints the table; gives what is wrong.
    fn report(&self) -> Vec<String> {
        let mut wrong = self.failures.clone();
        println!(
            "| call of Org1 | calls | ms before | during | longest | after | tries during | state calls before | after | bytes before | after |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        let batches = Counted::read(self.net, "org1").batches();
        for (what, phases) in &self.calls {
            let of = |phase| phases.get(&phase).map_or(&[][..], Vec::as_slice);
            let (before, during, after) = (of(Phase::Before), of(Phase::During), of(Phase::After));
            println!(
                "| {what} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                before.len() + during.len() + after.len(),
                median(before),
                median(during),
                during.iter().map(|a| a.milliseconds).max().unwrap_or(0),
                median(after),
                during.iter().map(|a| a.tries).max().unwrap_or(0),
                kinds(before),
                kinds(after),
                before.iter().map(|a| a.bytes).max().unwrap_or(0),
                after.iter().map(|a| a.bytes).max().unwrap_or(0),
            );
            let (Some(first), Some(last)) = (calls(before), calls(after)) else {
                wrong.push(format!("{what} was not counted before and after"));
                continue;
            };
            let further = listed_most(after).saturating_sub(listed_most(before));
            let allowed = match (LISTS.contains(what), batches) {
                (false, _) => first,
                (true, true) => first + 1,
                (true, false) => first + 1 + further,
            };
            if last > allowed {
                wrong.push(format!(
                    "{what}: {last} state calls after the flood, {first} before it"
                ));
            }
            if what.starts_with("GetProposal") && last > MOST {
                wrong.push(format!("{what}: {last} state calls"));
            }
        }
        wrong
    }
}

/// A policy of Org1's own group, which Org1 decides about alone.
fn own_policy(rule: &str) -> Value {
    let policy = json!({"type": 3, "value": {"rule": rule, "sub_policy": "Admins"}});
    let policies = json!({"Own": {"mod_policy": "Admins", "policy": policy}});
    let own = json!({"Org1MSP": {"policies": policies}});
    json!({"channel_group": {"groups": {"Application": {"groups": own}}}})
}

/// How many proposals an answer lists: a list of ours, or the map of `getProposals`.
fn listed(answer: &Value) -> usize {
    for list in ["proposals", "history"] {
        if let Some(list) = answer[list].as_array() {
            return list.len();
        }
    }
    answer.as_object().map_or(0, serde_json::Map::len)
}

fn listed_most(calls: &[Answered]) -> u64 {
    let most = calls.iter().map(|a| a.listed).max().unwrap_or(0);
    u64::try_from(most).unwrap()
}

fn median(calls: &[Answered]) -> u128 {
    let mut all: Vec<u128> = calls.iter().map(|a| a.milliseconds).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

/// The most state calls of the calls that were counted.
fn calls(calls: &[Answered]) -> Option<u64> {
    let counted = calls.iter().filter_map(|a| a.state_calls.as_ref());
    counted.map(|kinds| kinds.values().sum()).max()
}

/// The same by kind, as text.
fn kinds(calls: &[Answered]) -> String {
    let counted = calls.iter().filter_map(|a| a.state_calls.as_ref());
    let Some(most) = counted.max_by_key(|kinds| kinds.values().sum::<u64>()) else {
        return "?".to_owned();
    };
    let all: Vec<_> = most.iter().map(|(k, n)| format!("{n} {k}")).collect();
    all.join(", ")
}

/// The update in an envelope of type CONFIG_UPDATE.
fn update_in(envelope: Bytes) -> Bytes {
    let envelope = common::Envelope::decode(envelope).unwrap();
    let payload = common::Payload::decode(envelope.payload).unwrap();
    let update = common::ConfigUpdateEnvelope::decode(payload.data).unwrap();
    update.config_update
}

/// The same envelope with these people's signatures, as an argument.
fn signed_by(envelope: Bytes, people: &[Person]) -> String {
    let mut envelope = common::Envelope::decode(envelope).unwrap();
    let mut payload = common::Payload::decode(envelope.payload).unwrap();
    let mut update = common::ConfigUpdateEnvelope::decode(payload.data).unwrap();
    let bytes = update.config_update.clone();
    let signatures = people.iter().map(|p| p.config_signature(&bytes));
    update.signatures.extend(signatures);
    payload.data = update.encode_to_vec().into();
    envelope.payload = payload.encode_to_vec().into();
    base64(&envelope.encode_to_vec())
}

/// Org2's admin, and whom its CA makes, at Org2's peer.
struct Flooder<'a> {
    net: &'a Net,
    gateway: Gateway,
    admin: Person,
    cycles: u32,
    identities: u32,
    /// How often what was done, or with which symbol refused.
    done: std::sync::Mutex<BTreeMap<String, u32>>,
}

impl<'a> Flooder<'a> {
    fn new(net: &'a Net) -> Self {
        Self {
            net,
            gateway: Gateway::new(net, "org2"),
            admin: user_of(&net.root().join("crypto"), "Org2MSP", "Admin"),
            cycles: setting("CMSCC_FLOOD_CYCLES", 12),
            identities: setting("CMSCC_FLOOD_IDENTITIES", 20),
            done: std::sync::Mutex::default(),
        }
    }

    fn count(&self, what: impl Into<String>, times: u32) {
        *self.done.lock().unwrap().entry(what.into()).or_default() += times;
    }

    fn counted(&self, what: &str) -> u32 {
        self.done.lock().unwrap().get(what).copied().unwrap_or(0)
    }

    /// Whether it was done.
    fn try_as(&self, caller: &Person, what: &str, function: &str, args: &[&str]) -> Option<Value> {
        match self.gateway.settle(caller, function, args) {
            Ok((answer, _)) => {
                self.count(what, 1);
                Some(answer)
            }
            Err(e) => {
                self.count(format!("{what}: {}", e.symbol()), 1);
                None
            }
        }
    }

    fn try_it(&self, what: &str, function: &str, args: &[&str]) -> bool {
        self.try_as(&self.admin, what, function, args).is_some()
    }

    /// Proposes an anchor peer of its own group.
    fn propose(&self, what: &str, id: &str, host: &str) -> bool {
        let patch = anchor_peer(host).to_string();
        self.try_it(what, "ProposeConfigUpdate", &[id, &patch, "a flood"])
    }

    /// What the victim is combined with, and that it was combined.
    fn set_up(&self) {
        assert!(self.propose("base", "base", "base.example.com"));
        assert!(self.combine("first"));
        assert!(self.try_it("deleted", "DeleteProposal", &["first"]));
    }

    fn combine(&self, id: &str) -> bool {
        let sources = json!([VICTIM, "base"]).to_string();
        self.try_it("combined", "CombineProposals", &[id, &sources, "a flood"])
    }

    /// Proposals as large and then as many as there may be.
    fn fill(&self) {
        for number in 0..LARGE {
            let mut host = format!("large-{number}-");
            host.push_str(&"x".repeat(LONG - host.len()));
            self.propose("large", &format!("large_{number}"), &host);
        }
        self.fill_with_small("small");
    }

    /// Small ones until one is refused.
    fn fill_with_small(&self, name: &str) {
        for number in 0..SMALL {
            let id = format!("{name}_{number}");
            if !self.propose("small", &id, &format!("{name}-{number}.example.com")) {
                break;
            }
        }
    }

    /// Cycles in waves, and signatures and rejections beside them.
    fn flood(&self) {
        // what a wave has open at the same time
        for number in 0..WAVE {
            self.try_it("deleted", "DeleteProposal", &[&format!("small_{number}")]);
        }
        let ids: Vec<String> = (0..self.cycles).map(|n| format!("flood_{n}")).collect();
        thread::scope(|scope| {
            scope.spawn(|| self.sign_and_reject());
            for wave in ids.chunks(WAVE) {
                self.wave(wave);
            }
        });
    }

    /// Proposes, withdraws and deletes. Proposals of one organisation meet each other, so they are made
    /// one after the other; the first combines Org1's.
    fn wave(&self, ids: &[String]) {
        for (number, id) in ids.iter().enumerate() {
            if number == 0 {
                self.combine(id);
            } else {
                self.propose("proposed", id, &format!("{id}.example.com"));
            }
        }
        self.all(ids, "withdrawn", "WithdrawProposal");
        let deleted = self.all(ids, "deleted", "DeleteProposal");
        self.count("cycles", deleted);
    }

    /// Does the same to all at once; gives to how many it was done.
    fn all(&self, ids: &[String], what: &str, function: &str) -> u32 {
        thread::scope(|scope| {
            let lanes: Vec<_> = ids
                .iter()
                .map(|id| scope.spawn(move || self.try_it(what, function, &[id])))
                .collect();
            let done = lanes.into_iter().map(|lane| lane.join().unwrap());
            done.map(u32::from).sum()
        })
    }

    /// Every identity signs Org1's proposal, and rejects it with the longest reason.
    fn sign_and_reject(&self) {
        let crypto = self.net.root().join("crypto");
        let people: Vec<Person> = (0..self.identities)
            .map(|n| new_user_of(&crypto, "Org2MSP", &format!("admin{n}"), Some("admin")))
            .collect();
        let answer = self
            .gateway
            .evaluate(&self.admin, "GetProposal", &[VICTIM])
            .unwrap_or_else(|e| panic!("GetProposal of the victim by Org2: {e}"));
        let proposal: Value = serde_json::from_slice(&answer).unwrap();
        let unsigned = proposal["config_update_to_sign"].as_str().unwrap();
        let unsigned = Bytes::from(STANDARD.decode(unsigned).unwrap());
        for some in people.chunks(SIGNATURES) {
            let signed = signed_by(unsigned.clone(), some);
            let args = [VICTIM, &signed];
            let answer = self.try_as(&self.admin, "signing", "AddSignature", &args);
            for list in ["added", "already", "refused"] {
                let these = answer.as_ref().and_then(|a| a[list].as_array());
                let these = these.map_or(0, Vec::len);
                self.count(format!("signatures {list}"), these.try_into().unwrap());
            }
        }
        for (number, person) in people.iter().enumerate() {
            let reason = format!("{number:01024}");
            self.try_as(person, "rejected", "RejectProposal", &[VICTIM, &reason]);
        }
    }

    fn report(&self) {
        println!("what Org2 did: {:#?}", self.done.lock().unwrap());
    }

    /// Where the flood was not the one that is meant, or went past a bound.
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut demand = |holds: bool, what: String| {
            if !holds {
                wrong.push(what);
            }
        };
        let refused = |what: &str| {
            let with = BOUNDS.iter();
            with.map(|b| self.counted(&format!("{what}: {b}")))
                .sum::<u32>()
        };
        let large = self.counted("large");
        demand(
            large > 0 && large + refused("large") == LARGE,
            format!(
                "{large} of {LARGE} large proposals were taken, {} refused by a bound",
                refused("large")
            ),
        );
        demand(
            refused("large") > 0,
            "no large proposal was refused".to_owned(),
        );
        let open = self.open();
        demand(
            open == OPEN && refused("small") > 0,
            format!("Org2 has {open} open, {OPEN} are the bound"),
        );
        demand(
            self.counted("cycles") == self.cycles,
            format!("{} of {} cycles", self.counted("cycles"), self.cycles),
        );
        demand(
            self.counted("combined") > 1,
            "nothing was combined".to_owned(),
        );
        demand(
            self.counted("withdrawn") == self.cycles,
            format!("{} were withdrawn", self.counted("withdrawn")),
        );
        demand(
            self.counted("signatures added") > 0 && self.counted("rejected") == self.identities,
            "not everybody of Org2 rejected, or nobody signed".to_owned(),
        );
        wrong
    }

    /// How many proposals of Org2 are listed.
    fn open(&self) -> u32 {
        let options = json!({"msp_id": "Org2MSP", "page_size": 200}).to_string();
        let answer = self
            .gateway
            .evaluate(&self.admin, "ListProposals", &[&options]);
        let answer = answer.map(|a| serde_json::from_slice(&a).unwrap());
        answer.map_or(0, |a| listed(&a).try_into().unwrap())
    }
}

/// A patch of Org2's own group.
fn anchor_peer(host: &str) -> Value {
    let peers = json!({"anchor_peers": [{"host": host, "port": 7051}]});
    let own = json!({"Org2MSP": {"values": {"AnchorPeers": {"value": peers}}}});
    json!({"channel_group": {"groups": {"Application": {"groups": own}}}})
}

#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn setting(name: &str, default: u32) -> u32 {
    env::var(name).map_or(default, |n| n.parse().unwrap())
}

/// What a chaincode server has counted so far.
struct Counted {
    invocations: u64,
    state_calls: BTreeMap<String, u64>,
}

impl Counted {
    fn read(net: &Net, org: &str) -> Self {
        let mut counted = Self {
            invocations: 0,
            state_calls: BTreeMap::new(),
        };
        for line in net.operations(org, "/metrics").lines() {
            let Some((name, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let Ok(value) = value.parse() else { continue };
            if name.starts_with("cmscc_invocations_total{") {
                counted.invocations += value;
            }
            let call = name.strip_prefix("cmscc_state_call_duration_seconds_count{call=\"");
            if let Some(call) = call {
                let call = call.trim_end_matches("\"}").to_owned();
                counted.state_calls.insert(call, value);
            }
        }
        counted
    }

    /// The state calls of the one call since; `None` where there were several.
    fn since(&self, net: &Net, org: &str) -> Option<BTreeMap<String, u64>> {
        let now = until("the call is counted", || {
            let now = Self::read(net, org);
            (now.invocations > self.invocations).then_some(now)
        });
        let added = now.state_calls.into_iter().filter_map(|(kind, n)| {
            let added = n - self.state_calls.get(&kind).unwrap_or(&0);
            (added > 0).then_some((kind, added))
        });
        (now.invocations == self.invocations + 1).then(|| added.collect())
    }

    /// Whether the peer answers several keys at once.
    fn batches(&self) -> bool {
        self.state_calls.get("get_multiple").is_some_and(|n| *n > 0)
    }
}

/// Streams that ended, and panics.
fn wrong_at_servers(net: &Net) -> Vec<String> {
    let mut wrong = Vec::new();
    for org in ["org1", "org2"] {
        let log = fs::read_to_string(net.work(&format!("{org}.log"))).unwrap();
        let opened = log.matches("a peer opened a stream").count();
        let closed = log.matches("stream closed").count();
        if (opened, closed) != (1, 0) {
            wrong.push(format!("{org}: {opened} streams opened, {closed} closed"));
        }
        let metrics = net.operations(org, "/metrics");
        for line in ["cmscc_streams 1", "cmscc_panics_total 0"] {
            if !metrics.lines().any(|l| l == line) {
                wrong.push(format!("{org}: not `{line}`"));
            }
        }
    }
    wrong
}

/// Processes that ended, and what peers say of messages and streams.
fn wrong_at_peers(net: &Net, processes: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let now = net.script(&["status"]);
    if now != processes {
        wrong.push(format!("other processes run:\n{processes}{now}"));
    }
    for org in ["org1", "org2"] {
        let log = net.root().join(format!("run/peer-{org}.log"));
        let log = String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned();
        for words in [
            "larger than max",
            "stream terminated",
            "panic:",
            "fatal error:",
        ] {
            if let Some(line) = log.lines().find(|l| l.contains(words)) {
                wrong.push(format!("peer of {org}: {line}"));
            }
        }
    }
    wrong
}
