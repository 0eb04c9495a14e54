//! Organisations as files, laid out as `cryptogen` does it.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use super::{
    ca::{IssuedIdentity, TlsCertificate},
    msp::MspFolder,
    organization::{Authorities, ORDERER_DOMAIN, OrdererOrganization, Organization},
};

/// Writes an organisation below `organizations/peerOrganizations` of a folder.
pub(in crate::devnet) fn write_organization(
    organization: &Organization,
    root: &Path,
) -> io::Result<()> {
    let domain = organization.domain();
    let folder = root.join("organizations/peerOrganizations").join(domain);
    let written = Written {
        folder: &folder,
        domain,
        msp: organization.msp(),
    };
    written.authorities(organization.authorities())?;
    for user in [
        organization.admin(),
        organization.client(),
        organization.agent(),
    ] {
        written.user(user)?;
    }
    written.node("peers", &organization.peer(), organization.tls())
}

/// Writes the organisation that orders below `organizations/ordererOrganizations` of a folder.
pub(in crate::devnet) fn write_orderer(
    organization: &OrdererOrganization,
    root: &Path,
) -> io::Result<()> {
    let folder = root
        .join("organizations/ordererOrganizations")
        .join(ORDERER_DOMAIN);
    let written = Written {
        folder: &folder,
        domain: ORDERER_DOMAIN,
        msp: organization.msp(),
    };
    written.authorities(organization.authorities())?;
    written.user(organization.admin())?;
    written.node("orderers", organization.orderer(), organization.tls())
}

/// An organisation's folder.
struct Written<'a> {
    folder: &'a Path,
    domain: &'a str,
    msp: &'a MspFolder,
}

impl Written<'_> {
    /// The roots with their keys, and the MSP without an identity that goes into channel configs.
    fn authorities(&self, authorities: &Authorities) -> io::Result<()> {
        for (name, authority) in [("ca", &authorities.ca), ("tlsca", &authorities.tls_ca)] {
            let folder = self.folder.join(name);
            let file = format!("{name}.{}-cert.pem", self.domain);
            public(&folder.join(file), authority.certificate_pem())?;
            private(&folder.join("priv_sk"), authority.key_pem())?;
        }
        self.msp(&self.folder.join("msp"))
    }

    fn msp(&self, folder: &Path) -> io::Result<()> {
        let domain = self.domain;
        let ca = format!("ca.{domain}-cert.pem");
        public(&folder.join("cacerts").join(&ca), &self.msp.ca_pem)?;
        let tls_ca = folder.join(format!("tlscacerts/tlsca.{domain}-cert.pem"));
        public(&tls_ca, &self.msp.tls_ca_pem)?;
        public(&folder.join("config.yaml"), &node_ous(&ca))
    }

    fn user(&self, user: &IssuedIdentity) -> io::Result<()> {
        let folder = self.folder.join("users").join(user.common_name());
        self.identity(user, &folder.join("msp"))?;
        public(&folder.join("tls/ca.crt"), &self.msp.tls_ca_pem)
    }

    fn node(&self, kind: &str, node: &IssuedIdentity, tls: &TlsCertificate) -> io::Result<()> {
        let folder = self.folder.join(kind).join(node.common_name());
        self.identity(node, &folder.join("msp"))?;
        public(&folder.join("tls/ca.crt"), &self.msp.tls_ca_pem)?;
        public(&folder.join("tls/server.crt"), &tls.certificate_pem)?;
        private(&folder.join("tls/server.key"), &tls.key_pem)
    }

    fn identity(&self, identity: &IssuedIdentity, folder: &Path) -> io::Result<()> {
        self.msp(folder)?;
        let certificate = format!("signcerts/{}-cert.pem", identity.common_name());
        public(&folder.join(certificate), identity.certificate_pem())?;
        private(&folder.join("keystore/priv_sk"), identity.key_pem())
    }
}

/// The `config.yaml` of an MSP: roles by the units of certificates.
fn node_ous(ca: &str) -> String {
    let mut yaml = "NodeOUs:\n  Enable: true\n".to_owned();
    for (name, unit) in [
        ("ClientOUIdentifier", "client"),
        ("PeerOUIdentifier", "peer"),
        ("AdminOUIdentifier", "admin"),
        ("OrdererOUIdentifier", "orderer"),
    ] {
        yaml += &format!(
            "  {name}:\n    Certificate: cacerts/{ca}\n    OrganizationalUnitIdentifier: {unit}\n"
        );
    }
    yaml
}

fn public(path: &Path, content: &str) -> io::Result<()> {
    write(path, content, 0o644)
}

fn private(path: &Path, content: &str) -> io::Result<()> {
    write(path, content, 0o600)
}

fn write(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content.as_bytes())
}
