//! What lies on the ledger: keys, values, and how they are read and written. The only sub-room of
//! the contract, beside the functions, that asks the peer for anything.
//!
//! | file | what lies there |
//! |---|---|
//! | `keys`, `values` | where everything lies; one value, or a range of them |
//! | `trusted` | the head of the verified chain, its config, the settings: what every call reads |
//! | `proposals`, `signatures`, `votes`, `combined` | open proposals, and what was said of them |
//! | `proofs` | where an update took effect |
//! | `archive` | finished proposals |
//! | `members`, `attestations` | since when organisations are members, and what they say of their nodes |
//! | `timestamps` | times as the ledger keeps them |

pub(crate) mod archive;
pub(crate) mod attestations;
pub(crate) mod combined;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod proofs;
pub(crate) mod proposals;
mod signatures;
pub(crate) mod timestamps;
mod trusted;
mod values;
pub(crate) mod votes;

pub(crate) use signatures::{RevisionSignatures, StoredSignature, signatures};
pub(crate) use trusted::{TrustedHead, first_settings, lacking};
pub(crate) use values::{all, behind, corrupt, decode, digest, get, put};
