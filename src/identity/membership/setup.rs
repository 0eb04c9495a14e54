//! Setting up an X.509 MSP: Fabric's checks in Fabric's order.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    capabilities::MspVersion,
    crypto::{
        HashFunction,
        der::{Reader, tag},
        pem,
        signature::PublicKey,
    },
    identity::{
        certificate::Certificate,
        chain::{Crl, TrustPool, normalise},
        error::{MspError, Place},
        role::Role,
        wire::{self, CryptoConfig, FabricMspConfig, OuIdentifier, SigningIdentity},
    },
    ids::MspId,
};

use super::{
    node_ous::{NodeOu, NodeOus},
    x509_msp::{Member, X509Msp},
};

/// Sets up an MSP from a serialized `msp.FabricMSPConfig`.
// Fabric: msp/mspimplsetup.go, setupV1, setupV11, setupV142, setupV3
pub(in crate::identity) fn x509(
    config: &[u8],
    version: MspVersion,
) -> Result<(MspId, X509Msp), MspError> {
    let config = FabricMspConfig::read(config)?;
    config.check_inside()?;
    let mut msp = authorities(&config, version)?;
    let modern = version >= MspVersion::V1_4_3;
    let mut admins = Vec::new();
    if !modern {
        admins = msp.load_admins(&config)?;
    }
    msp.crls = each(&config.revocation_list, Place::RevocationList, |crl| {
        Crl::read(crl)
    })?;
    msp.check_authorities()?;
    let signer = msp
        .check_signing_identity(&config)
        .map_err(|why| why.at(Place::SigningIdentity))?;
    msp.set_tls_authorities(&config)?;
    msp.set_units(&config)?;
    msp.set_node_ous(&config)?;
    if modern {
        admins = msp.load_admins(&config)?;
        if admins.is_empty() && msp.node_ous.enabled_unit(Role::Admin).is_none() {
            return Err(MspError::NoAdmins);
        }
    }
    msp.check_admins(&admins)?;
    let mut members = admins.iter().chain(&signer);
    msp.has_ed25519 |= members.any(|member| is_ed25519(&member.certificate));
    let encodings = admins.iter().map(|admin| admin.certificate.der().clone());
    msp.admins = encodings.collect();
    Ok((MspId::from(config.name), msp))
}

/// Loads the CAs. They are compared and pooled in normalised form, and to normalise them takes a pool.
// Fabric: msp/mspimplsetup.go, setupCrypto, setupCAs
fn authorities(config: &FabricMspConfig<'_>, version: MspVersion) -> Result<X509Msp, MspError> {
    if config.root_certs.is_empty() {
        return Err(MspError::NoRootCerts);
    }
    let roots = each(&config.root_certs, Place::RootCert, |pem| {
        Certificate::from_pem(pem)
    })?;
    let intermediates = each(&config.intermediate_certs, Place::IntermediateCert, |pem| {
        Certificate::from_pem(pem)
    })?;
    let crypto = config.crypto_config.as_deref().unwrap_or_default();
    let crypto = CryptoConfig::read(crypto)?;
    let hash = crypto.identity_identifier_hash_function;
    let family = crypto.signature_hash_family;
    let mut msp = X509Msp {
        version,
        signature_hash: HashFunction::for_signatures(family).ok_or_else(|| family.to_owned()),
        identity_hash: HashFunction::for_identities(hash)
            .ok_or_else(|| MspError::BadHash(hash.to_owned()))?,
        has_ed25519: roots.iter().chain(&intermediates).any(is_ed25519),
        trust: TrustPool::new(roots.iter().cloned(), intermediates.iter().cloned()),
        roots: Vec::new(),
        intermediates: Vec::new(),
        internal: BTreeSet::new(),
        crls: Vec::new(),
        units: BTreeMap::new(),
        node_ous: NodeOus::default(),
        admins: BTreeSet::new(),
        tls_roots: Vec::new(),
        tls_intermediates: Vec::new(),
    };
    let load = |certificate: &Certificate| msp.member(certificate).map(|m| m.certificate);
    let normal_roots = each(&roots, Place::RootCert, load)?;
    let normal_intermediates = each(&intermediates, Place::IntermediateCert, load)?;
    if normal_roots != roots || normal_intermediates != intermediates {
        msp.trust = TrustPool::new(
            normal_roots.iter().cloned(),
            normal_intermediates.iter().cloned(),
        );
    }
    msp.roots = normal_roots;
    msp.intermediates = normal_intermediates;
    Ok(msp)
}

fn is_ed25519(certificate: &Certificate) -> bool {
    matches!(certificate.key(), PublicKey::Ed25519(_))
}

impl X509Msp {
    fn load_admins(&self, config: &FabricMspConfig<'_>) -> Result<Vec<Member>, MspError> {
        each(&config.admins, Place::Admin, |pem| {
            self.member(&Certificate::from_pem(pem)?)
        })
    }

    /// Checks the CAs, and notes those that certify others.
    // Fabric: msp/mspimplsetup.go, finalizeSetupCAs
    fn check_authorities(&mut self) -> Result<(), MspError> {
        let check = |certificate: &Certificate| self.check_authority(certificate, &self.trust);
        each(&self.roots, Place::RootCert, check)?;
        let chains = each(&self.intermediates, Place::IntermediateCert, check)?;
        let issuers = chains.iter().flat_map(|chain| chain.iter().skip(1));
        self.internal = issuers.map(|issuer| issuer.der().clone()).collect();
        Ok(())
    }

    // Fabric: msp/mspimplvalidate.go, validateCAIdentity, validateTLSCAIdentity
    fn check_authority(
        &self,
        certificate: &Certificate,
        trust: &TrustPool,
    ) -> Result<Vec<Certificate>, MspError> {
        if !certificate.is_ca() {
            return Err(MspError::NotACa);
        }
        if certificate.extensions().subject_key_id.is_none() {
            return Err(MspError::MissingSki);
        }
        let chain = trust.unique_chain(certificate)?;
        if let [_, issuers @ ..] = &*chain
            && !issuers.is_empty()
        {
            self.check_not_revoked(certificate, issuers)?;
        }
        Ok(chain)
    }

    /// A signing identity must have its private key with it.
    ///
    /// Differs from Fabric: whether its certificate has expired is not asked, since that depends on the
    /// wall clock.
    // Fabric: msp/mspimplsetup.go, setupSigningIdentity
    fn check_signing_identity(
        &self,
        config: &FabricMspConfig<'_>,
    ) -> Result<Option<Member>, MspError> {
        let Some(info) = &config.signing_identity else {
            return Ok(None);
        };
        let info = SigningIdentity::read(info)?;
        let signer = self.member(&Certificate::from_pem(info.public_signer)?)?;
        let key = pem::first_block(info.key_material()?);
        if key.is_some_and(|key| is_ec_private_key(&key.content)) {
            Ok(Some(signer))
        } else {
            Err(MspError::SigningIdentity)
        }
    }

    /// Checks the CAs for TLS. They are not normalised; the revocation lists apply to them too.
    // Fabric: msp/mspimplsetup.go, setupTLSCAs
    fn set_tls_authorities(&mut self, config: &FabricMspConfig<'_>) -> Result<(), MspError> {
        let roots = each(&config.tls_root_certs, Place::TlsRootCert, |pem| {
            Certificate::from_pem(pem)
        })?;
        let intermediates = &config.tls_intermediate_certs;
        let intermediates = each(intermediates, Place::TlsIntermediateCert, |pem| {
            Certificate::from_pem(pem)
        })?;
        let trust = TrustPool::new(roots.iter().cloned(), intermediates.iter().cloned());
        let check = |certificate: &Certificate| self.check_authority(certificate, &trust);
        each(&roots, Place::TlsRootCert, check)?;
        each(&intermediates, Place::TlsIntermediateCert, check)?;
        self.tls_roots = roots;
        self.tls_intermediates = intermediates;
        Ok(())
    }

    // Fabric: msp/mspimplsetup.go, setupOUs
    fn set_units(&mut self, config: &FabricMspConfig<'_>) -> Result<(), MspError> {
        let read = each(
            &config.organizational_unit_identifiers,
            Place::OuIdentifier,
            |bytes| {
                let identifier = OuIdentifier::read(bytes)?;
                let certifiers = self.certifiers_of_unit(identifier.certificate, config)?;
                Ok((identifier.unit.to_owned(), certifiers))
            },
        )?;
        for (unit, certifiers) in read {
            let known = self.units.entry(unit).or_default();
            if !known.contains(&certifiers) {
                known.push(certifiers);
            }
        }
        Ok(())
    }

    /// The identifier of certifiers for a CA that an organisational unit names.
    // Fabric: msp/mspimplsetup.go, getCertifiersIdentifier
    fn certifiers_of_unit(
        &self,
        pem: &[u8],
        config: &FabricMspConfig<'_>,
    ) -> Result<Vec<u8>, MspError> {
        // most often it is given exactly as it stands among the CAs, where it was loaded already
        let loaded = |given: &[&[u8]], cas: &[Certificate]| {
            let index = given.iter().position(|one| *one == pem);
            index.and_then(|i| cas.get(i).cloned())
        };
        let loaded = loaded(&config.root_certs, &self.roots)
            .or_else(|| loaded(&config.intermediate_certs, &self.intermediates));
        let certificate = match loaded {
            Some(certificate) => certificate,
            None => normalise(&Certificate::from_pem(pem)?, &self.trust)?,
        };
        if self.roots.contains(&certificate) {
            return Ok(self.certifiers(&[certificate]));
        }
        if !self.intermediates.contains(&certificate) {
            return Err(MspError::OuCertUnknown);
        }
        let chain = self.trust.unique_chain(&certificate)?;
        if chain.len() < 2 {
            return Err(MspError::ChainLength);
        }
        if self.internal.contains(certificate.der()) {
            return Err(MspError::ParentIsInternalCa);
        }
        Ok(self.certifiers(&chain))
    }

    // Fabric: msp/mspimplsetup.go, setupNodeOUs, setupNodeOUsV142
    fn set_node_ous(&mut self, config: &FabricMspConfig<'_>) -> Result<(), MspError> {
        let Some(message) = &config.node_ous else {
            return Ok(());
        };
        let message = wire::FabricNodeOus::read(message)?;
        let mut roles = vec![(Role::Client, &message.client), (Role::Peer, &message.peer)];
        match self.version {
            MspVersion::V1_0 => return Ok(()),
            MspVersion::V1_1 | MspVersion::V1_3 => {
                for (role, identifier) in &roles {
                    let identifier = identifier.as_deref().unwrap_or_default();
                    if OuIdentifier::read(identifier)?.unit.is_empty() {
                        return Err(MspError::BadNodeOus(*role));
                    }
                }
            }
            MspVersion::V1_4_3 | MspVersion::V3_0 => {
                roles.extend([
                    (Role::Admin, &message.admin),
                    (Role::Orderer, &message.orderer),
                ]);
            }
        }
        let mut units = Vec::new();
        for (role, identifier) in roles {
            let Some(identifier) = identifier else {
                continue;
            };
            let identifier = OuIdentifier::read(identifier)?;
            let certifiers = if identifier.certificate.is_empty() {
                Vec::new()
            } else {
                self.certifiers_of_unit(identifier.certificate, config)
                    .map_err(|why| why.at(Place::NodeOu(role)))?
            };
            units.push(NodeOu {
                role,
                unit: identifier.unit.to_owned(),
                certifiers,
            });
        }
        self.node_ous = NodeOus {
            enabled: message.enable && !units.is_empty(),
            units,
        };
        Ok(())
    }

    /// The last check. With NodeOUs the newer versions only ask for a unit: an administrator may be
    /// revoked, or have several units.
    // Fabric: msp/mspimplsetup.go, postSetupV1, postSetupV11, postSetupV142
    fn check_admins(&self, admins: &[Member]) -> Result<(), MspError> {
        each(admins, Place::Admin, |admin| {
            if !self.node_ous.enabled {
                return self.validate(admin);
            }
            if self.version < MspVersion::V1_4_3 {
                self.validate(admin)?;
                return self.check_carries(admin, Role::Client);
            }
            let carries = |role| self.check_carries(admin, role).is_ok();
            if carries(Role::Client) || carries(Role::Admin) {
                Ok(())
            } else {
                Err(MspError::BadAdmin)
            }
        })?;
        Ok(())
    }
}

/// Does the same with each item, and says where it failed.
fn each<T, R>(
    items: &[T],
    place: fn(usize) -> Place,
    work: impl Fn(&T) -> Result<R, MspError>,
) -> Result<Vec<R>, MspError> {
    let results = items.iter().enumerate();
    results
        .map(|(i, item)| work(item).map_err(|why| why.at(place(i))))
        .collect()
}

/// The form of a PKCS#8 or SEC 1 elliptic curve key; the numbers are not looked at.
fn is_ec_private_key(der: &[u8]) -> bool {
    let read = || {
        let mut key = Reader::new(der).inside(tag::SEQUENCE)?;
        key.integer()?;
        if key.peek(tag::OCTET_STRING) {
            return key.content(tag::OCTET_STRING);
        }
        let algorithm = key.inside(tag::SEQUENCE)?.oid()?;
        let is_ec = algorithm == [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        key.content(tag::OCTET_STRING).filter(|_| is_ec)
    };
    read().is_some()
}
