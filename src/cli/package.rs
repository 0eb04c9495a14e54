//! The chaincode package of an external chaincode (`ccaas`): a gzipped tar file of `metadata.json`
//! and `code.tar.gz`, which holds `connection.json`.

#[cfg(feature = "client")]
use std::io::Read as _;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use serde::Serialize;

#[cfg(feature = "client")]
use crate::client::PackagedServer;
use crate::ids::Digest;

/// How a peer reaches the server.
// Fabric: ccaas_builder, and core/container/externalbuilder/instance.go, ChaincodeServerUserData.
#[derive(Debug, Serialize)]
pub(super) struct ServerUserData {
    pub(super) address: String,
    /// A duration as Go writes it.
    pub(super) dial_timeout: String,
    pub(super) tls_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root_cert: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) client_auth_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_cert: Option<String>,
}

#[derive(Debug, Serialize)]
struct PackageMetadata<'a> {
    path: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    label: &'a str,
}

/// A chaincode package as a peer installs it.
pub(super) struct Package {
    pub(super) bytes: Vec<u8>,
    /// `label:sha256`, as peers compute it.
    pub(super) id: String,
}

impl Package {
    /// The same input gives the same bytes: fixed times and owners, and no compression, which
    /// could differ between versions of the compressor.
    pub(super) fn new(label: &str, connection: &ServerUserData) -> io::Result<Self> {
        let connection = serde_json::to_vec_pretty(connection)?;
        let code = gzipped_tar(&[("connection.json", &connection)])?;
        let metadata = PackageMetadata {
            path: "",
            kind: "ccaas",
            label,
        };
        let metadata = serde_json::to_vec(&metadata)?;
        let bytes = gzipped_tar(&[("metadata.json", &metadata), ("code.tar.gz", &code)])?;
        let id = package_id(label, &bytes);
        Ok(Self { bytes, id })
    }
}

/// The id that peers give a package: its label, and the digest of its bytes.
// Fabric: core/chaincode/persistence/persistence.go, PackageID
pub(super) fn package_id(label: &str, bytes: &[u8]) -> String {
    format!("{label}:{}", Digest::of(bytes))
}

/// What a package says of itself.
// SECURITY: with a key in it, so there is no `{:?}`
#[cfg(feature = "client")]
#[derive(Default)]
pub(super) struct PackageFacts {
    pub(super) label: String,
    /// The server that peers dial; `None` where it is not of this kind.
    pub(super) server: Option<PackagedServer>,
    /// PEM of the CA of the server's certificate, of the certificate that peers show, and of its key.
    pub(super) tls: [Option<String>; 3],
}

/// Reads a package, or says why it is none.
// Fabric: core/chaincode/persistence/chaincode_package.go, ChaincodePackageParser.Parse
#[cfg(feature = "client")]
pub(super) fn package_facts(bytes: &[u8]) -> Result<PackageFacts, String> {
    let mut facts = PackageFacts::default();
    for (name, content) in unpacked(bytes)? {
        match name.as_str() {
            "metadata.json" => {
                let metadata: PackedLabel =
                    serde_json::from_slice(&content).map_err(|error| error.to_string())?;
                facts.label = metadata.label;
            }
            "code.tar.gz" => {
                let code = unpacked(&content).unwrap_or_default().into_iter();
                let connection = code.into_iter().find(|(name, _)| name == "connection.json");
                let read = connection.and_then(|(_, content)| {
                    serde_json::from_slice::<PackedConnection>(&content).ok()
                });
                let Some(read) = read else { continue };
                facts.server = Some(PackagedServer {
                    address: read.address,
                    tls: read.tls_required,
                    client_auth: read.client_auth_required,
                });
                // without these switches a peer does not look at the rest
                let mutual = read.tls_required && read.client_auth_required;
                facts.tls = [
                    read.root_cert.filter(|_| read.tls_required),
                    read.client_cert.filter(|_| mutual),
                    read.client_key.filter(|_| mutual),
                ];
            }
            _ => {}
        }
    }
    match facts.label.as_str() {
        "" => Err("it has no `metadata.json`".to_owned()),
        label if !is_label(label) => Err("its label is none".to_owned()),
        _ => Ok(facts),
    }
}

/// The files of a gzipped tar file that are small: names and contents.
// SECURITY: others wrote it; what is unpacked is bounded
#[cfg(feature = "client")]
fn unpacked(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let text = |error: io::Error| error.to_string();
    let gzip = flate2::read::GzDecoder::new(bytes).take(LARGEST);
    let mut tar = tar::Archive::new(gzip);
    let mut files = Vec::new();
    for entry in tar.entries().map_err(text)?.take(FILES) {
        let entry = entry.map_err(text)?;
        let name = entry.path().map_err(text)?.display().to_string();
        let mut content = Vec::new();
        entry
            .take(LARGEST)
            .read_to_end(&mut content)
            .map_err(text)?;
        files.push((name, content));
    }
    Ok(files)
}

/// The most bytes of a package that are unpacked.
#[cfg(feature = "client")]
const LARGEST: u64 = 64 << 20;

/// The most files of a package that are looked at.
#[cfg(feature = "client")]
const FILES: usize = 100;

/// What is read of the metadata of a package.
#[cfg(feature = "client")]
#[derive(serde::Deserialize)]
struct PackedLabel {
    label: String,
}

/// What is read of its `connection.json`.
#[cfg(feature = "client")]
#[derive(serde::Deserialize)]
struct PackedConnection {
    address: String,
    #[serde(default)]
    tls_required: bool,
    #[serde(default)]
    client_auth_required: bool,
    root_cert: Option<String>,
    client_cert: Option<String>,
    client_key: Option<String>,
}

/// Whether Fabric takes it as a label.
// Fabric: core/chaincode/persistence/chaincode_package.go, LabelRegexp.
pub(super) fn is_label(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c))
}

fn gzipped_tar(files: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::none());
    let mut tar = tar::Builder::new(gzip);
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len().try_into().unwrap_or(u64::MAX));
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, name, *content)?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "client")]
    use super::*;

    #[cfg(feature = "client")]
    #[test]
    fn a_package_is_read_as_it_was_made() {
        let connection = ServerUserData {
            address: "cmscc.org1.example.com:9999".to_owned(),
            dial_timeout: "10s".to_owned(),
            tls_required: false,
            root_cert: None,
            client_auth_required: false,
            client_key: None,
            client_cert: None,
        };
        let package = Package::new("cmscc", &connection).unwrap();
        let facts = package_facts(&package.bytes).unwrap();
        assert_eq!(facts.label, "cmscc");
        let server = PackagedServer {
            address: "cmscc.org1.example.com:9999".to_owned(),
            tls: false,
            client_auth: false,
        };
        assert_eq!(facts.server, Some(server));
        assert_eq!(package.id, package_id("cmscc", &package.bytes));
        for bad in [&b""[..], b"no gzip", &package.bytes[..40]] {
            assert!(package_facts(bad).is_err());
        }
    }
}
