//! The policies of a config, and whether signatures satisfy one.
//!
//! | file | holds |
//! |---|---|
//! | `manager` | all policies of a config, found by name |
//! | `signers` | from signatures to the identities that count |
//! | `evaluate` | whether they satisfy a policy |

pub(in crate::policy) mod evaluate;
pub(in crate::policy) mod manager;
pub(in crate::policy) mod signers;

pub use evaluate::{Concerned, Evaluation, Irrelevant};
pub use manager::{PolicyManager, PolicyManagerBuilder};
pub use signers::{CountedSigner, Rejected, SignatureProblem, SignedData, SignerSet};
