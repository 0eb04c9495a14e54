//! Why a call is refused: one stable code a cause, a status class, and words for people.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    ids::Sequence,
    stub::{Response, StubError},
};

pub(super) use crate::stub::words::safe;
pub(crate) use crate::stub::words::shown;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $symbol:literal;)*) => {
        /// The stable code of a refusal. Scripts match on the symbol; `docs/errors.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The status class: 4xx the caller's, 5xx ours.
            #[must_use]
            pub const fn status(self) -> i32 {
                match self { $(Self::$name => $status,)* }
            }

            /// The symbol that scripts match on, upper case; never renamed.
            #[must_use]
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$name => $symbol,)* }
            }
        }
    };
}

codes! {
    /// Too few or too many arguments.
    ArgumentCount = 400 "ARGUMENT_COUNT";
    /// Not standard base64 with padding.
    BadBase64 = 400 "BAD_BASE64";
    /// A block that is not a config block, or does not hold together.
    BadBlock = 400 "BAD_BLOCK";
    /// A block whose data is not what its header names.
    BlockDataHash = 400 "BLOCK_DATA_HASH";
    /// A capability level that is no name.
    BadCapability = 400 "BAD_CAPABILITY";
    /// A deadline that is no time, or lies before the transaction.
    BadDeadline = 400 "BAD_DEADLINE";
    /// An id that is not 3 to 64 of `[A-Za-z0-9_.-]`.
    BadId = 400 "BAD_ID";
    /// Not the JSON that is expected here.
    BadJson = 400 "BAD_JSON";
    /// A mode that is not a sum of 1, 2, 4 and 8.
    BadMode = 400 "BAD_MODE";
    /// An MSP definition that cannot be used.
    BadMsp = 400 "BAD_MSP";
    /// An organisation name that cannot be a key of a config.
    BadName = 400 "BAD_NAME";
    /// A number that is not one.
    BadNumber = 400 "BAD_NUMBER";
    /// An option that does not exist or has a wrong value.
    BadOption = 400 "BAD_OPTION";
    /// A patch that breaks the rules of patches.
    BadPatch = 400 "BAD_PATCH";
    /// An endorsement policy that is none.
    BadPolicy = 400 "BAD_POLICY";
    /// Not the protobuf message that is expected here.
    BadProtobuf = 400 "BAD_PROTOBUF";
    /// An argument that is not UTF-8.
    BadText = 400 "BAD_TEXT";
    /// A config update that is not what its own intent computes to.
    BadUpdate = 400 "BAD_UPDATE";
    /// The result would not be a valid config.
    InvalidResult = 400 "INVALID_RESULT";
    /// Fewer than two proposals to combine.
    TooFew = 400 "TOO_FEW";
    /// The transient field that an argument names is not there.
    TransientMissing = 400 "TRANSIENT_MISSING";
    /// The transient field has another digest than the argument names.
    TransientMismatch = 400 "TRANSIENT_MISMATCH";
    /// A block or update of another channel.
    WrongChannel = 400 "WRONG_CHANNEL";

    /// The block is not the anchor that this server's operator mounted, and does not lead to or from it.
    AnchorMismatch = 403 "ANCHOR_MISMATCH";
    /// The call needs a trust anchor, and this server has none.
    AnchorRequired = 403 "ANCHOR_REQUIRED";
    /// The block's signatures do not satisfy BlockValidation of the previous config.
    BlockSignatures = 403 "BLOCK_SIGNATURES";
    /// The caller's certificate cannot be read, or is not of its MSP in the current config.
    CallerInvalid = 403 "CALLER_INVALID";
    /// The id is from the space of another member.
    IdReserved = 403 "ID_RESERVED";
    /// The caller does not satisfy the `Admins` policy of its own organisation.
    NotAdmin = 403 "NOT_ADMIN";
    /// This server's operator has not permitted to disown these sequences.
    NotDisowned = 403 "NOT_DISOWNED";
    /// The caller's organisation is not a member of the Application group.
    NotMember = 403 "NOT_MEMBER";
    /// The organisation is no orderer organisation, or a member, too, which speaks for itself.
    NotOrderer = 403 "NOT_ORDERER";
    /// The proposal belongs to another organisation, or to none any more.
    NotOwner = 403 "NOT_OWNER";
    /// The signer is in no policy that decides about this update.
    SignerNotConcerned = 403 "SIGNER_NOT_CONCERNED";
    /// The signer's certificate is not valid in its MSP.
    SignerInvalid = 403 "SIGNER_INVALID";
    /// The signer's MSP or certificate is not known in the current config.
    SignerUnknown = 403 "SIGNER_UNKNOWN";
    /// The signature is not over the bytes of this revision.
    SignatureInvalid = 403 "SIGNATURE_INVALID";
    /// The caller's MSP is not in the current config.
    UnknownOrganization = 403 "UNKNOWN_ORGANIZATION";
    /// No trust anchor, and the operator has not allowed to go without.
    Unanchored = 403 "UNANCHORED";

    /// No function of this name.
    UnknownFunction = 404 "UNKNOWN_FUNCTION";
    /// No proposal with this id.
    UnknownProposal = 404 "UNKNOWN_PROPOSAL";

    /// A source that another open combination of the organisation holds.
    AlreadyCombined = 409 "ALREADY_COMBINED";
    /// A config is there already.
    AlreadyInitialized = 409 "ALREADY_INITIALIZED";
    /// A sequence that the chain holds no entry for, since it starts later.
    BeforeCheckpoint = 409 "BEFORE_CHECKPOINT";
    /// The block's config is not the result of re-running its update.
    BlockNotSuccessor = 409 "BLOCK_NOT_SUCCESSOR";
    /// Settings that lack a contract capability which the members agreed on.
    CapabilityDropped = 409 "CAPABILITY_DROPPED";
    /// Levels that are raised in an order in which nodes would stop.
    CapabilityOrder = 409 "CAPABILITY_ORDER";
    /// Another config of a sequence that is known.
    ConfigFork = 409 "CONFIG_FORK";
    /// Blocks in between are missing.
    ConfigGap = 409 "CONFIG_GAP";
    /// The update would do something else than its intent.
    DifferentEffect = 409 "DIFFERENT_EFFECT";
    /// The proposal is still open.
    NotFinished = 409 "NOT_FINISHED";
    /// The id was used before.
    IdUsed = 409 "ID_USED";
    /// Intents that cannot be combined.
    IntentsConflict = 409 "INTENTS_CONFLICT";
    /// The MSP id exists with another definition.
    MspConflict = 409 "MSP_CONFLICT";
    /// The MSP id is a member already.
    MspExists = 409 "MSP_EXISTS";
    /// A recovery must go forward.
    NotNewer = 409 "NOT_NEWER";
    /// The config, or the settings, are like that already.
    NothingToChange = 409 "NOTHING_TO_CHANGE";
    /// The Application group has an organisation of this name.
    OrganizationExists = 409 "ORGANIZATION_EXISTS";
    /// The config was edited from one of another sequence.
    StaleConfig = 409 "STALE_CONFIG";
    /// The update was computed from another config.
    StaleUpdate = 409 "STALE_UPDATE";
    /// Another open proposal has these very bytes.
    UpdateTaken = 409 "UPDATE_TAKEN";
    /// The proposal's status does not allow this.
    WrongStatus = 409 "WRONG_STATUS";
    /// The proposal is of another kind than this is for.
    WrongKind = 409 "WRONG_KIND";
    /// A statement of an orderer organisation that is not the next one.
    WrongNumber = 409 "WRONG_NUMBER";
    /// The envelope carries other bytes than this revision's.
    WrongBytes = 409 "WRONG_BYTES";

    /// The channel requires capability levels that this build does not know.
    CapabilityUnsupported = 412 "CAPABILITY_UNSUPPORTED";
    /// The members agreed on contract capabilities that this build does not know.
    ContractCapability = 412 "CONTRACT_CAPABILITY";
    /// No config yet.
    NotInitialized = 412 "NOT_INITIALIZED";

    /// An argument above its limit.
    ArgumentTooLarge = 413 "ARGUMENT_TOO_LARGE";
    /// All arguments together above their limit.
    CallTooLarge = 413 "CALL_TOO_LARGE";
    /// A description above its limit.
    DescriptionTooLong = 413 "DESCRIPTION_TOO_LONG";
    /// The answer of an export above its limit.
    ExportTooLarge = 413 "EXPORT_TOO_LARGE";
    /// A signature header above its limit.
    HeaderTooLarge = 413 "HEADER_TOO_LARGE";
    /// The MSP id of who proposes, signs or rejects above its limit.
    MspIdTooLong = 413 "MSP_ID_TOO_LONG";
    /// A patch above its limits.
    PatchTooLarge = 413 "PATCH_TOO_LARGE";
    /// A proposal that alone is above a bound.
    ProposalTooLarge = 413 "PROPOSAL_TOO_LARGE";
    /// A reason above its limit.
    ReasonTooLong = 413 "REASON_TOO_LONG";
    /// More ids, blocks or signatures than one call may carry.
    TooMany = 413 "TOO_MANY";
    /// More bytes than one organisation may have open.
    TooManyBytes = 413 "TOO_MANY_BYTES";
    /// More proposals than one organisation may have open.
    TooManyOpen = 413 "TOO_MANY_OPEN";
    /// More signatures of one organisation on one revision than are kept.
    TooManySignatures = 413 "TOO_MANY_SIGNATURES";

    /// This server's trust anchor cannot be read.
    AnchorUnreadable = 500 "ANCHOR_UNREADABLE";
    /// An answer could not be written.
    Internal = 500 "INTERNAL";
    /// A value on the ledger is not one of ours.
    StateCorrupt = 500 "STATE_CORRUPT";
    /// The peer did not answer a state call.
    StateUnavailable = 500 "STATE_UNAVAILABLE";
}

impl Code {
    /// The refusal with this code. What callers gave may stand in its text, which is made safe to
    /// show.
    pub(crate) fn because(self, text: impl fmt::Display) -> ContractError {
        ContractError {
            code: self,
            text: safe(&text.to_string()),
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

/// A refused call: nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Code {}: {}: {text}", code.status(), code.symbol())]
pub struct ContractError {
    code: Code,
    text: String,
}

impl ContractError {
    /// Which refusal it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What was given, what was expected, what to do next.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The refusal with the sequence of the config that decided.
    pub(super) fn at(self, sequence: Sequence) -> Self {
        Self {
            text: format!("{}, on the config of sequence {sequence}", self.text),
            ..self
        }
    }

    /// The refusal as the peer gets it.
    #[must_use]
    pub fn response(&self) -> Response {
        Response {
            status: self.code.status(),
            message: self.to_string(),
            payload: Default::default(),
        }
    }
}

impl From<StubError> for ContractError {
    fn from(error: StubError) -> Self {
        Code::StateUnavailable.because(error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn symbols_are_unique_and_classes_are_known() {
        let symbols: BTreeSet<_> = Code::ALL.iter().map(|c| c.symbol()).collect();
        assert_eq!(symbols.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!([400, 403, 404, 409, 412, 413, 500].contains(&code.status()));
        }
    }

    #[test]
    fn a_refusal_reads_as_documented() {
        let error = Code::ConfigGap.because("block carries sequence 3, the head is at 1");
        assert_eq!(
            error.to_string(),
            "Code 409: CONFIG_GAP: block carries sequence 3, the head is at 1"
        );
        assert_eq!(error.response().status, 409);
    }
}
