//! Where chains lie between commands: a file for each channel in a folder of one's own.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, FlockOperation, access, flock, statvfs},
    process::geteuid,
};

use super::{VerifiedChain, stored};
use crate::{
    client::{ClientError, Exit},
    ids::ChannelId,
};

/// The largest file that is read. Unit: bytes.
const LARGEST: u64 = 256 << 20;

/// The user who may change everything anyway.
const ROOT: u32 = 0;
/// Group or others may write.
const OTHERS_WRITE: u32 = 0o022;

/// The chain of one channel on this machine.
#[derive(Clone, Debug)]
pub struct ChainStore {
    folder: PathBuf,
    channel: ChannelId,
    /// Whether nothing is written.
    only_reads: bool,
}

/// How it is about a folder of chains.
#[derive(Clone, Debug, Default)]
pub(in crate::client) struct StateFacts {
    /// The folder of the profile in it.
    pub(in crate::client) folder: PathBuf,
    /// Files and folders that others may change.
    pub(in crate::client) open: Vec<PathBuf>,
    /// Why it cannot be written.
    pub(in crate::client) unwritable: Option<String>,
    /// Room on its disk; `None`: not known. Unit: bytes.
    pub(in crate::client) room: Option<u64>,
    /// Whether another command holds its lock just now.
    pub(in crate::client) is_locked: bool,
}

impl ChainStore {
    /// The chain of a channel in a state folder; profiles have a folder each, since two networks may
    /// have channels of one name.
    #[must_use]
    pub fn new(state: &Path, profile: Option<&str>, channel: &ChannelId) -> Self {
        Self {
            folder: state.join(profile.unwrap_or("default")),
            channel: channel.clone(),
            only_reads: false,
        }
    }

    /// The same, which reads and keeps nothing.
    #[must_use]
    pub(in crate::client) fn only_reading(self) -> Self {
        Self {
            only_reads: true,
            ..self
        }
    }

    /// How it is about the folder, without changing anything.
    #[must_use]
    pub(in crate::client) fn condition(&self) -> StateFacts {
        let files = [self.folder.clone(), self.path()];
        let existing = self.folder.ancestors().find(|folder| folder.exists());
        let mut facts = StateFacts {
            folder: self.folder.clone(),
            open: files
                .into_iter()
                .filter(|path| own(path).is_err())
                .collect(),
            ..StateFacts::default()
        };
        let Some(existing) = existing.filter(|folder| folder.is_absolute()) else {
            return facts;
        };
        if !existing.is_dir() {
            facts.unwritable = Some(format!("`{}` is no folder", existing.display()));
            return facts;
        }
        let may = access(existing, Access::WRITE_OK | Access::EXEC_OK);
        facts.unwritable = may.err().map(|error| error.to_string());
        let disk = statvfs(existing).ok();
        facts.room = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        let lock = File::open(self.path().with_extension("lock"));
        facts.is_locked =
            lock.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err());
        facts
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.chain", self.channel))
    }

    /// The chain that was kept; `None` where nothing is pinned yet.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`; `STATE_OF_OTHERS` (unsafe) where others may write it.
    pub fn load(&self) -> Result<Option<VerifiedChain>, ClientError> {
        let path = self.path();
        own(&self.folder)?;
        own(&path)?;
        let content = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, &error)),
            Ok(found) if found.len() > LARGEST => {
                let text = format!("`{}` has {} bytes", path.display(), found.len());
                return Err(ClientError::new(Exit::Failed, "STATE_UNREADABLE", text));
            }
            Ok(_) => fs::read(&path).map_err(|error| failed(&path, &error))?,
        };
        stored::parse(&self.channel, &content).map(Some)
    }

    /// Keeps a chain. One that was kept meanwhile by another command and is ahead of it stays.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`; `FORK` where another command kept a chain that does not agree.
    pub fn save(&self, chain: &VerifiedChain) -> Result<(), ClientError> {
        if self.only_reads {
            return Ok(());
        }
        let _lock = self.lock()?;
        if let Some(kept) = self.load()? {
            for (sequence, link) in chain.links() {
                kept.agrees(sequence, link, "this command")?;
            }
            if kept.sequence() >= chain.sequence() {
                return Ok(());
            }
        }
        self.write(chain)
    }

    /// Keeps a chain in place of whatever was kept.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`.
    pub fn replace(&self, chain: &VerifiedChain) -> Result<(), ClientError> {
        let _lock = self.lock()?;
        self.write(chain)
    }

    /// Puts the chain aside, so that another one can be pinned; says whether there was one.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`.
    pub fn put_aside(&self) -> Result<bool, ClientError> {
        let _lock = self.lock()?;
        let path = self.path();
        match fs::rename(&path, self.aside()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(unwritable(&path, &error)),
        }
    }

    /// Brings back what was put aside, where there was something.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`.
    pub fn put_back(&self, was_there: bool) -> Result<(), ClientError> {
        if !was_there {
            return Ok(());
        }
        let _lock = self.lock()?;
        let path = self.path();
        fs::rename(self.aside(), &path).map_err(|error| unwritable(&path, &error))
    }

    fn aside(&self) -> PathBuf {
        self.path().with_extension("chain.old")
    }

    fn write(&self, chain: &VerifiedChain) -> Result<(), ClientError> {
        let path = self.path();
        let fresh = path.with_extension("chain.new");
        let content = stored::write(chain)?;
        let write = || {
            let mut file = private().truncate(true).open(&fresh)?;
            file.write_all(&content)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| unwritable(&path, &error))
    }

    /// Waits until no other command writes.
    fn lock(&self) -> Result<File, ClientError> {
        let path = self.path().with_extension("lock");
        let lock = || {
            let mut folder = fs::DirBuilder::new();
            folder.recursive(true).mode(0o700).create(&self.folder)?;
            let file = private().open(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            Ok(file)
        };
        lock().map_err(|error: std::io::Error| unwritable(&path, &error))
    }
}

/// Refuses a file or folder that another user made or may change, where there is one.
// SECURITY: what is in it decides what is shown and signed
fn own(path: &Path) -> Result<(), ClientError> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(());
    };
    let whose = found.uid();
    let is_own = whose == geteuid().as_raw() || whose == ROOT;
    if is_own && found.mode() & OTHERS_WRITE == 0 {
        return Ok(());
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

fn failed(path: &Path, error: &std::io::Error) -> ClientError {
    let text = format!("cannot read `{}`: {error}", path.display());
    ClientError::new(Exit::Failed, "STATE_UNREADABLE", text)
}

fn unwritable(path: &Path, error: &std::io::Error) -> ClientError {
    let text = format!("cannot write `{}`: {error}", path.display());
    ClientError::new(Exit::Failed, "STATE_UNWRITABLE", text)
        .hint("CMSCC_STATE_DIR names another folder")
}
