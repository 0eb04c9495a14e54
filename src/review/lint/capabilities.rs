//! Capability levels that nodes may not support.

use std::collections::BTreeSet;

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::config::Bundle;

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let Ok(next) = subject.next else {
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
    let attested = subject.attested;
    let places = [
        ("/Channel/Capabilities", attested.map(|of| &of.channel)),
        (
            "/Channel/Orderer/Capabilities",
            attested.map(|of| &of.orderer),
        ),
        (
            "/Channel/Application/Capabilities",
            attested.map(|of| &of.application),
        ),
    ];
    for ((old, new), (path, attested)) in levels(current).iter().zip(levels(next)).zip(places) {
        lowered(old, &new, path, lint);
        let Some(attested) = attested else {
            continue;
        };
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

/// A level that is lower than before: what it turned on stops, of which something may be in use.
fn lowered(
    old: &BTreeSet<String>,
    new: &BTreeSet<String>,
    path: &'static str,
    lint: &mut Findings,
) {
    let highest = |names: &BTreeSet<String>| {
        let levels = names
            .iter()
            .filter_map(|name| Some((level(name)?, name.clone())));
        levels.max()
    };
    let (Some((before, was)), after) = (highest(old), highest(new)) else {
        return;
    };
    let text = match after {
        Some((after, is)) if after < before => {
            format!("the level falls from `{was}` to `{is}`")
        }
        None => format!("the level `{was}` goes, and no other comes"),
        Some(_) => return,
    };
    let text = format!(
        "{text}: nodes behave as those of an older release, and what needs the higher level stops; make \
         sure that this is wanted"
    );
    lint.add(
        FindingId::LoweredCapability,
        Severity::Warning,
        path.to_owned(),
        text,
    );
}

/// `V1_4_3` as numbers; `None` for names of another form.
fn level(name: &str) -> Option<Vec<u32>> {
    let numbers = name.strip_prefix('V')?.split('_');
    numbers.map(|number| number.parse().ok()).collect()
}
