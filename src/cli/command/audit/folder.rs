//! `cmscc audit verify FOLDER`, and what lies where in such a folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use bytes::Bytes;

use crate::{
    cli::{
        args::{AuditVerifyArgs, ShownArgs},
        command::act::read,
        screen::Screen,
        show,
    },
    client::{
        ClientError, ConfigTrail, Exit, anchor_block,
        view::{AuditView, AuditedProposalView, FoundView},
    },
    contract::audit::{AuditBundle, AuditReport, verify},
    ids::ChannelId,
};

/// The most files of a kind that are looked at.
const MOST: usize = 100_000;

/// The blocks of one bundle are held together up to this. Unit: bytes.
const TOGETHER: usize = 1 << 30;

/// A folder of bundles and blocks.
#[derive(Debug)]
pub(super) struct AuditFolder {
    folder: PathBuf,
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
        self.folder.join("proposals")
    }

    fn blocks(&self) -> PathBuf {
        self.folder.join("blocks")
    }

    /// The file of a proposal's bundle. Ids have no character that leaves the folder.
    pub(super) fn bundle(&self, id: &str) -> PathBuf {
        self.bundles().join(format!("{id}.json"))
    }

    /// The file of a block.
    pub(super) fn block(&self, number: u64) -> PathBuf {
        self.blocks().join(format!("{number}.block"))
    }

    /// The bundles that are there, by file name.
    pub(super) fn all_bundles(&self) -> Result<Vec<PathBuf>, ClientError> {
        let files = files(&self.bundles(), "json")?;
        Ok(files.into_values().collect())
    }

    /// The numbers of the blocks that are there, ascending.
    pub(super) fn all_blocks(&self) -> Result<Vec<u64>, ClientError> {
        let files = files(&self.blocks(), "block")?;
        let mut numbers: Vec<u64> = files.keys().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// The regular files with this ending, by their names without it.
fn files(folder: &Path, ending: &str) -> Result<BTreeMap<String, PathBuf>, ClientError> {
    let failed = |error: io::Error| {
        let text = format!("cannot read `{}`: {error}", folder.display());
        ClientError::new(Exit::Usage, "FILE_UNREADABLE", text)
            .hint("`cmscc audit export` writes such a folder")
    };
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(MOST) {
        let path = entry.map_err(failed)?.path();
        let is_one = path.extension().is_some_and(|it| it == ending) && path.is_file();
        let name = path.file_stem().filter(|_| is_one);
        if let Some(name) = name.and_then(|name| name.to_str()) {
            found.insert(name.to_owned(), path.clone());
        }
    }
    Ok(found)
}

/// What is verified: bundles, and where a block of a number is.
struct AuditFiles {
    bundles: Vec<PathBuf>,
    blocks: Vec<PathBuf>,
}

pub(super) fn run(args: &AuditVerifyArgs) -> ExitCode {
    let shown = ShownArgs {
        json: args.json.then(String::new),
        ..ShownArgs::default()
    };
    let screen = Screen::new(&shown, args.full);
    let given = || {
        let view = verified(&given(args)?, args.anchor.as_deref())?;
        screen.result(&view, None, |look| show::audit(&view, look))?;
        Ok(match view.findings.iter().any(|one| one.id == "FORK") {
            true => Exit::Unsafe,
            false if view.verified => Exit::Done,
            false => Exit::No,
        })
    };
    screen.ended(given())
}

fn given(args: &AuditVerifyArgs) -> Result<AuditFiles, ClientError> {
    if !args.bundle.is_dir() {
        return Ok(AuditFiles {
            bundles: vec![args.bundle.clone()],
            blocks: args.blocks.clone(),
        });
    }
    if !args.blocks.is_empty() {
        let text = "blocks are named with a bundle; a folder has them in `blocks`";
        return Err(ClientError::new(Exit::Usage, "BAD_ARGUMENT", text));
    }
    let folder = AuditFolder::new(&args.bundle);
    let numbers = folder.all_blocks()?;
    Ok(AuditFiles {
        bundles: folder.all_bundles()?,
        blocks: numbers.into_iter().map(|n| folder.block(n)).collect(),
    })
}

/// Follows the blocks one by one, and verifies each bundle with those that it names.
fn verified(given: &AuditFiles, anchor: Option<&Path>) -> Result<AuditView, ClientError> {
    let mut findings = Vec::new();
    let mut by_number = BTreeMap::new();
    let mut channel = None;
    for file in &given.blocks {
        let bytes = Bytes::from(read(file)?);
        match crate::block::ConfigBlock::parse(bytes) {
            Ok(block) => {
                channel.get_or_insert_with(|| block.channel_id().clone());
                by_number.insert((block.sequence(), block.block().number().0), file.clone());
            }
            Err(error) => findings.push(found("BLOCK_INVALID", file, &error.to_string())),
        }
    }
    let Some(channel) = channel else {
        let text = "there is no config block to verify anything with";
        return Err(ClientError::new(Exit::Usage, "NO_BLOCKS", text)
            .hint("`cmscc audit export` writes bundles and blocks"));
    };
    let anchor = anchor.map(|path| anchor_block(path, &channel));
    let anchor = anchor.transpose()?.flatten();
    let trail = followed(&channel, by_number.values(), anchor, &mut findings)?;
    let numbers: BTreeMap<u64, &PathBuf> = by_number
        .iter()
        .map(|((_, number), file)| (*number, file))
        .collect();
    let mut proposals = Vec::with_capacity(given.bundles.len());
    for file in &given.bundles {
        match report(file, &channel, &numbers)? {
            Ok(report) => proposals.push(of_report(report)),
            Err(why) => findings.push(found("BUNDLE_INVALID", file, &why)),
        }
    }
    AuditView::new(channel.as_str(), &trail, proposals, findings)
}

/// The configs, ascending, each block held only while it is taken.
fn followed<'a>(
    channel: &ChannelId,
    files: impl Iterator<Item = &'a PathBuf>,
    anchor: Option<Bytes>,
    findings: &mut Vec<FoundView>,
) -> Result<ConfigTrail, ClientError> {
    let mut trail = ConfigTrail::new(channel, anchor)?;
    for file in files {
        if let Err(error) = trail.take(Bytes::from(read(file)?)) {
            let id = match error.symbol.as_str() {
                symbol @ ("CAPABILITY_UNSUPPORTED" | "FORK" | "WRONG_CHANNEL") => symbol,
                _ => "BLOCK_INVALID",
            };
            findings.push(found(id, file, &error.message));
        }
    }
    Ok(trail)
}

/// What a bundle is worth; why it cannot be read.
fn report(
    file: &Path,
    channel: &ChannelId,
    blocks: &BTreeMap<u64, &PathBuf>,
) -> Result<Result<AuditReport, String>, ClientError> {
    let bytes = read(file)?;
    let document = match AuditBundle::read(&bytes) {
        Ok(document) => document,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if document.channel_id != channel.as_str() {
        let other = &document.channel_id;
        return Ok(Err(format!(
            "it is of channel `{other}`, the blocks are of `{channel}`"
        )));
    }
    let mut needed = Vec::new();
    let mut length = 0_usize;
    for number in named(&document) {
        if let Some(file) = blocks.get(&number) {
            let block = Bytes::from(read(file)?);
            length = length.saturating_add(block.len());
            if length > TOGETHER {
                return Ok(Err(format!(
                    "its blocks have more than {TOGETHER} bytes together"
                )));
            }
            needed.push(block);
        }
    }
    Ok(verify(&bytes, &needed).map_err(|error| error.to_string()))
}

/// The blocks that a bundle names, each once.
// SECURITY: whoever made the bundle may name one block a million times
fn named(document: &AuditBundle) -> BTreeSet<u64> {
    let links = document.chain.iter();
    links.map(|link| link.block_number).collect()
}

fn of_report(report: AuditReport) -> AuditedProposalView {
    let findings = report.findings.iter().map(|one| FoundView {
        id: one.id.name().to_owned(),
        place: format!("{}: {}", report.proposal_id, one.place),
        text: one.text.clone(),
    });
    AuditedProposalView {
        findings: findings.collect(),
        not_verified: report.not_verified,
        outcome: report.outcome,
        proposal_id: report.proposal_id,
        sequence: report.effective.map(|effective| effective.sequence),
        verified: report.verified,
    }
}

fn found(id: &str, file: &Path, text: &str) -> FoundView {
    FoundView {
        id: id.to_owned(),
        place: file.display().to_string(),
        text: text.to_owned(),
    }
}

/// What a folder is worth, without an anchor: what its exporter is told.
pub(super) fn of_folder(folder: &AuditFolder) -> Result<AuditView, ClientError> {
    let numbers = folder.all_blocks()?;
    let given = AuditFiles {
        bundles: folder.all_bundles()?,
        blocks: numbers.into_iter().map(|n| folder.block(n)).collect(),
    };
    verified(&given, None)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A bundle in which nothing is said but which blocks its chain names.
    fn bundle(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let links: Vec<Value> = (numbers.into_iter())
            .map(|number| {
                json!({
                    "block_hash": "", "block_number": number, "config_sha256": "",
                    "config_update_sha256": null, "sequence": 0,
                })
            })
            .collect();
        let proposal = json!({
            "archived": false, "created_at": null, "deadline": null, "description": "",
            "given_update": null, "kind": "config_update", "outcome": null, "patch": "",
            "proposal_id": "one", "proposed_sequence": 0, "proposer_msp_id": "", "revisions": [],
            "signatures": [], "signatures_omitted": 0, "sources": [], "tx_id": "", "votes": [],
        });
        let document = json!({
            "as_of_sequence": 0, "chain": links, "channel_id": "mychannel",
            "contract_instance": "", "epoch": 1, "evaluated": null, "format": 1,
            "proposal": proposal, "sources": [], "unsupported": [], "via": null,
        });
        serde_json::to_vec(&document).unwrap()
    }

    #[test]
    fn a_block_that_is_named_often_is_read_once() {
        let numbers = (0..100_000).map(|n| n % 2);
        let document = AuditBundle::read(&bundle(numbers)).unwrap();
        assert_eq!(named(&document), BTreeSet::from([0, 1]));
    }
}
