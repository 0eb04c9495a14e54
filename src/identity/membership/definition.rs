//! What an MSP's definition lists, for showing: whether it can be set up or not.

use std::collections::BTreeMap;

use crate::{
    identity::{
        certificate::Certificate,
        chain::Crl,
        error::MspError,
        wire::{
            CryptoConfig, FABRIC, FabricMspConfig, FabricNodeOus, IDEMIX, MspConfig, OuIdentifier,
        },
    },
    ids::{Digest, MspId},
};

use super::idemix;

/// An MSP's definition as it is written. Nothing is verified.
#[derive(Clone, Debug)]
pub struct MspDefinition {
    /// Its id; empty for types other than X.509 and idemix.
    pub id: MspId,
    /// The certificates, by use and then in the order of the definition.
    pub certificates: Vec<ListedCertificate>,
    /// The revocation lists, in the order of the definition.
    pub revocation_lists: Vec<ListedCrl>,
    /// SHA-256 of the DER form of the CA that alone certifies administrators, where the NodeOU names
    /// one.
    pub admin_ca: Option<Digest>,
    /// Everything else by name, as text: `type`, hashes, NodeOUs, organisational units.
    pub settings: BTreeMap<String, String>,
}

/// What a certificate of an MSP is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateUse {
    /// A root CA.
    Root,
    /// An intermediate CA.
    Intermediate,
    /// A certificate that the definition lists as an admin's.
    Admin,
    /// A root CA for TLS.
    TlsRoot,
    /// An intermediate CA for TLS.
    TlsIntermediate,
}

impl CertificateUse {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root ca",
            Self::Intermediate => "intermediate ca",
            Self::Admin => "admin",
            Self::TlsRoot => "tls root ca",
            Self::TlsIntermediate => "tls intermediate ca",
        }
    }
}

/// A certificate that an MSP lists.
#[derive(Clone, Debug)]
pub struct ListedCertificate {
    /// What it is for.
    pub purpose: CertificateUse,
    /// SHA-256 of its DER form; of the bytes as they stand where they are no certificate.
    pub fingerprint: Digest,
    /// The certificate, or why the bytes are none.
    pub certificate: Result<Certificate, MspError>,
}

/// A revocation list of the definition, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCrl {
    /// SHA-256 of the bytes as they stand.
    pub digest: Digest,
    /// How many serial numbers it revokes; `None` where it does not parse.
    pub revoked: Option<usize>,
}

impl MspDefinition {
    /// Reads a serialized `msp.MSPConfig`.
    ///
    /// # Errors
    /// [`MspError::Undecodable`].
    pub fn read(config: &[u8]) -> Result<Self, MspError> {
        let outer = MspConfig::read(config)?;
        let mut definition = Self {
            id: MspId::default(),
            certificates: Vec::new(),
            revocation_lists: Vec::new(),
            admin_ca: None,
            settings: BTreeMap::new(),
        };
        if outer.kind != FABRIC {
            let kind = match outer.kind {
                IDEMIX => {
                    definition.id = idemix::name(outer.config)?.into();
                    "idemix".to_owned()
                }
                other => format!("type {other}"),
            };
            definition.set("type", &kind);
            definition.set("definition", &Digest::of(outer.config).to_string());
            return Ok(definition);
        }
        let config = FabricMspConfig::read(outer.config)?;
        definition.id = config.name.into();
        for (purpose, list) in [
            (CertificateUse::Root, &config.root_certs),
            (CertificateUse::Intermediate, &config.intermediate_certs),
            (CertificateUse::Admin, &config.admins),
            (CertificateUse::TlsRoot, &config.tls_root_certs),
            (
                CertificateUse::TlsIntermediate,
                &config.tls_intermediate_certs,
            ),
        ] {
            let listed = list.iter().map(|pem| ListedCertificate::read(purpose, pem));
            definition.certificates.extend(listed);
        }
        definition.revocation_lists = (config.revocation_list.iter())
            .map(|list| ListedCrl {
                digest: Digest::of(list),
                revoked: Crl::read(list).ok().map(|crl| crl.revoked()),
            })
            .collect();
        definition.read_settings(&config)?;
        Ok(definition)
    }

    fn read_settings(&mut self, config: &FabricMspConfig<'_>) -> Result<(), MspError> {
        self.set("type", "x509");
        let crypto = config.crypto_config.as_deref().unwrap_or_default();
        let crypto = CryptoConfig::read(crypto)?;
        self.set("signature hash family", crypto.signature_hash_family);
        self.set(
            "identity hash function",
            crypto.identity_identifier_hash_function,
        );
        for (at, identifier) in config.organizational_unit_identifiers.iter().enumerate() {
            let text = unit(identifier)?;
            self.set(&format!("organizational unit {at:04}"), &text);
        }
        if let Some(signing) = &config.signing_identity {
            self.set("signing identity", &Digest::of(signing).to_string());
        }
        let Some(node_ous) = &config.node_ous else {
            return Ok(());
        };
        let node_ous = FabricNodeOus::read(node_ous)?;
        let enabled = if node_ous.enable { "on" } else { "off" };
        self.set("node ous", enabled);
        if let Some(admin) = &node_ous.admin {
            let admin = OuIdentifier::read(admin)?;
            self.admin_ca = (!admin.certificate.is_empty())
                .then(|| ListedCertificate::read(CertificateUse::Root, admin.certificate))
                .map(|ca| ca.fingerprint);
        }
        for (name, identifier) in [
            ("node ou client", &node_ous.client),
            ("node ou peer", &node_ous.peer),
            ("node ou admin", &node_ous.admin),
            ("node ou orderer", &node_ous.orderer),
        ] {
            if let Some(identifier) = identifier {
                let text = unit(identifier)?;
                self.set(name, &text);
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.settings.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl ListedCertificate {
    /// Reads a certificate as an MSP lists it.
    #[must_use]
    pub fn read(purpose: CertificateUse, pem: &[u8]) -> Self {
        let certificate = Certificate::from_pem(pem);
        let fingerprint = match &certificate {
            Ok(certificate) => Digest::of(certificate.der()),
            Err(_) => Digest::of(pem),
        };
        Self {
            purpose,
            fingerprint,
            certificate,
        }
    }
}

/// `admin`, or `admin, certified by 12ab..`.
fn unit(identifier: &[u8]) -> Result<String, MspError> {
    let identifier = OuIdentifier::read(identifier)?;
    if identifier.certificate.is_empty() {
        return Ok(identifier.unit.to_owned());
    }
    let ca = ListedCertificate::read(CertificateUse::Root, identifier.certificate);
    Ok(format!(
        "{}, certified by {}",
        identifier.unit, ca.fingerprint
    ))
}
