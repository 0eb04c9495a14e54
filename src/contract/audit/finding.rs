//! What may be false in a bundle.

use serde::{Serialize, Serializer};

macro_rules! findings {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        /// The stable name of a finding; `docs/audit.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum AuditFindingId {
            $($(#[$doc])* $name,)*
        }

        impl AuditFindingId {
            /// Every one, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As documents and scripts name it, upper case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }
        }
    };
}

findings! {
    /// The block of a link was not given.
    BlockMissing = "BLOCK_MISSING";
    /// A block is not the one that its link names.
    BlockMismatch = "BLOCK_MISMATCH";
    /// A block does not follow from the one before, or holds no valid config of this channel.
    BlockInvalid = "BLOCK_INVALID";
    /// Links that do not ascend, or do not reach as far as the outcome needs.
    Chain = "CHAIN";
    /// Revisions of a proposal that do not ascend, or none.
    Revisions = "REVISIONS";
    /// A revision's digest is not that of its bytes.
    UpdateDigest = "UPDATE_DIGEST";
    /// A revision is not what its intent computes to on its base.
    UpdateIntent = "UPDATE_INTENT";
    /// A signature is not one of the signer named, over the revision named.
    Signature = "SIGNATURE";
    /// The proof names a block that does not carry the update.
    Proof = "PROOF";
    /// The envelope on chain does not satisfy the policies that decide, or the bundle lists others.
    Policy = "POLICY";
    /// The config that followed is not what the intent wants.
    Result = "RESULT";
    /// The proposal did not end as the bundle says.
    Outcome = "OUTCOME";
    /// It is not part of the combined proposal named, or that one not the union of its sources.
    Combined = "COMBINED";
}

impl Serialize for AuditFindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Something in a bundle that is false, or cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditFinding {
    /// Which check failed.
    pub id: AuditFindingId,
    /// What it is about, such as `sequence 3` or `proposal add_orgx, revision 2`.
    pub place: String,
    /// What was expected and what was found.
    pub text: String,
}

/// So many findings are kept: whoever made the bundle chooses how many there would be.
const MOST: usize = 1_000;
/// The longest place or text: they may quote the bundle, however long that is. Unit: characters.
const LONGEST: usize = 2_000;

/// Collects findings, the first thousand.
#[derive(Debug, Default)]
pub(crate) struct AuditFindings(Vec<AuditFinding>);

impl AuditFindings {
    /// Notes a finding.
    pub(crate) fn put(
        &mut self,
        id: AuditFindingId,
        place: impl Into<String>,
        text: impl Into<String>,
    ) {
        if self.0.len() >= MOST {
            return;
        }
        self.0.push(AuditFinding {
            id,
            place: cut(place.into()),
            text: cut(text.into()),
        });
    }

    /// What was found, in order.
    pub(crate) fn into_vec(self) -> Vec<AuditFinding> {
        self.0
    }
}

fn cut(text: String) -> String {
    match text.len() > LONGEST {
        true => text.chars().take(LONGEST).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_made_a_bundle_does_not_choose_how_much_is_kept() {
        let mut findings = AuditFindings::default();
        let long = "é".repeat(LONGEST + 1);
        for _ in 0..=MOST {
            findings.put(AuditFindingId::Chain, long.as_str(), long.as_str());
        }
        let kept = findings.into_vec();
        assert_eq!(kept.len(), MOST);
        let cut = "é".repeat(LONGEST);
        assert_eq!((&kept[0].place, &kept[0].text), (&cut, &cut));
    }
}
