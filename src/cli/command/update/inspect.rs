//! `cmscc update inspect`.

use std::{collections::BTreeSet, process::ExitCode};

use bytes::Bytes;

use super::files;
use crate::{
    cli::{
        args::UpdateInspectArgs,
        output,
        screen::Screen,
        show::{self, Line, Tone, counted},
    },
    client::{
        ClientError, Exit,
        answers::{DiffAnswer, same_shape},
        now,
        update::{
            CheckedUpdate, FileConfig, FileUpdate, GivenContent, GivenFile, against_view,
            channel_creation, checked_view, config_view, file_view, update_view,
        },
        view::{CheckedView, InspectedFileView, InspectedView},
    },
    config::ConfigTree,
    ids::Sequence,
    review::diff::{DiffRoom, diff_within},
    text::escaped_json,
};

/// How much of a config is shown.
const ROOM: DiffRoom = DiffRoom {
    entries: 50_000,
    bytes: 8 << 20,
};

pub(super) fn run(args: &UpdateInspectArgs) -> ExitCode {
    let screen = Screen::new(&args.shown, args.full);
    screen.ended(inspect(args, &screen))
}

fn inspect(args: &UpdateInspectArgs, screen: &Screen) -> Result<Exit, ClientError> {
    if args.decode {
        let [path] = args.files.as_slice() else {
            let text = "--decode is for one file: name it";
            return Err(ClientError::new(Exit::Usage, "ONE_FILE", text));
        };
        let file = files::given(path)?;
        if let GivenContent::Update(update) = &file.content
            && !update.signatures.is_empty()
        {
            let text = format!(
                "! the update alone: {} of `{}` {} not in this output",
                counted(update.signatures.len(), "signature"),
                file.name,
                if update.signatures.len() == 1 {
                    "is"
                } else {
                    "are"
                },
            );
            screen.note(&Line::of(Tone::Waiting, text));
        }
        let text = file.decoded()?;
        output::result(&with_tabs(text.trim_end()));
        return Ok(Exit::Done);
    }
    let against = args.against.as_deref().map(files::config).transpose()?;
    let (mut views, mut failed, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for path in &args.files {
        // one file that is none keeps nobody from seeing the others
        let seen =
            files::given(path).and_then(|file| Ok((one(args, against.as_ref(), &file)?, file)));
        match seen {
            Ok((view, file)) => {
                views.push(view);
                whole.extend(contents(args, screen, &file)?);
            }
            Err(error) if args.files.len() == 1 => return Err(error),
            Err(error) => failed.push(error),
        }
    }
    let view = InspectedView { files: views };
    if !view.files.is_empty() || failed.is_empty() {
        screen.result(&view, Some("files"), |look| {
            let mut lines = show::inspected(&view, look);
            lines.extend(whole);
            lines
        })?;
    }
    let Some(first) = failed.first() else {
        return Ok(Exit::Done);
    };
    if view.files.is_empty() {
        return Err(first.clone());
    }
    for error in &failed {
        screen.note(&Line::of(Tone::Bad, "✗ ").and(Tone::Plain, &error.message));
    }
    Ok(Exit::Partly)
}

/// A document without hidden characters, which stand only in its strings; tabs that indent it stay.
fn with_tabs(document: &str) -> String {
    let lines = document.lines().map(|line| {
        let text = line.trim_start_matches('\t');
        let tabs = line.len().saturating_sub(text.len());
        format!("{}{}", "\t".repeat(tabs), escaped_json(text))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn one(
    args: &UpdateInspectArgs,
    against: Option<&FileConfig>,
    file: &GivenFile,
) -> Result<InspectedFileView, ClientError> {
    let (mut config, mut update) = (None, None);
    match &file.content {
        GivenContent::Config(given) => config = Some(config_view(given)),
        GivenContent::Update(given) => {
            let checked = match against {
                Some(against) if channel_creation(&given.update).is_none() => {
                    Some(checked(args, against, given)?)
                }
                _ => None,
            };
            update = Some(update_view(given, checked)?);
        }
        GivenContent::Other => {}
    }
    Ok(InspectedFileView {
        config,
        file: file_view(file),
        request: file.request.clone(),
        update,
    })
}

fn checked(
    args: &UpdateInspectArgs,
    against: &FileConfig,
    given: &FileUpdate,
) -> Result<CheckedView, ClientError> {
    let channel = args.channel.channel.as_deref();
    let bundle = files::bundle(channel, against, &given.update)?;
    let accepted = BTreeSet::new();
    let checked = CheckedUpdate::new(&bundle, &given.update, &given.signatures, &accepted, now());
    checked_view(&bundle, against_view(against), &checked)
}

/// With --full, all that a config says: what it has more than an empty one.
fn contents(
    args: &UpdateInspectArgs,
    screen: &Screen,
    file: &GivenFile,
) -> Result<Vec<Line>, ClientError> {
    let GivenContent::Config(config) = &file.content else {
        return Ok(Vec::new());
    };
    if !args.full {
        return Ok(Vec::new());
    }
    let empty = ConfigTree::from_group(Sequence(0), Bytes::new());
    let empty =
        empty.map_err(|error| ClientError::new(Exit::Failed, "INTERNAL", error.to_string()))?;
    let said: DiffAnswer = same_shape(&diff_within(&empty, &config.tree, ROOM))?;
    let mut lines = vec![Line::new(), Line::of(Tone::Strong, &config.name)];
    lines.extend(show::contents(&said, screen.look()));
    Ok(lines)
}
