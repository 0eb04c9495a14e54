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

use super::{idemix, known::KnownIdentities, setup, x509_msp::X509Msp};

/// An organisation's MSP. Immutable; shared as `Arc<Msp>`.
#[derive(Debug)]
pub struct Msp {
    id: MspId,
    config: Bytes,
    version: MspVersion,
    kind: MspKind,
    known: KnownIdentities,
    digest: OnceLock<Digest>,
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

    /// Whether somebody could have a role: an administrator is listed and valid, or a NodeOU gives
    /// the role. Idemix identities are clients, and their credentials make some administrators.
    // IBM/idemix: idemixmsp.go, satisfiesPrincipalValidated
    #[must_use]
    pub fn can_have(&self, role: Role) -> bool {
        let Ok(msp) = self.x509() else {
            return matches!(role, Role::Member | Role::Admin | Role::Client);
        };
        match role {
            Role::Member => true,
            Role::Admin => msp.node_ous.enabled_unit(role).is_some() || msp.has_listed_admin(),
            Role::Client | Role::Peer | Role::Orderer => msp.node_ous.enabled_unit(role).is_some(),
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
