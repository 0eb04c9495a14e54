//! What lies on the ledger: keys, values, and how they are read and written. The only sub-room of
//! the contract, beside the functions, that asks the peer for anything.
//!
//! | file | what lies there |
//! |---|---|
//! | `keys`, `values` | where everything lies; one value, or a range of them |
//! | `trusted` | the head of the verified chain, its config, the settings: what every call reads |
//! | `proposals`, `positions`, `combined` | proposals, what organisations say of them, and what they were combined into |
//! | `proofs` | where an update took effect |
//! | `archive` | finished proposals |
//! | `members` | since when organisations are members, and what they say of their nodes |
//! | `known` | people who acted for their organisation |
//! | `bounds` | how much of the ledger a proposal and an organisation may take |
//! | `timestamps` | times as the ledger keeps them |

pub(crate) mod archive;
pub(crate) mod bounds;
pub(crate) mod combined;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod members;
pub(crate) mod positions;
pub(crate) mod proofs;
pub(crate) mod proposals;
pub(crate) mod timestamps;
mod trusted;
mod values;

pub(crate) use positions::{RevisionSignatures, StoredSignature};
pub(crate) use trusted::{TrustedHead, first_settings, lacking};
pub(crate) use values::{all, corrupt, decode, digest, first, get, page, put};
