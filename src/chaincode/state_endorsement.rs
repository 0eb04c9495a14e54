//! Who must endorse the writes of one key.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    ids::MspId,
    policy::{PolicyError, parse_policy},
    proto::{
        scan::{self, Field, Fields, ScanError},
        write,
    },
};

/// A policy for one key: organisations that must **all** endorse its writes, each by a peer or by any
/// member. It is set with [`set_validation_parameter`](crate::stub::Stub::set_validation_parameter)
/// and takes the place of the chaincode's own policy for that key.
///
/// ```
/// use cmscc::chaincode::{EndorserRole, StateEndorsementPolicy};
///
/// let mut policy = StateEndorsementPolicy::default();
/// policy.add_organizations(EndorserRole::Peer, ["Org1MSP", "Org2MSP"]);
/// let bytes = policy.to_bytes();
/// assert_eq!(StateEndorsementPolicy::from_bytes(&bytes)?, policy);
/// # Ok::<(), cmscc::proto::scan::ScanError>(())
/// ```
///
/// Anything else, such as one of several organisations, is written as
/// [text](StateEndorsementPolicy::bytes_of_text).
// Fabric: fabric-chaincode-go, pkg/statebased
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateEndorsementPolicy {
    /// The number of the role that each has to endorse with.
    organizations: BTreeMap<MspId, u32>,
}

/// Who of an organisation endorses.
// Fabric: fabric-chaincode-go, pkg/statebased/interfaces.go, RoleType
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndorserRole {
    /// Any valid identity of the organisation.
    Member,
    /// A peer, by its NodeOU.
    Peer,
}

impl StateEndorsementPolicy {
    /// Reads a serialized `common.SignaturePolicyEnvelope`; no bytes are a policy without organisations.
    /// As in Go's shim only the roles that the policy names are taken over, **not its gates**: of
    /// `OR(..)` all become required when it is written again.
    ///
    /// # Errors
    /// [`ScanError`] where the bytes are no such message.
    // Fabric: fabric-chaincode-go, pkg/statebased/statebasedimpl.go, NewStateEP
    pub fn from_bytes(policy: &[u8]) -> Result<Self, ScanError> {
        let mut organizations = BTreeMap::new();
        each(policy, |field| {
            let Some(identity) = field.bytes().filter(|_| field.number == 3) else {
                return Ok(());
            };
            let (mut classification, mut principal) = (0, &[][..]);
            each(identity, |field| {
                match field.number {
                    1 => classification = field.varint().map_or(classification, scan::int32),
                    2 => principal = field.bytes().unwrap_or(principal),
                    _ => {}
                }
                Ok(())
            })?;
            // an organisation's role; other principals are passed over
            if classification != 0 {
                return Ok(());
            }
            let (mut msp_id, mut role) = ("", 0);
            each(principal, |field| {
                match field.number {
                    1 => msp_id = field.text()?.unwrap_or(msp_id),
                    2 => role = field.varint().map_or(role, scan::uint32),
                    _ => {}
                }
                Ok(())
            })?;
            organizations.insert(msp_id.into(), role);
            Ok(())
        })?;
        Ok(Self { organizations })
    }

    /// A policy in Fabric's language, such as `OR('Org1MSP.peer', 'Org2MSP.peer')`, as the bytes that a
    /// key's policy is set to.
    ///
    /// # Errors
    /// As [`parse_policy`].
    pub fn bytes_of_text(text: &str) -> Result<Bytes, PolicyError> {
        parse_policy(text).map(Bytes::from)
    }

    /// Adds organisations that must endorse with this role; of those that are there already the role
    /// changes.
    // Fabric: fabric-chaincode-go, pkg/statebased/statebasedimpl.go, AddOrgs
    pub fn add_organizations<I>(&mut self, role: EndorserRole, organizations: I)
    where
        I: IntoIterator<Item: Into<MspId>>,
    {
        let role = match role {
            EndorserRole::Member => MEMBER,
            EndorserRole::Peer => PEER,
        };
        let organizations = organizations.into_iter();
        (self.organizations).extend(organizations.map(|msp_id| (msp_id.into(), role)));
    }

    /// Takes organisations out.
    // Fabric: fabric-chaincode-go, pkg/statebased/statebasedimpl.go, DelOrgs
    pub fn remove_organizations<I>(&mut self, organizations: I)
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        for msp_id in organizations {
            self.organizations.remove(msp_id.as_ref());
        }
    }

    /// Those that must endorse, in the order of their MSP ids.
    // Fabric: fabric-chaincode-go, pkg/statebased/statebasedimpl.go, ListOrgs
    pub fn organizations(&self) -> impl Iterator<Item = &MspId> {
        self.organizations.keys()
    }

    /// The serialized `common.SignaturePolicyEnvelope`, the same bytes that Go's shim makes. A policy
    /// without organisations is one that everything satisfies.
    // Fabric: fabric-chaincode-go, pkg/statebased/statebasedimpl.go, Policy
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let (mut gate, mut identities) = (Vec::new(), Vec::new());
        let count = u64::try_from(self.organizations.len()).unwrap_or(u64::MAX);
        write::uint(&mut gate, 1, count);
        for (number, (msp_id, role)) in (0..).zip(&self.organizations) {
            // a member of a oneof is written even when it is 0
            let mut signed_by = vec![8];
            write::varint(&mut signed_by, number);
            write::message(&mut gate, 2, &signed_by);
            let (mut of, mut principal) = (Vec::new(), Vec::new());
            write::bytes(&mut of, 1, msp_id.as_str().as_bytes());
            write::uint(&mut of, 2, u64::from(*role));
            write::bytes(&mut principal, 2, &of);
            write::message(&mut identities, 3, &principal);
        }
        let (mut rule, mut envelope) = (Vec::new(), Vec::new());
        write::message(&mut rule, 2, &gate);
        write::message(&mut envelope, 2, &rule);
        envelope.extend(identities);
        envelope.into()
    }
}

// Fabric: fabric-protos, msp/msp_principal.proto, MSPRole.MSPRoleType
const MEMBER: u32 = 0;
const PEER: u32 = 3;

fn each<'a>(
    message: &'a [u8],
    mut take: impl FnMut(Field<'a>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        take(field)?;
    }
    Ok(())
}
