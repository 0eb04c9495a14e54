//! One's own identity: a certificate and its private key, read from an MSP folder or from files.

mod identity;
mod source;

pub use identity::OwnIdentity;
pub use source::IdentitySource;
