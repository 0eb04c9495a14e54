//! The file with the profiles: `config.toml`. What people wrote in it stays, with their comments.

mod document;
mod profile;

pub use document::ProfileFile;
pub use profile::{Profile, ProfilePeer, ProfileToken};

pub(super) use document::check_name;
