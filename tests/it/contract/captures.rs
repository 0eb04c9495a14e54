//! What was captured from real networks: `tests/fabric-data/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// One of the captures from real networks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture(&'static str);

/// All captures.
pub(crate) const CAPTURES: [Capture; 3] = [
    Capture("fabric-3.1.5-caps-v2"),
    Capture("fabric-3.1.5-caps-v3"),
    Capture("fabric-2.5.16-caps-v2"),
];

/// The config block with which OrgX (`add-orgx`) or then OrgY (`add-orgy`) joined, of the first
/// capture.
pub(crate) fn after(joining: &str) -> Vec<u8> {
    CAPTURES[0].after(joining)
}

impl Capture {
    pub(crate) fn file(self, name: &str) -> Vec<u8> {
        captured(&format!("{}/{name}", self.0))
    }

    pub(crate) fn genesis(self) -> Vec<u8> {
        self.file("genesis.block")
    }

    /// The config block with which an organisation joined: `add-orgx`, then `add-orgy`.
    pub(crate) fn after(self, joining: &str) -> Vec<u8> {
        self.file(&format!("{joining}/config_block_after.pb"))
    }
}

/// A file of all that was captured.
pub(crate) fn captured(path: &str) -> Vec<u8> {
    let path = data().join(path);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data")
}
