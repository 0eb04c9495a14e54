//! Roles: what an identity may be in its organisation.

use std::fmt;

/// A role that an MSP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Any valid identity.
    Member,
    /// A valid identity of the MSP that its NodeOUs, or its list, make an admin.
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

impl Role {
    /// The role with this number in `MSPRole.MSPRoleType`.
    pub(super) const fn from_number(number: i32) -> Self {
        match number {
            0 => Self::Member,
            1 => Self::Admin,
            2 => Self::Client,
            3 => Self::Peer,
            4 => Self::Orderer,
            other => Self::Other(other),
        }
    }
}

/// As Fabric's policy language spells them.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member => f.write_str("member"),
            Self::Admin => f.write_str("admin"),
            Self::Client => f.write_str("client"),
            Self::Peer => f.write_str("peer"),
            Self::Orderer => f.write_str("orderer"),
            Self::Other(number) => write!(f, "role{number}"),
        }
    }
}
