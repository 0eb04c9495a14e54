//! The folder that people drop signature files into. Others may write into it, so that nothing in it is
//! gone to by its path: links and folders that are moved lead nowhere.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, mkdirat, open, openat, renameat, statat,
    },
    io::Errno,
    process::geteuid,
};

use crate::client::{ClientError, Exit};

/// So many entries of the folder are looked at.
const ENTRIES: usize = 100_000;
/// So many of its files are taken into account in one round.
pub(super) const LOOKED: usize = 1_000;
/// The largest file. Unit: bytes.
const LARGEST: u64 = 4 << 20;
/// The longest name. Unit: bytes.
const NAME: usize = 255;
/// So many names are tried where a file of the same name is there.
const NAMES: u32 = 100;
/// Group or others may write.
const OTHERS_WRITE: Mode = Mode::WGRP.union(Mode::WOTH);

/// The folder with its two drawers, held open.
#[derive(Debug)]
pub(super) struct DropFolder {
    path: PathBuf,
    folder: OwnedFd,
    done: OwnedFd,
    refused: OwnedFd,
}

/// Where files go that need not be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawer {
    /// They were handed in.
    Done,
    /// They cannot be, for a reason.
    Refused,
}

/// The names of files, in the order in which they are taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DroppedNames {
    /// First those that are new, then those that were looked at before: both in the order of their names.
    pub(super) names: Vec<OsString>,
    /// Those that were looked at before and are still there.
    pub(super) known: BTreeSet<OsString>,
    /// Whether there are more entries than are looked at.
    pub(super) is_crowded: bool,
}

/// A file's content and age.
#[derive(Debug)]
pub(super) struct DroppedFile {
    /// Its content, or why it has none that can be used.
    pub(super) content: Result<Vec<u8>, ClientError>,
    /// When it came, in seconds since 1970: nobody but the clock says so.
    pub(super) since: i64,
}

impl DropFolder {
    /// Opens the folder, and makes its drawers where they are missing.
    ///
    /// # Errors
    /// `CARRY_UNREADABLE`, `CARRY_UNWRITABLE`; `CARRY_OF_OTHERS` (unsafe): a drawer that another user made
    /// or may change.
    pub(super) fn open(path: &Path) -> Result<Self, ClientError> {
        // a slash at the end would go through a link
        let path: PathBuf = path.components().collect();
        let folder = open(&path, FOLDER, Mode::empty()).map_err(|error| {
            let why = match error {
                Errno::LOOP | Errno::NOTDIR => "it is a link, or no folder".to_owned(),
                error => io::Error::from(error).to_string(),
            };
            unreadable(&path, &why)
        })?;
        let done = drawer(&path, &folder, Drawer::Done)?;
        let refused = drawer(&path, &folder, Drawer::Refused)?;
        Ok(Self {
            path,
            folder,
            done,
            refused,
        })
    }

    /// Files whose names end as those of signatures do: those that are not `known`, then those `after` the
    /// one that was looked at last, then the rest.
    ///
    /// # Errors
    /// `CARRY_UNREADABLE`.
    // SECURITY: others fill the folder: what is read and kept of it is bounded
    pub(super) fn names(
        &self,
        known: &BTreeSet<OsString>,
        after: Option<&OsStr>,
    ) -> Result<DroppedNames, ClientError> {
        let failed = |error: Errno| unreadable(&self.path, &io::Error::from(error).to_string());
        let mut found = DroppedNames::default();
        let mut turns: [BTreeSet<OsString>; 3] = Default::default();
        for (at, entry) in Dir::read_from(&self.folder).map_err(failed)?.enumerate() {
            if at >= ENTRIES {
                found.is_crowded = true;
                break;
            }
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if !is_signature(name) || self.is_folder(name, entry.file_type()) {
                continue;
            }
            let is_known = known.contains(name);
            if is_known {
                found.known.insert(name.to_owned());
            }
            let turn = match (is_known, after.is_some_and(|after| name <= after)) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => 2,
            };
            if let Some(turn) = turns.get_mut(turn) {
                turn.insert(name.to_owned());
                if turn.len() > LOOKED {
                    turn.pop_last();
                }
            }
        }
        found.names = turns.into_iter().flatten().take(LOOKED).collect();
        Ok(found)
    }

    /// Folders stay where they are: a name of theirs is no file, and often they cannot be moved.
    fn is_folder(&self, name: &OsStr, kind: FileType) -> bool {
        match kind {
            FileType::Unknown => statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory),
            kind => kind == FileType::Directory,
        }
    }

    /// A regular file of bounded length; no link, and nothing that makes the reader wait. `None`: it is
    /// there no more.
    pub(super) fn read(&self, name: &OsStr) -> Option<DroppedFile> {
        let about = match statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return None,
            about => about,
        };
        let content = about.and_then(|about| {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            // what a device does when it is opened nobody knows
            match FileType::from_raw_mode(about.st_mode) {
                // what says so itself is not read
                FileType::RegularFile if is_large(&about) => Err(Errno::FBIG),
                FileType::RegularFile => openat(&self.folder, name, flags, Mode::empty()),
                FileType::Symlink => Err(Errno::LOOP),
                _ => Err(Errno::INVAL),
            }
        });
        let content = match content {
            Err(Errno::NOENT) => return None,
            Err(Errno::LOOP) => Err(bad("it is a link")),
            Err(Errno::INVAL) => Err(bad("it is no regular file")),
            Err(Errno::FBIG) => Err(too_large()),
            Err(error) => Err(not_read(&io::Error::from(error))),
            Ok(file) => content_of(file),
        };
        Some(DroppedFile {
            content,
            since: about.map_or(0, |about| changed_at(&about)),
        })
    }

    /// Moves a file into a drawer, beside a text that says why, so that it is not tried for ever.
    ///
    /// # Errors
    /// `CARRY_UNWRITABLE`: it stays where it is.
    pub(super) fn put_away(
        &self,
        name: &OsStr,
        into: Drawer,
        why: Option<&str>,
        now: i64,
    ) -> Result<(), ClientError> {
        let drawer = match into {
            Drawer::Done => &self.done,
            Drawer::Refused => &self.refused,
        };
        let moved = || -> io::Result<()> {
            // nobody else writes there: what is not there now is not there at the next step
            let to = fresh(drawer, name, "", now)?;
            renameat(&self.folder, name, drawer, &to)?;
            if let Some(why) = why {
                let beside = fresh(drawer, &to, ".why", now)?;
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                // whoever dropped the file may read it
                let mode = Mode::from_raw_mode(0o644);
                let text = openat(drawer, &beside, flags | OFlags::NOFOLLOW, mode)?;
                io::Write::write_all(&mut File::from(text), format!("{why}\n").as_bytes())?;
            }
            Ok(())
        };
        moved().map_err(|error| {
            let file = Path::new(name).display();
            let text = format!("cannot move `{file}` to `{}`: {error}", into.name());
            unwritable(&self.path, &text)
        })
    }
}

impl Drawer {
    /// Its folder.
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// A folder, and nothing that leads to one.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens a drawer, which is the agent's own and nobody else's to write into.
// SECURITY: else others could have made it, or put links into it
fn drawer(path: &Path, folder: &OwnedFd, drawer: Drawer) -> Result<OwnedFd, ClientError> {
    let name = drawer.name();
    let failed = |error: Errno| {
        let why = io::Error::from(error);
        unwritable(path, &format!("cannot make the folder `{name}`: {why}"))
    };
    match mkdirat(folder, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(failed(error)),
    }
    let shown = path.join(name);
    let shown = shown.display();
    let of_others = |why: String, hint: String| {
        Err(ClientError::new(Exit::Unsafe, "CARRY_OF_OTHERS", why).hint(hint))
    };
    let opened = match openat(folder, name, FOLDER, Mode::empty()) {
        Ok(opened) => opened,
        Err(Errno::LOOP | Errno::NOTDIR) => {
            return of_others(
                format!("`{shown}` is a link, or no folder: somebody put it there"),
                format!("look at it, then remove it: rm {shown}"),
            );
        }
        Err(error) => return Err(failed(error)),
    };
    let about = fstat(&opened).map_err(failed)?;
    let (whose, who) = (about.st_uid, geteuid().as_raw());
    if whose != who {
        return of_others(
            format!("`{shown}` belongs to user {whose}, and the agent is user {who}"),
            format!("move it away, the agent makes its own: mv {shown} {shown}.old"),
        );
    }
    match Mode::from_raw_mode(about.st_mode).intersects(OTHERS_WRITE) {
        false => Ok(opened),
        true => of_others(
            format!("others may write into `{shown}`"),
            format!("chmod go-w {shown}"),
        ),
    }
}

fn is_signature(name: &OsStr) -> bool {
    let end = Path::new(name).extension();
    end.is_some_and(|end| end == "sig" || end == "pb") && !name.as_bytes().starts_with(b".")
}

fn content_of(file: OwnedFd) -> Result<Vec<u8>, ClientError> {
    let file = File::from(file);
    // it may be another one than was looked at
    if !file.metadata().map_err(|error| not_read(&error))?.is_file() {
        return Err(bad("it is no regular file"));
    }
    let mut content = Vec::new();
    let read = file
        .take(LARGEST.saturating_add(1))
        .read_to_end(&mut content);
    read.map_err(|error| not_read(&error))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(content),
        _ => Err(too_large()),
    }
}

fn is_large(about: &Stat) -> bool {
    u64::try_from(about.st_size).is_ok_and(|size| size > LARGEST)
}

fn too_large() -> ClientError {
    bad(&format!("it has more than {LARGEST} bytes"))
}

/// A name that nothing in the folder has: this one with an end, else with time and number, cut where it
/// would be too long.
fn fresh(drawer: impl AsFd, name: &OsStr, end: &str, now: i64) -> io::Result<OsString> {
    for number in 0..NAMES {
        let end = match number {
            0 => end.to_owned(),
            number => format!(".{now}.{number}{end}"),
        };
        let mut to = name.as_bytes().to_owned();
        to.truncate(NAME.saturating_sub(end.len()));
        to.extend_from_slice(end.as_bytes());
        let to = OsString::from_vec(to);
        match statat(&drawer, &to, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(to),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Err(Errno::EXIST.into())
}

/// When a file was last changed, moved or let in, which only the clock decides.
#[allow(clippy::useless_conversion, reason = "its width differs by system")]
fn changed_at(about: &Stat) -> i64 {
    i64::try_from(about.st_ctime).unwrap_or_default()
}

fn bad(why: &str) -> ClientError {
    let text = format!("the file cannot be used: {why}");
    ClientError::new(Exit::Usage, "BAD_SIGNATURE_FILE", text)
}

/// It may be readable later: as one whose rights come after its content.
fn not_read(error: &io::Error) -> ClientError {
    let text = format!("the file cannot be read: {error}");
    ClientError::new(Exit::Failed, "CARRY_UNREADABLE", text)
}

const HINT: &str = "`carry` in the agent's file names a folder that it may read and write";

fn unreadable(path: &Path, why: &str) -> ClientError {
    let text = format!("cannot look into `{}`: {why}", path.display());
    ClientError::new(Exit::Failed, "CARRY_UNREADABLE", text).hint(HINT)
}

fn unwritable(path: &Path, why: &str) -> ClientError {
    let text = format!("folder `{}`: {why}", path.display());
    ClientError::new(Exit::Failed, "CARRY_UNWRITABLE", text).hint(HINT)
}
