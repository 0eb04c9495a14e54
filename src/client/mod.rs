//! The client of the contract: what an administrator's machine does, from an intent to a config that
//! is in effect. One connection to one's own peer is enough.
//!
//! | sub-room | what it knows | |
//! |---|---|---|
//! | `answers` | what the contract answers, as the client reads it | pure |
//! | `view` | what a person is shown, as data; what `--json` prints | pure |
//! | `error` | why nothing was done, and by which exit code scripts see it | pure |
//! | `near` | what is near a name that is not there | pure |
//! | `host` | the host's clock and randomness | shell |
//! | `keys` | one's own identity and its private key | shell |
//! | `profile` | which network, which peer, which identity; where each was said | pure but its reading |
//! | `refusal` | what it means that a node did not do what it was asked | pure |
//! | `network` | the connection to one's own peers: everything that goes over the wire | shell |
//! | `chain` | one's own chain of configs, verified from a pinned block | pure but its store |
//! | `review` | proposals judged with one's own engine, and compared with what the contract says | pure |
//! | `plan` | in which order open proposals lose fewest signatures | pure |
//! | `propose` | from what an administrator wants to the call that proposes it | pure but its reading |
//! | `flow` | what commands do, step by step | shell |
//! | `span` | lengths of time as people write them | pure |
//! | `signing` | files that carry what is to be signed and what was signed | pure |
//! | `lifecycle` | the life cycle of a chaincode: calls, answers, what they write and refuse | pure |
//! | `doctor` | everything that may be amiss, judged by facts, with what puts it right | pure |
//! | `update` | config updates in files, without a contract and without a network | pure |
//! | `intent` | from what an administrator says to a partial config, judged before anybody is asked | pure |
//! | `deploy` | bringing the contract onto a channel: what is known, what to approve, who must endorse | pure |

pub mod answers;
mod chain;
mod deploy;
mod doctor;
mod error;
mod flow;
mod host;
mod intent;
mod keys;
mod lifecycle;
mod near;
mod network;
mod plan;
mod profile;
mod propose;
mod refusal;
mod review;
mod signing;
mod span;
pub mod update;
pub mod view;

#[cfg(feature = "agent")]
pub(crate) use chain::open_place;
pub use chain::{
    ChainStore, ConfigTrail, ProvenStretch, StateFolder, TrailConfig, VerifiedChain, VerifiedLink,
};
pub use deploy::{
    ApprovalPlan, ContractStage, DefinitionWishes, DeploymentFacts, EndorsingRule, NextDefinition,
    PackageWish, PackagedServer, PeerPackages, ServerState, UpgradeConcern, cause, install_command,
    serve_command, server_setting,
};
pub use doctor::Check;
pub(crate) use error::SEE_DOCTOR;
pub use error::{ClientError, Exit};
pub use flow::{
    ChannelSession, ContractHead, ContractSynced, Examined, Hears, ListWish, ListedProposals,
    OfflineSession, OpenedSession, OwnSignature, Progress, Submission, Unpinned, Verdicts,
    anchor_block, check_up, compare_with_chain, offering, pinned, shown_request, sign_claim,
    sign_update, signed_envelope,
};
pub use host::{now, part_of, program_environment, stamp};
pub use intent::{
    AddressChange, AskedIntent, ConsenterIntent, ConsenterNode, EditFault, EditedConfig, NamedCa,
    OtherIntent, PlannedIntent, RotationEnd, RotationStart, SeenIdentity, candidates, plan,
    slashed,
};
pub use keys::{
    FoundKey, IdentitySource, KeyIdMapping, OwnCertificate, OwnIdentity, TokenPin, TokenPinState,
    TokenSettings, TokenSight,
};
pub use lifecycle::{
    ApprovedDefinition, CommitReadiness, CommittedDefinition, DefinitionPart, DefinitionPolicy,
    DefinitionTerms, InstalledPackage, PackageSource, RecordedApproval, read_collections,
    recorded_approvals,
};
pub use network::{
    BlockStream, ChaincodeEventStream, ChaincodeEvents, CommittedCall, ConnectionPool,
    EndorserState, FilteredBlockStream, PeerConnection, Via,
};
pub use plan::{PlannedProposal, make_plan, sides};
pub use profile::{
    ClientSettings, ClientTlsFiles, ImportedAuthority, ImportedFile, ImportedProfile,
    KnownSettings, NetworkFlags, Origin, Origins, PeerEndpoint, Profile, ProfileFile, ProfilePeer,
    ProfileStore, ProfileToken, Setting, Surroundings, Survey, Wallet, capture_profile,
    complete_import, import_profile, on_this_machine, resolve, resolve_identity, resolve_offline,
    survey,
};
pub use propose::{
    MspDefinitionFolder, OrganizationFile, ProposalCall, ProposalTerms, WantedAttestation,
    WantedChange, WantedSettings, demand_no_key,
};
pub use refusal::ContractRefusal;
pub use review::{
    ClaimedKind, ContractSaid, JudgedSettings, JudgedStatement, JudgedUpdate, ProposalClaim,
    SupposedOutcome, SupposedSigner, Supposition,
};
pub use signing::{SignRequest, SignedUpdate};
pub use span::time_span;
