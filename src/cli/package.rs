//! The chaincode package of an external chaincode (`ccaas`): a gzipped tar file of `metadata.json`
//! and `code.tar.gz`, which holds `connection.json`.

#[cfg(feature = "client")]
use std::io::Read as _;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use serde::Serialize;

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

/// The label in a package, or why it is none.
// Fabric: core/chaincode/persistence/chaincode_package.go, ChaincodePackageParser.Parse
#[cfg(feature = "client")]
pub(super) fn package_label(bytes: &[u8]) -> Result<String, String> {
    let gzip = flate2::read::GzDecoder::new(bytes).take(LARGEST);
    let mut tar = tar::Archive::new(gzip);
    for entry in tar.entries().map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let path = entry.path().map_err(|error| error.to_string())?;
        if path.as_os_str() != "metadata.json" {
            continue;
        }
        let metadata: PackedLabel =
            serde_json::from_reader(entry.take(METADATA)).map_err(|error| error.to_string())?;
        return match is_label(&metadata.label) {
            true => Ok(metadata.label),
            false => Err("its metadata has no label".to_owned()),
        };
    }
    Err("it has no `metadata.json`".to_owned())
}

/// The most bytes of a package that are unpacked.
#[cfg(feature = "client")]
const LARGEST: u64 = 256 << 20;

/// The most bytes of its metadata.
#[cfg(feature = "client")]
const METADATA: u64 = 1 << 20;

/// What is read of the metadata of a package.
#[cfg(feature = "client")]
#[derive(serde::Deserialize)]
struct PackedLabel {
    label: String,
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
