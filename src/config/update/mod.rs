//! Config updates: read, computed, applied, judged.
//!
//! From an update to its verdict, with the type that each step leaves behind:
//!
//! ```text
//!   bytes -> Update              read set and write set, as trees
//!              | delta           against the current config (Bundle)
//!              v
//!            Delta               the elements that really change
//!              | effect          who decides each, the resulting config, may it follow
//!              v
//!            Effect              with its Terms: policies, refusal, levels, size
//!              | decide          which policies the signers satisfy
//!              v
//!            Decision            with its Verdict, and who is missing
//! ```
//!
//! [`Bundle::emulate`](super::Bundle::emulate) does all of it at once. `explain` is `decide` with
//! reasons. An effect follows from config and update alone, so it can be kept; its terms are what is
//! worth keeping for long.
//!
//! Fabric asks the same in other words. What its nodes ask as one question is one function here:
//!
//! | function of `Bundle` | who asks | |
//! |---|---|---|
//! | `propose_config_update` | orderer | what does this envelope make of the config, signed as it is |
//! | `next_at_orderer` | orderer | may that config follow |
//! | `process_config_update` | orderer | both, and all filters |
//! | `validate` | peer | is a config exactly what its last update makes of this one |
//! | `next_at_peer` | peer | may that config follow |
//! | `compile_next`, `validate_new` | both | the two halves of the last question |

mod compute;
mod config_update;
mod decide;
mod delta;
mod effect;
mod emulate;
mod error;
mod refusal;
mod validate;
mod written;

pub use compute::compute_update;
pub use config_update::Update;
pub use decide::{Decision, PolicyVerdict, Verdict};
pub use delta::{Delta, DeltaElement, apply};
pub use effect::{Effect, Terms, UpdatePolicy};
pub use emulate::Emulation;
pub use error::{ComputeError, UpdateError};
pub use refusal::{Cause, Refusal, Stage};
pub use validate::LastUpdate;
pub use written::WrittenGroup;
