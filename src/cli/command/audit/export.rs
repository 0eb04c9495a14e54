//! `cmscc audit export`: finished proposals and the config blocks that prove them, into a folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::ExitCode,
};

use bytes::Bytes;
use serde_json::json;

use super::folder::{AuditFolder, of_folder};
use crate::{
    block::ConfigBlock,
    cli::{
        args::AuditExportArgs,
        command::{
            act::{fresh, open, read, write},
            see::{Reach, pages},
        },
        show::{self, Line, Tone, counted},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Exit, VerifiedLink,
        answers::seconds,
        view::{ExportedView, NotExportedView},
    },
    contract::audit::AuditBundle,
    ids::BlockNumber,
};

/// The most proposals that are listed.
const MOST: usize = 100_000;

pub(super) fn run(args: &AuditExportArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let period = AuditPeriod::of(args)?;
        let session = fresh(talk, &settings, identity).await?;
        let channel = session.chain().channel().as_str();
        let path = args.out.clone().unwrap_or_else(|| usual(args, channel));
        let folder = AuditFolder::new(&path);
        let mut view = ExportedView {
            folder: path.display().to_string(),
            ..ExportedView::default()
        };
        let reach = Reach::of(session.connection());
        let ids = match args.all {
            false => args.ids.clone(),
            true => {
                let listing = over(&reach, &mut view);
                talk.wait("asking the contract which are over", listing)
                    .await?
            }
        };
        if ids.is_empty() {
            let text = "no proposal is over that a block could prove";
            return Err(ClientError::new(Exit::Done, "NOTHING_TO_EXPORT", text));
        }
        folder.make()?;
        let mut links = BTreeMap::new();
        for id in &ids {
            match bundle(&session, &reach, &folder, id, args.all).await {
                Ok(document) if !period.holds(&document) => continue,
                Ok(document) => {
                    let chain = document.chain.iter();
                    links.extend(chain.map(|link| (link.sequence, link.block_number)));
                    view.proposals.push(id.clone());
                }
                Err(error) if error.exit == Exit::Unsafe || !args.all => return Err(error),
                Err(error) => {
                    talk.warn(&format!("`{id}` is not exported: {}", error.message));
                    view.not_exported.push(NotExportedView {
                        proposal_id: id.clone(),
                        why: error.message,
                    });
                }
            }
        }
        if args.all
            && let Some(first) = links.first_key_value().map(|(sequence, _)| *sequence)
        {
            // all configs in between, also those that no proposal led to
            let listed = pages::links(&reach, first, MOST).await?;
            let listed = listed.entries.iter();
            links.extend(listed.map(|link| (link.sequence, link.block_number)));
        }
        let numbers: BTreeSet<u64> = links.into_values().collect();
        fetch(talk, &session, &folder, &numbers).await?;
        view.blocks = folder.all_blocks()?.len();
        told(talk, &folder, &view)
    })
}

/// Says what is in the folder, and whether it holds.
fn told(talk: &Talk, folder: &AuditFolder, view: &ExportedView) -> Result<Exit, ClientError> {
    talk.done(&format!(
        "{} and {} are in `{}`",
        counted(view.proposals.len(), "proposal"),
        counted(view.blocks, "config block"),
        view.folder
    ));
    if !view.settings.is_empty() {
        let text = format!(
            "not in it, since no block proves them: settings {}",
            view.settings.join(", ")
        );
        talk.say(&Line::of(Tone::Dim, text));
    }
    talk.document(view)?;
    let report = of_folder(folder)?;
    if !report.verified {
        talk.lines(&show::audit(&report, talk.look()));
        return Ok(Exit::No);
    }
    talk.done("verified: each ended as its bundle says");
    talk.next(&format!(
        "cmscc audit verify {} --anchor BLOCK, on the auditor's machine",
        view.folder
    ));
    Ok(match view.not_exported.is_empty() {
        true => Exit::Done,
        false => Exit::Partly,
    })
}

fn usual(args: &AuditExportArgs, channel: &str) -> PathBuf {
    let name = match args.ids.as_slice() {
        [id] => id.as_str(),
        _ => channel,
    };
    PathBuf::from(format!("{name}.audit"))
}

/// The ids of all that are over and that blocks prove: archived ones, and those that are not yet.
async fn over(reach: &Reach, view: &mut ExportedView) -> Result<Vec<String>, ClientError> {
    let mut ids = BTreeSet::new();
    let mut settings = BTreeSet::new();
    let archived = pages::history(reach, &json!({}), MOST).await?;
    for one in archived.entries {
        match one.kind.as_str() {
            "settings" => settings.insert(one.proposal_id),
            _ => ids.insert(one.proposal_id),
        };
    }
    for status in ["Submitted", "Withdrawn"] {
        let options = json!({ "all": true, "status": status });
        let ended = pages::proposals(reach, &options, MOST).await?;
        for one in ended.entries {
            match one.kind.as_str() {
                "settings" => settings.insert(one.proposal_id),
                _ => ids.insert(one.proposal_id),
            };
        }
    }
    view.settings = settings.into_iter().collect();
    Ok(ids.into_iter().collect())
}

/// A bundle: from the folder where it may come from there, otherwise from the contract, and then into
/// the folder.
// SECURITY: the contract's answer names files; ids are those that were asked for
async fn bundle(
    session: &ChannelSession,
    reach: &Reach,
    folder: &AuditFolder,
    id: &str,
    may_be_there: bool,
) -> Result<AuditBundle, ClientError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if id.is_empty() || id.len() > 64 || !id.chars().all(legal) {
        let text = format!("`{id}` is no proposal id");
        return Err(ClientError::new(Exit::Usage, "BAD_ID", text));
    }
    let file = folder.bundle(id);
    if may_be_there && file.is_file() {
        return parsed(session, id, &read(&file)?);
    }
    let answer = reach.ask(&["ExportProposal", id]).await?;
    let document = parsed(session, id, &answer)?;
    write(&file, &answer)?;
    Ok(document)
}

fn parsed(session: &ChannelSession, id: &str, bytes: &[u8]) -> Result<AuditBundle, ClientError> {
    let document = AuditBundle::read(bytes)
        .map_err(|error| ClientError::new(Exit::Failed, "BAD_ANSWER", error.to_string()))?;
    let asked = (id, session.chain().channel().as_str());
    let given = (&*document.proposal.proposal_id, &*document.channel_id);
    if asked == given {
        return Ok(document);
    }
    let text = format!(
        "asked for `{}` of `{}`, and given `{}` of `{}`",
        asked.0, asked.1, given.0, given.1
    );
    Err(ClientError::new(Exit::Unsafe, "OTHER_PROPOSAL", text))
}

/// The config blocks that the folder lacks, from one's own peer. Where this machine verified the same
/// config, the block is compared with that.
async fn fetch(
    talk: &Talk,
    session: &ChannelSession,
    folder: &AuditFolder,
    numbers: &BTreeSet<u64>,
) -> Result<(), ClientError> {
    const SAID_EVERY: usize = 50;
    let lacking = numbers.iter().filter(|n| !folder.block(**n).is_file());
    let lacking: Vec<u64> = lacking.copied().collect();
    for (at, number) in lacking.iter().enumerate() {
        let bytes = session.connection().block(BlockNumber(*number)).await?;
        check(session, *number, &bytes)?;
        write(&folder.block(*number), &bytes)?;
        let done = at.saturating_add(1);
        if done.checked_rem(SAID_EVERY) == Some(0) {
            let text = format!("fetched {done} of {} config blocks", lacking.len());
            talk.say(&Line::of(Tone::Dim, text));
        }
    }
    Ok(())
}

fn check(session: &ChannelSession, number: u64, bytes: &Bytes) -> Result<(), ClientError> {
    let odd = |why: String| {
        let text = format!("the peer's block {number} cannot be used: {why}");
        ClientError::new(Exit::Failed, "BAD_ANSWER", text)
    };
    let block = ConfigBlock::parse(bytes.clone()).map_err(|error| odd(error.to_string()))?;
    if block.block().number().0 != number {
        return Err(odd(format!("it is block {}", block.block().number())));
    }
    let link = VerifiedLink::of(&block);
    let chain = session.chain();
    chain.agrees(block.sequence(), &link, "the peer").map(drop)
}

/// Since when and until when, in seconds since 1970.
#[derive(Debug)]
struct AuditPeriod {
    since: Option<i64>,
    until: Option<i64>,
}

impl AuditPeriod {
    fn of(args: &AuditExportArgs) -> Result<Self, ClientError> {
        let read = |given: &Option<String>| given.as_deref().map(time).transpose();
        Ok(Self {
            since: read(&args.since)?,
            until: read(&args.until)?,
        })
    }

    /// Whether a proposal was made in it; one that does not say when is in any.
    fn holds(&self, document: &AuditBundle) -> bool {
        let created = document.proposal.created_at.as_deref().and_then(seconds);
        created.is_none_or(|created| {
            self.since.is_none_or(|since| created >= since)
                && self.until.is_none_or(|until| created < until)
        })
    }
}

/// A day, or a time.
fn time(given: &str) -> Result<i64, ClientError> {
    let whole = match given.len() {
        10 => format!("{given}T00:00:00Z"),
        _ => given.to_owned(),
    };
    seconds(&whole).ok_or_else(|| {
        let text = format!("`{given}` is no time: write 2026-01-01, or 2026-01-01T12:00:00Z");
        ClientError::new(Exit::Usage, "BAD_TIME", text)
    })
}
