//! Everything that settings come from, as the caller gives it.

use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use super::flags::NetworkFlags;
use crate::client::{ClientError, Exit};

/// Everything that settings come from.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The command line.
    pub flags: &'a NetworkFlags,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl Surroundings<'_> {
    /// A variable; an empty one is none, nor is one without a name.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let value = (!name.is_empty()).then(|| (self.variable)(name));
        value.flatten().filter(|value| !value.is_empty())
    }

    /// A file that need not be there.
    pub(super) fn file(&self, path: &Path, symbol: &str) -> Result<Option<Vec<u8>>, ClientError> {
        match (self.read)(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", path.display());
                Err(ClientError::new(Exit::Usage, symbol, message))
            }
        }
    }

    /// Where the profiles are: `CMSCC_CONFIG`, else `cmscc/config.toml` in the folder for settings of
    /// programs. `None`: there is no home folder.
    pub(super) fn profile_file(&self) -> Option<PathBuf> {
        match self.variable("CMSCC_CONFIG") {
            Some(path) => Some(PathBuf::from(path)),
            None => {
                let folder = self.user_folder("XDG_CONFIG_HOME", ".config")?;
                Some(folder.join("cmscc").join("config.toml"))
            }
        }
    }

    /// Where the client keeps what it verified, if nobody says otherwise.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        let folder = self.user_folder("XDG_STATE_HOME", ".local/state")?;
        Some(folder.join("cmscc"))
    }

    fn user_folder(&self, variable: &str, in_home: &str) -> Option<PathBuf> {
        let set = self.variable(variable).map(PathBuf::from);
        // relative ones are to be ignored, says the XDG base directory specification
        set.filter(|path| path.is_absolute()).or_else(|| {
            let home = self.variable("HOME")?;
            Some(Path::new(&home).join(in_home))
        })
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("flags", self.flags)
            .finish_non_exhaustive()
    }
}
