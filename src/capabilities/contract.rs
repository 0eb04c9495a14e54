//! The capabilities of this contract itself: what the members of a channel agreed that every server
//! must know.

use std::collections::BTreeSet;

level!(
    /// What a channel's settings demand of every server. Each level is a superset of those before
    /// it, and named after the first version of this program that has it.
    ///
    /// What changes results is switched by a method of its own, never by comparing names where it
    /// happens.
    ContractCapabilities,
    if cfg!(feature = "test-capability") {
        &["V1_0", "V1_1"]
    } else {
        &["V1_0"]
    }
);

/// How much of the ledger, and of calls, anybody may take. Every endorser must refuse the same calls, so
/// these are no settings of a server: another value takes another contract capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractBounds {
    /// A patch, an organisation group or a config update, in bytes of its wire form.
    pub patch: usize,
    /// Nesting of a patch, in levels.
    pub patch_levels: usize,
    /// A description, in bytes.
    pub description: usize,
    /// A reason, in bytes.
    pub reason: usize,
    /// The MSP id of an organisation that proposes, signs or rejects, in bytes: keys hold it.
    pub msp_id: usize,
    /// A signature header, in bytes.
    pub signature_header: usize,
    /// Signatures in one argument.
    pub signatures: usize,
    /// Ids or blocks in one call.
    pub items: usize,
    /// What a proposal holds, in bytes: patch, given update, all kept revisions and the names of what
    /// it touches.
    pub proposal: usize,
    /// Revisions of a proposal that are kept: those that somebody signed, and the current one.
    pub revisions: usize,
    /// Proposals that were combined into one, also those inside of them.
    pub sources: usize,
    /// Names that a proposal's record holds: of elements that it touches and writes, and of groups
    /// above them.
    pub digests: usize,
    /// Proposals that one organisation has open, dead ones included.
    pub open: usize,
    /// What one organisation has open, in bytes.
    pub open_bytes: usize,
    /// Signatures of one organisation on one revision.
    pub position_signatures: usize,
}

impl ContractBounds {
    /// Those of the first contract capability. Arguments are read, and those above a bound refused,
    /// before the ledger is: that no level was read yet is why they are held against these, whatever
    /// was agreed (`interface/arguments`, and in `function` what reads intents, envelopes and
    /// signatures). A level with another bound on an argument takes a check behind that read.
    pub const V1_0: Self = Self {
        patch: 1 << 20,
        patch_levels: 64,
        description: 4 << 10,
        reason: 1 << 10,
        msp_id: 256,
        signature_header: 8 << 10,
        signatures: 1024,
        items: 1024,
        proposal: 4 << 20,
        revisions: 16,
        sources: 32,
        digests: 6144,
        open: 50,
        open_bytes: 16 << 20,
        position_signatures: 16,
    };
}

impl ContractCapabilities {
    /// What the first bootstrap of a channel demands, whichever build makes it.
    pub const FIRST: &'static [&'static str] = &["V1_0"];

    /// Settings are changed by proposals that the members sign.
    #[must_use]
    pub fn settings_by_agreement(&self) -> bool {
        self.v1_0_or_later()
    }

    /// How much of the ledger, and of calls, anybody may take.
    #[must_use]
    pub fn bounds(&self) -> ContractBounds {
        ContractBounds::V1_0
    }

    /// The first version of this program that knows all of these levels, such as `1.1`; `None` where
    /// a name does not say it.
    #[must_use]
    pub fn first_version(names: &[&str]) -> Option<String> {
        let versions: Option<Vec<Vec<u32>>> = names.iter().map(|name| version(name)).collect();
        let newest: Vec<String> = versions?
            .into_iter()
            .max()?
            .iter()
            .map(u32::to_string)
            .collect();
        Some(newest.join("."))
    }

    fn v1_0_or_later(&self) -> bool {
        self.any(&["V1_0", "V1_1"])
    }
}

/// The version that a level is named after: `V1_1` is 1.1.
fn version(name: &str) -> Option<Vec<u32>> {
    let numbers = name.strip_prefix('V')?.split('_');
    numbers.map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> ContractCapabilities {
        ContractCapabilities::new(names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn later_levels_keep_what_earlier_ones_have() {
        for (names, has) in [
            (&["V1_0"][..], true),
            (&["V1_0", "V1_1"], true),
            (&["V1_1"], true),
            (&["V9_0"], false),
            (&[], false),
        ] {
            assert_eq!(of(names).settings_by_agreement(), has, "{names:?}");
        }
    }

    #[test]
    fn the_test_capability_is_known_only_with_its_feature() {
        let known = cfg!(feature = "test-capability");
        assert_eq!(of(&["V1_0", "V1_1"]).unsupported().is_empty(), known);
        assert!(of(ContractCapabilities::FIRST).unsupported().is_empty());
        assert_eq!(of(&["V9_0", "V1_0"]).unsupported(), ["V9_0"]);
    }

    #[test]
    fn levels_are_named_after_versions() {
        for (names, version) in [
            (&["V1_1"][..], Some("1.1")),
            (&["V1_10", "V1_9"], Some("1.10")),
            (&["V2_0", "V1_9"], Some("2.0")),
            (&["V1_1", "VX"], None),
            (&["1_1"], None),
            (&[], None),
        ] {
            let found = ContractCapabilities::first_version(names);
            assert_eq!(found.as_deref(), version, "{names:?}");
        }
    }
}
