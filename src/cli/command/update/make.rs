//! `cmscc update wrap` and `merge`: envelopes, as others take them.

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use super::files;
use crate::{
    cli::{
        args::{UpdateMergeArgs, UpdateWrapArgs},
        command::act::write,
        screen::Screen,
        show::{self, Line, Tone},
    },
    client::{
        ClientError, Exit, SignedUpdate, now,
        update::{CheckedUpdate, FileUpdate, MergedSignatures, merged_view},
        view::WrittenView,
    },
    ids::ChannelId,
};

pub(super) fn wrap(args: &UpdateWrapArgs) -> ExitCode {
    let screen = Screen::new(&args.shown, false);
    screen.ended(wrapped(args, &screen))
}

fn wrapped(args: &UpdateWrapArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let given = files::update(args.file.path())?;
    enclose(&args.out, &given)?;
    let view = WrittenView {
        config_update_sha256: given.update.digest().to_string(),
        file: args.out.display().to_string(),
        proposal_id: None,
    };
    screen.result(&view, None, |_| {
        vec![
            Line::of(Tone::Good, "✓ ").and(
                Tone::Plain,
                format!(
                    "wrote {}, an envelope of channel {}",
                    args.out.display(),
                    given.update.channel_id()
                ),
            ),
            Line::of(Tone::Strong, "Digest  ").and(Tone::Plain, &view.config_update_sha256),
        ]
    })?;
    let out = args.out.display();
    let next = format!("cmscc update sign {out} --against config_block.pb -o signed.pb");
    screen.note(&Line::of(Tone::Dim, "next: ").and(Tone::Accent, next));
    Ok(Exit::Done)
}

fn enclose(out: &Path, given: &FileUpdate) -> Result<(), ClientError> {
    let envelope = SignedUpdate {
        channel: ChannelId::from(given.update.channel_id()),
        config_update: given.update.bytes().clone(),
        signatures: given.signatures.clone(),
    };
    write(out, &envelope.write())
}

pub(super) fn merge(args: &UpdateMergeArgs) -> ExitCode {
    let screen = Screen::new(&args.shown, false);
    screen.ended(merged(args, &screen))
}

fn merged(args: &UpdateMergeArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let against = args.against.as_deref().map(files::config).transpose()?;
    let given = args.files.iter().map(|path| files::update(path));
    let given: Vec<FileUpdate> = given.collect::<Result<_, _>>()?;
    let mut merged = MergedSignatures::of(&given)?;
    let before = merged.kept.len();
    let bundle = match &against {
        Some(against) => Some(files::bundle(None, against, &merged.update)?),
        None => None,
    };
    if let Some(bundle) = &bundle {
        merged = merged.chosen(bundle);
    }
    if merged.kept.is_empty() {
        let text = match before {
            0 => "nobody has signed any of these files",
            _ => "no signature in these files counts by the config",
        };
        return Err(ClientError::new(Exit::No, "NOT_SIGNED", text)
            .hint("cmscc update inspect FILE.. --against CONFIG says why"));
    }
    let envelope = SignedUpdate {
        channel: ChannelId::from(merged.update.channel_id()),
        config_update: merged.update.bytes().clone(),
        signatures: merged.kept.clone(),
    };
    write(&args.out, &envelope.write())?;
    let checked = bundle.as_ref().map(|bundle| {
        let accepted = BTreeSet::new();
        CheckedUpdate::new(bundle, &merged.update, &merged.kept, &accepted, now())
    });
    let left_out = before.saturating_sub(merged.kept.len());
    let file = args.out.display().to_string();
    let view = merged_view(
        &merged,
        left_out,
        bundle.as_ref().zip(checked.as_ref()),
        file,
    );
    screen.result(&view, None, |look| show::merged(&view, look))?;
    let next = format!(
        "cmscc update check {} --against {}",
        args.out.display(),
        args.against
            .as_deref()
            .unwrap_or_else(|| Path::new("config_block.pb"))
            .display()
    );
    screen.note(&Line::of(Tone::Dim, "next: ").and(Tone::Accent, next));
    Ok(Exit::Done)
}
