//! Keys that never leave a PKCS#11 token: hardware modules, smart cards, SoftHSM.
//!
//! As Fabric's `peer` does it: the token by its label, the key by the SHA-256 of its public point unless
//! the settings say otherwise, `CKM_ECDSA` over the SHA-256 of the message.
//!
//! | file | what it knows | |
//! |---|---|---|
//! | `settings` | which token, which key | pure |
//! | `choose` | what is done about what a library and a token say | pure |
//! | `raw` | from what a token signs to what Fabric takes | pure |
//! | `module` | the library itself, where this build has PKCS#11 | shell |
//! | `absent` | the refusal, where it has not | pure |

#[cfg(not(feature = "pkcs11"))]
mod absent;
#[cfg_attr(
    not(feature = "pkcs11"),
    expect(dead_code, reason = "only a build with tokens asks them anything")
)]
mod choose;
#[cfg(feature = "pkcs11")]
mod module;
#[cfg(any(feature = "pkcs11", test))]
mod raw;
mod settings;
#[cfg(test)]
mod tests;

#[cfg(not(feature = "pkcs11"))]
pub(super) use absent::{look, open};
pub use choose::{TokenPinState, TokenSight};
#[cfg(feature = "pkcs11")]
pub(super) use module::{look, open};
pub use settings::{KeyIdMapping, TokenPin, TokenSettings};
