//! One's own identity: a certificate and its private key, read from an MSP folder or from files.
//!
//! Private keys are in no error, no log and no `Debug`; files are named, never quoted.
//!
//! | file | what it knows | |
//! |---|---|---|
//! | `source` | where an identity may be | pure |
//! | `choose` | which certificate and which key count, of those that were read | pure |
//! | `files` | reading them | shell |
//! | `token` | keys in PKCS#11 tokens | pure but its module |
//! | `identity` | an identity that can sign | shell |

mod choose;
mod files;
mod identity;
mod source;
#[cfg(test)]
mod tests;
mod token;

pub use choose::OwnCertificate;
pub(super) use files::plain;
pub use identity::{FoundKey, OwnIdentity};
pub use source::IdentitySource;
pub use token::{KeyIdMapping, TokenPin, TokenPinState, TokenSettings, TokenSight};
