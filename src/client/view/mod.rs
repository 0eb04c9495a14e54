//! What a person is shown, as data: the documents that commands print with `--json`, and what the
//! renderers of the program draw.
//!
//! | file | what it holds |
//! |---|---|
//! | `proposal` | one proposal, and who reviewed it: the contract, or one's own engine |
//! | `list` | lists: what awaits me, what is in flight, what is over |
//! | `member` | the members of a channel; what they attest |
//! | `phase` | what a status means for who looks, and the command that comes next |
//! | `status` | one screen about a channel |
//! | `ending` | certificates of a config that end soon |
//! | `deed` | what commands that act did |
//! | `deploy`, `deploying` | one screen about the contract's definition; what each member lacks, what comes next |
//! | `config` | the chain's links, and two configs side by side |

mod config;
mod deed;
mod deploy;
mod deploying;
mod ending;
mod list;
mod member;
mod phase;
mod proposal;
mod status;

pub use config::{ChainView, ConfigDiffView, ExportView, LinkView};
pub use deed::{
    EventView, NothingView, RecordedView, SignedView, SubmittedView, SyncedView, TrustView,
    TrustedLinkView, WrittenView,
};
pub use deploy::{
    ApprovedView, CommittedView, ConcernView, DefinitionView, DeployView, InstalledOnView,
    InstalledView, MemberDeploymentView, NextDefinitionView, PeerPackagesView,
};
pub use ending::{EndingView, WITHIN, ending};
pub use list::{HistoryView, ListView, RowFilter, RowView};
pub use member::{AppliedView, AttestedView, MemberView, MembersView};
pub use phase::{Whereabouts, needs_words, phase};
pub use proposal::{MajorityView, OwnReview, ProposalView, ReviewedBy};
pub use status::{HeadView, IdentityView, Relation, StatusView};
