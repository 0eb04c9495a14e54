//! Why an MSP, an identity or a signature is not accepted.

use std::fmt;

use crate::{capabilities::MspVersion, identity::role::Role, ids::MspId};

/// Why an MSP cannot be set up, an identity is not valid, or a principal is not satisfied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MspError {
    /// A cause, and the part of the MSP's definition that has it.
    #[error("{place}: {source}")]
    At {
        /// Where in the definition it is.
        place: Place,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// An administrator of an MSP with NodeOUs has neither the client nor the admin unit.
    #[error("administrator carries neither the client nor the admin organizational unit")]
    BadAdmin,
    /// What a PEM block holds is no certificate.
    #[error("malformed certificate: {0}")]
    BadCertificate(&'static str),
    /// A revocation list that does not parse.
    #[error("malformed revocation list")]
    BadCrl,
    /// The MSP names a hash function for identity ids that is not one.
    #[error("unknown identity hash function `{0}`")]
    BadHash(String),
    /// A NodeOU definition that its MSP version needs is missing or empty.
    #[error("node ou of role {0} is missing or empty")]
    BadNodeOus(Role),
    /// There is no PEM block.
    #[error("no pem block")]
    BadPem,
    /// The signature is malformed, high-S, or not of this key over this message.
    #[error("signature does not verify")]
    BadSignature,
    /// The certificate is a CA's.
    #[error("certificate of a ca cannot be an identity")]
    CaAsIdentity,
    /// A certificate of the chain is not valid at the time of the check.
    #[error(
        "`{subject}` is not valid one second after the start of the certificate that it certifies"
    )]
    CaValidity {
        /// The certificate that is not valid.
        subject: String,
    },
    /// The chain has only one certificate.
    #[error("chain has length 1, expected at least 2")]
    ChainLength,
    /// A certificate of the chain has a critical extension that nobody handles.
    #[error("`{subject}` has an unknown critical extension")]
    CriticalExtension {
        /// The subject of that certificate, most specific part first.
        subject: String,
    },
    /// A revocation list without authority key identifier makes every check of revocation fail.
    #[error("revocation list without authority key identifier")]
    CrlWithoutAki,
    /// The identity is not the one that the principal names.
    #[error("identity is not the one that the principal names")]
    DifferentIdentity,
    /// Certificate policies of the chain contradict each other.
    #[error("certificate policies of the chain are not valid")]
    InvalidPolicies,
    /// An identity of an idemix MSP, which this build cannot judge.
    #[error("msp `{0}` is of type idemix, whose identities are not supported")]
    IdemixIdentity(MspId),
    /// A key usage, or extended key usage, of the chain forbids what is needed.
    #[error("`{subject}` is not allowed to be used so by its key usage")]
    KeyUsage {
        /// The subject of the certificate.
        subject: String,
    },
    /// None of the certificate's organisational units is one that the MSP lists.
    #[error("no organizational unit of the certificate is one of the msp's")]
    MissingOu,
    /// A CA has no subject key identifier.
    #[error("ca certificate without subject key identifier")]
    MissingSki,
    /// More than one chain leads to a root.
    #[error("{0} chains to a root, expected one")]
    MultipleChains(usize),
    /// A name constraint of the chain forbids a name.
    #[error("name constraint of the chain: {0}")]
    NameConstraint(&'static str),
    /// The MSP has neither administrators nor an admin unit.
    #[error("no administrators and no admin organizational unit")]
    NoAdmins,
    /// The certificate has no organisational unit that gives it a role.
    #[error("no organizational unit gives a role")]
    NoNodeOu,
    /// The MSP has no root certificate.
    #[error("no root certificate")]
    NoRootCerts,
    /// A CA certificate that is not a CA's.
    #[error("not a ca certificate")]
    NotACa,
    /// The identity does not have the role that the principal asks for.
    #[error("identity is no {0} of its msp")]
    NotInRole(Role),
    /// A root that is not signed by itself.
    #[error("root certificate is not self-signed")]
    NotSelfSignedRoot,
    /// An organisational unit or its certifiers are not those that the principal asks for.
    #[error("identity is not in organizational unit `{0}`")]
    NotInUnit(String),
    /// A certificate that an organisational unit names is no CA of the MSP.
    #[error("certificate of the organizational unit is no ca of the msp")]
    OuCertUnknown,
    /// The MSP has an authority of the issuer's name, whose key did not sign.
    #[error("the msp has an authority named `{issuer}`, but with another key")]
    OtherKey {
        /// Its subject.
        issuer: String,
    },
    /// A unit that gives a role was certified by others than the MSP asks for.
    #[error("organizational unit `{0}` was certified by another ca")]
    OuCertifierMismatch(String),
    /// The issuer certifies other CAs, so it may not certify identities.
    #[error("issuer certifies intermediates of the msp")]
    ParentIsInternalCa,
    /// A CA certifies a longer path than it may.
    #[error("path below `{subject}` is longer than it allows")]
    PathLength {
        /// The subject of the CA.
        subject: String,
    },
    /// The certificate is revoked.
    #[error("certificate has been revoked")]
    Revoked,
    /// The certificate has several units that give a role.
    #[error("several organizational units give a role")]
    SeveralNodeOus,
    /// Too many certificates had to be tried to find the chains.
    #[error("too many signature checks in search of a chain")]
    SignatureLimit,
    /// The signing identity of the definition does not load.
    #[error("signing identity has no usable private key")]
    SigningIdentity,
    /// Bytes that are not the message they should be.
    #[error("undecodable {0}")]
    Undecodable(&'static str),
    /// No chain leads to a root.
    #[error("issuer `{issuer}` is no authority of the msp")]
    UnknownAuthority {
        /// The issuer that could not be found.
        issuer: String,
    },
    /// The MSP's signature hash family is none, so no signature verifies.
    #[error("unknown signature hash family `{0}`")]
    UnknownHashFamily(String),
    /// No MSP of the channel has this id.
    #[error("unknown msp `{0}`")]
    UnknownMsp(MspId),
    /// A key whose algorithm the MSP does not accept.
    #[error("unsupported public key algorithm")]
    UnsupportedKeyAlgorithm,
    /// An MSP type that does not exist, or not at this MSP version.
    #[error("unsupported msp type {0}")]
    UnsupportedMspType(i32),
    /// An idemix MSP, which channels of this MSP version do not take.
    #[error("msps of type idemix cannot be set up at msp version {0}: {why}", why = idemix_at(*.0))]
    UnsupportedIdemix(MspVersion),
    /// A principal that nobody can satisfy at this MSP version.
    #[error("principal that nobody satisfies")]
    UnsupportedPrincipal,
    /// The MSP is not the one that was asked for.
    #[error("identity belongs to msp `{found}`, not to `{expected}`")]
    WrongMspId {
        /// The MSP that was asked for.
        expected: MspId,
        /// The MSP that it is.
        found: MspId,
    },
}

/// A part of an MSP's definition; numbers count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A listed administrator, by its place in the list, from 0.
    Admin(usize),
    /// An intermediate CA.
    IntermediateCert(usize),
    /// The unit that gives a role.
    NodeOu(Role),
    /// An organisational unit identifier.
    OuIdentifier(usize),
    /// A revocation list, by its place in the list, from 0.
    RevocationList(usize),
    /// A root CA.
    RootCert(usize),
    /// The identity that an MSP signs with; seldom there in a channel's config.
    SigningIdentity,
    /// An intermediate CA for TLS.
    TlsIntermediateCert(usize),
    /// A root CA for TLS.
    TlsRootCert(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin(i) => write!(f, "admins[{i}]"),
            Self::IntermediateCert(i) => write!(f, "intermediate_certs[{i}]"),
            Self::NodeOu(role) => write!(f, "node ou {role}"),
            Self::OuIdentifier(i) => write!(f, "organizational_unit_identifiers[{i}]"),
            Self::RevocationList(i) => write!(f, "revocation_list[{i}]"),
            Self::RootCert(i) => write!(f, "root_certs[{i}]"),
            Self::SigningIdentity => f.write_str("signing_identity"),
            Self::TlsIntermediateCert(i) => write!(f, "tls_intermediate_certs[{i}]"),
            Self::TlsRootCert(i) => write!(f, "tls_root_certs[{i}]"),
        }
    }
}

/// What a channel says about idemix.
const fn idemix_at(version: MspVersion) -> &'static str {
    match version {
        MspVersion::V3_0 => "the channel capability V3_0 takes X.509 alone",
        _ => "the channel has none of the capabilities for it",
    }
}

impl MspError {
    /// The same error, with the part of the definition that has it.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self::At {
            place,
            source: Box::new(self),
        }
    }

    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.names().0
    }

    /// The reason class that the conformance vectors use for it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::At {
                place: Place::Admin(_),
                source,
            } if matches!(**source, Self::CaAsIdentity | Self::NotInRole(_)) => "bad_admin",
            other => other.names().1,
        }
    }

    fn names(&self) -> (&'static str, &'static str) {
        match self {
            // `at` wraps once, so this is no recursion over input
            Self::At { source, .. } => source.names(),
            Self::BadAdmin => ("MSP_BAD_ADMIN", "bad_admin"),
            Self::BadCertificate(_) => ("BAD_CERTIFICATE", "bad_certificate"),
            Self::BadCrl => ("BAD_REVOCATION_LIST", "bad_crl"),
            Self::BadHash(_) => ("UNKNOWN_IDENTITY_HASH", "bad_hash"),
            Self::BadNodeOus(_) => ("BAD_NODE_OUS", "bad_node_ous"),
            Self::BadPem => ("BAD_PEM", "bad_pem"),
            Self::BadSignature => ("BAD_SIGNATURE", "bad_signature"),
            Self::CaAsIdentity => ("CA_AS_IDENTITY", "ca_as_identity"),
            Self::CaValidity { .. } => ("CHAIN_VALIDITY", "ca_validity"),
            Self::ChainLength => ("CHAIN_LENGTH", "chain_length"),
            Self::CriticalExtension { .. } => ("CHAIN_CRITICAL_EXTENSION", "critical_extension"),
            Self::CrlWithoutAki => ("REVOCATION_LIST_WITHOUT_AKI", "crl_without_aki"),
            Self::DifferentIdentity => ("DIFFERENT_IDENTITY", "different_identity"),
            Self::IdemixIdentity(_) => ("IDEMIX_UNSUPPORTED", "unsupported_msp_type"),
            Self::InvalidPolicies => ("CHAIN_CERTIFICATE_POLICIES", "unknown_authority"),
            Self::KeyUsage { .. } => ("CHAIN_KEY_USAGE", "key_usage"),
            Self::MissingOu => ("MISSING_OU", "missing_ou"),
            Self::MissingSki => ("MISSING_SUBJECT_KEY_ID", "missing_ski"),
            Self::MultipleChains(_) => ("CHAIN_NOT_UNIQUE", "multiple_chains"),
            Self::NameConstraint(_) => ("CHAIN_NAME_CONSTRAINT", "name_constraint"),
            Self::NoAdmins => ("MSP_NO_ADMINS", "no_admins"),
            Self::NoNodeOu => ("NO_NODE_OU", "no_node_ou"),
            Self::NoRootCerts => ("MSP_NO_ROOT_CERTS", "no_root_certs"),
            Self::NotACa => ("NOT_A_CA", "not_a_ca"),
            Self::NotInRole(_) => ("WRONG_ROLE", "wrong_role"),
            Self::NotInUnit(_) => ("WRONG_OU", "wrong_ou"),
            Self::NotSelfSignedRoot => ("ROOT_NOT_SELF_SIGNED", "not_self_signed_root"),
            Self::OuCertUnknown => ("OU_CERTIFICATE_UNKNOWN", "ou_cert_unknown"),
            Self::OuCertifierMismatch(_) => ("OU_CERTIFIER_MISMATCH", "ou_certifier_mismatch"),
            Self::ParentIsInternalCa => ("CHAIN_PARENT_IS_INTERNAL_CA", "parent_is_internal_ca"),
            Self::PathLength { .. } => ("CHAIN_PATH_LENGTH", "path_length"),
            Self::Revoked => ("REVOKED", "revoked"),
            Self::SeveralNodeOus => ("SEVERAL_NODE_OUS", "several_node_ous"),
            Self::SignatureLimit => ("CHAIN_SIGNATURE_LIMIT", "unknown_authority"),
            Self::SigningIdentity => ("MSP_SIGNING_IDENTITY", "signing_identity"),
            Self::Undecodable(_) => ("UNDECODABLE", "undecodable"),
            Self::UnknownAuthority { .. } | Self::OtherKey { .. } => {
                ("CHAIN_UNKNOWN_AUTHORITY", "unknown_authority")
            }
            Self::UnknownHashFamily(_) => ("UNKNOWN_HASH_FAMILY", "bad_hash"),
            Self::UnknownMsp(_) => ("UNKNOWN_MSP", "wrong_msp_id"),
            Self::UnsupportedKeyAlgorithm => {
                ("UNSUPPORTED_KEY_ALGORITHM", "unsupported_key_algorithm")
            }
            Self::UnsupportedMspType(_) | Self::UnsupportedIdemix(_) => {
                ("UNSUPPORTED_MSP_TYPE", "unsupported_msp_type")
            }
            Self::UnsupportedPrincipal => ("UNSUPPORTED_PRINCIPAL", "unsupported_principal"),
            Self::WrongMspId { .. } => ("WRONG_MSP", "wrong_msp_id"),
        }
    }
}
