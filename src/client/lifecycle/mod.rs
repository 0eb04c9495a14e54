//! The life cycle of a chaincode, as the peers' own chaincode `_lifecycle` has it: what it is called with,
//! what it answers, what it writes, and what its refusals mean. Pure.
//!
//! | file | what it knows |
//! |---|---|
//! | `rule` | the endorsement policy of a definition |
//! | `definition` | a definition, and in what two of them differ |
//! | `call` | the calls |
//! | `answer` | what is answered |
//! | `writes` | what approving and committing write, compared before it is signed |
//! | `recorded` | what organisations approved, as blocks show it |
//! | `refused` | refusals, and what to do about them |
//! | `collections` | private data collections, from the file that `peer` takes |

mod answer;
mod call;
mod collections;
mod definition;
mod recorded;
mod refused;
mod rule;
#[cfg(test)]
mod tests;
mod writes;

pub use answer::{ApprovedDefinition, CommitReadiness, CommittedDefinition, InstalledPackage};
pub use collections::read_collections;
pub use definition::{DefinitionPart, DefinitionTerms, PackageSource};
pub use recorded::{RecordedApproval, recorded_approvals};
pub use rule::DefinitionPolicy;

pub(crate) use answer::{
    read_approved, read_committed, read_installed, read_package, read_package_id, read_readiness,
};
pub(crate) use call::{LIFECYCLE, LifecycleCall};
pub(crate) use refused::{lifecycle_refusal, translated};
pub(crate) use writes::ExpectedWrites;
