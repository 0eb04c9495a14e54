//! What an orderer would answer to an update, by a config that somebody named.

use std::collections::BTreeSet;

use super::said::said;
use crate::{
    client::{ClientError, Exit, JudgedUpdate, view::Remark},
    config::{Bundle, ConfigSignature, ConfigTree, ElementRef, GroupRef, Refusal, Update, Verdict},
    files::holds_private_key,
    ids::{ChannelId, UnixTime},
    policy::SignerSet,
    review::lint::Severity,
};

/// Consensus types whose rules this build knows.
const KNOWN_CONSENSUS: [&str; 4] = ["BFT", "etcdraft", "kafka", "solo"];

/// What would become of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// It would be accepted now.
    Accepted,
    /// It would be accepted or is to be signed, and has a finding behind which there may be no way back.
    Blocked,
    /// Nobody here can say: the config demands what this build does not know.
    CannotSay,
    /// The config is like that already.
    InEffect,
    /// Signatures are missing.
    NotSigned,
    /// It would be refused, whoever signs.
    Refused,
    /// It was made for another state of the config.
    Stale,
}

impl CheckOutcome {
    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Blocked => "blocked",
            Self::CannotSay => "cannot_say",
            Self::InEffect => "in_effect",
            Self::NotSigned => "not_signed",
            Self::Refused => "refused",
            Self::Stale => "stale",
        }
    }

    /// How a command ends with it.
    #[must_use]
    pub const fn exit(self) -> Exit {
        match self {
            Self::Accepted => Exit::Done,
            Self::Blocked => Exit::Unsafe,
            Self::CannotSay => Exit::Failed,
            Self::InEffect | Self::NotSigned | Self::Refused => Exit::No,
            Self::Stale => Exit::Stale,
        }
    }
}

/// An update, judged by a config that somebody named, with these signatures in this order.
#[derive(Debug)]
pub struct CheckedUpdate {
    /// What would become of it.
    pub outcome: CheckOutcome,
    /// Why, in words: of a refusal, of what is stale, of what nobody can say.
    pub why: Option<String>,
    /// Why it would be refused, as the engine has it.
    pub refusal: Option<Refusal>,
    /// What an orderer would say to who sends it, where its words are known.
    pub orderer_says: Option<String>,
    /// The update.
    pub update: Update,
    /// The signatures on it.
    pub signatures: Vec<ConfigSignature>,
    /// Who signed, and which signatures do not count.
    pub signers: SignerSet,
    /// What it does, who decides; `None` where it does not apply.
    pub judged: Option<JudgedUpdate>,
    /// What is worth a word beside the findings.
    pub remarks: Vec<Remark>,
}

impl CheckedUpdate {
    /// Judges. `accepted`: the names of findings that somebody takes upon himself.
    #[must_use]
    pub fn new(
        bundle: &Bundle,
        update: &Update,
        signatures: &[ConfigSignature],
        accepted: &BTreeSet<String>,
        now: UnixTime,
    ) -> Self {
        let mut out = Self {
            outcome: CheckOutcome::Refused,
            why: None,
            refusal: None,
            orderer_says: None,
            update: update.clone(),
            signatures: signatures.to_vec(),
            signers: bundle
                .verify_signatures(update, signatures)
                .unwrap_or_default(),
            judged: None,
            remarks: update_remarks(update),
        };
        let judged = bundle.effect(update).and_then(|effect| {
            let unasked = BTreeSet::new();
            JudgedUpdate::of_effect(bundle, update.clone(), effect, signatures, now, &unasked)
        });
        match judged {
            Ok(judged) => out.fits(bundle, judged, accepted),
            Err(refusal) => out.refused(bundle, refusal),
        }
        out
    }

    fn fits(&mut self, bundle: &Bundle, judged: JudgedUpdate, accepted: &BTreeSet<String>) {
        let unknown = unknown(bundle, &judged);
        let findings = judged.lint.findings.iter();
        let is_blocked = findings
            .filter(|finding| finding.severity == Severity::Blocking)
            .any(|finding| !accepted.contains(finding.id.name()));
        self.outcome = match &judged.decision.verdict {
            Verdict::Refused(refusal) => {
                self.orderer_says = said(bundle.channel(), refusal);
                self.why = Some(refusal.to_string());
                self.refusal = Some(refusal.clone());
                CheckOutcome::Refused
            }
            _ if is_blocked => CheckOutcome::Blocked,
            // who cannot be read here may be known there
            Verdict::Unsatisfied if unknown.is_some() && !judged.signers.rejected().is_empty() => {
                CheckOutcome::CannotSay
            }
            Verdict::Unsatisfied => {
                self.orderer_says = unsatisfied(bundle.channel(), &judged);
                CheckOutcome::NotSigned
            }
            _ if unknown.is_some() => CheckOutcome::CannotSay,
            Verdict::Accepted => CheckOutcome::Accepted,
            Verdict::Unsupported { .. } => CheckOutcome::CannotSay,
        };
        if self.outcome == CheckOutcome::CannotSay {
            self.why = unknown;
        } else if let Some(unknown) = unknown {
            self.remarks
                .push(Remark::named("CONSENSUS_UNKNOWN", unknown));
        }
        if judged.chosen.is_some() && self.outcome == CheckOutcome::NotSigned {
            let text = "in another order the signatures would be enough: `cmscc update merge` with --against \
                        puts them so";
            self.remarks
                .push(Remark::named("ORDER_OF_SIGNATURES", text));
        }
        self.judged = Some(judged);
    }

    fn refused(&mut self, bundle: &Bundle, refusal: Refusal) {
        self.orderer_says = said(bundle.channel(), &refusal);
        self.why = Some(refusal.to_string());
        self.outcome = match () {
            () if is_in_effect(bundle.tree(), &self.update) => CheckOutcome::InEffect,
            () if refusal.is_stale() => CheckOutcome::Stale,
            () => CheckOutcome::Refused,
        };
        self.refusal = Some(refusal);
    }

    /// The blocking findings that nobody took upon himself, by name.
    #[must_use]
    pub fn blocking(&self) -> Vec<&'static str> {
        let findings = self.judged.iter().flat_map(|judged| &judged.lint.findings);
        let blocking = findings.filter(|finding| finding.severity == Severity::Blocking);
        blocking.map(|finding| finding.id.name()).collect()
    }
}

/// Compiles the config by which an update is judged.
///
/// # Errors
/// `BAD_CONFIG`: no node of Fabric would take it.
pub fn compiled(name: &str, channel: &ChannelId, tree: &ConfigTree) -> Result<Bundle, ClientError> {
    Bundle::new(channel, tree.clone()).map_err(|error| {
        let text = format!("nothing can be judged by the config in `{name}`: {error}");
        ClientError::new(Exit::Failed, "BAD_CONFIG", text).hint(
            "Fabric 3.1 would not take this config. Was it edited? compute, inspect, wrap, sign and merge \
             do without judging",
        )
    })
}

/// What this build does not know of what decides.
fn unknown(bundle: &Bundle, judged: &JudgedUpdate) -> Option<String> {
    let levels = judged.effect.terms().unknown_levels();
    if !levels.is_empty() {
        return Some(format!(
            "the config demands capability levels that this program does not know: {}",
            levels.join(", ")
        ));
    }
    let consensus = [Some(bundle), judged.effect.next().ok()];
    let names = consensus.into_iter().flatten();
    let mut names = names.filter_map(|bundle| Some(&*bundle.consensus()?.name));
    let name = names.find(|name| !KNOWN_CONSENSUS.contains(name))?;
    Some(match name {
        "arma" => "the channel is ordered by `arma` (Fabric-X). Policies, signatures, versions and MSPs are \
                   judged as Fabric judges them; what orderers of Fabric-X ask of the consensus metadata and \
                   of capabilities is not known here"
            .to_owned(),
        other => format!(
            "the consensus type is `{other}`: what its orderers ask of an update is not known here"
        ),
    })
}

/// What an orderer says where signatures are missing.
fn unsatisfied(channel: &ChannelId, judged: &JudgedUpdate) -> Option<String> {
    let policy = (judged.policies.iter()).find(|one| !one.explanation.satisfied())?;
    let element = policy.elements.first()?;
    super::said::not_satisfied(channel, element, &policy.explanation)
}

/// Whether what an update writes stands in the config already, at the versions that it gives.
fn is_in_effect(config: &ConfigTree, update: &Update) -> bool {
    let written = update.written();
    !written.is_empty()
        && written.iter().all(|element| {
            let path = element.element_path();
            let names: Vec<&str> = path.keys().iter().skip(1).map(String::as_str).collect();
            let version = match element {
                ElementRef::Group(group) => {
                    let own = config.group(&names);
                    return own.is_some_and(|own| {
                        own.version() == group.version()
                            && own.mod_policy() == group.mod_policy()
                            && names_same(own, *group)
                    });
                }
                ElementRef::Policy(policy) => policy.version(),
                ElementRef::Value(value) => value.version(),
            };
            let Some((name, above)) = names.split_last() else {
                return false;
            };
            let own = config
                .group(above)
                .and_then(|group| group.member(path.kind(), name));
            own.is_some_and(|own| match (own, element) {
                (ElementRef::Policy(own), ElementRef::Policy(new)) => {
                    own.version() == version && own.rule() == new.rule()
                }
                (ElementRef::Value(own), ElementRef::Value(new)) => {
                    own.version() == version && own.bytes() == new.bytes()
                }
                _ => false,
            })
        })
}

/// Whether two groups have members of the same names: what a written group does not name is removed.
fn names_same(a: GroupRef<'_>, b: GroupRef<'_>) -> bool {
    a.groups()
        .map(|one| one.name())
        .eq(b.groups().map(|one| one.name()))
        && a.values()
            .map(|one| one.name())
            .eq(b.values().map(|one| one.name()))
        && (a.policies().map(|one| one.name())).eq(b.policies().map(|one| one.name()))
}

/// What is worth a word about the update itself.
pub(super) fn update_remarks(update: &Update) -> Vec<Remark> {
    let mut out = Vec::new();
    if update.has_isolated_data() {
        let text = "it carries isolated data, which no orderer looks at";
        out.push(Remark::named("ISOLATED_DATA", text));
    }
    if holds_private_key(update.bytes()) {
        let text = "it carries a private key. Whoever has the file has the key, and once it is in effect \
                    everybody has: throw the file away, and the key, too";
        out.push(Remark::named("PRIVATE_KEY", text));
    }
    if update.has_unknown_fields() {
        let text = "it has fields that Fabric does not know";
        out.push(Remark::named("UNKNOWN_FIELDS", text));
    }
    out
}

/// Whether an update makes a channel in an ordering service with a system channel: the channel, and the
/// consortium that it names.
// Fabric 2.5: orderer/common/msgprocessor/systemchannel.go, NewChannelConfig
#[must_use]
pub fn channel_creation(update: &Update) -> Option<(ChannelId, String)> {
    let write = update.write_set()?;
    let consortium = write.value("Consortium")?;
    let is_first = update.read_set().is_none_or(|read| {
        read.version() == 0
            && read.values().all(|value| value.version() == 0)
            && read.groups().all(|group| group.version() == 0)
    });
    write.group("Application")?;
    if !is_first || write.version() != 0 {
        return None;
    }
    let name = consortium_name(consortium.bytes());
    Some((ChannelId::from(update.channel_id()), name))
}

/// The name in a serialized `common.Consortium`.
fn consortium_name(bytes: &[u8]) -> String {
    use prost::Message as _;
    let read = crate::proto::common::Consortium::decode(bytes);
    read.map(|consortium| consortium.name).unwrap_or_default()
}

/// Whether two updates say the same, whatever their encoding.
#[must_use]
pub fn same_update(a: &Update, b: &Update) -> bool {
    a.bytes() == b.bytes() || a.encode() == b.encode()
}
