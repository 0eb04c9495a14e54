//! The client's settings: which network, which peer, which identity, and where each of that was said.
//!
//! | file | what it knows |
//! |---|---|
//! | `settings` | what a command needs to know of the network |
//! | `endpoint` | a peer or an orderer |
//! | `flags` | what was said on the command line |
//! | `origin` | where a value comes from |
//! | `resolve` | from all places to one answer; pure |

mod endpoint;
mod flags;
mod origin;
mod resolve;
mod settings;

pub use endpoint::{ClientTlsFiles, PeerEndpoint};
pub use flags::NetworkFlags;
pub use origin::{Origin, Origins};
pub use resolve::{Surroundings, resolve};
pub use settings::ClientSettings;
