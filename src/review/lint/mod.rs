//! What people should know before they sign a change: findings on the current config and the one
//! that is to follow. Pure.

mod consenters;
mod endpoints;
mod finding;
mod members;
mod policies;

use std::collections::BTreeSet;

use crate::{
    config::{Bundle, ConfigTree, Refusal},
    ids::UnixTime,
};

pub use finding::{Finding, FindingId, Lint, Severity};

/// A change, as far as the findings look at it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The config in force.
    pub current: &'a Bundle,
    /// The config that the change leads to.
    pub result: &'a ConfigTree,
    /// The same compiled, or why it may not follow.
    pub next: Result<&'a Bundle, &'a Refusal>,
    /// Length of the serialized `common.ConfigUpdate`, in bytes.
    pub update_bytes: usize,
    /// The ledger's time when the change was proposed.
    pub now: UnixTime,
    /// Levels that somebody has attested; `None` where attestations are not known.
    pub attested: Option<&'a Attested>,
}

/// Capability levels that organisations say their nodes support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attested {
    /// Of the channel.
    pub channel: BTreeSet<String>,
    /// Of orderers.
    pub orderer: BTreeSet<String>,
    /// Of applications.
    pub application: BTreeSet<String>,
}

/// Looks at a change: what it makes worse, not what was bad before. In the order of
/// [`FindingId::ALL`], and then of the config tree.
#[must_use]
pub fn lint(subject: &Subject<'_>) -> Lint {
    let mut lint = Lint::default();
    refused(subject, &mut lint);
    size(subject, &mut lint);
    levels(subject, &mut lint);
    members::look(subject, &mut lint);
    consenters::look(subject, &mut lint);
    endpoints::look(subject, &mut lint);
    policies::look(subject, &mut lint);
    lint.finish()
}

fn refused(subject: &Subject<'_>, lint: &mut Lint) {
    if let Err(refusal) = subject.next {
        let path = (refusal.element()).map_or_else(root, |element| element.path());
        let text = format!("an orderer would refuse the resulting config: {refusal}");
        lint.add(FindingId::ResultRefused, Severity::Blocking, path, text);
    }
}

/// The transaction that an orderer makes holds the update and the resulting config.
fn size(subject: &Subject<'_>, lint: &mut Lint) {
    let Some(size) = subject.current.batch_size() else {
        return;
    };
    let limit = u64::from(size.absolute_max_bytes);
    let bytes = subject.update_bytes as u64;
    let bytes = bytes.saturating_add(subject.result.encoded_len() as u64);
    let path = || "/Channel/Orderer/BatchSize".to_owned();
    if bytes > limit {
        let text = format!(
            "update and resulting config have {bytes} bytes, more than `absolute_max_bytes` allows \
             ({limit}): raise that limit first, in an update of its own"
        );
        lint.add(FindingId::UpdateTooLarge, Severity::Blocking, path(), text);
    } else if bytes.saturating_mul(10) > limit.saturating_mul(9) {
        let text = format!(
            "update and resulting config have {bytes} of the {limit} bytes that \
             `absolute_max_bytes` allows, signatures and headers not counted: raise that limit \
             before the config grows further"
        );
        lint.add(FindingId::UpdateNearLimit, Severity::Warning, path(), text);
    }
}

fn levels(subject: &Subject<'_>, lint: &mut Lint) {
    let (Some(attested), Ok(next)) = (subject.attested, subject.next) else {
        return;
    };
    let current = subject.current;
    let names = |names: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        names.map(str::to_owned).collect()
    };
    let levels = |bundle: &Bundle| {
        let (orderer, application) = (
            bundle.orderer_capabilities(),
            bundle.application_capabilities(),
        );
        [
            names(&mut bundle.channel_capabilities().names()),
            names(&mut orderer.into_iter().flat_map(|c| c.names())),
            names(&mut application.into_iter().flat_map(|c| c.names())),
        ]
    };
    let places = [
        ("/Channel/Capabilities", &attested.channel),
        ("/Channel/Orderer/Capabilities", &attested.orderer),
        ("/Channel/Application/Capabilities", &attested.application),
    ];
    for ((old, new), (path, attested)) in levels(current).iter().zip(levels(next)).zip(places) {
        for level in new
            .difference(old)
            .filter(|level| !attested.contains(*level))
        {
            let text = format!(
                "no organisation has attested that its nodes support `{level}`: a node that does not \
                 stops working on this channel; collect attestations first"
            );
            lint.add(
                FindingId::CapabilityUnattested,
                Severity::Warning,
                path.to_owned(),
                text,
            );
        }
    }
}

fn root() -> String {
    "/Channel".to_owned()
}
