//! Config updates: read, computed, applied, judged.

mod compute;
mod config_update;
mod delta;
mod emulate;
mod error;
mod refusal;
mod validate;

pub use compute::compute_update;
pub use config_update::Update;
pub use delta::{Delta, DeltaElement, apply};
pub use emulate::{
    Decision, Effect, Emulation, PolicyVerdict, Terms, UpdateOutlook, UpdatePolicy, Verdict,
};
pub use error::{ComputeError, UpdateError};
pub use refusal::{Cause, Refusal, Stage};
