//! The contract: functions, proposals and their derived status, ledger layout, access, events.
//!
//! Every function has three steps: read everything it needs (`state`), decide without touching the
//! ledger, then write. What is decided depends on arguments, transient data, the signed proposal and
//! ledger state only; a server's own settings, anchors and caches can make a call fail and nothing else.

mod anchors;
mod error;
mod limits;
mod router;

pub use anchors::{Anchors, Disown, HeadFacts, NoAnchors, NoObserver, Observer};
pub use error::{Code, ContractError};
pub use limits::Limits;
pub use router::{Contract, ContractSettings};
