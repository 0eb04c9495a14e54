//! Certificates, read by Go's rules: what Go refuses to parse is refused here, and nothing else.

mod extensions;
mod fields;
pub(super) mod name;
pub(super) mod names;
mod parse;
mod signers;
mod time;
mod uri;
mod x509;

pub use x509::Certificate;

pub(super) use parse::is_ecdsa_key;
pub(super) use signers::Signers;
pub(super) use time::is_asn1_time;
pub(super) use x509::NotSigned;
