//! `cmscc update compute`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};

use super::files;
use crate::{
    cli::{
        args::UpdateComputeArgs,
        command::act::write,
        screen::Screen,
        show::{self, Line, Tone},
    },
    client::{
        ClientError, Exit, now,
        update::{CheckOutcome, CheckedUpdate, ComputedUpdate, compiled, computed_view},
    },
};

pub(super) fn run(args: &UpdateComputeArgs) -> ExitCode {
    let screen = Screen::new(&args.judging.shown, args.judging.full);
    screen.ended(compute(args, &screen))
}

fn compute(args: &UpdateComputeArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let named = |one: &Option<std::path::PathBuf>, other: &Option<std::path::PathBuf>| {
        one.clone()
            .or_else(|| other.clone())
            .ok_or_else(|| ClientError::new(Exit::Usage, "NO_FILE", "two configs are wanted"))
    };
    let original = files::config(&named(&args.original, &args.named_original)?)?;
    let modified = files::wanted(&named(&args.modified, &args.named_updated)?)?;
    let meant = args.judging.meant();
    let channel = files::channel(&args.judging.channel, &[&original, &modified]);
    let computed = ComputedUpdate::new(channel.as_deref(), &original, &modified, meant)?;
    let bytes = computed.update.bytes();
    let out = args.out.as_deref().filter(|out| out.as_os_str() != "-");
    if let Some(out) = out {
        write(out, bytes)?;
    }
    // an original that no node would take says less, and the update is computed all the same
    let bundle = compiled(&original.name, &computed.channel, &original.tree).ok();
    let checked = bundle.as_ref().map(|bundle| {
        let accepted = args.judging.accepted();
        (
            bundle,
            CheckedUpdate::new(bundle, &computed.update, &[], &accepted, now()),
        )
    });
    let judged = checked.as_ref().map(|(bundle, checked)| (*bundle, checked));
    let (exit, next) = ended(checked.as_ref().map(|(_, checked)| checked), out);
    let file = out.map(|out| out.display().to_string());
    let view = computed_view(&original, &computed, judged, file)?;
    if screen.wants_json() {
        screen.result(&view, None, |_| Vec::new())?;
        return Ok(exit);
    }
    let is_piped = out.is_none() && (args.out.is_some() || !io::stdout().is_terminal());
    let mut lines = show::computed(&view, screen.look());
    match out {
        Some(out) => lines.push(written(out, bytes.len())),
        None if is_piped => {
            for line in &lines {
                screen.note(line);
            }
            to_stdout(bytes)?;
            if let Some(next) = next {
                screen.note(&next);
            }
            return Ok(exit);
        }
        None => lines.push(Line::of(
            Tone::Dim,
            "nothing was written; -o FILE writes the update",
        )),
    }
    screen.lines(&lines);
    if let Some(next) = next {
        screen.note(&next);
    }
    Ok(exit)
}

/// How it ends, and what comes next. That signatures are missing is no news of an update that was just made.
fn ended(checked: Option<&CheckedUpdate>, out: Option<&Path>) -> (Exit, Option<Line>) {
    match (checked.map(|checked| checked.outcome), out) {
        (Some(CheckOutcome::Blocked), _) => {
            let blocking = checked.map(CheckedUpdate::blocking).unwrap_or_default();
            let text = format!(
                "a finding is blocking: there may be no way back; whoever wants it all the same: \
                 --accept-finding {}",
                blocking.first().copied().unwrap_or("NAME")
            );
            (Exit::Unsafe, Some(Line::of(Tone::Bad, text)))
        }
        (Some(CheckOutcome::Refused), _) => (Exit::No, None),
        (_, Some(out)) => {
            let next = format!("cmscc update wrap {} -o envelope.pb", out.display());
            let next = Line::of(Tone::Dim, "next: ").and(Tone::Accent, next);
            (Exit::Done, Some(next))
        }
        _ => (Exit::Done, None),
    }
}

fn written(out: &Path, bytes: usize) -> Line {
    Line::of(Tone::Good, "✓ ").and(
        Tone::Plain,
        format!("wrote {}, {bytes} bytes", out.display()),
    )
}

/// The update itself, for a pipe.
fn to_stdout(bytes: &[u8]) -> Result<(), ClientError> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| {
        let text = format!("cannot write the update: {error}");
        ClientError::new(Exit::Failed, "FILE_UNWRITABLE", text)
    })
}
