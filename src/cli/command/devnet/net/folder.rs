//! The network's folder: where it is, and what is in it.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::cli::args::DevnetFolderArgs;

/// The file by which a folder is known as a network's.
const DESCRIPTION: &str = "devnet.json";
/// Where the running process is, and the word that it must be told.
const CONTROL: &str = "control.json";

/// A network's folder. Only its owner may look inside.
#[derive(Clone, Debug)]
pub(super) struct DevnetFolder {
    pub(super) path: PathBuf,
}

/// What is written down of a network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) channels: Vec<String>,
    pub(super) chaincode: String,
    /// Where the ordering node listens: HOST:PORT.
    pub(super) orderer: String,
    /// By name, in small letters.
    pub(super) organizations: BTreeMap<String, DescribedOrganization>,
}

/// An organisation of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DescribedOrganization {
    pub(super) name: String,
    pub(super) msp_id: String,
    pub(super) domain: String,
    /// Where its peer listens: HOST:PORT.
    pub(super) peer: String,
}

/// How the process that runs the network is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ControlPoint {
    pub(super) address: String,
    // SECURITY: whoever knows it may end the network; the file is its owner's alone
    pub(super) token: String,
    pub(super) pid: u32,
}

impl DevnetFolder {
    /// The folder that is named, or the usual one.
    pub(super) fn find(args: &DevnetFolderArgs) -> anyhow::Result<Self> {
        let path = match &args.dir {
            Some(path) => path.clone(),
            None => {
                usual().context("there is no home folder: name the network's folder by --dir")?
            }
        };
        let path = std::path::absolute(&path)
            .with_context(|| format!("`{}` is no path", path.display()))?;
        Ok(Self { path })
    }

    /// Makes it anew. A folder that is not empty must have been a network's.
    pub(super) fn make(&self) -> anyhow::Result<()> {
        let shown = self.path.display();
        match fs::read_dir(&self.path) {
            Ok(mut entries) => {
                if entries.next().is_some() && !self.path.join(DESCRIPTION).is_file() {
                    bail!("`{shown}` is not empty, and no network was there before");
                }
                self.remove()
                    .with_context(|| format!("cannot clear `{shown}`"))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .with_context(|| format!("cannot make `{shown}`"))
    }

    /// Removes it with everything that a network and its clients wrote.
    pub(super) fn remove(&self) -> io::Result<()> {
        // it is gone at once, or not at all: whoever comes next finds nothing half
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let beside = self
            .path
            .with_file_name(format!(".{name}.{}", process::id()));
        let gone = match fs::rename(&self.path, &beside) {
            Ok(()) => beside,
            Err(_) => self.path.clone(),
        };
        match fs::remove_dir_all(&gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn describe(&self, description: &Description) -> anyhow::Result<()> {
        self.write(DESCRIPTION, &serde_json::to_string_pretty(description)?)
    }

    /// What is written down; an error where there is no network.
    pub(super) fn description(&self) -> anyhow::Result<Description> {
        let file = self.join(DESCRIPTION);
        let text = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
                "there is no network in `{}`: start one by `cmscc devnet up`",
                self.path.display()
            ),
            read => read.with_context(|| format!("cannot read `{}`", file.display()))?,
        };
        serde_json::from_slice(&text).with_context(|| format!("`{}` is damaged", file.display()))
    }

    pub(super) fn set_control(&self, point: &ControlPoint) -> anyhow::Result<()> {
        self.write(CONTROL, &serde_json::to_string_pretty(point)?)
    }

    /// Where the process was when it started; `None` where there was none.
    pub(super) fn control(&self) -> Option<ControlPoint> {
        let text = fs::read(self.join(CONTROL)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes a file for its owner alone, whole or not at all.
    pub(super) fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        self.write_bytes(name, content.as_bytes())
    }

    pub(super) fn write_bytes(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let path = self.join(name);
        let written = || {
            if let Some(folder) = path.parent() {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(folder)?;
            }
            let beside = path.with_extension("new");
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).mode(0o600);
            let mut file: File = options.open(&beside)?;
            file.write_all(content)?;
            fs::rename(&beside, &path)
        };
        let written: io::Result<()> = written();
        written.with_context(|| format!("cannot write `{}`", path.display()))
    }
}

impl Description {
    /// An organisation by its name, in any letters.
    pub(super) fn organization(&self, name: &str) -> anyhow::Result<&DescribedOrganization> {
        let known = self.organizations.get(&name.to_lowercase());
        known.with_context(|| {
            let names: Vec<_> = (self.organizations.values())
                .map(|organization| organization.name.as_str())
                .collect();
            format!(
                "`{name}` is no organisation of the network: there are {}",
                names.join(", ")
            )
        })
    }
}

/// `cmscc-devnet` where a session keeps its own files.
#[expect(
    clippy::disallowed_methods,
    reason = "where the user's files are is said by the environment alone"
)]
fn usual() -> Option<PathBuf> {
    let folder = |name: &str| {
        let path = env::var_os(name).map(PathBuf::from)?;
        path.is_absolute().then_some(path)
    };
    let cache = || folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Some(
        folder("XDG_RUNTIME_DIR")
            .or_else(cache)?
            .join("cmscc-devnet"),
    )
}
