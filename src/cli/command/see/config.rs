//! `cmscc config`: the channel's config.

use std::{collections::BTreeMap, fs, io::Write, path::Path, process::ExitCode};

use bytes::Bytes;
use serde_json::{json, value::RawValue};

use super::{
    element::element,
    pages,
    reach::{Reach, on_screen},
    show::changes,
};
use crate::{
    block::ConfigBlock,
    cli::{
        args::{
            ConfigArgs, ConfigCommand, ConfigDiffArgs, ConfigExportArgs, ConfigGetArgs,
            ConfigHistoryArgs, ConfigShowArgs, ConfigVerifyArgs,
        },
        output,
        screen::Screen,
        show::{self, Line, Tone},
    },
    client::{
        ClientError, Exit,
        answers::{DiffAnswer, same_shape},
        slashed,
        view::{ChainView, ConfigDiffView, ExportView, LinkView},
    },
    config::ConfigTree,
    ids::{BlockNumber, Sequence},
    json,
    review::diff::{DiffRoom, diff_within},
};

/// How much of a config or of a difference is shown: more than people read, and bounded.
const ROOM: DiffRoom = DiffRoom {
    entries: 50_000,
    bytes: 8 << 20,
};

/// `verify` is what acts, not shows: it keeps what it verified.
pub(in crate::cli) fn run(
    args: &ConfigArgs,
    verify: fn(&ConfigVerifyArgs) -> ExitCode,
) -> ExitCode {
    match &args.command {
        ConfigCommand::Verify(args) => verify(args),
        ConfigCommand::Show(args) => on_screen(&args.client.shown, args.full, async |screen| {
            show_config(args, screen).await
        }),
        ConfigCommand::Get(args) => on_screen(&args.client.shown, false, async |screen| {
            get(args, screen).await
        }),
        ConfigCommand::History(args) => on_screen(&args.client.shown, args.full, async |screen| {
            history(args, screen).await
        }),
        ConfigCommand::Diff(args) => on_screen(&args.client.shown, args.full, async |screen| {
            diff(args, screen).await
        }),
        ConfigCommand::Export(args) => on_screen(&args.client.shown, false, async |screen| {
            export(args, screen).await
        }),
    }
}

async fn show_config(args: &ConfigShowArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let block = newest(&Reach::new(&args.client)?, screen).await?;
    let document = || RawValue::from_string(document(&block)?).map_err(|error| unreadable(&error));
    if screen.wants_json() {
        screen.result(&document()?, None, |_| Vec::new())?;
        return Ok(Exit::Done);
    }
    // everything that a config says is what it has more than an empty one
    let empty = ConfigTree::from_group(Sequence(0), Bytes::new());
    let empty = empty.map_err(|error| unreadable(&error))?;
    let said: DiffAnswer = same_shape(&diff_within(&empty, block.tree(), ROOM))?;
    let head = Line::of(Tone::Strong, block.channel_id().as_str()).and(
        Tone::Dim,
        format!(
            "  config {}, block {}",
            block.sequence(),
            block.block().number()
        ),
    );
    let mut lines = vec![head, Line::new()];
    lines.extend(show::contents(&said, screen.look()));
    screen.lines(&lines);
    Ok(Exit::Done)
}

async fn get(args: &ConfigGetArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let block = newest(&Reach::new(&args.client)?, screen).await?;
    output::foreign_json(&element(&document(&block)?, &slashed(&args.path))?);
    Ok(Exit::Done)
}

async fn history(args: &ConfigHistoryArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let reach = Reach::new(&args.client)?;
    let reading = async {
        let links = pages::links(&reach, 0, args.limit).await?;
        let open = pages::proposals(&reach, &json!({ "all": true }), args.limit).await?;
        let ended = pages::history(&reach, &json!({}), args.limit).await?;
        Ok::<_, ClientError>((links, open, ended))
    };
    let (links, open, ended) = screen.wait("asking the contract", reading).await?;
    let mut ids = BTreeMap::new();
    for one in open.entries {
        ids.insert(one.config_update_sha256, one.proposal_id);
    }
    for one in ended.entries {
        let revisions = one.revisions.into_iter();
        let digests = revisions.map(|revision| revision.config_update_sha256);
        ids.extend(digests.map(|digest| (digest, one.proposal_id.clone())));
    }
    let chain = links.entries.into_iter().map(|link| LinkView {
        proposal_id: (link.config_update_sha256.as_ref())
            .and_then(|digest| ids.get(digest))
            .cloned(),
        link,
    });
    let view = ChainView {
        as_of_sequence: links.as_of_sequence,
        chain: chain.collect(),
        more: links.more,
    };
    screen.result(&view, Some("chain"), |look| show::chain(&view, look))?;
    Ok(Exit::Done)
}

async fn diff(args: &ConfigDiffArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let reach = Reach::new(&args.client)?;
    let reading = async {
        let from = at(&reach, args.from).await?;
        let to = match args.to {
            Some(to) => at(&reach, to).await?,
            None => parsed(reach.connection.config_block().await?)?,
        };
        Ok::<_, ClientError>((from, to))
    };
    let (from, to) = screen.wait("asking for both configs", reading).await?;
    let diff: DiffAnswer = same_shape(&diff_within(from.tree(), to.tree(), ROOM))?;
    let view = ConfigDiffView {
        diff,
        from: from.sequence().0,
        to: to.sequence().0,
    };
    if screen.wants_json() {
        screen.result(&view, Some("changes"), |_| Vec::new())?;
        return Ok(match args.exit_code && !show::is_empty(&view.diff) {
            true => Exit::No,
            false => Exit::Done,
        });
    }
    changes(&view.diff, screen, args.exit_code, "Both say the same.")
}

async fn export(args: &ConfigExportArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let reach = Reach::new(&args.client)?;
    let block = match args.sequence {
        Some(sequence) => {
            screen
                .wait("asking for the block", at(&reach, sequence))
                .await?
        }
        None => newest(&reach, screen).await?,
    };
    let bytes = block.block().bytes();
    if args.file.as_deref() == Some(Path::new("-")) {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        written.map_err(|error| unwritable(Path::new("-"), &error))?;
        return Ok(Exit::Done);
    }
    let named = Path::new(&format!("{}.block", block.channel_id())).to_owned();
    let file = args.file.clone().unwrap_or(named);
    fs::write(&file, bytes).map_err(|error| unwritable(&file, &error))?;
    let document = ExportView {
        block_number: block.block().number().0,
        config_sha256: block.config_digest().to_string(),
        file: file.display().to_string(),
        sequence: block.sequence().0,
    };
    screen.result(&document, None, |_| {
        let text = format!(
            "config {}, block {}, {} bytes",
            block.sequence(),
            block.block().number(),
            bytes.len()
        );
        vec![
            Line::of(Tone::Strong, file.display().to_string())
                .and(Tone::Plain, format!("  {text}")),
            Line::of(Tone::Dim, "config sha256  ")
                .and(Tone::Plain, block.config_digest().to_string()),
        ]
    })?;
    Ok(Exit::Done)
}

/// The newest config block of the peer.
async fn newest(reach: &Reach, screen: &Screen) -> Result<ConfigBlock, ClientError> {
    let block = reach.connection.config_block();
    parsed(screen.wait("asking the peer", block).await?)
}

/// The block of a config that the contract knows, as the peer has it.
async fn at(reach: &Reach, sequence: u64) -> Result<ConfigBlock, ClientError> {
    let links = pages::links(reach, sequence, 1).await?;
    let link = links
        .entries
        .first()
        .filter(|link| link.sequence == sequence);
    let Some(link) = link else {
        let text = format!(
            "the contract knows no config {sequence}; its newest is {}",
            links.as_of_sequence
        );
        let error = ClientError::new(Exit::Failed, "NO_CONFIG", text);
        return Err(error.hint("cmscc config history"));
    };
    let block = reach
        .connection
        .block(BlockNumber(link.block_number))
        .await?;
    let block = parsed(block)?;
    // SECURITY: contract and peer tell of one chain, or somebody lies
    if block.config_digest().to_string() != link.config_sha256 {
        let text = format!(
            "config {sequence} of the contract has the digest {}, block {} of the peer {}",
            link.config_sha256,
            link.block_number,
            block.config_digest()
        );
        return Err(ClientError::new(Exit::Unsafe, "FORK", text).hint("sign nothing; cmscc status"));
    }
    Ok(block)
}

fn parsed(block: Bytes) -> Result<ConfigBlock, ClientError> {
    ConfigBlock::parse(block).map_err(|error| unreadable(&error))
}

/// The config in Fabric's JSON form.
fn document(block: &ConfigBlock) -> Result<String, ClientError> {
    json::encode("common.Config", block.config()).map_err(|error| unreadable(&error))
}

fn unreadable(error: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the peer's config cannot be read: {error}");
    ClientError::new(Exit::Failed, "BAD_BLOCK", text)
}

fn unwritable(file: &Path, error: &std::io::Error) -> ClientError {
    let text = format!("cannot write `{}`: {error}", file.display());
    ClientError::new(Exit::Failed, "UNWRITABLE", text)
}
