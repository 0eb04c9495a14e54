//! Profiles from what others hand out: connection profiles of Fabric's clients, and their wallets.
//!
//! Taken are a channel, addresses, CAs, names in certificates, the MSP id, and one's own certificate
//! and key. Nothing else, whatever stands there: no program to run, no library, no trust anchor.

mod connection;
mod made;
#[cfg(test)]
mod tests;
mod wallet;

pub use made::{ImportedAuthority, ImportedFile, ImportedProfile};
pub use wallet::Wallet;

use std::{io, path::Path};

use connection::ConnectionProfile;

use super::file::check_name;
use crate::client::ClientError;

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
    check_name(&name).map_err(|error| error.hint("name it by --name"))?;
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
