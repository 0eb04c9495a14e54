//! Audit bundles: verifying offline what `ExportProposal` says, with the config blocks of any peer.
//! Pure.
//!
//! Nothing of a bundle is believed: blocks prove each other from the first one on, updates are
//! computed again from the intent, signatures are verified, and the policies are evaluated on the
//! envelope that the block carries. What is left to believe is the first block, and what no block
//! can show, which the report lists.

mod chain;
mod document;
mod error;
mod finding;
mod outcome;
mod records;
mod verify;

pub use chain::TrustedConfig;
pub(crate) use document::{
    AuditBundle, ExportedOutcome, ExportedPolicies, ExportedProof, ExportedProposal,
    ExportedRevision, ExportedSignature, ExportedSource, FORMAT,
};
pub use error::AuditError;
pub use finding::{AuditFinding, AuditFindingId};
pub use outcome::{AuditedPolicy, EffectiveUpdate, OnChainSigner};
pub use records::AuditedSignature;
pub use verify::{AuditReport, verify};
