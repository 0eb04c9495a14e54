//! Certificates for a server with TLS.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};

/// Writes `ca.pem`, `server.pem`, `server.key`, `peer.pem` and `peer.key`.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let params = |name: &str, hosts: &[&str]| {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        anyhow::Ok(params)
    };
    let mut ca = params("ca of an attack", &[])?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    fs::write(folder.join("ca.pem"), ca.self_signed(&key)?.pem())?;
    let ca = Issuer::new(ca, key);
    for (name, hosts) in [("server", &["localhost"][..]), ("peer", &[])] {
        let key = KeyPair::generate()?;
        let certificate = params(name, hosts)?.signed_by(&key, &ca)?;
        fs::write(folder.join(format!("{name}.pem")), certificate.pem())?;
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}
