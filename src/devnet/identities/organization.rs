//! The organisations of a development network and what the channel config says of them.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use super::{
    ca::{Authority, CertificateRole, IssuedIdentity, TlsCertificate},
    msp::MspFolder,
    node::NodeMspFiles,
};
use crate::{capabilities::MspVersion, devnet::error::DevnetError, identity::Msp, ids::MspId};

/// The authorities of an organisation.
#[derive(Debug)]
pub(in crate::devnet) struct Authorities {
    /// Of its identities.
    pub(in crate::devnet) ca: Authority,
    /// Of its TLS certificates.
    pub(in crate::devnet) tls_ca: Authority,
}

/// An organisation with a peer: its authorities and one identity of each kind.
#[derive(Debug)]
pub struct Organization {
    name: String,
    domain: String,
    authorities: Authorities,
    msp: MspFolder,
    admin: IssuedIdentity,
    client: IssuedIdentity,
    agent: IssuedIdentity,
    /// Another one after it was renewed.
    peer: RwLock<Arc<IssuedIdentity>>,
    /// The MSP that its peer goes by where no channel says it; another one after it was renewed.
    own: RwLock<Bytes>,
    tls: TlsCertificate,
}

impl Organization {
    /// Makes an organisation: `Org1` has the MSP id `Org1MSP` and the domain `org1.example.com`.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`], [`DevnetError::Randomness`] where the system gives none.
    pub fn generate(name: &str) -> Result<Self, DevnetError> {
        let domain = format!("{}.example.com", name.to_lowercase());
        let msp_id = MspId::new(format!("{name}MSP"));
        let ca = Authority::generate("ca", &domain)?;
        let tls_ca = Authority::generate("tlsca", &domain)?;
        let issue = |user: &str, role| ca.issue_identity(&msp_id, user, role);
        let msp = MspFolder::new(&msp_id, ca.certificate_pem(), tls_ca.certificate_pem());
        Ok(Self {
            admin: issue(&format!("Admin@{domain}"), CertificateRole::Admin)?,
            client: issue(&format!("User1@{domain}"), CertificateRole::Client)?,
            agent: issue(&format!("agent@{domain}"), CertificateRole::Client)?,
            peer: RwLock::new(Arc::new(issue(
                &format!("peer0.{domain}"),
                CertificateRole::Peer,
            )?)),
            tls: tls_ca.issue_tls(&format!("peer0.{domain}"))?,
            own: RwLock::new(msp.config.clone()),
            msp,
            authorities: Authorities { ca, tls_ca },
            name: name.to_owned(),
            domain,
        })
    }

    /// The name for people, such as `Org1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The domain, such as `org1.example.com`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The MSP id, which is also the name of its group in the channel config.
    #[must_use]
    pub const fn msp_id(&self) -> &MspId {
        &self.msp.id
    }

    /// The organisation's public half, for the channel config.
    #[must_use]
    pub(in crate::devnet) const fn msp(&self) -> &MspFolder {
        &self.msp
    }

    /// Its authorities.
    #[must_use]
    pub(in crate::devnet) const fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Who signs for it: an identity with the role admin.
    #[must_use]
    pub const fn admin(&self) -> &IssuedIdentity {
        &self.admin
    }

    /// An ordinary user of it.
    #[must_use]
    pub const fn client(&self) -> &IssuedIdentity {
        &self.client
    }

    /// A program of it that may read and submit: a client, too.
    #[must_use]
    pub const fn agent(&self) -> &IssuedIdentity {
        &self.agent
    }

    /// What its peer shows those who connect.
    #[must_use]
    pub(in crate::devnet) const fn tls(&self) -> &TlsCertificate {
        &self.tls
    }

    /// Who endorses for it: an identity with the role peer.
    #[must_use]
    pub fn peer(&self) -> Arc<IssuedIdentity> {
        let peer = self.peer.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&peer)
    }

    /// The serialized `msp.MSPConfig` that its peer goes by where no channel says it.
    pub(in crate::devnet) fn own_msp(&self) -> Bytes {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        own.clone()
    }

    /// Gives its peer what now stands in its MSP folder, as an operator does who has changed that.
    ///
    /// # Errors
    /// [`DevnetError::Build`] where certificate and key cannot be read or do not belong together, and where
    /// the folder is no MSP: a peer does not start with it.
    pub fn renew_peer(&self, files: &NodeMspFiles) -> Result<(), DevnetError> {
        let common_name = format!("peer0.{}", self.domain);
        let (certificate, key) = (&files.certificate_pem, &files.key_pem);
        let renewed = IssuedIdentity::given(self.msp_id(), &common_name, certificate, key)?;
        let own = files.msp(&self.msp);
        Msp::setup(&own, MspVersion::V1_4_3).map_err(DevnetError::build)?;
        *self.peer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = own;
        Ok(())
    }
}

/// The domain of the organisation that orders.
pub(in crate::devnet) const ORDERER_DOMAIN: &str = "example.com";

/// The organisation that orders.
#[derive(Debug)]
pub(in crate::devnet) struct OrdererOrganization {
    authorities: Authorities,
    msp: MspFolder,
    admin: IssuedIdentity,
    orderer: IssuedIdentity,
    tls: TlsCertificate,
}

impl OrdererOrganization {
    /// Makes `OrdererMSP` of `example.com`.
    ///
    /// # Errors
    /// [`DevnetError::Certificate`], [`DevnetError::Randomness`] where the system gives none.
    pub(in crate::devnet) fn generate() -> Result<Self, DevnetError> {
        let domain = ORDERER_DOMAIN;
        let msp_id = MspId::new("OrdererMSP");
        let ca = Authority::generate("ca", domain)?;
        let tls_ca = Authority::generate("tlsca", domain)?;
        let host = format!("orderer.{domain}");
        Ok(Self {
            admin: ca.issue_identity(
                &msp_id,
                &format!("Admin@{domain}"),
                CertificateRole::Admin,
            )?,
            orderer: ca.issue_identity(&msp_id, &host, CertificateRole::Orderer)?,
            tls: tls_ca.issue_tls(&host)?,
            msp: MspFolder::new(&msp_id, ca.certificate_pem(), tls_ca.certificate_pem()),
            authorities: Authorities { ca, tls_ca },
        })
    }

    /// Its authorities.
    #[must_use]
    pub(in crate::devnet) const fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// The organisation's public half, for the channel config.
    #[must_use]
    pub(in crate::devnet) const fn msp(&self) -> &MspFolder {
        &self.msp
    }

    /// Who signs for it: an identity with the role admin.
    #[must_use]
    pub(in crate::devnet) const fn admin(&self) -> &IssuedIdentity {
        &self.admin
    }

    /// The ordering node's identity; signs blocks.
    #[must_use]
    pub(in crate::devnet) const fn orderer(&self) -> &IssuedIdentity {
        &self.orderer
    }

    /// The ordering node's TLS certificate, which names it as a consenter.
    #[must_use]
    pub(in crate::devnet) const fn tls(&self) -> &TlsCertificate {
        &self.tls
    }
}
