//! The contract: functions, proposals and their derived status, ledger layout, access, events.
//!
//! Every function has three steps: read everything it needs (`state`), decide without touching the
//! ledger, then write. What is decided depends on arguments, transient data, the signed proposal and
//! ledger state only; a server's own settings, anchors and caches can make a call fail and nothing
//! else.
//!
//! | files | what they know |
//! |---|---|
//! | `router`, `functions`, `schemas`, `metadata`, `args`, `error`, `reports`, `events` | the interface: names, arguments, refusals, shapes |
//! | `keys`, `state`, `cache` | the ledger |
//! | `chain`, `evaluated`, `intent`, `proposal`, `agreement`, `signatures`, `opinion`, `standing`, `status`, `levels`, `review`, `access` | the decisions, all pure |
//! | `proofs`, `votes`, `relations` | what is read for them |
//! | `sync`, `recover`, `propose`, `combine`, `settings`, `definition`, `sign`, `reject`, `attest`, `finish`, `recompute`, `show`, `list`, `history`, `inspect`, `export`, `cmcc` | the functions, a family each |
//! | `audit` | what an export says, verified offline |

mod access;
mod agreement;
mod anchors;
mod args;
mod attest;
pub mod audit;
mod cache;
mod chain;
mod cmcc;
mod combine;
mod definition;
mod error;
mod evaluated;
mod events;
mod examine;
mod export;
mod finish;
mod functions;
mod history;
mod inspect;
mod intent;
mod keys;
mod levels;
mod limits;
mod list;
mod metadata;
mod opinion;
mod proofs;
mod proposal;
mod propose;
mod recompute;
mod recover;
mod reject;
mod relations;
mod reports;
mod review;
mod router;
mod schemas;
mod settings;
mod show;
mod sign;
mod signatures;
mod standing;
mod state;
mod status;
mod sync;
mod timestamps;
mod votes;

pub use anchors::{Anchors, Disown, HeadFacts, NoAnchors, NoObserver, Observer};
pub use error::{Code, ContractError};
pub use examine::Examination;
pub use functions::function_names;
pub use limits::Limits;
pub use router::{Contract, ContractSettings};
