//! The orderers of the channel: whether enough of them answer for an update to get into a block.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    check::Check,
    diagnosis::Diagnosis,
    facts::{DoctorFacts, OrdererFacts, OrdererState},
};
use crate::{
    client::Exit,
    config::{BFT, Bundle, RAFT, RaftMetadata, Section, quorum, values},
    identity::Certificate,
};

/// The most places that are asked.
const PLACES: usize = 64;

/// Addresses that one line names.
const NAMED: usize = 10;

/// The places at which a config has orderers, by address: where peers send, and those that agree on
/// blocks. None of them was asked yet. The first 64.
pub(crate) fn orderer_places(bundle: &Bundle) -> Vec<OrdererFacts> {
    let mut places: BTreeMap<String, OrdererFacts> = BTreeMap::new();
    for (address, pem) in consenters(bundle) {
        let place = places
            .entry(address)
            .or_insert_with_key(|address| at(address));
        place.is_consenter = true;
        place.certificates.extend(Certificate::from_pem(&pem).ok());
    }
    for address in endpoints(bundle) {
        let place = places
            .entry(address)
            .or_insert_with_key(|address| at(address));
        place.is_endpoint = true;
    }
    places.into_values().take(PLACES).collect()
}

fn at(address: &str) -> OrdererFacts {
    OrdererFacts {
        address: address.to_owned(),
        is_endpoint: false,
        is_consenter: false,
        certificates: Vec::new(),
        shows: None,
        state: OrdererState::NotFound,
    }
}

/// Those that agree on blocks: where, and with which TLS certificate.
fn consenters(bundle: &Bundle) -> Vec<(String, Bytes)> {
    // an IPv6 address stands in brackets before a port
    let place = |host: &str, port: u32| match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    match bundle.consensus() {
        Some(consensus) if consensus.name == RAFT => {
            let raft = RaftMetadata::parse(&consensus.metadata).unwrap_or_default();
            let nodes = raft.consenters.into_iter();
            nodes
                .map(|node| (place(&node.host, node.port), node.server_tls_cert))
                .collect()
        }
        Some(consensus) if consensus.name == BFT => {
            let nodes = bundle.consenters().iter();
            nodes
                .map(|node| (place(&node.host, node.port), node.server_tls_cert.clone()))
                .collect()
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
    } else if let Some(other) = all().find(|one| is_unknown(one)) {
        return unknown(other, found);
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

/// Whether a consenter shows another TLS certificate than the config has for it.
fn is_unknown(one: &OrdererFacts) -> bool {
    let shows = one.shows.as_ref().filter(|_| !one.certificates.is_empty());
    shows.is_some_and(|shows| {
        one.certificates
            .iter()
            .all(|known| known.der() != shows.der())
    })
}

// Fabric: orderer/common/cluster, which compares public keys
fn unknown(one: &OrdererFacts, found: &mut Diagnosis) {
    let check = Check::Orderers;
    let known = one.certificates.iter().map(Certificate::key_info);
    let shown = one.shows.as_ref().map(Certificate::key_info);
    let text = format!(
        "`{}` shows another TLS certificate than the config has for it",
        one.address
    );
    let fix = "its operator puts that of the config into the node and restarts it; where the node's is right: cmscc \
               propose consenter replace-cert";
    match known.into_iter().any(|key| Some(key) == shown) {
        true => found.note(
            check,
            format!("{text}, of the same key: the others take it"),
            Some(fix.to_owned()),
        ),
        false => found.warn(
            check,
            format!("{text}: the other consenters do not take it"),
            fix,
        ),
    }
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
