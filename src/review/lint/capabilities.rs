//! Capability levels that nodes may not support.

use std::collections::BTreeSet;

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::config::Bundle;

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
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
