//! What lies where in a folder of exported proposals.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::client::{ClientError, Exit};

/// The most entries of a folder that are looked at.
const MOST: usize = 100_000;
/// Where bundles lie in it.
const BUNDLES: &str = "proposals";
/// Where blocks lie in it.
const BLOCKS: &str = "blocks";

/// A folder of bundles and blocks.
#[derive(Debug)]
pub(super) struct AuditFolder {
    folder: PathBuf,
}

/// What is in it, by file name.
#[derive(Debug, Default)]
pub(super) struct AuditFiles {
    /// The bundles.
    pub(super) bundles: Vec<PathBuf>,
    /// The blocks.
    pub(super) blocks: Vec<PathBuf>,
    /// What is neither, and so is not read, and why.
    pub(super) not_read: Vec<String>,
}

impl AuditFolder {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Makes what is not there.
    pub(super) fn make(&self) -> Result<(), ClientError> {
        for folder in [self.bundles(), self.blocks()] {
            fs::create_dir_all(&folder).map_err(|error| {
                let text = format!("cannot make `{}`: {error}", folder.display());
                ClientError::new(Exit::Failed, "FILE_UNWRITABLE", text)
            })?;
        }
        Ok(())
    }

    fn bundles(&self) -> PathBuf {
        self.folder.join(BUNDLES)
    }

    fn blocks(&self) -> PathBuf {
        self.folder.join(BLOCKS)
    }

    /// The file of a proposal's bundle. Ids have no character that leaves the folder.
    pub(super) fn bundle(&self, id: &str) -> PathBuf {
        self.bundles().join(format!("{id}.json"))
    }

    /// The file of a block.
    pub(super) fn block(&self, number: u64) -> PathBuf {
        self.blocks().join(format!("{number}.block"))
    }

    /// All that is in it.
    ///
    /// # Errors
    /// `FILE_UNREADABLE`.
    pub(super) fn files(&self) -> Result<AuditFiles, ClientError> {
        let mut files = AuditFiles::default();
        files.beside(&self.folder)?;
        files.bundles = files.of(&self.bundles(), "json")?;
        files.blocks = files.of(&self.blocks(), "block")?;
        Ok(files)
    }
}

impl AuditFiles {
    /// The regular files with this ending; all else is noted as not read.
    fn of(&mut self, folder: &Path, ending: &str) -> Result<Vec<PathBuf>, ClientError> {
        let (mut found, mut others) = (Vec::new(), Vec::new());
        for path in entries(folder)? {
            let why = match path.extension().is_some_and(|it| it == ending) {
                // SECURITY: a link leads out of the folder, a pipe is waited for without end
                true if fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) => {
                    found.push(path);
                    continue;
                }
                true => "no regular file",
                false => "another ending",
            };
            others.push(format!("{}: {why}", path.display()));
        }
        self.not_read.extend(others);
        Ok(found)
    }

    /// Notes what lies beside the two folders.
    fn beside(&mut self, folder: &Path) -> Result<(), ClientError> {
        let others = entries(folder)?.into_iter();
        let others = others.filter(|path| {
            let name = path.file_name();
            name.is_none_or(|name| name != BUNDLES && name != BLOCKS)
        });
        let others = others.map(|path| format!("{}: neither bundles nor blocks", path.display()));
        self.not_read.extend(others);
        Ok(())
    }
}

/// The entries of a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ClientError> {
    let failed = |error: &dyn std::fmt::Display| {
        let text = format!("cannot read `{}`: {error}", folder.display());
        ClientError::new(Exit::Usage, "FILE_UNREADABLE", text)
            .hint("`cmscc audit export` writes such a folder")
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        if found.len() >= MOST {
            return Err(failed(&format_args!("it has more than {MOST} entries")));
        }
        found.push(entry.map_err(|error| failed(&error))?.path());
    }
    found.sort();
    Ok(found)
}
