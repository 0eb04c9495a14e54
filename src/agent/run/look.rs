//! What a round sees.

use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    agent::watch::{ChannelMemory, ChannelSight, EndedSight},
    client::{
        ChannelSession, ClientError, Exit,
        answers::{self, ListAnswer, ProposalAnswer, SummaryAnswer},
        view::{EndingView, ending, own_ending},
    },
    identity::{Role, Signer},
    ids::Sequence,
};

/// Proposals on a page.
const PAGE: usize = 200;
/// So many pages of others' proposals are looked at: 1,000 proposals. One's own come before.
const PAGES: usize = 5;
/// So many proposals that are gone are asked about in one round.
const GONE: usize = 50;
/// Certificates that end within this time are looked at. Unit: seconds.
const WITHIN: i64 = 181 * 86_400;

/// What ends soon, kept while config and day are the same: reading all certificates takes its time.
#[derive(Debug, Default)]
pub(super) struct EndsSoon {
    of: Option<(Sequence, i64)>,
    ends: Vec<(i64, EndingView)>,
}

/// Looks at chain, contract and proposals. Nothing is written.
pub(super) async fn look(
    session: &mut ChannelSession,
    memory: &ChannelMemory,
    soon: &mut EndsSoon,
    now: i64,
) -> Result<ChannelSight, ClientError> {
    session.catch_up(&|_| ()).await?;
    let head = session.chain().head();
    let block_number = head.map(|(_, link)| link.block_number.0);
    let mut sight = ChannelSight {
        sequence: session.chain().sequence(),
        block_number: block_number.unwrap_or_default(),
        ends: soon.of(session, now),
        ..ChannelSight::default()
    };
    match session.compare_contract().await {
        Ok(head) => sight.contract = Some(head.sequence),
        Err(error) if error.symbol == "NOT_INITIALIZED" => return Ok(sight),
        Err(error) => return Err(error),
    }
    let own = session.connection().identity().msp_id.to_string();
    (sight.proposals, sight.listed_to) = listed(session, &own).await?;
    for id in memory.gone(&sight.proposals, sight.listed_to.as_ref(), &own, GONE) {
        sight.ended.extend(ended(session, &id).await?);
    }
    for one in unseen(session, memory, sight.contract).await? {
        sight.ended.extend(ended(session, &one.proposal_id).await?);
        sight.unseen.push(one);
    }
    Ok(sight)
}

/// Proposals that took effect since the round before, and were not seen in any: they came and went
/// while the agent, or its peer, was away.
async fn unseen(
    session: &ChannelSession,
    memory: &ChannelMemory,
    contract: Option<Sequence>,
) -> Result<Vec<SummaryAnswer>, ClientError> {
    let links = session.chain().links();
    let recorded = links.filter(|(sequence, _)| contract.is_some_and(|last| *sequence <= last));
    let updates = recorded.filter_map(|(sequence, link)| {
        let update = link.config_update_sha256?.to_string();
        memory.is_unseen(sequence, &update).then_some(update)
    });
    let mut found = Vec::new();
    for update in updates.take(GONE) {
        let options = json!({ "config_update_sha256": update, "status": "Submitted" });
        let answer = session
            .ask(&["ListProposals", &options.to_string()])
            .await?;
        let page: ListAnswer = answers::read("ListProposals", &answer)?;
        let mut listed = page.proposals.into_iter();
        found.extend(listed.find(|one| !memory.knows(&one.proposal_id)));
    }
    Ok(found)
}

/// The proposals that are not over: all of one's own organisation, and of the others as many as are
/// looked at; up to which of them all are listed, where not all are.
async fn listed(
    session: &ChannelSession,
    own: &str,
) -> Result<(Vec<SummaryAnswer>, Option<(String, String)>), ClientError> {
    let (mut all, _) = pages(session, Some(own)).await?;
    let (others, is_whole) = pages(session, None).await?;
    // they are in the order of proposer and id; behind a page that lists nothing, nothing is known
    let last = others.last();
    let last = last.map(|one| (one.proposer_msp_id.clone(), one.proposal_id.clone()));
    let listed_to = (!is_whole).then(|| last.unwrap_or_default());
    all.extend(others.into_iter().filter(|one| one.proposer_msp_id != own));
    Ok((all, listed_to))
}

async fn pages(
    session: &ChannelSession,
    proposer: Option<&str>,
) -> Result<(Vec<SummaryAnswer>, bool), ClientError> {
    let (mut all, mut bookmark) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let mut options = json!({ "bookmark": bookmark, "page_size": PAGE });
        if let (Some(proposer), Some(options)) = (proposer, options.as_object_mut()) {
            options.insert("msp_id".to_owned(), json!(proposer));
        }
        let answer = session
            .ask(&["ListProposals", &options.to_string()])
            .await?;
        let page: ListAnswer = answers::read("ListProposals", &answer)?;
        all.extend(page.proposals);
        if page.bookmark.is_empty() || page.bookmark == bookmark {
            return Ok((all, true));
        }
        bookmark = page.bookmark;
    }
    Ok((all, false))
}

/// What became of a proposal that is not listed any more; `None`: it is open again, or nobody knows it.
async fn ended(session: &ChannelSession, id: &str) -> Result<Option<EndedSight>, ClientError> {
    let answer = match session.ask(&["GetProposal", id]).await {
        Ok(answer) => answer,
        Err(error) if error.symbol == "UNKNOWN_PROPOSAL" => {
            return Ok(Some(EndedSight {
                proposal_id: id.to_owned(),
                status: "Unknown".to_owned(),
                why: None,
                effect: None,
            }));
        }
        Err(error) => return Err(error),
    };
    let proposal: ProposalAnswer = answers::read("GetProposal", &answer)?;
    if proposal.proposal_id != id {
        let text = format!("asked for `{id}`, the contract answers another proposal");
        return Err(ClientError::new(Exit::Unsafe, "OTHER_PROPOSAL", text));
    }
    let over = matches!(
        proposal.status.as_str(),
        "Broken" | "Expired" | "Rejected" | "Submitted" | "Withdrawn"
    );
    if !over && !proposal.archived {
        return Ok(None);
    }
    // a member must not be told of what is not so
    session.check_effect(&proposal)?;
    let detail = &proposal.status_detail;
    let outcome = proposal.outcome.as_ref();
    let proof = detail.proof.as_ref().or_else(|| outcome?.proof.as_ref());
    Ok(Some(EndedSight {
        proposal_id: id.to_owned(),
        effect: proof.map(|proof| (proof.sequence, proof.block_number)),
        why: detail.why.clone(),
        status: proposal.status,
    }))
}

/// Refuses an admin's identity: what an agent has lies on a machine that is always on.
pub(super) fn check_role(session: &ChannelSession) -> Result<(), ClientError> {
    let identity = session.connection().identity();
    let msps = session.chain().bundle().msps();
    let known = msps.deserialize(identity.serialized_identity());
    match known {
        Ok(known) if known.roles().contains(&Role::Admin) => Err(admin_identity()),
        _ => Ok(()),
    }
}

/// The refusal of an admin's identity.
#[must_use]
pub fn admin_identity() -> ClientError {
    let text = "this identity is an admin's: an agent needs none, a client's certificate does";
    ClientError::new(Exit::Denied, "ADMIN_IDENTITY", text).hint(
        "name a certificate with OU=client in the profile; who wants it all the same: \
         allow_admin_identity = true",
    )
}

impl EndsSoon {
    /// Certificates of one's own organisation and of consenters that end soon, and one's own.
    fn of(&mut self, session: &ChannelSession, now: i64) -> Vec<(i64, EndingView)> {
        let of = (session.chain().sequence(), now / 86_400);
        if self.of != Some(of) {
            self.of = Some(of);
            self.ends = found(session, now);
        }
        self.ends.clone()
    }
}

fn found(session: &ChannelSession, now: i64) -> Vec<(i64, EndingView)> {
    let identity = session.connection().identity();
    let of_own = format!(" of {}", identity.msp_id);
    let within = now.saturating_add(WITHIN);
    let concerns =
        |one: &EndingView| one.purpose.ends_with(&of_own) || one.purpose.starts_with("consenter ");
    let listed = ending(session.chain().bundle().tree(), within);
    let mut ends: Vec<(i64, EndingView)> = (listed.into_iter().filter(concerns))
        .filter_map(|one| {
            let end = OffsetDateTime::parse(&one.not_after, &Rfc3339).ok()?;
            Some((end.unix_timestamp(), one))
        })
        .collect();
    let own = own_ending(
        "agent's own certificate",
        "the peer refuses the agent then",
        &identity.certificate_pem,
    );
    let tls = session
        .connection()
        .settings()
        .peers
        .iter()
        .find_map(|peer| {
            let (certificate, _) = peer.tls.as_ref()?.client.as_ref()?;
            own_ending(
                "agent's own TLS certificate",
                "the peer does not let the agent in then",
                certificate,
            )
        });
    ends.extend(own.into_iter().chain(tls).filter(|(end, _)| *end < within));
    ends
}
