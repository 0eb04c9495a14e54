//! The MSPs of a channel, and the identities that they know.
//!
//! | file | holds |
//! |---|---|
//! | `definition` | what an MSP's definition lists, for showing |
//! | `node_ous` | organisational units that give a role |
//! | `x509_msp` | what an X.509 MSP knows, and how it judges a certificate |
//! | `issuers` | what the identities of a CA could be, whoever they are |
//! | `setup`, `idemix` | from a definition to an MSP: Fabric's checks in Fabric's order |
//! | `known` | the identities that an MSP remembers |
//! | `msp` | an MSP of either type |
//! | `satisfies`, `identity` | an identity, and whether it is whom a principal asks for |
//! | `judge` | a certificate by itself: whether it is valid, and what it is |
//! | `msps` | all MSPs of a channel |

mod definition;
mod idemix;
mod identity;
mod issuers;
mod judge;
mod known;
mod msp;
mod msps;
mod node_ous;
mod satisfies;
mod setup;
mod x509_msp;

pub use definition::{CertificateUse, CrlSigner, ListedCertificate, ListedCrl, MspDefinition};
pub use identity::Identity;
pub use issuers::IssuingCa;
pub use judge::CertificateStanding;
pub use msp::Msp;
pub use msps::Msps;
