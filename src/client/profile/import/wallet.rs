//! Wallets of Fabric's clients: a file for each identity.

use std::fmt;

use ring::rand::SecureRandom;
use serde::Deserialize;

use super::made::{ImportedFile, ImportedProfile, failed};
use crate::{client::ClientError, crypto::private_key::PrivateKey, identity::Certificate};

/// An identity in a wallet: `NAME.id`.
pub struct Wallet {
    msp_id: String,
    certificate: Certificate,
    /// As it stands in the file; `None`: it is in hardware.
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WalletFile {
    credentials: WalletCredentials,
    msp_id: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WalletCredentials {
    certificate: String,
    private_key: Option<String>,
}

impl Wallet {
    /// Reads an identity; its key is the certificate's.
    ///
    /// # Errors
    /// `IMPORT_INVALID`; the file is never quoted.
    pub fn parse(text: &[u8], random: &dyn SecureRandom) -> Result<Self, ClientError> {
        let file: WalletFile = serde_json::from_slice(text).map_err(|error| {
            // the error's own text may quote the file
            let (line, column) = (error.line(), error.column());
            failed(format!(
                "it is no identity of a wallet: line {line}, column {column}"
            ))
        })?;
        if file.kind != "X.509" && file.kind != "HSM-X.509" {
            return Err(failed(format!(
                "the identity in the wallet is of kind `{}`, not X.509",
                file.kind
            )));
        }
        let certificate = Certificate::from_pem(file.credentials.certificate.as_bytes());
        let certificate = certificate
            .map_err(|error| failed(format!("the certificate in the wallet: {error}")))?;
        let key = file.credentials.private_key.filter(|key| !key.is_empty());
        if let Some(key) = &key {
            let read = PrivateKey::read(key.as_bytes(), random);
            let read = read.map_err(|error| failed(format!("the key in the wallet: {error}")))?;
            if read.public() != certificate.key() {
                return Err(failed(
                    "the key in the wallet is not that of its certificate",
                ));
            }
        }
        Ok(Self {
            msp_id: file.msp_id,
            certificate: certificate.with_low_s_alone(),
            key,
        })
    }

    /// Makes it the identity of a profile.
    pub(super) fn add_to(&self, made: &mut ImportedProfile) -> Result<(), ClientError> {
        let msp_id = made
            .profile
            .msp_id
            .get_or_insert_with(|| self.msp_id.clone());
        if *msp_id != self.msp_id {
            let message = format!(
                "the wallet's identity is of `{}`, the organization is `{msp_id}`",
                self.msp_id
            );
            return Err(failed(message).hint("name the organization of the identity by --org"));
        }
        made.files.push(ImportedFile {
            name: "cert.pem",
            content: self.certificate.pem().into_bytes(),
        });
        made.profile.certificate = Some(made.path("cert.pem"));
        made.certificate = Some(self.certificate.clone());
        match &self.key {
            Some(key) => {
                made.files.push(ImportedFile {
                    name: "key.pem",
                    content: key.clone().into_bytes(),
                });
                made.profile.key = Some(made.path("key.pem"));
            }
            None => made.notes.push(
                "the wallet has no private key: it is in hardware, which is not supported yet"
                    .to_owned(),
            ),
        }
        Ok(())
    }
}

/// Never shows the key.
impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("msp_id", &self.msp_id)
            .finish_non_exhaustive()
    }
}
