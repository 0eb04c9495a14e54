//! Processes fail while clients go on calling: what a client was told is what the blocks say.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use cmscc::proto::{
    common,
    protos::{self, TxValidationCode},
};
use prost::Message;
use serde_json::json;

use super::{PATIENCE, gateway::Gateway, net::Net};
use crate::contract::people::{Person, user_of};

/// Clients of each organisation, one call each at a time.
const CLIENTS: usize = 2;

/// What a call wrote: its function and the proposal.
type Call = (String, String);

#[derive(Default)]
struct Load {
    over: AtomicBool,
    /// Calls that a client was told are committed.
    good: AtomicU64,
    failed: AtomicU64,
    /// What clients were told: committed, or anything else.
    told: Mutex<BTreeMap<Call, bool>>,
}

impl Load {
    /// Proposes and deletes, over and over.
    fn run(&self, net: &Net, org: &str, admin: &Person, client: usize) {
        let gateway = Gateway::new(net, org);
        let patch = json!({"channel_group": {"groups": {"Application": {"policies":
            {format!("{org}-{client}"): {"mod_policy": "Admins", "policy":
                {"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}}}}}}}});
        for round in 0.. {
            let id = format!("{org}-{client}-{round}");
            for (function, args) in [
                (
                    "ProposeConfigUpdate",
                    vec![&*id, &*patch.to_string(), "load"],
                ),
                ("DeleteProposal", vec![&*id]),
            ] {
                if self.over.load(SeqCst) {
                    return;
                }
                let outcome = gateway.submit(admin, function, &args);
                let counter = if outcome.is_ok() {
                    &self.good
                } else {
                    &self.failed
                };
                counter.fetch_add(1, SeqCst);
                let call = (function.to_owned(), id.clone());
                self.told.lock().unwrap().insert(call, outcome.is_ok());
                if outcome.is_err() {
                    // as clients do; what is left of a proposal is within the bounds
                    thread::sleep(Duration::from_millis(200));
                    break;
                }
            }
        }
    }

    /// Waits for 20 more good calls; how long the first one took. A client may wait as long as its own
    /// deadline for a transaction that the orderer took and lost, so it is given two of them.
    #[expect(clippy::disallowed_methods, reason = "what is measured is told")]
    fn goes_on(&self, what: &str) -> Duration {
        let (before, start) = (self.good.load(SeqCst), Instant::now());
        let mut first = None;
        loop {
            let more = self.good.load(SeqCst) - before;
            if more > 0 && first.is_none() {
                first = Some(start.elapsed());
            }
            if let Some(first) = first.filter(|_| more >= 20) {
                return first;
            }
            assert!(start.elapsed() < 3 * PATIENCE, "gave up waiting: {what}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Ends the load, however the test ends.
struct End<'a>(&'a Load);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, SeqCst);
    }
}

#[test]
fn nothing_is_lost_and_nothing_doubled() {
    let Some(net) = Net::up_with(950, &[("BATCH_TIMEOUT", "200ms")]) else {
        return;
    };
    let [mut first, second] = net.deploy();
    let crypto = net.root().join("crypto");
    let admin = |msp_id: &str| user_of(&crypto, msp_id, "Admin");
    let load = Load::default();
    let admins = [("org1", admin("Org1MSP")), ("org2", admin("Org2MSP"))];
    thread::scope(|scope| {
        let _end = End(&load);
        for (org, admin) in &admins {
            for client in 0..CLIENTS {
                let (load, net) = (&load, &net);
                scope.spawn(move || load.run(net, org, admin, client));
            }
        }
        let mut told = Vec::new();
        let mut fault = |name: &str, bring: &mut dyn FnMut()| {
            let failed = load.failed.load(SeqCst);
            bring();
            let first = load.goes_on(name);
            let failed = load.failed.load(SeqCst) - failed;
            told.push(format!(
                "{name}: {failed} calls failed, the next good one after {first:?}"
            ));
        };
        fault("nothing", &mut || {});
        fault("kill -9", &mut || {
            first.stop();
            first = net.start_server("org1");
        });
        fault("frozen for 10 s", &mut || {
            first.signal("STOP");
            thread::sleep(Duration::from_secs(10));
            first.signal("CONT");
        });
        fault("frozen for 40 s", &mut || {
            second.signal("STOP");
            thread::sleep(Duration::from_secs(40));
            second.signal("CONT");
        });
        fault("restart", &mut || {
            assert_eq!(first.terminate(), Some(0));
            first = net.start_server("org1");
        });
        fault("peer restart", &mut || {
            net.script(&["stop-peer", "org2"]);
            net.script(&["start-peer", "org2"]);
        });
        fault("orderer restart", &mut || {
            net.script(&["stop-orderer"]);
            net.script(&["start-orderer"]);
        });
        println!("{}", told.join("\n"));
    });

    let gateway = Gateway::new(&net, "org1");
    let reader = &admins[0].1;
    let mut written: BTreeMap<Call, u32> = BTreeMap::new();
    for number in 0..gateway.height(reader) {
        for call in valid_calls(&gateway.block(reader, number)) {
            *written.entry(call).or_default() += 1;
        }
    }
    let told = load.told.into_inner().unwrap();
    for (call, good) in &told {
        let times = written.get(call).copied().unwrap_or_default();
        assert!(times <= 1, "{call:?} is valid {times} times");
        assert!(times == 1 || !good, "{call:?} was told to be committed");
    }
    let good = told.values().filter(|good| **good).count();
    let unknown = told
        .iter()
        .filter(|(call, good)| !**good && written.contains_key(*call));
    println!(
        "{} calls: {good} committed as told, {} committed although the client was told otherwise",
        told.len(),
        unknown.count()
    );
    assert!(good > 100);
}

/// The calls of a block's valid transactions.
fn valid_calls(block: &common::Block) -> Vec<Call> {
    let flags = &block.metadata.as_ref().unwrap().metadata[2];
    let envelopes = &block.data.as_ref().unwrap().data;
    let valid = envelopes.iter().zip(flags.iter());
    let valid = valid.filter(|(_, flag)| i32::from(**flag) == i32::from(TxValidationCode::Valid));
    valid
        .filter_map(|(envelope, _)| call_of(envelope))
        .collect()
}

/// The arguments of a call; `None`: it is no call of a chaincode.
pub(super) fn args_of(envelope: &[u8]) -> Option<Vec<bytes::Bytes>> {
    let envelope = common::Envelope::decode(envelope).ok()?;
    let payload = common::Payload::decode(envelope.payload).ok()?;
    let header = common::ChannelHeader::decode(payload.header?.channel_header).ok()?;
    if header.r#type != i32::from(common::HeaderType::EndorserTransaction) {
        return None;
    }
    let transaction = protos::Transaction::decode(payload.data).ok()?;
    let action = transaction.actions.into_iter().next()?;
    let action = protos::ChaincodeActionPayload::decode(action.payload).ok()?;
    let proposal = action.chaincode_proposal_payload;
    let proposal = protos::ChaincodeProposalPayload::decode(proposal).ok()?;
    let spec = protos::ChaincodeInvocationSpec::decode(proposal.input).ok()?;
    Some(spec.chaincode_spec?.input?.args)
}

/// Function and first argument; `None`: it is no call of a chaincode.
fn call_of(envelope: &[u8]) -> Option<Call> {
    let args = args_of(envelope)?;
    let text = |arg: &bytes::Bytes| String::from_utf8_lossy(arg).into_owned();
    Some((text(args.first()?), text(args.get(1)?)))
}
