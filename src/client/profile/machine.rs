//! This process: its environment and its files.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

use super::{
    file::{ProfileFile, check_name},
    flags::NetworkFlags,
    import::ImportedFile,
    origin::Origins,
    resolve::resolve,
    settings::ClientSettings,
    surroundings::Surroundings,
};
use crate::client::{ClientError, Exit};

/// The most bytes of a file of settings or certificates.
const LARGEST: u64 = 1 << 20;

impl ClientSettings {
    /// The settings of this process: flags, environment and files.
    ///
    /// # Errors
    /// All that is missing or wrong; each says what would set it.
    pub fn load(flags: &NetworkFlags) -> Result<(Self, Origins), Vec<ClientError>> {
        on_this_machine(flags, resolve)
    }
}

/// What something says of the environment and the files of this process.
pub fn on_this_machine<T>(flags: &NetworkFlags, of: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    of(&Surroundings {
        flags,
        variable: &variable,
        read: &read,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client's settings are read here, and nowhere else"
)]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// A file of at most [`LARGEST`] bytes.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut file = File::open(path)?.take(LARGEST + 1);
    file.read_to_end(&mut content)?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(content),
        _ => Err(io::Error::other(format!(
            "it has more than {LARGEST} bytes"
        ))),
    }
}

/// The file of profiles on this machine, and what belongs to profiles beside it.
#[derive(Clone, Debug)]
pub struct ProfileStore {
    path: PathBuf,
}

impl ProfileStore {
    /// The store of this process.
    ///
    /// # Errors
    /// `HOME_MISSING`: nothing says where it is.
    pub fn here() -> Result<Self, ClientError> {
        let path = on_this_machine(&NetworkFlags::default(), |of| of.profile_file());
        let path = path.ok_or_else(|| {
            let message = "there is no home folder in which profiles could be";
            let error = ClientError::new(Exit::Usage, "HOME_MISSING", message);
            error.hint("set CMSCC_CONFIG to the file that should hold them")
        })?;
        Ok(Self { path })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in the file; nothing where there is none.
    ///
    /// # Errors
    /// `PROFILE_FILE_UNREADABLE`, `PROFILE_FILE_INVALID`.
    pub fn load(&self) -> Result<ProfileFile, ClientError> {
        let none = NetworkFlags::default();
        let found = on_this_machine(&none, |of| of.file(&self.path, "PROFILE_FILE_UNREADABLE"))?;
        match found {
            Some(text) => ProfileFile::parse(&self.path.display().to_string(), &text),
            None => Ok(ProfileFile::default()),
        }
    }

    /// Writes the file: all of it or nothing.
    ///
    /// # Errors
    /// `PROFILE_NOT_WRITTEN`.
    pub fn save(&self, file: &ProfileFile) -> Result<(), ClientError> {
        // a link stays a link
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        write(&path, file.text().as_bytes())
    }

    /// Where files of a profile are.
    #[must_use]
    pub fn folder(&self, profile: &str) -> PathBuf {
        let folder = self.path.parent().unwrap_or_else(|| Path::new(""));
        folder.join("profiles").join(profile)
    }

    /// Writes files of a profile, for their owner's eyes only.
    ///
    /// # Errors
    /// `PROFILE_EXISTS`: it has files, and they are not to be replaced; `PROFILE_NOT_WRITTEN`.
    pub fn write_files(
        &self,
        profile: &str,
        files: &[ImportedFile],
        replace: bool,
    ) -> Result<(), ClientError> {
        check_name(profile)?;
        let folder = self.folder(profile);
        let taken = files.iter().find(|file| folder.join(file.name).exists());
        if let Some(taken) = taken.filter(|_| !replace) {
            let path = folder.join(taken.name);
            let message = format!("`{}` is there already", path.display());
            let error = ClientError::new(Exit::Usage, "PROFILE_EXISTS", message);
            return Err(error.hint("take another name, or replace it by --force"));
        }
        for file in files {
            write(&folder.join(file.name), &file.content)?;
        }
        Ok(())
    }
}

/// Writes a file that only its owner may read: all of it or nothing.
fn write(path: &Path, content: &[u8]) -> Result<(), ClientError> {
    let failed = |error: io::Error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        ClientError::new(Exit::Failed, "PROFILE_NOT_WRITTEN", message)
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", process::id()));
    let written = (|| {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|error| {
        // what is left of it is of no use to anybody
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}
