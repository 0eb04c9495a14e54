//! `cmscc audit verify FOLDER`: blocks followed one by one, and bundles compared with them.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use bytes::Bytes;

use super::{
    blocks::{GivenBlocks, found},
    bundles::Bundles,
    folder::{AuditFiles, AuditFolder},
};
use crate::{
    block::ConfigBlock,
    cli::{
        args::{AuditVerifyArgs, ShownArgs},
        command::act::read,
        screen::Screen,
        show::{self, Line, Tone},
    },
    client::{
        ClientError, ConfigTrail, Exit,
        view::{AuditView, FolderFindingId, FoundView},
    },
    ids::{ChannelId, Sequence},
};

pub(super) fn run(args: &AuditVerifyArgs) -> ExitCode {
    let shown = ShownArgs {
        json: args.json.then(String::new),
        ..ShownArgs::default()
    };
    let screen = Screen::new(&shown, args.full);
    let given = || {
        let files = given(args)?;
        let view = verified(&files, &args.anchor, args.bundle.is_dir())?;
        screen.result(&view, None, |look| show::audit(&view, look))?;
        let is_enough = match args.strict {
            true => view.is_proven(),
            false => view.verified,
        };
        if view.verified && !is_enough {
            let text =
                "--strict: not all of it is proven by your anchors, or something was not read";
            screen.note(&Line::of(Tone::Bad, text));
        }
        Ok(match view.is_fork() {
            true => Exit::Unsafe,
            false if is_enough => Exit::Done,
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
            not_read: Vec::new(),
        });
    }
    if !args.blocks.is_empty() {
        let text = "blocks are named with a bundle; a folder has them in `blocks`";
        return Err(ClientError::new(Exit::Usage, "BAD_ARGUMENT", text));
    }
    AuditFolder::new(&args.bundle).files()
}

/// What a folder is worth, without an anchor: what its exporter is told.
pub(super) fn of_folder(folder: &AuditFolder) -> Result<AuditView, ClientError> {
    verified(&folder.files()?, &[], true)
}

/// Follows the blocks one by one, and verifies each bundle with those that it names. `is_whole`: it is
/// the folder of an export, which goes up to the head.
fn verified(
    files: &AuditFiles,
    anchors: &[PathBuf],
    is_whole: bool,
) -> Result<AuditView, ClientError> {
    let mut findings = Vec::new();
    let mut blocks = GivenBlocks::of(&files.blocks, &mut findings);
    let Some(channel) = blocks.channel.clone() else {
        let text = "there is no config block to verify anything with";
        return Err(ClientError::new(Exit::Usage, "NO_BLOCKS", text)
            .hint("`cmscc audit export` writes bundles and blocks"));
    };
    let anchors: Vec<(PathBuf, Bytes)> = (anchors.iter())
        .map(|path| anchored(path, &channel))
        .collect::<Result<_, _>>()?;
    let trusted = anchors.iter().map(|(_, bytes)| bytes.clone());
    let mut trail = ConfigTrail::new(&channel, trusted)?;
    for file in blocks.files() {
        let bytes = read(file)?;
        if let Err(error) = trail.take(Bytes::from(bytes)) {
            let id = FolderFindingId::of_refused(&error);
            findings.push(found(id, file, &error.message));
        }
    }
    gaps(&trail, &mut findings);
    // bundles name it like the others
    for (file, bytes) in anchors {
        if let Ok(block) = ConfigBlock::parse(bytes) {
            blocks.add(&block, &file);
        }
    }
    let bundles = Bundles::new(&channel, &blocks, &trail, is_whole);
    let proposals = bundles.reports(&files.bundles, &mut findings)?;
    let not_read = files.not_read.clone();
    AuditView::new(channel.as_str(), &trail, proposals, findings, not_read)
}

/// The block of an anchor, and the file that has it.
// SECURITY: the anchor is the auditor's, but a pipe in its place would be waited for without end
fn anchored(path: &Path, channel: &ChannelId) -> Result<(PathBuf, Bytes), ClientError> {
    let file = match path.is_dir() {
        true => path.join(format!("{channel}.block")),
        false => path.to_owned(),
    };
    if !file.is_file() {
        let text = format!("the anchor `{}` is no file", file.display());
        return Err(ClientError::new(Exit::Usage, "ANCHOR_UNREADABLE", text));
    }
    let bytes = read(&file)?;
    Ok((file, bytes.into()))
}

/// Configs that are missing between others: whoever made the folder may have left out what would show
/// something, and what comes behind a gap proves itself by nothing.
// SECURITY: behind a gap any chain could follow
fn gaps(trail: &ConfigTrail, findings: &mut Vec<FoundView>) {
    let mut gap = |after: Sequence, before: Sequence, text: &str| {
        let (from, to) = (after.next(), before.0.saturating_sub(1));
        findings.push(FoundView {
            id: FolderFindingId::Gap.name().to_owned(),
            place: match from.0 == to {
                true => format!("config {from}"),
                false => format!("configs {from} to {to}"),
            },
            text: text.to_owned(),
        });
    };
    let first = trail.configs().first();
    if let Some(first) = first.filter(|first| trail.believed().any(|one| one == *first))
        && let Some(anchor) = trail.anchors().filter(|one| *one < first.sequence).last()
    {
        let text = "not in here, or not valid: nothing in here follows from your anchor; an export with \
                    --all begins at config 0";
        gap(anchor, first.sequence, text);
    }
    for pair in trail.configs().windows(2) {
        if let [one, next] = pair
            && one.sequence.next() != next.sequence
        {
            let text = "not in here, or not valid: nothing shows what was changed, nor that what is \
                        behind follows from what is before";
            gap(one.sequence, next.sequence, text);
        }
    }
}
