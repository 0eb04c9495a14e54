//! Profiles from what others hand out: connection profiles of Fabric's clients, and their wallets.
//!
//! Taken are a channel, addresses, CAs, names in certificates, the MSP id, and one's own certificate
//! and key. Nothing else, whatever stands there: no program to run, no library, no trust anchor.

mod connection;
#[cfg(test)]
mod tests;
mod wallet;

pub use wallet::Wallet;

use std::{io, path::Path};

use connection::ConnectionProfile;

use super::file::Profile;
use crate::{
    client::{ClientError, Exit},
    identity::Certificate,
    ids::Digest,
};

/// What an import makes.
#[derive(Clone, Debug)]
pub struct ImportedProfile {
    /// The profile's name.
    pub name: String,
    /// The profile; it names its files relative to the folder of the file of profiles.
    pub profile: Profile,
    /// The files to write.
    pub files: Vec<ImportedFile>,
    /// The CAs that it trusts for TLS, as they are shown to people.
    pub authorities: Vec<ImportedAuthority>,
    /// The certificate in the wallet.
    pub certificate: Option<Certificate>,
    /// What is missing or was not taken.
    pub notes: Vec<String>,
}

impl ImportedProfile {
    /// A file of the profile, as the profile names it.
    fn path(&self, file: &str) -> String {
        format!("profiles/{}/{file}", self.name)
    }
}

/// A file of a profile.
#[derive(Clone)]
pub struct ImportedFile {
    /// Its name in the profile's folder.
    pub name: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A CA, as people compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedAuthority {
    /// What it is for: `peers` or `orderer`.
    pub of: &'static str,
    /// Its subject.
    pub subject: String,
    /// The SHA-256 of its certificate.
    pub fingerprint: Digest,
}

/// Content may be a private key.
impl std::fmt::Debug for ImportedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportedFile")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A profile from the text of a connection profile, JSON or YAML. Without a name it is called like the
/// organisation, in lower case. Paths in the text are relative to `folder`; `read` reads what they
/// name. Of several organisations `organization` says which, by name or MSP id, or else the one whom
/// the text calls the client's.
///
/// # Errors
/// What is wrong with the text or the wallet.
pub fn import_profile(
    name: Option<&str>,
    text: &[u8],
    folder: &Path,
    organization: Option<&str>,
    wallet: Option<&Wallet>,
    read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<ImportedProfile, ClientError> {
    let connection = ConnectionProfile::parse(text)?;
    let (organization, _) = connection.organization(organization)?;
    let name = name.map_or_else(|| organization.to_lowercase(), str::to_owned);
    super::file::check_name(&name).map_err(|error| error.hint("name it by --name"))?;
    let mut made = connection.profile(name, organization, &|path| read(&folder.join(path)))?;
    match wallet {
        Some(wallet) => wallet.add_to(&mut made)?,
        None => made.notes.push(
            "it has no identity: name one by --wallet, or `msp_folder` in the file of profiles"
                .to_owned(),
        ),
    }
    if made.profile.channel.is_none() {
        let note = "it names no channel: --channel, CMSCC_CHANNEL or `channel` in the file does";
        made.notes.push(note.to_owned());
    }
    Ok(made)
}

/// An import that cannot be.
fn failed(message: impl Into<String>) -> ClientError {
    ClientError::new(Exit::Usage, "IMPORT_INVALID", message)
}
