//! An MSP folder, as `configtxgen` reads one: what an organisation hands over of itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use prost::Message;
use serde::Deserialize;

use super::{organization::bad, secret::demand_no_key};
use crate::{client::ClientError, crypto::pem, ids::MspId, proto::msp};

/// The largest file, and the most of a folder, that are read. Unit: bytes, files.
const LARGEST: u64 = 1 << 20;
const FILES: usize = 1_000;

/// The public half of an MSP folder.
#[derive(Clone, Debug)]
pub struct MspDefinitionFolder(PathBuf);

/// `config.yaml` of an MSP folder.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FolderConfig {
    organizational_unit_identifiers: Vec<FolderOu>,
    #[serde(rename = "NodeOUs")]
    node_ous: Option<NodeOuConfig>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NodeOuConfig {
    enable: bool,
    #[serde(rename = "ClientOUIdentifier")]
    client: Option<FolderOu>,
    #[serde(rename = "PeerOUIdentifier")]
    peer: Option<FolderOu>,
    #[serde(rename = "AdminOUIdentifier")]
    admin: Option<FolderOu>,
    #[serde(rename = "OrdererOUIdentifier")]
    orderer: Option<FolderOu>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FolderOu {
    certificate: String,
    organizational_unit_identifier: String,
}

impl MspDefinitionFolder {
    /// A folder: the MSP folder itself, or one of `cryptogen` with an `msp` in it.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let inner = path.join("msp");
        let is_outer = !path.join("cacerts").is_dir() && inner.join("cacerts").is_dir();
        Self(if is_outer { inner } else { path.to_owned() })
    }

    /// The serialized `msp.MSPConfig` that a channel config carries, under this MSP id. Keys in the
    /// folder are not looked at.
    ///
    /// # Errors
    /// `BAD_ORGANIZATION`, which names the file.
    // Fabric: msp/configbuilder.go, getMspConfig
    pub fn read(&self, msp_id: &MspId) -> Result<Bytes, ClientError> {
        let root_certs = self.certificates("cacerts")?;
        if root_certs.is_empty() {
            let folder = self.0.join("cacerts");
            let why = format!("there is no ca certificate in `{}`", folder.display());
            return Err(bad(&why));
        }
        let config = self.config()?;
        let tls_root_certs = self.certificates("tlscacerts")?;
        let tls_intermediate_certs = match tls_root_certs.is_empty() {
            true => Vec::new(),
            false => self.certificates("tlsintermediatecerts")?,
        };
        let ous = config.organizational_unit_identifiers.iter();
        let fabric = msp::FabricMspConfig {
            name: msp_id.to_string(),
            root_certs,
            intermediate_certs: self.certificates("intermediatecerts")?,
            admins: self.certificates("admincerts")?,
            revocation_list: self.certificates("crls")?,
            organizational_unit_identifiers: ous
                .map(|ou| self.ou(ou, true))
                .collect::<Result<_, _>>()?,
            crypto_config: Some(msp::FabricCryptoConfig {
                signature_hash_family: "SHA2".to_owned(),
                identity_identifier_hash_function: "SHA256".to_owned(),
            }),
            tls_root_certs,
            tls_intermediate_certs,
            fabric_node_ous: self.node_ous(config.node_ous.as_ref())?,
            ..msp::FabricMspConfig::default()
        };
        let config = msp::MspConfig {
            r#type: 0,
            config: fabric.encode_to_vec().into(),
        };
        Ok(config.encode_to_vec().into())
    }

    fn node_ous(
        &self,
        config: Option<&NodeOuConfig>,
    ) -> Result<Option<msp::FabricNodeOUs>, ClientError> {
        let Some(config) = config.filter(|config| config.enable) else {
            return Ok(None);
        };
        let of = |ou: &Option<FolderOu>| {
            let ou = ou
                .as_ref()
                .filter(|ou| !ou.organizational_unit_identifier.is_empty());
            ou.map(|ou| self.ou(ou, false)).transpose()
        };
        Ok(Some(msp::FabricNodeOUs {
            enable: true,
            client_ou_identifier: of(&config.client)?,
            peer_ou_identifier: of(&config.peer)?,
            admin_ou_identifier: of(&config.admin)?,
            orderer_ou_identifier: of(&config.orderer)?,
        }))
    }

    fn ou(
        &self,
        ou: &FolderOu,
        needs_certificate: bool,
    ) -> Result<msp::FabricOuIdentifier, ClientError> {
        let certificate = match ou.certificate.is_empty() && !needs_certificate {
            true => Bytes::new(),
            false => self.file(&self.0.join(&ou.certificate))?,
        };
        Ok(msp::FabricOuIdentifier {
            certificate,
            organizational_unit_identifier: ou.organizational_unit_identifier.clone(),
        })
    }

    fn config(&self) -> Result<FolderConfig, ClientError> {
        let path = self.0.join("config.yaml");
        if !path.exists() {
            return Ok(FolderConfig::default());
        }
        let content = self.file(&path)?;
        serde_yaml_ng::from_slice(&content)
            .map_err(|error| bad(&format_args!("`{}`: {error}", path.display())))
    }

    /// The files of a folder that hold PEM, in the order of their names; none where there is no such
    /// folder.
    fn certificates(&self, folder: &str) -> Result<Vec<Bytes>, ClientError> {
        let folder = self.0.join(folder);
        let Ok(entries) = fs::read_dir(&folder) else {
            return Ok(Vec::new());
        };
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.is_file())
            .take(FILES)
            .collect();
        paths.sort();
        let mut found = Vec::new();
        for path in paths {
            let content = self.file(&path)?;
            if pem::first_block(&content).is_some() {
                found.push(content);
            }
        }
        Ok(found)
    }

    fn file(&self, path: &Path) -> Result<Bytes, ClientError> {
        let failed =
            |why: &dyn std::fmt::Display| bad(&format_args!("`{}`: {why}", path.display()));
        let found = fs::metadata(path).map_err(|error| failed(&error))?;
        if found.len() > LARGEST {
            return Err(failed(&format_args!("it has {} bytes", found.len())));
        }
        let content = fs::read(path).map_err(|error| failed(&error))?;
        demand_no_key(&format!("`{}`", path.display()), &content)?;
        Ok(content.into())
    }
}
