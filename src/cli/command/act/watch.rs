//! `cmscc watch`.

use std::{
    collections::{BTreeMap, VecDeque},
    future::pending,
    process::ExitCode,
    time::Duration,
};

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use super::open::{fresh, open};
use crate::{
    cli::{
        args::WatchArgs,
        output,
        show::{Line, Tone, status_words},
        talk::Talk,
    },
    client::{
        ChaincodeEventStream, ChannelSession, ClientError, Exit,
        answers::{self, ListAnswer, SummaryAnswer},
        view::EventView,
    },
    ids::{BlockNumber, Sequence},
    proto::protos::ChaincodeEvent,
};

/// So often is looked: statuses change without an event, too.
const LOOK: Duration = Duration::from_secs(2);
/// So many pages of open proposals are looked at.
const PAGES: usize = 20;

pub(in crate::cli) fn watch(args: &WatchArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let mut session = fresh(talk, &settings, identity).await?;
        let mut known = Watched::default();
        let head = session.compare_contract().await?;
        known.behind = head.lacks;
        known.proposals = open_proposals(&session).await?;
        let open = known.proposals.len();
        let text = format!(
            "config {}, {open} open proposals; watching",
            session.chain().sequence()
        );
        talk.say(&Line::of(Tone::Dim, text));
        let mut events = Following::from(session.connection().height().await?);
        loop {
            // events only wake, and tell what no list shows
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
                () = sleep(LOOK) => {}
                event = events.next(&session) => rejected(talk, &event),
            }
            match look(talk, &mut session, &mut known).await {
                Ok(()) => known.failed = false,
                // said once; it may pass
                Err(error) if error.exit == Exit::Unreachable => {
                    if !known.failed {
                        let _ = talk.failed(&error);
                    }
                    known.failed = true;
                }
                Err(error) => return Err(error),
            }
        }
    })
}

/// The contract's events, one after the other; where the stream breaks it is opened again, behind what
/// was heard.
#[derive(Debug)]
struct Following {
    stream: Option<ChaincodeEventStream>,
    next: BlockNumber,
    heard: VecDeque<ChaincodeEvent>,
}

impl Following {
    const fn from(height: u64) -> Self {
        Self {
            stream: None,
            next: BlockNumber(height),
            heard: VecDeque::new(),
        }
    }

    /// The next event; where there is no stream, none comes until this is called again.
    async fn next(&mut self, session: &ChannelSession) -> ChaincodeEvent {
        loop {
            if let Some(event) = self.heard.pop_front() {
                return event;
            }
            if self.stream.is_none() {
                self.stream = session.connection().events(self.next).await.ok();
            }
            let heard = match &mut self.stream {
                Some(stream) => stream.next().await,
                None => None,
            };
            match heard {
                Some(Ok(of)) => {
                    self.next = BlockNumber(of.block.0.saturating_add(1));
                    self.heard.extend(of.events);
                }
                Some(Err(_)) | None => {
                    self.stream = None;
                    return pending().await;
                }
            }
        }
    }
}

/// Says who rejects, which no list shows; of other events what changed is told.
fn rejected(talk: &Talk, event: &ChaincodeEvent) {
    #[derive(Deserialize)]
    struct Rejection {
        msp_id: String,
        proposal_id: String,
        revision: u64,
    }
    if event.event_name != "ProposalRejectedEvent" {
        return;
    }
    let Ok(said) = serde_json::from_slice::<Rejection>(&event.payload) else {
        return;
    };
    let line = Line::of(Tone::Strong, &said.proposal_id)
        .and(Tone::Bad, format!("  rejected by {}", said.msp_id));
    let event = EventView::Rejection {
        msp_id: said.msp_id,
        proposal_id: said.proposal_id,
        revision: said.revision,
    };
    tell(talk, &line, &event);
}

/// What was told already.
#[derive(Debug, Default)]
struct Watched {
    proposals: BTreeMap<String, SummaryAnswer>,
    behind: Option<Sequence>,
    failed: bool,
}

async fn look(
    talk: &Talk,
    session: &mut ChannelSession,
    known: &mut Watched,
) -> Result<(), ClientError> {
    let before = session.chain().sequence();
    session.catch_up(&|_| ()).await?;
    let sequence = session.chain().sequence();
    if sequence != before
        && let Some((_, link)) = session.chain().head()
    {
        tell(
            talk,
            &Line::of(Tone::Good, format!("config {sequence}")).and(
                Tone::Plain,
                format!(" is in effect, block {}", link.block_number),
            ),
            &EventView::Config {
                block_number: link.block_number.0,
                sequence: sequence.0,
            },
        );
    }
    let head = session.compare_contract().await?;
    if head.lacks != known.behind {
        known.behind = head.lacks;
        let line = match head.lacks {
            Some(_) => Line::of(
                Tone::Waiting,
                format!("the contract is at config {}", head.sequence),
            )
            .and(Tone::Accent, "  cmscc sync"),
            None => Line::plain(format!("the contract is at config {}", head.sequence)),
        };
        let event = EventView::Contract {
            behind: head.lacks.is_some(),
            sequence: head.sequence.0,
        };
        tell(talk, &line, &event);
    }
    let proposals = open_proposals(session).await?;
    for (id, one) in &proposals {
        let old = known.proposals.get(id);
        if old.is_some_and(|old| {
            (&old.status, old.revision, &old.signed_by)
                == (&one.status, one.revision, &one.signed_by)
        }) {
            continue;
        }
        changed(talk, id, old, one);
    }
    for (id, old) in &known.proposals {
        if !proposals.contains_key(id) {
            let status = session
                .fetch(id)
                .await
                .map_or_else(|_| "over".to_owned(), |now| now.status);
            tell(
                talk,
                &Line::of(Tone::Strong, id).and(
                    Tone::Plain,
                    format!(
                        "  {} -> {}",
                        status_words(&old.status).0,
                        status_words(&status).0
                    ),
                ),
                &EventView::Proposal {
                    before: Some(old.status.clone()),
                    proposal_id: id.clone(),
                    revision: None,
                    signed_by: Vec::new(),
                    status,
                },
            );
        }
    }
    known.proposals = proposals;
    Ok(())
}

fn changed(talk: &Talk, id: &str, old: Option<&SummaryAnswer>, one: &SummaryAnswer) {
    let line = Line::of(Tone::Strong, id);
    let line = match old {
        None => line.and(
            Tone::Plain,
            format!("  proposed by {}", one.proposer_msp_id),
        ),
        Some(old) => line.and(
            Tone::Plain,
            format!(
                "  {} -> {}",
                status_words(&old.status).0,
                status_words(&one.status).0
            ),
        ),
    };
    let signed = one.signed_by.join(", ");
    let line = match signed.is_empty() {
        true => line,
        false => line.and(Tone::Dim, format!("  signed by {signed}")),
    };
    let event = EventView::Proposal {
        before: old.map(|old| old.status.clone()),
        proposal_id: id.to_owned(),
        revision: Some(one.revision),
        signed_by: one.signed_by.clone(),
        status: one.status.clone(),
    };
    tell(talk, &line, &event);
}

/// One line, for people or scripts.
fn tell(talk: &Talk, line: &Line, event: &EventView) {
    match talk.wants_json() {
        true => output::foreign_json(&serde_json::to_string(event).unwrap_or_default()),
        false => talk.line(line),
    }
}

async fn open_proposals(
    session: &ChannelSession,
) -> Result<BTreeMap<String, SummaryAnswer>, ClientError> {
    let (mut all, mut bookmark) = (BTreeMap::new(), String::new());
    for _ in 0..PAGES {
        let options = json!({"page_size": 200, "bookmark": bookmark}).to_string();
        let answer = session.ask(&["ListProposals", &options]).await?;
        let page: ListAnswer = answers::read("ListProposals", &answer)?;
        all.extend(
            page.proposals
                .into_iter()
                .map(|one| (one.proposal_id.clone(), one)),
        );
        bookmark = page.bookmark;
        if bookmark.is_empty() {
            break;
        }
    }
    Ok(all)
}
