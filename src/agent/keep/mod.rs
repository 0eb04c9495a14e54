//! What outlasts the process, in the folder where the profile's own chain lies.
//!
//! | file | what it knows | |
//! |---|---|---|
//! | `holds` | what somebody told the agent not to do | pure |
//! | `journal` | what was about to be sent: ids and digests | pure |
//! | `report` | what the agent last said of itself | pure |
//! | `folder` | the files | shell |

mod folder;
mod holds;
mod journal;
mod report;

pub use folder::AgentFolder;
pub(super) use folder::{MEMORY, OnlyAgent};
pub use holds::{Hold, Holds};
pub(super) use journal::Journal;
pub use journal::{Submitting, SubmittingState};
pub use report::{ChannelReport, HookReport, ReadyReport, TroubleReport};
