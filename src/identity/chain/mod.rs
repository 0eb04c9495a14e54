//! From a certificate to the roots that vouch for it, by Go's and Fabric's rules.
//!
//! | file | holds |
//! |---|---|
//! | `constraints` | which names a CA may certify |
//! | `certificate_policies` | whether the policies of a chain leave one that is valid |
//! | `trust` | the chains of a certificate, and its normalised form |
//! | `crl` | revocation lists |

mod certificate_policies;
mod constraints;
mod crl;
mod trust;

pub use trust::{Period, TlsAnswers, TrustPool, Usage};

pub(in crate::identity) use crl::Crl;
pub(in crate::identity) use trust::normalise;
