//! The lifecycle of the chaincode, `_lifecycle`, as far as a development network has it: packages are not
//! installed, since the network starts the servers; definitions are approved and committed by Fabric's
//! rules, into a state of their own with Fabric's keys.
//!
//! | file | what it is |
//! |---|---|
//! | `definition` | a definition, and how it lies on the ledger |
//! | `state` | what is read and written of it |
//! | `calls` | what clients call |

mod calls;
mod definition;
mod state;

pub(super) use calls::{LifecycleCaller, answer};
pub(super) use definition::KeptDefinition;
pub(in crate::devnet) use state::NAMESPACE;
pub(super) use state::{has_approved, in_force};

/// Who must endorse a commit.
// Fabric: core/chaincode/lifecycle/lifecycle.go, LifecycleEndorsementPolicyRef
pub(in crate::devnet::peer) const COMMITS: &str = "/Channel/Application/LifecycleEndorsement";
