//! Files that people hand to commands, and that commands write.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    process,
};

use crate::client::{ClientError, Exit};

/// The largest file that is read. Unit: bytes.
const LARGEST: u64 = 128 << 20;
/// So many names are tried for a file that is not whole yet.
const PARTS: u32 = 8;

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
// SECURITY: in a folder that others may write into, nobody's file or link is written through
pub(in crate::cli::command) fn write(path: &Path, content: &[u8]) -> Result<(), ClientError> {
    let failed = |error: &dyn std::fmt::Display| {
        let text = format!("cannot write `{}`: {error}", path.display());
        ClientError::new(Exit::Failed, "FILE_UNWRITABLE", text)
    };
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(failed(&"there is something that is no file"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = |part: u32| path.with_file_name(format!(".{name}.{}.{part}", process::id()));
    // one that is there already is somebody else's
    let made = (0..PARTS).find_map(|part| {
        let fresh = fresh(part);
        let opened = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&fresh);
        match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            opened => Some(opened.map(|file| (file, fresh))),
        }
    });
    let made = made.unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()));
    let (mut file, fresh) = made.map_err(|error| failed(&error))?;
    let mut write = || -> io::Result<()> {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&fresh);
        failed(&error)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_is_written_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("mine"), "mine").unwrap();
        // one that somebody put where a link leads elsewhere is replaced by nothing, nor written through
        symlink(at("mine"), at("out.sig")).unwrap();
        assert_eq!(
            write(&at("out.sig"), b"x").unwrap_err().symbol,
            "FILE_UNWRITABLE"
        );
        symlink(at("mine"), at(&format!(".out.pb.{}.0", process::id()))).unwrap();
        write(&at("out.pb"), b"signed").unwrap();
        assert_eq!(fs::read(at("mine")).unwrap(), b"mine");
        assert_eq!(fs::read(at("out.pb")).unwrap(), b"signed");
        // files beside it stay, one of its own name is replaced
        fs::write(at("out.new"), "mine").unwrap();
        write(&at("out.pb"), b"again").unwrap();
        assert_eq!(fs::read(at("out.new")).unwrap(), b"mine");
        assert_eq!(fs::read(at("out.pb")).unwrap(), b"again");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
        assert!(write(folder.path(), b"x").is_err());
    }
}
