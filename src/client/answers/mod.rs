//! What the contract answers, as the client reads it: the members that it uses, by their public names.
//!
//! More members may come with newer contracts and are ignored; one that is missing is an error. Written
//! again they have the same names, so commands show them with `--json` as the contract gave them.

mod agreement;
mod calls;
mod chain;
mod list;
mod proposal;
mod read;
mod review;

pub use agreement::{
    AgreedAnswer, AttestationAnswer, CapabilitiesAnswer, DefinitionAnswer, LevelAnswer,
    ProposedSettingsAnswer, SettingsAnswer,
};
pub use calls::{
    ArchivedAnswer, LeftAnswer, ProposedAnswer, RecomputedAnswer, RefusedAnswer, SignedAnswer,
    SignerAnswer, UnusedAnswer, UpdatedAnswer,
};
pub use chain::{ChainAnswer, HeadAnswer, LinkAnswer, SyncedAnswer};
pub use list::{EndedAnswer, HistoryAnswer, ListAnswer, RevisionAnswer, SummaryAnswer};
pub use proposal::{
    CombinedAnswer, ConflictAnswer, ConsentAnswer, ContrastAnswer, ContrastedAnswer, DetailAnswer,
    ExclusionAnswer, OutcomeAnswer, OutdatedAnswer, ProofAnswer, ProposalAnswer, RecordingAnswer,
    RelationsAnswer, SignatureAnswer, SourceAnswer, SpoilerAnswer, UnattestedAnswer, VoteAnswer,
};
pub use read::{read, same_shape, seconds};
pub use review::{
    ChangeAnswer, CountedAnswer, DecidingAnswer, DiffAnswer, EffectAnswer, ExplanationAnswer,
    FindingAnswer, LintAnswer, RuleAnswer,
};
