//! What a person is shown, as data: the documents that commands print with `--json`, and what the
//! renderers of the program draw.
//!
//! | file | what it holds |
//! |---|---|
//! | `proposal` | one proposal, and who reviewed it: the contract, or one's own engine |
//! | `list` | lists: what awaits me, what is in flight, what is over |
//! | `phase` | what a status means for who looks, and the command that comes next |
//! | `status` | one screen about a channel |
//! | `ending` | certificates of a config that end soon |
//! | `deed` | what commands that act did |
//! | `doctor` | what was found amiss, and what puts it right |
//! | `config` | the chain's links, and two configs side by side |
//! | `audit` | what an auditor learns from exported proposals and blocks |
//! | `update` | config updates in files: what `cmscc update` prints |
//! | `foreseen` | what would be if others signed as well |
//! | `plan` | an order of open proposals; two proposals side by side |
//! | `member` | the members of a channel; what they attest |
//! | `deploy`, `deploying` | one screen about the contract's definition; what each member lacks, what comes next |

mod audit;
mod config;
mod deed;
mod deploy;
mod deploying;
mod doctor;
mod ending;
mod foreseen;
mod list;
mod member;
mod phase;
mod plan;
mod proposal;
mod status;
mod update;

pub use audit::{
    AuditView, AuditedConfigView, AuditedProposalView, AuditedSignerView, BelievedView,
    ExportedView, FolderFindingId, FoundView, NotExportedView, ProvenView, StatedRejectionView,
    StatedView,
};
pub use config::{ChainView, ConfigDiffView, ExportView, LinkView};
pub use deed::{
    EventView, NothingView, RecordedView, SignedView, SubmittedView, SyncedView, TrustView,
    TrustedLinkView, WrittenView,
};
pub use deploy::{
    ApprovedView, CommittedView, ConcernView, DefinitionView, DeployView, InstalledOnView,
    InstalledView, MemberDeploymentView, NextDefinitionView, PeerPackagesView,
};
pub use doctor::{DoctorPart, DoctorView, FindingDetail, FindingLevel, FindingView};
pub use ending::{EndingView, WITHIN, ending, ending_of, own_ending};
pub use foreseen::{IfSignedView, SupposedView, SuppositionView};
pub use list::{HistoryView, ListView, RowFilter, RowView};
pub use member::{AppliedView, AttestedView, MemberView, MembersView};
pub use phase::{Whereabouts, needs_words, phase};
pub use plan::{
    LostSignatureView, PassedOverView, PlanLeftView, PlanStepView, PlanTogetherView, PlanView,
    SideView, SidesView,
};
pub use proposal::{MajorityView, OwnReview, ProposalView, ReviewedBy};
pub use status::{HeadView, IdentityView, Relation, StatusView};
pub use update::{
    CheckedView, ComputedView, FileView, InspectedConfigView, InspectedFileView,
    InspectedUpdateView, InspectedView, MergedView, ReadElementView, RefusalView, Remark,
    RequestView, SettingsChangeView, SignerStanding, SignerView, StatementView, UpdateReviewView,
    WrittenGroupView,
};
