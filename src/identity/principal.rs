//! Principals: whom a policy asks for.

use std::fmt;

use bytes::Bytes;

use crate::ids::MspId;

/// A role that an MSP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Any valid identity.
    Member,
    /// An administrator.
    Admin,
    /// A client, by its NodeOU.
    Client,
    /// A peer, by its NodeOU.
    Peer,
    /// An orderer, by its NodeOU.
    Orderer,
    /// A number that names no role; nobody has it.
    Other(i32),
}

/// How much an anonymity principal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anonymity {
    /// A named identity: every X.509 identity is one.
    Nominal,
    /// An anonymous identity: no X.509 identity is one.
    Anonymous,
    /// A number that names no kind; nobody satisfies it.
    Other(i32),
}

/// An identity principal: one certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedIdentity {
    msp_id: MspId,
    serialized: Bytes,
}

/// Whom a rule of a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// An identity with a role of an MSP.
    Role {
        /// The MSP.
        msp_id: MspId,
        /// The role.
        role: Role,
    },
    /// A valid identity of an MSP with an organisational unit.
    OrganizationUnit {
        /// The MSP.
        msp_id: MspId,
        /// The organisational unit of the certificate's subject.
        unit: String,
        /// The hash over the chain of certificates that issued it.
        certifiers: Bytes,
    },
    /// One certificate.
    Identity(NamedIdentity),
    /// An identity by its anonymity.
    Anonymity(Anonymity),
    /// All of these, which are never combined ones themselves; never empty.
    Combined(Vec<Principal>),
    /// What does not decode, or is of a class that nobody satisfies.
    Other {
        /// The class that the policy names.
        class: i32,
        /// What it carries.
        principal: Bytes,
    },
}

impl Principal {
    /// Reads a serialized `common.MSPPrincipal`. Total: what does not decode is a principal that
    /// nobody satisfies.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let _ = bytes;
        todo!()
    }

    /// The MSP that it names; of a combined one the first that any part names. `None` for anonymity
    /// and for what does not decode.
    #[must_use]
    pub fn msp_id(&self) -> Option<&MspId> {
        todo!()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
