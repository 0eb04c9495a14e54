//! An MSP: an organisation's definition, set up and ready to judge identities.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::{
    capabilities::MspVersion,
    identity::{
        certificate::Certificate,
        error::MspError,
        role::Role,
        wire::{FABRIC, IDEMIX, MspConfig},
    },
    ids::{Digest, MspId},
};

use super::{
    idemix,
    issuers::{IssuingCa, issuing_cas},
    known::KnownIdentities,
    setup,
    x509_msp::X509Msp,
};

/// An organisation's MSP. Immutable; shared as `Arc<Msp>`.
#[derive(Debug)]
pub struct Msp {
    id: MspId,
    config: Bytes,
    version: MspVersion,
    kind: MspKind,
    known: KnownIdentities,
    digest: OnceLock<Digest>,
    issuing_cas: OnceLock<Vec<IssuingCa>>,
}

#[derive(Debug)]
enum MspKind {
    Idemix,
    X509(Box<X509Msp>),
}

impl Msp {
    /// Sets up an MSP as Fabric does for a channel, from a serialized `msp.MSPConfig`.
    ///
    /// # Errors
    /// The first rule that the definition breaks, in Fabric's order.
    // Fabric: common/channelconfig/msp.go, ProposeMSP
    pub fn setup(config: &[u8], version: MspVersion) -> Result<Self, MspError> {
        let outer = MspConfig::read(config)?;
        let (id, kind) = match outer.kind {
            FABRIC => {
                let (id, x509) = setup::x509(outer.config, version)?;
                (id, MspKind::X509(Box::new(x509)))
            }
            IDEMIX => (idemix::setup(outer.config, version)?, MspKind::Idemix),
            other => return Err(MspError::UnsupportedMspType(other)),
        };
        Ok(Self {
            id,
            config: Bytes::copy_from_slice(config),
            version,
            kind,
            known: KnownIdentities::default(),
            digest: OnceLock::new(),
            issuing_cas: OnceLock::new(),
        })
    }

    /// Its id, which may be empty.
    #[must_use]
    pub const fn id(&self) -> &MspId {
        &self.id
    }

    /// The serialized `msp.MSPConfig` that it was set up from.
    #[must_use]
    pub fn config(&self) -> &[u8] {
        &self.config
    }

    /// The version whose rules it follows.
    #[must_use]
    pub const fn version(&self) -> MspVersion {
        self.version
    }

    /// A digest over all that it was set up from: definition and version.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.digest.get_or_init(|| {
            // its place in the order of versions is a number that fits
            let version = self.version as u8;
            Digest::of_parts([&[version][..], self.config()])
        })
    }

    /// Whether it is of type idemix: nobody can be told to belong to it.
    #[must_use]
    pub const fn is_idemix(&self) -> bool {
        matches!(self.kind, MspKind::Idemix)
    }

    /// Whether one of its CAs, administrators or its signer has an Ed25519 key, which Fabric 2.5
    /// cannot load. CAs for TLS do not count.
    #[must_use]
    pub fn has_ed25519(&self) -> bool {
        self.x509().is_ok_and(|x509| x509.has_ed25519)
    }

    /// The CAs for TLS, roots and intermediates.
    #[must_use]
    pub fn tls(&self) -> (&[Certificate], &[Certificate]) {
        match &self.kind {
            MspKind::Idemix => (&[], &[]),
            MspKind::X509(x509) => (&x509.tls_roots, &x509.tls_intermediates),
        }
    }

    /// The CAs that certify its identities, and what those could be; none of an idemix MSP.
    #[must_use]
    pub fn issuing_cas(&self) -> &[IssuingCa] {
        self.issuing_cas.get_or_init(|| match &self.kind {
            MspKind::Idemix => Vec::new(),
            MspKind::X509(msp) => issuing_cas(msp),
        })
    }

    /// The unit by which its NodeOUs give a role; `None` where they do not.
    #[must_use]
    pub fn role_unit(&self, role: Role) -> Option<&str> {
        self.x509().ok()?.node_ous.enabled_unit(role)
    }

    /// The organisational units that it lists, ascending: where there are any, an identity must have
    /// one of them.
    pub fn listed_units(&self) -> impl Iterator<Item = &str> {
        let msp = self.x509().ok();
        msp.into_iter()
            .flat_map(|msp| msp.units.keys().map(String::as_str))
    }

    /// Why nobody can be valid in it, whoever comes; `None` where somebody can. Of several reasons the
    /// one of its first CA.
    #[must_use]
    pub fn nobody_valid(&self) -> Option<&MspError> {
        let cas = self.issuing_cas();
        match cas.iter().all(|ca| ca.barred.is_some()) {
            true => cas.first()?.barred.as_ref(),
            false => None,
        }
    }

    /// Whether somebody could have a role: an administrator is listed, or a NodeOU gives the role to
    /// whom one of its CAs certifies. Who is listed need not be valid. Idemix identities are clients,
    /// and their credentials make some administrators.
    // Fabric: msp/mspimpl.go, isInAdmins; IBM/idemix: idemixmsp.go, satisfiesPrincipalValidated
    #[must_use]
    pub fn can_have(&self, role: Role) -> bool {
        let Ok(msp) = self.x509() else {
            return matches!(role, Role::Member | Role::Admin | Role::Client);
        };
        let by_unit = || self.issuing_cas().iter().any(|ca| ca.roles.contains(&role));
        match role {
            Role::Member => self.nobody_valid().is_none(),
            Role::Admin => !msp.admins.is_empty() || by_unit(),
            Role::Client | Role::Peer | Role::Orderer => by_unit(),
            Role::Other(_) => false,
        }
    }

    /// The identities that it has read before.
    pub(in crate::identity) const fn known(&self) -> &KnownIdentities {
        &self.known
    }

    /// Its X.509 definition.
    ///
    /// # Errors
    /// [`MspError::IdemixIdentity`].
    pub(in crate::identity) fn x509(&self) -> Result<&X509Msp, MspError> {
        match &self.kind {
            MspKind::Idemix => Err(MspError::IdemixIdentity(self.id.clone())),
            MspKind::X509(x509) => Ok(x509),
        }
    }
}
