//! `cmscc audit export`: finished proposals and the config blocks that prove them, into a folder.

use std::{collections::BTreeSet, fs, path::PathBuf, process::ExitCode};

use bytes::Bytes;
use serde_json::json;

use super::{folder::AuditFolder, verify::of_folder};
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
        ChannelSession, ClientError, Exit, ProposalTerms, VerifiedLink,
        answers::{SummaryAnswer, seconds},
        view::{ExportedView, NotExportedView},
    },
    contract::audit::AuditBundle,
    ids::{BlockNumber, Sequence},
};

/// The most proposals that are listed.
const MOST: usize = 100_000;

pub(super) fn run(args: &AuditExportArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let period = AuditPeriod::of(args)?;
        let mut session = fresh(talk, &settings, identity).await?;
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
        // all configs from the first on, also those that no proposal led to
        let mut first = args.all.then_some(0);
        for id in &ids {
            match bundle(&session, &reach, id).await {
                Ok((document, _)) if !period.holds(&document) => continue,
                Ok((document, bytes)) => {
                    folder.make()?;
                    write(&folder.bundle(id), &bytes)?;
                    let links = document.chain.iter().map(|link| link.sequence);
                    first = links.chain(first).min();
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
        // the channel may have gone on since
        session
            .catch_up(&|progress| talk.progress(&progress))
            .await?;
        let first = Sequence(first.unwrap_or_default());
        let listing = session.config_blocks(first);
        let numbers = talk.wait("asking your peer for config blocks", listing);
        let numbers = numbers.await?;
        folder.make()?;
        fetch(talk, &session, &folder, &numbers).await?;
        view.blocks = folder.files()?.blocks.len();
        told(talk, &folder, view)
    })
}

/// Says what is in the folder, and whether it holds.
fn told(talk: &Talk, folder: &AuditFolder, mut view: ExportedView) -> Result<Exit, ClientError> {
    talk.done(&format!(
        "{} and {} are in `{}`",
        counted(view.proposals.len(), "proposal"),
        counted(view.blocks, "config block"),
        view.folder
    ));
    let dim = |text: String| talk.say(&Line::of(Tone::Dim, text));
    if !view.settings.is_empty() {
        let settings = view.settings.join(", ");
        dim(format!(
            "not in it, since no block proves them: settings {settings}"
        ));
    }
    if !view.not_over.is_empty() {
        let ids = view.not_over.join(", ");
        dim(format!(
            "not in it, since they are not over, or not archived: {ids}; `cmscc archive` archives what is \
             over"
        ));
    }
    let report = of_folder(folder)?;
    view.verified = report.verified;
    talk.document(&view)?;
    if !report.verified {
        talk.lines(&show::audit(&report, talk.look()));
        talk.warn("what lay in the folder before may be the reason: export into a new one");
        return Ok(Exit::No);
    }
    talk.done(match view.proposals.is_empty() {
        true => "verified: each config follows from the one before",
        false => "verified: each ended as its bundle says",
    });
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

/// The ids of all that are over and that blocks prove: archived ones, and those that are not yet. The
/// others are noted.
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
    let others = pages::proposals(reach, &json!({ "all": true }), MOST).await?;
    for one in others.entries {
        match one.kind.as_str() {
            "settings" => settings.insert(one.proposal_id),
            _ if is_proven_over(&one) => ids.insert(one.proposal_id),
            _ => {
                view.not_over.push(one.proposal_id);
                true
            }
        };
    }
    if archived.more || others.more {
        let text = format!("there are more than {MOST} proposals: name those to export");
        return Err(ClientError::new(Exit::Failed, "TOO_MANY", text));
    }
    // what was archived between the two questions is in both answers
    view.not_over.retain(|id| !ids.contains(id));
    view.settings = settings.into_iter().collect();
    Ok(ids.into_iter().collect())
}

/// Whether a proposal that is not archived is over in a way that the contract exports.
fn is_proven_over(one: &SummaryAnswer) -> bool {
    match one.status.as_str() {
        "Submitted" => !one.already_in_effect,
        status => status == "Withdrawn",
    }
}

/// A bundle from the contract.
// SECURITY: the contract's answer names files; ids are those that were asked for
async fn bundle(
    session: &ChannelSession,
    reach: &Reach,
    id: &str,
) -> Result<(AuditBundle, Bytes), ClientError> {
    ProposalTerms::demand_id(id)?;
    let answer = reach.ask(&["ExportProposal", id]).await?;
    Ok((parsed(session, id, &answer)?, answer))
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
/// config, the block is compared with that; what lies in the folder is taken for nothing else.
async fn fetch(
    talk: &Talk,
    session: &ChannelSession,
    folder: &AuditFolder,
    numbers: &BTreeSet<BlockNumber>,
) -> Result<(), ClientError> {
    const SAID_EVERY: usize = 50;
    let lacking = numbers.iter().copied();
    let is_there = |number: &BlockNumber| is_there(talk, session, folder, *number);
    let lacking: Vec<BlockNumber> = lacking.filter(|number| !is_there(number)).collect();
    for (at, number) in lacking.iter().enumerate() {
        let bytes = session.connection().block(*number).await?;
        check(session, *number, &bytes)?;
        write(&folder.block(number.0), &bytes)?;
        let done = at.saturating_add(1);
        if done.checked_rem(SAID_EVERY) == Some(0) {
            let text = format!("fetched {done} of {} config blocks", lacking.len());
            talk.say(&Line::of(Tone::Dim, text));
        }
    }
    Ok(())
}

/// Whether the folder has the very block that this machine verified.
fn is_there(
    talk: &Talk,
    session: &ChannelSession,
    folder: &AuditFolder,
    number: BlockNumber,
) -> bool {
    let file = folder.block(number.0);
    // what is no regular file is not waited for
    if !fs::symlink_metadata(&file).is_ok_and(|it| it.is_file()) {
        return false;
    }
    let same = read(&file).and_then(|bytes| check(session, number, &Bytes::from(bytes)));
    same.unwrap_or_else(|_| {
        let text = format!(
            "`{}` is not the block that it should be: it is fetched again",
            file.display()
        );
        talk.warn(&text);
        false
    })
}

/// Whether it is the block that this machine verified; false where it verified none of that config.
fn check(
    session: &ChannelSession,
    number: BlockNumber,
    bytes: &Bytes,
) -> Result<bool, ClientError> {
    let odd = |why: String| {
        let text = format!("the peer's block {number} cannot be used: {why}");
        ClientError::new(Exit::Failed, "BAD_ANSWER", text)
    };
    let block = ConfigBlock::parse(bytes.clone()).map_err(|error| odd(error.to_string()))?;
    let hash = block.block().check_data_hash();
    hash.map_err(|error| odd(error.to_string()))?;
    if block.block().number() != number {
        return Err(odd(format!("it is block {}", block.block().number())));
    }
    let link = VerifiedLink::of(&block);
    let chain = session.chain();
    chain.agrees(block.sequence(), &link, "the peer")
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
