//! What an MSP's definition lists, for showing: whether it can be set up or not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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
    /// The uses of CAs: those that certify identities first.
    const CAS: [Self; 4] = [
        Self::Root,
        Self::Intermediate,
        Self::TlsRoot,
        Self::TlsIntermediate,
    ];

    /// Whether a CA of this use is above identities.
    const fn is_of_identities(self) -> bool {
        matches!(self, Self::Root | Self::Intermediate)
    }

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
#[derive(Clone, Debug)]
pub struct ListedCrl {
    /// SHA-256 of the bytes as they stand.
    pub digest: Digest,
    /// How many serial numbers it revokes; `None` where it does not parse.
    pub revoked: Option<usize>,
    list: Option<Arc<Crl>>,
}

/// Who signed a revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrlSigner {
    /// The CA of the definition with this subject.
    Ca {
        /// Its subject, most specific part first.
        subject: String,
        /// Whether it certifies identities; otherwise only CAs, or for TLS.
        certifies_identities: bool,
    },
    /// No CA of the definition: the list revokes nobody.
    Nobody,
    /// The list does not say whose it is: no identity of the MSP is valid.
    Unnamed,
    /// Not found out: the list does not parse, or there are too many.
    Unknown,
}

/// How many signatures on revocation lists are verified to show a definition.
const CRL_CHECKS: usize = 64;

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
            .map(|bytes| {
                let list = Crl::read(bytes).ok().map(Arc::new);
                ListedCrl {
                    digest: Digest::of(bytes),
                    revoked: list.as_ref().map(|list| list.revoked()),
                    list,
                }
            })
            .collect();
        definition.read_settings(&config)?;
        Ok(definition)
    }

    /// Who signed each of the revocation lists, in their order.
    // Fabric: msp/mspimplvalidate.go, validateCertAgainstChain
    #[must_use]
    pub fn crl_signers(&self) -> Vec<CrlSigner> {
        let issuers: BTreeSet<String> = (self.of(CertificateUse::Intermediate))
            .map(|ca| ca.issuer())
            .collect();
        let mut checks = 0usize;
        let lists = self.revocation_lists.iter();
        lists
            .map(|listed| {
                let Some(list) = &listed.list else {
                    return CrlSigner::Unknown;
                };
                if !list.has_authority_key_id() {
                    return CrlSigner::Unnamed;
                }
                for purpose in CertificateUse::CAS {
                    for ca in self.of(purpose).filter(|ca| list.names(ca)) {
                        checks = checks.saturating_add(1);
                        if checks > CRL_CHECKS {
                            return CrlSigner::Unknown;
                        }
                        if list.is_signed_by(ca) {
                            let subject = ca.subject();
                            return CrlSigner::Ca {
                                certifies_identities: purpose.is_of_identities()
                                    && !issuers.contains(&subject),
                                subject,
                            };
                        }
                    }
                }
                CrlSigner::Nobody
            })
            .collect()
    }

    /// The readable certificates of one use.
    fn of(&self, purpose: CertificateUse) -> impl Iterator<Item = &Certificate> {
        let listed = self.certificates.iter();
        listed
            .filter(move |listed| listed.purpose == purpose)
            .filter_map(|listed| listed.certificate.as_ref().ok())
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
