//! A folder of one's own, in which the client keeps what outlasts a command.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    process::geteuid,
};

use super::place::open_place;
use crate::client::{ClientError, Exit};

/// The user who may change everything anyway.
const ROOT: u32 = 0;
/// Group or others may write.
const OTHERS_WRITE: u32 = 0o022;

/// The folder of one profile: its owner alone may enter it, and what others may change is not read.
#[derive(Clone, Debug)]
pub struct StateFolder(PathBuf);

impl StateFolder {
    /// The folder of a profile in a state folder; two networks may have channels of one name.
    #[must_use]
    pub fn new(state: &Path, profile: Option<&str>) -> Self {
        Self(state.join(profile.unwrap_or("default")))
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where a file of it is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file of at most so many bytes; `None`: it is not there.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`; `STATE_OF_OTHERS` (unsafe) where others may write it.
    pub fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, ClientError> {
        let path = self.path(name);
        self.safe()?;
        own(&path)?;
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path, &error)),
            Ok(file) => file,
        };
        let mut content = Vec::new();
        let read = file.take(most.saturating_add(1)).read_to_end(&mut content);
        read.map_err(|error| unreadable(&path, &error))?;
        match u64::try_from(content.len()) {
            Ok(length) if length <= most => Ok(Some(content)),
            _ => {
                let text = format!("`{}` has more than {most} bytes", path.display());
                Err(ClientError::new(Exit::Failed, "STATE_UNREADABLE", text))
            }
        }
    }

    /// Replaces a file: what is read afterwards is the old one or the new one, whole.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`; `STATE_OF_OTHERS` (unsafe).
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<(), ClientError> {
        let (path, fresh) = (self.path(name), self.path(&format!("{name}.new")));
        self.safe()?;
        let write = || {
            self.make()?;
            let mut file = private().truncate(true).open(&fresh)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|error| unwritable(&path, &error))
    }

    /// Adds to a file, and comes back when it is on the disk.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`; `STATE_OF_OTHERS` (unsafe).
    pub fn append(&self, name: &str, content: &[u8]) -> Result<(), ClientError> {
        let path = self.path(name);
        self.safe()?;
        own(&path)?;
        let write = || {
            self.make()?;
            let is_new = !path.exists();
            let mut file = private().append(true).open(&path)?;
            file.write_all(content)?;
            file.sync_all()?;
            match is_new {
                true => File::open(&self.0)?.sync_all(),
                false => Ok(()),
            }
        };
        write().map_err(|error: std::io::Error| unwritable(&path, &error))
    }

    /// Waits until nobody else holds a lock, and holds it while the result lives.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`; `STATE_OF_OTHERS` (unsafe): a file of root's would keep its owner out.
    pub fn lock(&self, name: &str) -> Result<File, ClientError> {
        let path = self.path(name);
        self.safe()?;
        let lock = || {
            self.make()?;
            let file = private().open(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            Ok(file)
        };
        lock().map_err(|error: std::io::Error| unwritable(&path, &error))
    }

    /// Holds a lock while the result lives; `None`: somebody else does.
    ///
    /// # Errors
    /// As of [`Self::lock`].
    pub fn try_lock(&self, name: &str) -> Result<Option<File>, ClientError> {
        let path = self.path(name);
        self.safe()?;
        let open = || {
            self.make()?;
            private().open(&path)
        };
        let file = open().map_err(|error| unwritable(&path, &error))?;
        let held = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(held.is_ok().then_some(file))
    }

    /// Refuses a folder that others may write into, or move away with what is held and trusted.
    fn safe(&self) -> Result<(), ClientError> {
        own(&self.0)?;
        match open_place(&self.0) {
            None => Ok(()),
            Some(open) => {
                let text = format!("{}: what is trusted and held lies in it", open.what());
                Err(
                    ClientError::new(Exit::Unsafe, "STATE_OF_OTHERS", text).hint(format!(
                        "{}; or CMSCC_STATE_DIR names another folder",
                        open.remedy()
                    )),
                )
            }
        }
    }

    fn make(&self) -> std::io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&self.0)
    }
}

/// Refuses a file or folder that another user made or may change, where there is one.
// SECURITY: what is in it decides what is shown, signed and sent
pub(super) fn own(path: &Path) -> Result<(), ClientError> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(());
    };
    let (whose, who) = (found.uid(), geteuid().as_raw());
    let is_own = whose == who || whose == ROOT;
    let others_write = found.mode() & OTHERS_WRITE != 0;
    if is_own && !others_write {
        return Ok(());
    }
    if !others_write {
        let text = format!(
            "`{}` belongs to user {whose}, and you are user {who}",
            path.display()
        );
        let hint = format!(
            "run this as that user: `runuser -u \"$(id -nu {whose})\" -- ..`; or CMSCC_STATE_DIR names a folder of \
             your own"
        );
        return Err(ClientError::new(Exit::Unsafe, "STATE_OF_OTHERS", text).hint(hint));
    }
    let text = format!(
        "others may change `{}`, which says what is trusted",
        path.display()
    );
    Err(ClientError::new(Exit::Unsafe, "STATE_OF_OTHERS", text).hint(
        "look at it with `cmscc pin` as its owner; `chmod go-w` it, or name another folder with \
         CMSCC_STATE_DIR",
    ))
}

/// A file that its owner alone may read and write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

fn unreadable(path: &Path, error: &std::io::Error) -> ClientError {
    let text = format!("cannot read `{}`: {error}", path.display());
    ClientError::new(Exit::Failed, "STATE_UNREADABLE", text)
}

pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> ClientError {
    let text = format!("cannot write `{}`: {error}", path.display());
    ClientError::new(Exit::Failed, "STATE_UNWRITABLE", text)
        .hint("CMSCC_STATE_DIR names another folder")
}
