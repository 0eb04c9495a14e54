//! The orderers of the channel: whether enough of them take connections for an update to get into a block.

use std::collections::BTreeMap;

use super::{
    check::Check,
    diagnosis::Diagnosis,
    facts::{DoctorFacts, OrdererFacts, OrdererState},
};
use crate::{
    client::Exit,
    config::{BFT, Bundle, RAFT, RaftMetadata, Section, quorum, values},
};

/// The most places that are asked.
const PLACES: usize = 64;

/// Addresses that one line names.
const NAMED: usize = 10;

/// The places at which a config has orderers, by address: where peers send, and those that agree on
/// blocks. None of them was asked yet. The first 64.
pub(crate) fn orderer_places(bundle: &Bundle) -> Vec<OrdererFacts> {
    let mut places: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for address in consenters(bundle) {
        places.entry(address).or_default().1 = true;
    }
    for address in endpoints(bundle) {
        places.entry(address).or_default().0 = true;
    }
    let place = |(address, (is_endpoint, is_consenter))| OrdererFacts {
        address,
        is_endpoint,
        is_consenter,
        state: OrdererState::NotFound,
    };
    places.into_iter().take(PLACES).map(place).collect()
}

fn consenters(bundle: &Bundle) -> Vec<String> {
    // an IPv6 address stands in brackets before a port
    let place = |host: &str, port: u32| match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    match bundle.consensus() {
        Some(consensus) if consensus.name == RAFT => {
            let raft = RaftMetadata::parse(&consensus.metadata).unwrap_or_default();
            let nodes = raft.consenters.iter();
            nodes.map(|node| place(&node.host, node.port)).collect()
        }
        Some(consensus) if consensus.name == BFT => {
            let nodes = bundle.consenters().iter();
            nodes.map(|node| place(&node.host, node.port)).collect()
        }
        _ => Vec::new(),
    }
}

/// Where peers send: the addresses of the organisations, and those of the channel for who has none.
fn endpoints(bundle: &Bundle) -> Vec<String> {
    let of = |names: &[&str], key: &str| {
        let group = bundle.tree().group(names);
        let value = group.and_then(|group| group.value(key));
        let listed = value.and_then(|value| values::addresses(value.bytes()).ok());
        listed.unwrap_or_default()
    };
    let mut all = of(&[], "OrdererAddresses");
    for org in bundle.orgs(Section::Orderer) {
        all.extend(of(&[Section::Orderer.name(), org.name], "Endpoints"));
    }
    all
}

/// How many consenters must run, of so many.
fn needed(bundle: &Bundle, consenters: usize) -> usize {
    match bundle.consensus() {
        Some(consensus) if consensus.name == BFT => quorum(consenters),
        _ => (consenters / 2).saturating_add(1),
    }
}

/// Judges them all at once.
pub(super) fn judge(facts: &DoctorFacts, found: &mut Diagnosis) {
    let check = Check::Orderers;
    let (Some(orderers), Some(bundle)) = (&facts.orderers, facts.bundle()) else {
        let chain = facts.channel.as_ref().and_then(|one| one.chain.as_ref());
        let needs = match (&facts.trust, chain) {
            (None, _) => Check::Settings,
            (_, Some(Err(_))) => Check::Chain,
            _ => Check::TrustAnchor,
        };
        return found.skip(&[check], needs);
    };
    if orderers.is_empty() {
        return found.untold(check, "the config names no address of an orderer");
    }
    let is_down = |one: &&OrdererFacts| matches!(one.state, OrdererState::Down(_));
    let answers = |one: &&OrdererFacts| one.state == OrdererState::Answers;
    let all = || orderers.iter();
    let consenters = all().filter(|one| one.is_consenter).count();
    let left =
        consenters.saturating_sub(all().filter(|one| one.is_consenter && is_down(one)).count());
    let needed = needed(bundle, consenters);
    let down = names(all().filter(is_down));
    let mut endpoints = all().filter(|one| one.is_endpoint).peekable();
    let nobody_listens = endpoints.peek().is_some() && endpoints.all(|one| is_down(&one));
    let fix = "their operators start them, and see their logs; what is signed stays, and is submitted later";
    if consenters > 0 && left < needed {
        let text = match consenters {
            1 => format!(
                "the only orderer of the channel, {down}, does not answer: no update gets into a block"
            ),
            all => format!(
                "{needed} of {all} orderers must run, and {down} do not answer: no update gets into a block"
            ),
        };
        found.error(check, Exit::Unreachable, text, fix);
    } else if nobody_listens {
        let text = format!("nobody answers where peers send updates to: {down}");
        found.error(check, Exit::Unreachable, text, fix);
    } else if !down.is_empty() {
        let text = format!("{down} does not answer; the others are enough");
        found.warn(check, text, "its operator starts it, and sees its log");
    } else if all().all(|one| answers(&one)) {
        return found.ok(
            check,
            format!("{} of {} answer", orderers.len(), orderers.len()),
        );
    } else {
        unseen(orderers, found);
    }
    let why = all().filter_map(|one| {
        let why = match &one.state {
            OrdererState::Answers => return None,
            OrdererState::Down(why) | OrdererState::NotReached(why) => why.clone(),
            OrdererState::NotFound => "this machine does not find its name".to_owned(),
        };
        Some((one.address.clone(), why))
    });
    found.said(why.collect());
}

/// Where this machine does not get to some, and knows of none that it is down.
fn unseen(orderers: &[OrdererFacts], found: &mut Diagnosis) {
    let check = Check::Orderers;
    let of =
        |is_it: fn(&OrdererState) -> bool| orderers.iter().filter(move |one| is_it(&one.state));
    let silent = names(of(|state| matches!(state, OrdererState::NotReached(_))));
    let unknown = names(of(|state| *state == OrdererState::NotFound));
    let fix = "ask their operators, unless a firewall lets only peers there";
    if silent.is_empty() {
        let text = format!(
            "this machine does not find {unknown}, and cannot tell whether they run; updates go by your peer"
        );
        return found.note(check, text, None);
    }
    let text = match of(|state| *state == OrdererState::Answers).next() {
        Some(_) => format!("this machine does not reach {silent}; others answer"),
        None => format!(
            "this machine reaches none of the orderers: {silent}. Where your peer does not either, no update gets \
             into a block"
        ),
    };
    found.warn(check, text, fix);
}

fn names<'a>(orderers: impl Iterator<Item = &'a OrdererFacts>) -> String {
    let all: Vec<String> = orderers.map(|one| format!("`{}`", one.address)).collect();
    let named = all
        .get(..NAMED.min(all.len()))
        .unwrap_or_default()
        .join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
