//! The channel, and what one is there: by the client's own engine.

use prost::Message;

use super::{
    check::Check,
    diagnosis::{Diagnosis, word},
    ends::SOON,
    facts::{ChannelFacts, DoctorFacts},
};
use crate::{
    client::{
        Exit,
        view::{EndingView, WITHIN, ending},
    },
    config::{Bundle, Org, Section},
    identity::{Certificate, Identity, Role, serialized_identity},
    ids::MspId,
    json::time_text,
    policy::SignerSet,
    proto::protos,
};

/// Members that one line names.
const NAMED: usize = 10;

/// Certificates that one finding lists.
const LISTED: usize = 12;

const ALL: [Check; 8] = [
    Check::Chain,
    Check::ClientLevels,
    Check::MspId,
    Check::IdentityValid,
    Check::Role,
    Check::Policies,
    Check::AnchorPeers,
    Check::ConfigCertificates,
];

/// Judges all of it.
pub(super) fn judge(facts: &DoctorFacts, found: &mut Diagnosis) {
    let Some(channel) = &facts.channel else {
        let needs = found.blocking(&Check::TO_THE_PEER);
        return match facts.bundle() {
            // the config that was verified last says who one is, too
            Some(bundle) => {
                found.skip(&ALL[..2], needs);
                in_config(facts, bundle, found);
            }
            None => found.skip(&ALL, needs),
        };
    };
    chain(channel, found);
    match &channel.levels {
        Some(why) => found.error(
            Check::ClientLevels,
            Exit::Failed,
            format!("this client cannot judge the channel: {why}"),
            "install a newer cmscc",
        ),
        None => found.ok(
            Check::ClientLevels,
            "this client knows all levels of the channel",
        ),
    }
    match &channel.config {
        Ok(bundle) => in_config(facts, bundle, found),
        Err(_) if channel.levels.is_some() => found.skip(&ALL[2..], Check::ClientLevels),
        Err(_) => found.skip(&ALL[2..], Check::Chain),
    }
}

fn chain(channel: &ChannelFacts, found: &mut Diagnosis) {
    let check = Check::Chain;
    match (&channel.chain, &channel.config) {
        (Some(Ok(trust)), _) => found.ok(
            check,
            format!(
                "config {} is verified from config {} on, which is pinned",
                trust.head, trust.pin
            ),
        ),
        (Some(Err(error)), _) => {
            let fix = match error.symbol.as_str() {
                "FORK" | "BLOCK_NOT_PROVEN" => {
                    "sign nothing. Compare `cmscc pin` with other members: either your pin is of another \
                     channel of this name (`cmscc pin --reset --anchor FILE`), or the peer lies"
                }
                _ => error.hint.as_deref().unwrap_or("cmscc config verify"),
            };
            let error = error.clone().hint(fix);
            found.failed(check, &error);
        }
        (None, Err(error)) => found.failed(check, &error.clone().hint("cmscc config verify")),
        (None, Ok(_)) => found.skip(&[check], Check::TrustAnchor),
    }
}

fn in_config(facts: &DoctorFacts, bundle: &Bundle, found: &mut Diagnosis) {
    let Some(msp_id) = &facts.settings.msp_id else {
        found.skip(&ALL[2..7], Check::Settings);
        return certificates(facts, bundle, found);
    };
    let is_of = |section: Section| bundle.msp_ids(section).contains(msp_id);
    let (is_member, is_orderer) = (is_of(Section::Application), is_of(Section::Orderer));
    let own = facts.certificate.as_ref().and_then(|one| one.as_ref().ok());
    let own = own.map(|own| &own.certificate);
    match (is_member, is_orderer) {
        (true, _) => found.ok(Check::MspId, format!("`{msp_id}` is a member")),
        (false, true) => found.note(
            Check::MspId,
            format!("`{msp_id}` orders and is no member: it signs, and cannot ask the contract"),
            Some("cmscc sign --in FILE.signreq, with a sign request of a member".to_owned()),
        ),
        (false, false) if !is_sure(facts) => {
            found.skip(&ALL[2..7], Check::Chain);
            return certificates(facts, bundle, found);
        }
        (false, false) => {
            let text = format!(
                "`{msp_id}` is not on the channel; its members are {}",
                members(bundle)
            );
            let theirs = own.and_then(|own| whose(bundle, own));
            let fix = match theirs.as_ref().and_then(|id| word(id.as_str())) {
                Some(other) => format!("your certificate is one of `{other}`: --msp-id {other}"),
                None => {
                    "--msp-id or CORE_PEER_LOCALMSPID is the id of your MSP as the channel has it"
                        .to_owned()
                }
            };
            found.error(Check::MspId, Exit::Denied, text, fix);
            found.skip(&ALL[3..7], Check::MspId);
            return certificates(facts, bundle, found);
        }
    }
    match own {
        Some(own) => identity(bundle, (msp_id, is_member), (own, is_sure(facts)), found),
        None => found.skip(&ALL[3..6], Check::IdentityCertificate),
    }
    match is_member {
        true => anchors(bundle, msp_id, found),
        false => found.untold(Check::AnchorPeers, "an organisation that orders has none"),
    }
    certificates(facts, bundle, found);
}

fn members(bundle: &Bundle) -> String {
    let ids = bundle.msp_ids(Section::Application);
    let named: Vec<String> = ids.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
    match ids.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Whether the config is the channel's: where one's own chain does not lead to the peer's, either may be
/// another network's.
fn is_sure(facts: &DoctorFacts) -> bool {
    let chain = facts.channel.as_ref().and_then(|one| one.chain.as_ref());
    !matches!(chain, Some(Err(_)))
}

/// The organisation by whose CAs a certificate is valid.
fn whose(bundle: &Bundle, certificate: &Certificate) -> Option<MspId> {
    let pem = certificate.pem();
    let mut msps = bundle.msps().iter();
    let found = msps.find(|msp| {
        let serialized = serialized_identity(msp.id(), pem.as_bytes());
        let identity = bundle.msps().deserialize(&serialized);
        identity.is_ok_and(|identity| identity.validate().is_ok())
    });
    found.map(|msp| msp.id().clone())
}

fn identity(
    bundle: &Bundle,
    (msp_id, is_member): (&MspId, bool),
    (own, is_sure): (&Certificate, bool),
    found: &mut Diagnosis,
) {
    let serialized = serialized_identity(msp_id, own.pem().as_bytes());
    let identity = bundle.msps().deserialize(&serialized);
    let identity = identity.map_err(|error| error.to_string());
    let identity = identity.and_then(|one| match one.validate() {
        Ok(()) => Ok(one),
        Err(error) => Err(error.to_string()),
    });
    let identity = match identity {
        Ok(identity) => identity,
        Err(_) if !is_sure => {
            let rest = [Check::IdentityValid, Check::Role, Check::Policies];
            return found.skip(&rest, Check::Chain);
        }
        Err(why) => {
            let (text, fix) = match whose(bundle, own) {
                Some(other) => (
                    format!(
                        "your certificate is one of `{other}`, and your MSP id says `{msp_id}`"
                    ),
                    match word(other.as_str()) {
                        Some(other) => format!(
                            "--msp-id {other} (CORE_PEER_LOCALMSPID), or the MSP folder of `{msp_id}`"
                        ),
                        None => format!(
                            "that MSP id (CORE_PEER_LOCALMSPID), or the MSP folder of `{msp_id}`"
                        ),
                    },
                ),
                None => (
                    format!("your certificate is not valid for `{msp_id}`: {why}"),
                    format!(
                        "enroll with a CA that `{msp_id}` has on the channel: cmscc config show"
                    ),
                ),
            };
            found.error(Check::IdentityValid, Exit::Denied, text, fix);
            return found.skip(&[Check::Role, Check::Policies], Check::IdentityValid);
        }
    };
    found.ok(
        Check::IdentityValid,
        format!("the MSP of `{msp_id}` takes your certificate"),
    );
    role(bundle, msp_id, &identity, found);
    policies(bundle, (msp_id, is_member), identity, found);
}

fn role(bundle: &Bundle, msp_id: &MspId, identity: &Identity, found: &mut Diagnosis) {
    let check = Check::Role;
    let roles = identity.roles();
    if roles.contains(&Role::Admin) {
        return found.ok(check, format!("you are an admin of `{msp_id}`"));
    }
    let role = roles.first().copied().unwrap_or(Role::Member);
    let can = match role {
        Role::Peer | Role::Orderer => "this is the certificate of a node, and no person's",
        _ => "you can read, `sync` and `submit`, but neither propose nor sign",
    };
    let has_admins = bundle
        .msps()
        .get(msp_id.as_str())
        .is_some_and(|msp| msp.can_have(Role::Admin));
    let fix = match has_admins {
        true => {
            "who signs takes the MSP folder of an admin (`OU=admin` in the certificate): --msp-folder, \
                 CORE_PEER_MSPCONFIGPATH; for an agent this one is right"
        }
        false => {
            "nobody can be an admin of this organisation: its MSP has neither NodeOUs nor admins"
        }
    };
    found.warn(check, format!("you are {role} of `{msp_id}`: {can}"), fix);
}

/// What one may do, and the policies that say so.
fn policies(
    bundle: &Bundle,
    (msp_id, is_member): (&MspId, bool),
    identity: Identity,
    found: &mut Diagnosis,
) {
    let me = SignerSet::from_identities(vec![identity]);
    let policies = bundle.policies();
    let satisfies = |path: &str| {
        let id = policies.absolute(path);
        id.is_some_and(|id| policies.evaluate(bundle.msps(), id, &me))
    };
    let mut asked = vec![
        "/Channel/Application/Readers".to_owned(),
        "/Channel/Application/Writers".to_owned(),
        "/Channel/Writers".to_owned(),
    ];
    let groups = || {
        let sections = [Section::Application, Section::Orderer].into_iter();
        sections.flat_map(|section| bundle.orgs(section))
    };
    let own = groups().filter(|org| org.msp_id == msp_id);
    asked.extend(own.map(|org: Org<'_>| format!("{}/Admins", org.path())));
    let (yes, no): (Vec<_>, Vec<_>) = asked.into_iter().partition(|path| satisfies(path));
    let list = |paths: &[String]| match paths {
        [] => "none".to_owned(),
        paths => paths.join(", "),
    };
    let check = Check::Policies;
    let needed = ["/Channel/Application/Writers", "/Channel/Writers"];
    let lacks = |path: &&str| no.iter().any(|one| one == path);
    if !is_member {
        let text = format!(
            "you satisfy {}; not {}: members submit what you sign",
            list(&yes),
            list(&no)
        );
        return found.note(check, text, None);
    }
    match needed.into_iter().find(lacks) {
        Some(path) => {
            let text = format!(
                "you do not satisfy {path}, and can submit nothing; you do: {}",
                list(&yes)
            );
            let fix = "take an identity that the policy names: cmscc config show";
            found.error(check, Exit::Denied, text, fix);
        }
        None if no.is_empty() => found.ok(check, format!("you satisfy {}", list(&yes))),
        None => {
            let text = format!("you satisfy {}; not {}", list(&yes), list(&no));
            found.note(check, text, None);
        }
    }
}

/// Gossip finds the peers of others by anchor peers alone.
fn anchors(bundle: &Bundle, msp_id: &MspId, found: &mut Diagnosis) {
    let check = Check::AnchorPeers;
    let of = |org: &Org<'_>| {
        let group = bundle
            .tree()
            .group(&[Section::Application.name(), org.name]);
        let value = group.and_then(|group| group.value("AnchorPeers"));
        let listed = value.and_then(|value| protos::AnchorPeers::decode(value.bytes()).ok());
        listed.unwrap_or_default().anchor_peers
    };
    let orgs: Vec<Org<'_>> = bundle.orgs(Section::Application).collect();
    let own = orgs.iter().filter(|org| org.msp_id == msp_id).flat_map(of);
    let own: Vec<String> = own
        .map(|peer| format!("{}:{}", peer.host, peer.port))
        .collect();
    if let Some(first) = own.first() {
        let text = match own.len() {
            1 => format!("`{first}`"),
            count => format!("`{first}` and {} more", count.saturating_sub(1)),
        };
        return found.ok(check, text);
    }
    let others: Vec<String> = (orgs.iter())
        .filter(|org| !of(org).is_empty())
        .take(NAMED)
        .map(|org| format!("`{}`", org.msp_id))
        .collect();
    if orgs.len() < 2 {
        let text = format!("`{msp_id}` has none; alone on the channel it needs none");
        return found.note(check, text, None);
    }
    let fix = "cmscc propose anchor-peers HOST:PORT, a peer of yours that others reach";
    match others.is_empty() {
        true => found.error(
            check,
            Exit::Failed,
            "no organisation has anchor peers: peers of different organisations do not find each other, \
             and nothing that several must endorse comes about",
            fix,
        ),
        false => found.warn(
            check,
            format!(
                "`{msp_id}` has none: its peers are found by others only while the anchor peers of {} run",
                others.join(", ")
            ),
            fix,
        ),
    }
}

fn certificates(facts: &DoctorFacts, bundle: &Bundle, found: &mut Diagnosis) {
    let check = Check::ConfigCertificates;
    let now = facts.now.seconds;
    let ends = ending(bundle.tree(), now.saturating_add(WITHIN));
    if ends.is_empty() {
        return found.ok(check, "no certificate of the config ends within 90 days");
    }
    let before = |time: i64| {
        let limit = time_text(time).unwrap_or_default();
        ends.iter().filter(|one| one.not_after < limit).count()
    };
    let (over, soon) = (before(now), before(now.saturating_add(SOON)));
    let count = |count: usize| match count {
        1 => "1 certificate of the config".to_owned(),
        count => format!("{count} certificates of the config"),
    };
    let rest = ends.len().saturating_sub(over);
    let text = match (over, rest) {
        (0, rest) => format!("{} will have ended within 90 days", count(rest)),
        (over, 0) => format!("{} ended", count(over)),
        (over, rest) => format!(
            "{} ended, {rest} more will have within 90 days",
            count(over)
        ),
    };
    let fix = "their organisation proposes new ones: cmscc propose rotate-ca, set-msp, consenter replace-cert";
    match over > 0 || soon > 0 {
        true => found.warn(check, text, fix),
        false => found.note(check, text, Some(fix.to_owned())),
    }
    let line = |one: &EndingView| {
        let day = one.not_after.get(..10).unwrap_or_default();
        (format!("{day} {}", one.purpose), one.effect.clone())
    };
    found.said(ends.iter().take(LISTED).map(line).collect());
}
