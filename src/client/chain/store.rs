//! Where chains lie between commands: a file for each channel in a folder of one's own.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, FlockOperation, access, flock, statvfs};

use super::{
    VerifiedChain,
    folder::{StateFolder, own, unwritable},
    place::open_place,
    stored,
};
use crate::{client::ClientError, ids::ChannelId};

/// The largest file that is read. Unit: bytes.
const LARGEST: u64 = 256 << 20;

/// The chain of one channel on this machine.
#[derive(Clone, Debug)]
pub struct ChainStore {
    folder: StateFolder,
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
            folder: StateFolder::new(state, profile),
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
        let folder = self.folder.folder();
        let files = [folder.to_owned(), self.path()];
        let existing = folder.ancestors().find(|folder| folder.exists());
        let mut facts = StateFacts {
            folder: folder.to_owned(),
            open: files
                .into_iter()
                .filter(|path| own(path).is_err())
                .collect(),
            ..StateFacts::default()
        };
        if let Some(open) = open_place(folder).filter(|open| !facts.open.contains(&open.path)) {
            facts.open.push(open.path);
        }
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
        self.folder.path(&self.name("chain"))
    }

    /// The chain that was kept; `None` where nothing is pinned yet.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`; `STATE_OF_OTHERS` (unsafe) where others may write it.
    pub fn load(&self) -> Result<Option<VerifiedChain>, ClientError> {
        match self.folder.read(&self.name("chain"), LARGEST)? {
            Some(content) => stored::parse(&self.channel, &content).map(Some),
            None => Ok(None),
        }
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
        self.folder
            .replace(&self.name("chain"), &stored::write(chain)?)
    }

    /// Waits until no other command writes.
    fn lock(&self) -> Result<File, ClientError> {
        self.folder.lock(&self.name("lock"))
    }

    fn name(&self, kind: &str) -> String {
        format!("{}.{kind}", self.channel)
    }
}
