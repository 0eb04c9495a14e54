//! Hashes, signature verification, PEM and DER: the primitives, with Fabric's rules for them.
//!
//! Verification is ring's wherever ring can do it. The curves P-224 and P-521, the hash families of
//! SHA-3, and combinations of curve and hash that ring does not offer come from the RustCrypto
//! crates, which no other room names.

pub mod asn1;
pub mod der;
pub mod ecdsa;
pub mod hash;
pub mod pem;
pub mod private_key;
pub mod signature;

pub use hash::HashFunction;
