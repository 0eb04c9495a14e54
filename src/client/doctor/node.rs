//! Nodes: whether they are reached, how they speak TLS, and what they answer.

use super::{
    check::Check,
    diagnosis::Diagnosis,
    facts::{DoctorFacts, Handshake, LATE, NodeFacts},
    tls,
};
use crate::{
    client::{ClientError, Exit},
    ids::MspId,
    json::time_text,
};

/// Peers of 3.x and the deliver services refuse what is farther off. Unit: seconds.
// Fabric: core/peer/config.go, AuthenticationTimeWindow
const WINDOW: u64 = 15 * 60;
/// From here on it deserves a look. Unit: seconds.
const DRIFT: u64 = 2 * 60;
/// So many blocks may pass between two questions. Unit: blocks.
const LAG: u64 = 10;

/// What can be told of a node only if it is connected to.
const BEHIND_CONNECTION: [Check; 10] = [
    Check::TlsSpoken,
    Check::TlsRootCert,
    Check::TlsServerName,
    Check::TlsEnd,
    Check::TlsClientCert,
    Check::Clock,
    Check::NodeAnswers,
    Check::NodeChannel,
    Check::PeerOrganization,
    Check::NodeHeight,
];

/// Judges all nodes.
pub(super) fn judge(facts: &DoctorFacts, found: &mut Diagnosis) {
    if !facts.nodes.iter().any(|node| !node.is_orderer) {
        match facts.only_orders() {
            true => found.untold(
                Check::NodeReached,
                "an organisation that only orders has no peer",
            ),
            false => found.skip(&[Check::NodeReached], Check::Settings),
        }
        found.skip(&BEHIND_CONNECTION, Check::NodeReached);
    }
    let orderers = facts.nodes.iter().filter(|node| node.is_orderer);
    found.orderers(orderers.map(|node| node.address.clone()).collect());
    for node in &facts.nodes {
        found.about(Some(&node.address));
        one(facts, node, found);
    }
    // where one peer does it all, another one is only a spare
    let peers = || facts.nodes.iter().filter(|node| !node.is_orderer);
    let well = |node: &&NodeFacts| found.passed(Check::NodeChannel, &node.address);
    if peers().any(|node| well(&node)) {
        let unwell: Vec<_> = peers().filter(|node| !well(node)).collect();
        for node in unwell {
            found.soften(&node.address);
        }
    }
    // an update goes by one's own peer; the orderer itself is another way
    for node in facts.nodes.iter().filter(|node| node.is_orderer) {
        found.soften(&node.address);
    }
    found.about(None);
}

fn one(facts: &DoctorFacts, node: &NodeFacts, found: &mut Diagnosis) {
    if let Err(why) = &node.reached {
        let text = format!("it cannot be reached: {why}");
        let fix = "does it run, and is that its address? `cmscc profile show --origin` says where it \
                   comes from";
        found.error(Check::NodeReached, Exit::Unreachable, text, fix);
        return found.skip(&behind(node), Check::NodeReached);
    }
    found.ok(Check::NodeReached, "it takes connections");
    let Ok(handshake) = spoken(node, found) else {
        let behind = behind(node);
        return found.skip(behind.get(1..).unwrap_or_default(), Check::TlsSpoken);
    };
    if let Some(handshake) = handshake {
        tls::judge(facts, node, handshake, found);
    }
    answers(facts, node, found);
}

/// The checks that such a node has, but for the first.
fn behind(node: &NodeFacts) -> Vec<Check> {
    let has = |check: &Check| !(node.is_orderer && *check == Check::PeerOrganization);
    BEHIND_CONNECTION.into_iter().filter(has).collect()
}

/// Whether both sides speak TLS, or both do not.
fn spoken<'a>(node: &'a NodeFacts, found: &mut Diagnosis) -> Result<Option<&'a Handshake>, ()> {
    let check = Check::TlsSpoken;
    match (node.tls, &node.handshake) {
        (true, Some(Ok(handshake))) => {
            found.ok(check, "TLS");
            Ok(Some(handshake))
        }
        (true, Some(Err(why))) if why == LATE => {
            let text = "it takes connections, and says nothing";
            let fix = "it hangs, or something in between does: its operator looks at it";
            found.error(check, Exit::Unreachable, text, fix);
            Err(())
        }
        (true, Some(Err(why))) => {
            let text = format!("it does not speak TLS as nodes of Fabric do: {why}");
            let fix = "is this the address of a peer? One without TLS is called by `--tls=false`, \
                       CORE_PEER_TLS_ENABLED=false";
            found.error(check, Exit::Usage, text, fix);
            Err(())
        }
        (false, Some(Ok(_))) => {
            let fix = "--tls-root-cert CA.pem, or CORE_PEER_TLS_ENABLED=true with \
                       CORE_PEER_TLS_ROOTCERT_FILE";
            found.error(
                check,
                Exit::Usage,
                "it speaks TLS, and the settings say that it does not",
                fix,
            );
            Err(())
        }
        (true, None) => {
            found.untold(check, "not tried");
            Err(())
        }
        (false, _) => {
            found.note(
                check,
                "without TLS, as the settings say: whoever is in between reads and changes what is said",
                None,
            );
            let rest = [
                Check::TlsRootCert,
                Check::TlsServerName,
                Check::TlsEnd,
                Check::TlsClientCert,
            ];
            for check in rest {
                found.untold(check, "there is no TLS");
            }
            Ok(None)
        }
    }
}

fn answers(facts: &DoctorFacts, node: &NodeFacts, found: &mut Diagnosis) {
    let mut rest = vec![Check::Clock, Check::NodeAnswers, Check::NodeChannel];
    rest.extend((!node.is_orderer).then_some(Check::PeerOrganization));
    rest.push(Check::NodeHeight);
    let blocking = [
        Check::TlsRootCert,
        Check::TlsServerName,
        Check::TlsEnd,
        Check::TlsClientCert,
    ];
    let amiss = |check: &Check| node.tls && !found.passed(*check, &node.address);
    if let Some(blocking) = blocking.into_iter().find(amiss) {
        return found.skip(&rest, blocking);
    }
    let Some(said) = &node.answers else {
        let needs = found.blocking(&Check::TO_THE_PEER[..4]);
        return found.skip(&rest, needs);
    };
    let error = said.height.as_ref().err();
    let blocks = said
        .newest
        .as_ref()
        .and_then(|newest| newest.as_ref().err());
    let late = error.filter(|error| is_of_time(error));
    clock(
        facts,
        node,
        late.or_else(|| blocks.filter(|error| is_of_time(error))),
        found,
    );
    match (error, blocks) {
        _ if late.is_some() => {
            return found.skip(rest.get(1..).unwrap_or_default(), Check::Clock);
        }
        (Some(error), _) if matches!(error.symbol.as_str(), "UNKNOWN_CHANNEL" | "NO_BLOCK") => {
            found.ok(Check::NodeAnswers, "it answers you");
            channel(facts, node, error, found);
            whose(facts, node, found);
            return found.skip(&[Check::NodeHeight], Check::NodeChannel);
        }
        (Some(error), _) => {
            found.failed(Check::NodeAnswers, error);
            return found.skip(rest.get(2..).unwrap_or_default(), Check::NodeAnswers);
        }
        (None, Some(error)) if is_of_time(error) => {
            found.skip(&[Check::NodeAnswers], Check::Clock);
        }
        // what it answers is no help to who waits for blocks
        (None, Some(error)) => found.failed(Check::NodeAnswers, error),
        (None, None) => found.ok(Check::NodeAnswers, "it answers you"),
    }
    let on = facts.settings.channel.as_ref().map_or("", |id| id.as_str());
    found.ok(Check::NodeChannel, format!("it is on channel `{on}`"));
    whose(facts, node, found);
    height(facts, node, found);
}

/// Whether a refusal is about the time of a message. A request for blocks is bad for its time, or for the
/// digest of a TLS certificate, which the client has from the connection itself.
// Fabric: common/deliver/deliver.go, validateChannelHeader
fn is_of_time(error: &ClientError) -> bool {
    matches!(error.symbol.as_str(), "BAD_REQUEST" | "CLOCK_SKEW")
}

fn clock(facts: &DoctorFacts, node: &NodeFacts, late: Option<&ClientError>, found: &mut Diagnosis) {
    let check = Check::Clock;
    let fix = "set the clock of the one that is wrong (NTP); peers allow 15 minutes";
    let said = node.answers.as_ref();
    let Some(ahead) = said.and_then(|said| said.ahead) else {
        if let Some(error) = late {
            let text = format!(
                "the clocks are more than 15 minutes apart: it does not take your requests  [{}]",
                error.symbol
            );
            return found.error(check, Exit::Denied, text, fix);
        }
        // a block of the future: whoever made it, or this machine, is off
        let newest = said.and_then(|said| said.newest.as_ref()?.as_ref().ok().copied().flatten());
        let ahead = newest.map(|at| at.seconds.saturating_sub(facts.now.seconds));
        return match ahead.filter(|ahead| *ahead > 0).map(i64::unsigned_abs) {
            Some(ahead) if ahead > DRIFT => {
                let text = format!(
                    "the newest block is of a time that is {} ahead of this machine's clock",
                    span(ahead)
                );
                found.warn(check, text, fix);
            }
            _ => match newest {
                Some(_) => found.ok(check, "its newest block is of the past"),
                None => found.untold(check, "it does not tell its time"),
            },
        };
    };
    let off = ahead.unsigned_abs();
    let which = if ahead > 0 { "behind" } else { "ahead of" };
    let theirs = time_text(facts.now.seconds.saturating_add(ahead)).unwrap_or_default();
    let text = format!(
        "the clock of this machine is {} {which} that of the peer ({theirs})",
        span(off)
    );
    match off {
        off if off > WINDOW => found.error(check, Exit::Denied, text, fix),
        off if off > DRIFT => found.warn(check, text, fix),
        off => found.ok(check, format!("{} apart", span(off))),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        seconds if seconds < 120 => format!("{seconds} seconds"),
        seconds if seconds < 7_200 => format!("{} minutes", seconds / 60),
        seconds => format!("{} hours", seconds / 3_600),
    }
}

fn channel(facts: &DoctorFacts, node: &NodeFacts, error: &ClientError, found: &mut Diagnosis) {
    let check = Check::NodeChannel;
    let on = facts.settings.channel.as_ref().map_or("", |id| id.as_str());
    let text = format!("it is not on channel `{on}`");
    if node.is_orderer {
        let fix = format!(
            "is `{on}` the channel's name? `osnadmin channel list` shows those of the orderer"
        );
        found.error(check, error.exit, text, fix);
        return;
    }
    let joined = node
        .answers
        .as_ref()
        .and_then(|said| said.channels.as_ref());
    let fix = match joined.map(Vec::as_slice) {
        Some([]) => format!("it has joined no channel: peer channel join -b {on}.block"),
        Some(channels) => {
            const NAMED: usize = 10;
            let names: Vec<&str> = channels.iter().take(NAMED).map(|id| id.as_str()).collect();
            format!(
                "it is on {}: `--channel` names it, or `peer channel join -b {on}.block`",
                names.join(", ")
            )
        }
        None => format!("is that its name (`--channel`)? `peer channel join -b {on}.block` joins"),
    };
    found.error(check, error.exit, text, fix);
    found.said(error.details.clone());
}

/// Whose peer it is: by its own word, or by the CA of its TLS certificate.
fn whose(facts: &DoctorFacts, node: &NodeFacts, found: &mut Diagnosis) {
    if node.is_orderer {
        return;
    }
    let check = Check::PeerOrganization;
    let own = facts.settings.msp_id.as_ref();
    let said = node.answers.as_ref().and_then(|said| said.msp_id.clone());
    let shaken = node
        .handshake
        .as_ref()
        .and_then(|shaken| shaken.as_ref().ok());
    let by_tls = shaken.and_then(|shaken| {
        let certificate = shaken.certificate.as_ref().ok()?;
        tls::issuer(facts.bundle()?, certificate).map(MspId::new)
    });
    let (Some(own), Some(theirs)) = (own, said.or(by_tls)) else {
        return found.untold(check, "it does not say whose it is");
    };
    if *own == theirs {
        return found.ok(check, format!("it is a peer of `{own}`"));
    }
    let has_peers = facts.bundle().is_some_and(|bundle| {
        let section = crate::config::Section::Application;
        bundle.msp_ids(section).contains(own)
    });
    let text = format!("it is a peer of `{theirs}`, and you are of `{own}`");
    match has_peers {
        true => found.warn(
            check,
            text,
            "name a peer of your own organisation: `--peer-address`, CORE_PEER_ADDRESS",
        ),
        false => found.note(check, text, None),
    }
}

fn height(facts: &DoctorFacts, node: &NodeFacts, found: &mut Diagnosis) {
    let check = Check::NodeHeight;
    let height = |node: &NodeFacts| node.answers.as_ref()?.height.as_ref().ok().copied();
    let Some(own) = height(node) else {
        return found.skip(&[check], Check::NodeAnswers);
    };
    let all = facts
        .nodes
        .iter()
        .filter_map(|node| Some((node, height(node)?)));
    let highest = all.max_by_key(|(_, height)| *height);
    match highest {
        Some((other, most)) if most.saturating_sub(own) > LAG => {
            let text = format!(
                "it has {own} blocks, `{}` has {most}: it is {} behind",
                other.address,
                most.saturating_sub(own)
            );
            let fix = "wait until it has caught up; where it does not, its log says why";
            found.warn(check, text, fix);
        }
        _ => found.ok(check, format!("{own} blocks")),
    }
}
