//! From all places to one answer.

use std::{fmt, io, path::Path};

use super::{ClientSettings, NetworkFlags, Origins};
use crate::client::{ClientError, Exit};

/// Everything that settings may come from.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The command line.
    pub flags: &'a NetworkFlags,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// The settings, and where each comes from.
///
/// # Errors
/// All that is missing or wrong; each says what would set it.
pub fn resolve(_of: &Surroundings<'_>) -> Result<(ClientSettings, Origins), Vec<ClientError>> {
    Err(vec![ClientError::new(
        Exit::Usage,
        "UNFINISHED",
        "not there yet",
    )])
}

impl ClientSettings {
    /// The settings of this process: flags, environment and files.
    ///
    /// # Errors
    /// All that is missing or wrong; each says what would set it.
    pub fn load(_flags: &NetworkFlags) -> Result<(Self, Origins), Vec<ClientError>> {
        Err(Vec::new())
    }
}
