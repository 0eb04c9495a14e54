//! Principals: whom a policy asks for.

use std::fmt;

use bytes::Bytes;

use crate::{
    crypto::pem,
    identity::{
        certificate::Certificate,
        error::MspError,
        role::Role,
        wire::{SerializedIdentity, each, set_bytes, set_enum, set_text},
    },
    ids::{Digest, MspId},
};

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
    certificate_der: Option<Bytes>,
}

impl NamedIdentity {
    /// The MSP that it names.
    #[must_use]
    pub const fn msp_id(&self) -> &MspId {
        &self.msp_id
    }

    /// The serialized `msp.SerializedIdentity`.
    #[must_use]
    pub const fn serialized(&self) -> &Bytes {
        &self.serialized
    }

    /// What its first PEM block holds; `None` where it has none.
    pub(super) const fn certificate_der(&self) -> Option<&Bytes> {
        self.certificate_der.as_ref()
    }
}

/// Whom a rule of a policy asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// An identity with a role of an MSP.
    Role {
        /// The MSP that must know the identity.
        msp_id: MspId,
        /// What the identity must be in its organisation.
        role: Role,
    },
    /// A valid identity of an MSP with an organisational unit.
    OrganizationUnit {
        /// The MSP that must know the identity.
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
    Combined(Vec<Self>),
    /// What does not decode, or is of a class that nobody satisfies.
    Other {
        /// The class that the policy names.
        class: i32,
        /// What it carries.
        principal: Bytes,
    },
}

/// The class of combined principals.
const COMBINED: i32 = 4;

impl Principal {
    /// Reads a serialized `common.MSPPrincipal`. Total: what does not decode is a principal that
    /// nobody satisfies.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let Ok((class, principal)) = class_and_content(bytes) else {
            return Self::Other {
                class: -1,
                principal: Bytes::copy_from_slice(bytes),
            };
        };
        let parsed = if class == COMBINED {
            combined(principal)
        } else {
            simple(class, principal)
        };
        parsed.unwrap_or_else(|_| Self::Other {
            class,
            principal: Bytes::copy_from_slice(principal),
        })
    }

    /// The MSP that it names; of a combined one the first that any part names. `None` for anonymity
    /// and for what does not decode.
    #[must_use]
    pub fn msp_id(&self) -> Option<&MspId> {
        self.parts().iter().find_map(|part| match part {
            Self::Role { msp_id, .. } | Self::OrganizationUnit { msp_id, .. } => Some(msp_id),
            Self::Identity(named) => Some(&named.msp_id),
            Self::Combined(_) | Self::Anonymity(_) | Self::Other { .. } => None,
        })
    }
}

impl Principal {
    /// Whether everybody whom this asks for is whom the other asks for, as far as the two themselves
    /// tell: a role, a unit or a certificate makes a member, and everybody has a name.
    #[must_use]
    pub fn implies(&self, other: &Self) -> bool {
        other.parts().iter().all(|asked| {
            self.parts().iter().any(|given| {
                given == asked
                    || match asked {
                        Self::Role { msp_id, role } => {
                            *role == Role::Member && given.msp_id() == Some(msp_id)
                        }
                        Self::Anonymity(anonymity) => *anonymity == Anonymity::Nominal,
                        _ => false,
                    }
            })
        })
    }

    fn parts(&self) -> &[Self] {
        match self {
            Self::Combined(parts) => parts,
            one => std::slice::from_ref(one),
        }
    }
}

/// `Org1MSP.admin`, `Org1MSP ou engineering`, `Org1MSP identity CN=..`; parts of a combined one are
/// joined by `and`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { msp_id, role } => write!(f, "{msp_id}.{role}"),
            Self::OrganizationUnit { msp_id, unit, .. } => write!(f, "{msp_id} ou {unit}"),
            Self::Identity(named) => {
                let certificate = named.certificate_der.clone().map(Certificate::from_der);
                match certificate {
                    Some(Ok(certificate)) => {
                        write!(f, "{} identity {}", named.msp_id, certificate.subject())
                    }
                    _ => write!(
                        f,
                        "{} identity {}",
                        named.msp_id,
                        Digest::of(&named.serialized)
                    ),
                }
            }
            Self::Anonymity(Anonymity::Nominal) => f.write_str("any named identity"),
            Self::Anonymity(_) => f.write_str("anonymous identity"),
            Self::Combined(parts) => {
                // parts are not combined themselves, so this goes one level deep
                for (i, part) in parts.iter().enumerate() {
                    let and = if i == 0 { "" } else { " and " };
                    write!(f, "{and}{part}")?;
                }
                Ok(())
            }
            Self::Other { class, .. } => write!(f, "unknown principal of class {class}"),
        }
    }
}

fn class_and_content(bytes: &[u8]) -> Result<(i32, &[u8]), MspError> {
    let (mut class, mut principal) = (0, &[][..]);
    each(bytes, "principal", |field| {
        match field.number {
            1 => set_enum(&mut class, field),
            2 => set_bytes(&mut principal, field),
            _ => {}
        }
        Ok(())
    })?;
    Ok((class, principal))
}

/// Flattens a combined principal, however deep it is nested. An empty one, at any level, is
/// satisfied by nobody.
// Fabric: msp/mspimpl.go, collectPrincipals
fn combined(content: &[u8]) -> Result<Principal, MspError> {
    let mut parts = Vec::new();
    let mut open = vec![content];
    while let Some(content) = open.pop() {
        let mut inside = Vec::new();
        each(content, "combined principal", |field| {
            if field.number == 1 {
                inside.extend(field.bytes());
            }
            Ok(())
        })?;
        if inside.is_empty() {
            return Err(MspError::UnsupportedPrincipal);
        }
        for part in inside {
            let (class, principal) = class_and_content(part)?;
            if class == COMBINED {
                open.push(principal);
            } else {
                parts.push(simple(class, principal)?);
            }
        }
    }
    Ok(Principal::Combined(parts))
}

fn simple(class: i32, content: &[u8]) -> Result<Principal, MspError> {
    match class {
        0 => {
            let (mut msp_id, mut role) = ("", 0);
            each(content, "msp role", |field| {
                match field.number {
                    1 => set_text(&mut msp_id, field)?,
                    2 => set_enum(&mut role, field),
                    _ => {}
                }
                Ok(())
            })?;
            Ok(Principal::Role {
                msp_id: msp_id.into(),
                role: Role::from_number(role),
            })
        }
        1 => {
            let (mut msp_id, mut unit, mut certifiers) = ("", "", &[][..]);
            each(content, "organization unit", |field| {
                match field.number {
                    1 => set_text(&mut msp_id, field)?,
                    2 => set_text(&mut unit, field)?,
                    3 => set_bytes(&mut certifiers, field),
                    _ => {}
                }
                Ok(())
            })?;
            Ok(Principal::OrganizationUnit {
                msp_id: msp_id.into(),
                unit: unit.to_owned(),
                certifiers: Bytes::copy_from_slice(certifiers),
            })
        }
        2 => {
            let identity = SerializedIdentity::read(content)?;
            let block = pem::first_block(identity.id_bytes);
            Ok(Principal::Identity(NamedIdentity {
                msp_id: identity.msp_id.into(),
                serialized: Bytes::copy_from_slice(content),
                certificate_der: block.map(|block| block.content.into()),
            }))
        }
        3 => {
            let mut kind = 0;
            each(content, "identity anonymity", |field| {
                if field.number == 1 {
                    set_enum(&mut kind, field);
                }
                Ok(())
            })?;
            Ok(Principal::Anonymity(match kind {
                0 => Anonymity::Nominal,
                1 => Anonymity::Anonymous,
                other => Anonymity::Other(other),
            }))
        }
        _ => Err(MspError::UnsupportedPrincipal),
    }
}
