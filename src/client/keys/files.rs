//! Reading files of identities.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use super::choose::{self, OwnCertificate, ReadFile};
use crate::client::{ClientError, Exit};

/// The most bytes of a certificate or key.
// Fabric: bccsp/sw/fileks.go, searchKeystoreForSKI
const LARGEST: u64 = 64 << 10;

/// The most files of a folder that are looked at.
const MOST_FILES: usize = 1_000;

/// Whether there is an MSP folder.
pub(super) fn check_msp_folder(folder: &Path) -> Result<(), ClientError> {
    let shown = folder.display();
    let hint = "an MSP folder has `signcerts` and `keystore` in it; it is named by --msp-folder, \
                CORE_PEER_MSPCONFIGPATH or `msp_folder` of the profile";
    let problem = match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => format!("the MSP folder `{shown}` is no folder"),
        Ok(_) if !folder.join("signcerts").is_dir() => {
            format!("`{shown}` is no MSP folder: it has no `signcerts` in it")
        }
        Ok(_) => return Ok(()),
        Err(error) => format!("the MSP folder `{shown}` cannot be read: {}", plain(&error)),
    };
    Err(ClientError::new(Exit::Usage, "MSP_FOLDER_NOT_FOUND", problem).hint(hint))
}

/// The certificate of a file or folder.
pub(super) fn certificate(place: &Path) -> Result<OwnCertificate, ClientError> {
    let files = read(place, "CERT", "certificate")?;
    choose::certificate(place, &files)
}

/// The files of a place where a key may be.
pub(super) fn keys(place: &Path) -> Result<Vec<ReadFile>, ClientError> {
    read(place, "KEY", "private key")
}

/// The file, or the files of a folder in the order of their names.
fn read(place: &Path, symbol: &str, what: &str) -> Result<Vec<ReadFile>, ClientError> {
    let paths = match fs::metadata(place) {
        Ok(found) if found.is_dir() => listed(place),
        Ok(_) => Ok(vec![place.to_owned()]),
        Err(error) => Err(error),
    };
    let paths = paths.map_err(|error| {
        let message = format!(
            "the {what} `{}` cannot be read: {}",
            place.display(),
            plain(&error)
        );
        match error.kind() {
            ErrorKind::NotFound => {
                ClientError::new(Exit::Usage, &format!("{symbol}_NOT_FOUND"), message)
            }
            _ => ClientError::new(Exit::Denied, &format!("{symbol}_UNREADABLE"), message)
                .hint("run this as the user who owns it"),
        }
    })?;
    let files = paths.into_iter().map(|path| ReadFile {
        content: bounded(&path),
        path,
    });
    Ok(files.collect())
}

/// The files of a folder in the order of their names; also what links lead to, as in mounted secrets.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.take(MOST_FILES);
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.is_file());
    paths.sort_unstable();
    Ok(paths)
}

/// What is in a file of at most [`LARGEST`] bytes.
fn bounded(path: &Path) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| plain(&error))?;
    let read = file.take(LARGEST + 1).read_to_end(&mut content);
    read.map_err(|error| plain(&error))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(content),
        _ => Err(format!("it has more than {LARGEST} bytes")),
    }
}

/// An error of the system in plain words.
pub(in crate::client) fn plain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
