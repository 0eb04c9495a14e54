//! What commands do, step by step: this machine's own chain brought to the peer's config, the contract
//! compared with it, proposals examined, signed, submitted, and their blocks handed in.
//!
//! | file | what it does |
//! |---|---|
//! | `session` | the chain, its pin, and the connection |
//! | `catch_up` | from the head of the chain to the peer's config; which blocks lie between |
//! | `contract` | calls of the contract, and what it says of its own chain |
//! | `fetched` | from an answer about a proposal to what is judged of it |
//! | `examine` | a proposal, judged and compared |
//! | `servers` | whose server answers, where a proposal changes who must endorse |
//! | `listing` | lists of proposals, page by page |
//! | `carry` | signatures that somebody else made, handed in |
//! | `sign` | signatures, made and handed in |
//! | `file` | updates in files: signed, and compared with one's own chain |
//! | `offline` | a sign request, judged on a machine without a network |
//! | `submit` | from a finished proposal to the block that it is in |
//! | `checkup` | everything that `doctor` looks at, collected |
//! | `sync` | config blocks for the contract |
//! | `deploy` | bringing the contract onto a channel |

mod carry;
mod catch_up;
mod checkup;
mod contract;
mod deploy;
mod examine;
mod fetched;
mod file;
mod listing;
mod offline;
mod servers;
mod session;
mod sign;
mod submit;
mod sync;

pub use checkup::check_up;
pub use contract::{ContractHead, offering};
pub use examine::{Examined, Verdicts};
pub use file::{compare_with_chain, sign_update, signed_envelope};
pub use listing::{ListWish, ListedProposals};
pub use offline::{OfflineSession, shown_request};
pub use session::{ChannelSession, Hears, OpenedSession, Progress, Unpinned, anchor_block, pinned};
pub use sign::{OwnSignature, sign_claim};
pub use submit::Submission;
pub use sync::ContractSynced;
