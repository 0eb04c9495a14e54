//! One's own chain of configs: verified by this machine, from a block that a person pinned. Nobody's
//! answer is believed where it says something else.
//!
//! | file | what it is | |
//! |---|---|---|
//! | `folder` | a folder of one's own, for what outlasts a command | shell |
//! | `place` | whether others may put another file in the place of one's own | shell |
//! | `verified` | the chain: how it starts, grows, and is compared with others' | pure |
//! | `stored` | its form as a file | pure |
//! | `store` | where it lies between commands | shell |
//! | `trail` | config blocks that somebody kept, followed one by one | pure |

mod folder;
mod place;
mod store;
mod stored;
mod trail;
mod verified;

pub use folder::StateFolder;
#[cfg(feature = "agent")]
pub(crate) use place::open_place;
pub use store::ChainStore;
pub(in crate::client) use store::StateFacts;
pub use trail::{ConfigTrail, ProvenStretch, TrailConfig};
pub use verified::{VerifiedChain, VerifiedLink};

#[cfg(test)]
mod tests;
