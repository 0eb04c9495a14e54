//! Plays calls that were written down through the contract of this build, and says what differs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug, Write as _},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    contract::{Anchors, Contract, ContractSettings, Disown, NoObserver, function_names},
    ids::ChannelId,
    stub::{Chaincode, Response, memory::MemoryStub},
};
use serde_json::Value;

use super::{
    super::world::symbol_of,
    format::{Exchange, Outcome, Server},
};

/// How many differences of a kind are shown.
const SHOWN: usize = 12;

/// What differs, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Status, symbol, reads, writes, the event's name or the chaincodes that were called.
    Decision,
    /// An answer's or an event's shape, or something in it that is no prose.
    Answer,
    /// Members that an answer did not have. Those of calls that write are an [`Kind::Answer`], since
    /// endorsers of two builds would differ.
    More,
    /// Prose, in messages and answers.
    Text,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    pub(super) what: String,
}

/// What a replay found.
#[derive(Default)]
pub(super) struct Report {
    /// How often each function succeeded, and how often it was refused.
    calls: BTreeMap<String, [usize; 2]>,
    /// How many calls a server answered that had seen nothing before, too.
    fresh: usize,
    /// What differs, and how often, at first where.
    differences: BTreeMap<Difference, (usize, String)>,
}

impl Report {
    pub(super) fn calls(&self) -> usize {
        self.calls.values().flatten().sum()
    }

    pub(super) fn differences(&self) -> Vec<&Difference> {
        self.differences.keys().collect()
    }

    /// The functions that were never called with success, or never refused.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for name in function_names() {
            let [done, refused] = self.calls.get(name).copied().unwrap_or_default();
            if done == 0 {
                missing.push(format!("{name} never succeeds"));
            }
            if refused == 0 {
                missing.push(format!("{name} is never refused"));
            }
        }
        missing
    }

    fn note(&mut self, place: &str, differences: Vec<Difference>) {
        for difference in differences {
            let first = (0, place.to_owned());
            self.differences.entry(difference).or_insert(first).0 += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: BTreeSet<&str> = function_names().collect();
        let (mut succeeded, mut refused) = (0, 0);
        for (name, [done, not]) in &self.calls {
            (succeeded, refused) = (succeeded + done, refused + not);
            if known.contains(name.as_str()) {
                writeln!(f, "{name}: {done} succeeded, {not} were refused")?;
            }
        }
        writeln!(
            f,
            "{} calls, {succeeded} succeeded, {refused} were refused; {} answered by a fresh server, too",
            self.calls(),
            self.fresh
        )?;
        for kind in [Kind::Decision, Kind::Answer, Kind::More, Kind::Text] {
            let found = self.differences.iter().filter(|(it, _)| it.kind == kind);
            let times: usize = found.clone().map(|(_, (times, _))| times).sum();
            let different = found.clone().count();
            writeln!(
                f,
                "{kind:?}: {times} differences, {different} different ones"
            )?;
            for (difference, (times, place)) in found.take(SHOWN) {
                writeln!(f, "  {times} times, first in {place}\n{}", difference.what)?;
            }
        }
        let kinds: BTreeSet<Kind> = self.differences.keys().map(|it| it.kind).collect();
        f.write_str(match kinds.first() {
            None => "nothing differs",
            Some(Kind::Text) => "only texts differ",
            Some(Kind::More) => "answers have more members",
            Some(Kind::Answer) => "decisions are equal, answers differ",
            Some(Kind::Decision) => "decisions differ",
        })
    }
}

/// Anchors as they were at a call.
#[derive(Default)]
struct Recorded(Mutex<Server>);

impl Anchors for Recorded {
    fn anchor(&self, _channel: &ChannelId) -> Result<Option<ConfigBlock>, String> {
        let anchor = self.0.lock().unwrap().anchor.clone();
        anchor
            .map(|block| ConfigBlock::parse(block).map_err(|error| error.to_string()))
            .transpose()
    }

    fn disown(&self, _channel: &ChannelId) -> Result<Option<Disown>, String> {
        Ok(self.0.lock().unwrap().disown)
    }
}

/// Servers that answer all calls of a record, each with what the recorded one had.
pub(super) struct Replay {
    anchors: Arc<Recorded>,
    /// Long-lived servers: without and with `allow_unanchored`.
    servers: [Contract; 2],
    /// Every call of so many is answered by a fresh server, too.
    every: usize,
    pub(super) report: Report,
}

impl Replay {
    pub(super) fn new(every: usize) -> Self {
        let anchors = Arc::default();
        Self {
            servers: [false, true].map(|unanchored| server(&anchors, unanchored)),
            anchors,
            every,
            report: Report::default(),
        }
    }

    /// Plays calls, in their order.
    pub(super) async fn play(&mut self, name: &str, exchanges: impl Iterator<Item = Exchange>) {
        for (number, exchange) in exchanges.enumerate() {
            self.check(&format!("{name}, call {number}"), &exchange)
                .await;
        }
    }

    /// Plays one call.
    pub(super) async fn check(&mut self, place: &str, exchange: &Exchange) {
        let unanchored = exchange.server.allow_unanchored;
        self.anchors.0.lock().unwrap().clone_from(&exchange.server);
        let called = called(exchange);
        let place = format!("{place} ({called})");
        let now = simulate(&self.servers[usize::from(unanchored)], exchange).await;
        let found = differences(&exchange.outcome, &now);
        self.report.note(&place, found);
        if self.report.calls().is_multiple_of(self.every) {
            let fresh = simulate(&server(&self.anchors, unanchored), exchange).await;
            let found = differences(&exchange.outcome, &fresh);
            self.report.note(&format!("{place}, fresh server"), found);
            self.report.fresh += 1;
        }
        let refused = !exchange.outcome.response.is_success();
        self.report.calls.entry(called).or_default()[usize::from(refused)] += 1;
    }
}

fn server(anchors: &Arc<Recorded>, allow_unanchored: bool) -> Contract {
    let settings = ContractSettings {
        allow_unanchored,
        ..ContractSettings::default()
    };
    let anchors = Arc::<Recorded>::clone(anchors);
    Contract::new(settings, anchors, Arc::new(NoObserver))
}

async fn simulate(contract: &Contract, exchange: &Exchange) -> Outcome {
    let mut stub = MemoryStub::new(&exchange.ledger).beside(exchange.others.clone());
    let response = contract.invoke(&exchange.call, &mut stub).await;
    let set = stub.finish().expect("no write after a page");
    Outcome { response, set }
}

/// The function that was called.
fn called(exchange: &Exchange) -> String {
    if exchange.call.is_init {
        return "Init".to_owned();
    }
    let name = exchange.call.args.first().cloned().unwrap_or_default();
    shortened(&String::from_utf8_lossy(&name), 0)
}

/// What differs between two outcomes of the same call.
fn differences(then: &Outcome, now: &Outcome) -> Vec<Difference> {
    let mut found = Found::default();
    found.one("status", &then.response.status, &now.response.status);
    found.one("symbol", &symbol(&then.response), &symbol(&now.response));
    let (old, new) = (&then.set, &now.set);
    found.map("read of", &old.reads, &new.reads);
    found.one("number of ranges", &old.ranges.len(), &new.ranges.len());
    for (old, new) in old.ranges.iter().zip(&new.ranges) {
        found.one("a range", &old.range, &new.range);
        found.one("entries of a range", &old.reads, &new.reads);
        found.one("end of a range", &old.exhausted, &new.exhausted);
    }
    found.map("write of", &old.writes, &new.writes);
    found.one("called chaincodes", &old.calls, &new.calls);
    let name = |set: &cmscc::stub::memory::ReadWriteSet| set.event.clone().map(|it| it.name);
    found.one("event", &name(old), &name(new));
    if let (Some(old), Some(new)) = (&old.event, &new.event) {
        found.document("event", &old.payload, &new.payload);
    }
    if then.response.message != now.response.message {
        let (old, new) = (&then.response.message, &now.response.message);
        found.add(Kind::Text, "message", old, new);
    }
    found.document("answer", &then.response.payload, &now.response.payload);
    if !old.writes.is_empty() {
        let more = found.0.iter_mut().filter(|it| it.kind == Kind::More);
        more.for_each(|it| it.kind = Kind::Answer);
    }
    found.0
}

/// The symbol of a refusal, empty for a success.
fn symbol(response: &Response) -> &str {
    match response.is_success() {
        true => "",
        false => symbol_of(response),
    }
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, kind: Kind, what: &str, then: &str, now: &str) {
        let same = then.bytes().zip(now.bytes()).take_while(|(a, b)| a == b);
        let from = same.count();
        let mut text = format!("    {what}\n");
        writeln!(text, "      then: {}", shortened(then, from)).unwrap();
        write!(text, "      now:  {}", shortened(now, from)).unwrap();
        self.0.push(Difference { kind, what: text });
    }

    fn one<T: Debug + PartialEq + ?Sized>(&mut self, what: &str, then: &T, now: &T) {
        if then != now {
            let (then, now) = (format!("{then:?}"), format!("{now:?}"));
            self.add(Kind::Decision, what, &then, &now);
        }
    }

    fn map<T: Debug + PartialEq>(
        &mut self,
        what: &str,
        then: &BTreeMap<String, T>,
        now: &BTreeMap<String, T>,
    ) {
        let keys: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        for key in keys {
            let what = format!("{what} `{}`", key.escape_debug());
            self.one(&what, &then.get(key), &now.get(key));
        }
    }

    /// Compares JSON member by member, anything else byte by byte.
    fn document(&mut self, what: &str, then: &Bytes, now: &Bytes) {
        if then == now {
            return;
        }
        let before = self.0.len();
        if let (Ok(then), Ok(now)) = (serde_json::from_slice(then), serde_json::from_slice(now)) {
            self.value(what, &then, &now);
        }
        if self.0.len() == before {
            let (then, now) = (String::from_utf8_lossy(then), String::from_utf8_lossy(now));
            self.add(Kind::Answer, what, &then, &now);
        }
    }

    fn value(&mut self, path: &str, then: &Value, now: &Value) {
        match (then, now) {
            (Value::Object(then), Value::Object(now))
                if then.keys().all(|name| now.contains_key(name)) =>
            {
                for (name, then) in then {
                    self.value(&format!("{path}.{name}"), then, &now[name]);
                }
                for (name, now) in now.iter().filter(|(name, _)| !then.contains_key(*name)) {
                    let path = format!("{path}.{name}");
                    self.add(Kind::More, &path, "nothing", &now.to_string());
                }
            }
            (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
                for (then, now) in then.iter().zip(now) {
                    self.value(&format!("{path}[]"), then, now);
                }
            }
            (Value::String(then), Value::String(now)) if then != now => {
                // codes, ids and base64 have no blanks
                let prose = then.contains(' ') && now.contains(' ');
                let kind = if prose { Kind::Text } else { Kind::Answer };
                self.add(kind, path, then, now);
            }
            (then, now) if then != now => {
                self.add(Kind::Answer, path, &then.to_string(), &now.to_string());
            }
            _ => {}
        }
    }
}

/// The part of a text around a place, safe to print.
fn shortened(text: &str, place: usize) -> String {
    const AROUND: usize = 160;
    let boundary = |near: usize| (0..=near.min(text.len())).rfind(|at| text.is_char_boundary(*at));
    let start = boundary(place.saturating_sub(AROUND)).unwrap_or(0);
    let end = boundary(place.saturating_add(AROUND)).unwrap_or(0);
    let part = text[start..end].escape_debug();
    let before = if start > 0 { ".." } else { "" };
    let after = if end < text.len() { ".." } else { "" };
    format!("{before}{part}{after}")
}
