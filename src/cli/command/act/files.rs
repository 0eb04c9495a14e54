//! Files that people hand to commands, and that commands write.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use crate::client::{ClientError, Exit};

/// The largest file that is read. Unit: bytes.
const LARGEST: u64 = 128 << 20;

/// A file, or standard input for `-`.
pub(in crate::cli::command) fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    let failed = |error: &dyn std::fmt::Display| {
        let text = format!("cannot read `{}`: {error}", path.display());
        ClientError::new(Exit::Usage, "FILE_UNREADABLE", text)
    };
    let mut content = Vec::new();
    let limit = LARGEST.saturating_add(1);
    let taken = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(limit).read_to_end(&mut content),
        false => fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut content)),
    };
    taken.map_err(|error| failed(&error))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(content),
        _ => Err(failed(&format_args!("it has more than {LARGEST} bytes"))),
    }
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), ClientError> {
    let fresh = path.with_extension("new");
    let write = || {
        let mut file = fs::File::create(&fresh)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(|error: io::Error| {
        let text = format!("cannot write `{}`: {error}", path.display());
        ClientError::new(Exit::Failed, "FILE_UNWRITABLE", text)
    })
}
