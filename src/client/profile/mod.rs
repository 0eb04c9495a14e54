//! The client's settings: which network, which peer, which identity, and where each of that was said.
//!
//! | file | what it knows | |
//! |---|---|---|
//! | `settings`, `endpoint` | what a command needs to know of the network | pure |
//! | `setting`, `origin` | every setting with its names; where a value comes from | pure |
//! | `flags`, `surroundings` | what settings come from | pure |
//! | `file`, `core_yaml` | the file of profiles; Fabric's own | pure |
//! | `layers` | the places in their order, and what stands in each | pure |
//! | `resolver`, `peers`, `token`, `resolve` | from all places to one answer, or all that is wrong | pure |
//! | `import` | profiles from connection profiles and wallets of others | pure |
//! | `capture` | what is said here and now, as a profile | shell |
//! | `machine` | this process and its files | shell |
//! | `contradictions` | what several places say differently, or say only half | pure |

mod capture;
mod contradictions;
mod core_yaml;
mod endpoint;
mod file;
mod flags;
mod import;
mod layers;
mod machine;
mod origin;
mod peers;
mod resolve;
mod resolver;
mod setting;
mod settings;
mod surroundings;
mod token;

pub use capture::{capture_profile, complete_import};
pub use endpoint::{ClientTlsFiles, PeerEndpoint};
pub use file::{Profile, ProfileFile, ProfilePeer, ProfileToken};
pub use flags::NetworkFlags;
pub use import::{ImportedAuthority, ImportedFile, ImportedProfile, Wallet, import_profile};
pub use machine::{ProfileStore, on_this_machine};
pub use origin::{Origin, Origins};
pub use resolve::{KnownSettings, Survey, resolve, resolve_identity, resolve_offline, survey};
pub use setting::Setting;
pub use settings::ClientSettings;
pub use surroundings::Surroundings;

#[cfg(test)]
mod tests;
