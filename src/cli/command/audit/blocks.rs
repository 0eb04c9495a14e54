//! The config blocks that are given: which file has which.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::{
    block::ConfigBlock,
    cli::command::act::read,
    client::view::{FolderFindingId, FoundView},
    ids::{ChannelId, Sequence},
};

/// The longest text of a finding. Unit: characters.
const LONGEST: usize = 2_000;

/// Config blocks by their place in the chain, and by number. Only the names of files are held.
#[derive(Debug, Default)]
pub(super) struct GivenBlocks {
    in_order: BTreeSet<(Sequence, u64, PathBuf)>,
    by_number: BTreeMap<u64, Vec<PathBuf>>,
    /// The channel of the first one.
    pub(super) channel: Option<ChannelId>,
}

impl GivenBlocks {
    /// Reads each file once; what holds no config block is a finding.
    pub(super) fn of(files: &[PathBuf], findings: &mut Vec<FoundView>) -> Self {
        let mut blocks = Self::default();
        for file in files {
            match parsed(file) {
                Ok(block) => blocks.add(&block, file),
                Err(why) => findings.push(found(FolderFindingId::BlockInvalid, file, &why)),
            }
        }
        blocks
    }

    /// One more.
    pub(super) fn add(&mut self, block: &ConfigBlock, file: &Path) {
        let number = block.block().number().0;
        self.channel
            .get_or_insert_with(|| block.channel_id().clone());
        let key = (block.sequence(), number, file.to_owned());
        self.in_order.insert(key);
        let same = self.by_number.entry(number).or_default();
        same.push(file.to_owned());
    }

    /// The files by the sequences of their configs, ascending.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.in_order.iter().map(|(_, _, file)| file)
    }

    /// The files that have a block of this number.
    pub(super) fn with(&self, number: u64) -> &[PathBuf] {
        self.by_number.get(&number).map_or(&[], Vec::as_slice)
    }
}

fn parsed(file: &Path) -> Result<ConfigBlock, String> {
    // a pipe would be waited for without end, and is empty when it is read again
    if !file.is_file() {
        return Err("it is no file".to_owned());
    }
    let bytes = read(file).map_err(|error| error.message)?;
    ConfigBlock::parse(Bytes::from(bytes)).map_err(|error| error.to_string())
}

/// Something that is wrong with a file.
// SECURITY: what is wrong may quote what the file says, however long that is
pub(super) fn found(id: FolderFindingId, file: &Path, text: &str) -> FoundView {
    FoundView {
        id: id.name().to_owned(),
        place: file.display().to_string(),
        text: text.chars().take(LONGEST).collect(),
    }
}
