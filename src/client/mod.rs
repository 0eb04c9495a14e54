//! The client of the contract: what an administrator's machine does, from an intent to a config that
//! is in effect. One connection to one's own peer is enough.
//!
//! | sub-room | what it knows | |
//! |---|---|---|
//! | `error` | why nothing was done, and by which exit code scripts see it | pure |
//! | `keys` | one's own identity and its private key | shell |
//! | `profile` | which network, which peer, which identity; where each was said | pure but its reading |
//! | `chain` | one's own chain of configs, verified from a pinned block | pure but its store |
//! | `review` | proposals judged with one's own engine, and compared with what the contract says | pure |
//! | `signing` | files that carry what is to be signed and what was signed | pure |

mod chain;
mod error;
mod keys;
mod profile;
mod review;
mod signing;

pub use chain::{ChainStore, VerifiedChain, VerifiedLink};
pub use error::{ClientError, Exit};
pub use keys::{IdentitySource, OwnCertificate, OwnIdentity};
pub use profile::{
    ClientSettings, ClientTlsFiles, ImportedAuthority, ImportedFile, ImportedProfile, NetworkFlags,
    Origin, Origins, PeerEndpoint, Profile, ProfileFile, ProfilePeer, ProfileStore, Setting,
    Surroundings, Survey, Wallet, import, on_this_machine, resolve, resolve_identity, survey,
};
pub use review::{ClaimedKind, ContractSaid, Judged, JudgedSettings, ProposalClaim};
pub use signing::{SignRequest, SignedUpdate};
