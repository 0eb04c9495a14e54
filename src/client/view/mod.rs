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

mod audit;
mod config;
mod deed;
mod doctor;
mod ending;
mod list;
mod phase;
mod proposal;
mod status;

pub use audit::{
    AuditView, AuditedConfigView, AuditedProposalView, AuditedSignerView, BelievedView,
    ExportedView, FoundView, NotExportedView,
};
pub use config::{ChainView, ConfigDiffView, ExportView, LinkView};
pub use deed::{
    EventView, NothingView, RecordedView, SignedView, SubmittedView, SyncedView, TrustView,
    TrustedLinkView, WrittenView,
};
pub use doctor::{DoctorPart, DoctorView, FindingDetail, FindingLevel, FindingView};
pub use ending::{EndingView, WITHIN, ending};
pub use list::{HistoryView, ListView, RowFilter, RowView};
pub use phase::{Whereabouts, needs_words, phase};
pub use proposal::{MajorityView, OwnReview, ProposalView, ReviewedBy};
pub use status::{HeadView, IdentityView, Relation, StatusView};
