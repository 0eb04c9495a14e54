//! From what an administrator wants to the call of the contract that proposes it.
//!
//! | file | what it does | |
//! |---|---|---|
//! | `call` | the intents, and the functions that take them | pure |
//! | `intended` | what an intent makes of the config, found out here | pure |
//! | `attestation` | what an organisation says of its nodes | pure |
//! | `settings` | the contract's settings | pure |
//! | `organization` | an organisation's definition, from what people have of it | pure |
//! | `secret` | what must never be proposed | pure |
//! | `msp_folder` | an MSP folder, as `configtxgen` reads one | shell |

mod attestation;
mod call;
mod intended;
mod msp_folder;
mod organization;
mod secret;
mod settings;
#[cfg(test)]
mod tests;

pub use attestation::WantedAttestation;
pub use call::{ProposalCall, ProposalTerms, WantedChange};
pub use msp_folder::MspDefinitionFolder;
pub use organization::OrganizationFile;
pub use secret::demand_no_key;
pub use settings::WantedSettings;
