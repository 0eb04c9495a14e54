//! What a round sees.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    agent::watch::{CONTRADICTED, ChannelMemory, ChannelSight, EndedSight, ListReach},
    client::{
        ChannelSession, ClientError, Exit, ListWish,
        answers::{self, ProposalAnswer, SummaryAnswer},
        view::{EndingView, ending_of, own_ending},
    },
    identity::{Role, Signer},
    ids::Sequence,
};

/// So many proposals of others are looked at. One's own come before.
const PROPOSALS: usize = 1_000;
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
    let list = ListReach {
        proposals: &sight.proposals,
        listed_to: sight.listed_to.as_ref(),
        own: &own,
    };
    sight.asked = memory.gone(list, sight.contract.unwrap_or_default(), GONE);
    for id in &sight.asked {
        sight.ended.extend(ended(session, id, now).await?);
    }
    for one in effective(session, memory, sight.contract, &own).await? {
        if sight.asked.contains(&one.proposal_id) {
            continue;
        }
        let ended = ended(session, &one.proposal_id, now).await?;
        // what took effect before the agent looked for the first time is no news
        let is_news = |ended: &EndedSight| {
            let effect = ended.effect.map(|(sequence, _)| Sequence(sequence));
            effect.is_some_and(|sequence| memory.is_news(sequence))
        };
        if let Some(ended) = ended.filter(is_news) {
            sight.ended.push(ended);
            sight.effective.push(one);
        }
    }
    Ok(sight)
}

/// Proposals that took effect since the round before: also those that came and went while the agent, or
/// its peer, was away, that were rejected before, or that are behind what is listed.
async fn effective(
    session: &ChannelSession,
    memory: &ChannelMemory,
    contract: Option<Sequence>,
    own: &str,
) -> Result<Vec<SummaryAnswer>, ClientError> {
    let links = session.chain().links();
    let news: Vec<String> = links
        .filter(|(sequence, _)| contract.is_some_and(|last| *sequence <= last))
        .filter(|(sequence, _)| memory.is_news(*sequence))
        .filter_map(|(_, link)| Some(link.config_update_sha256?.to_string()))
        .collect();
    let mut found = Vec::new();
    if news.is_empty() {
        return Ok(found);
    }
    // one's own first, whoever has the same bytes; what is inside of a combined one has other bytes
    let wish = ListWish {
        proposer: Some(own),
        status: Some("Submitted"),
        ..ListWish::default()
    };
    let listed = session.list(wish, PROPOSALS).await?;
    found.extend(
        listed.proposals.into_iter().filter(|one| {
            news.contains(&one.config_update_sha256) || !one.combined_into.is_empty()
        }),
    );
    for update in news.iter().take(GONE) {
        let wish = ListWish {
            status: Some("Submitted"),
            update: Some(update),
            ..ListWish::default()
        };
        let listed = session.list(wish, PROPOSALS).await?;
        let others = listed.proposals.into_iter();
        found.extend(others.filter(|one| one.proposer_msp_id != own));
    }
    found.truncate(GONE);
    Ok(found)
}

/// The proposals that are not over: all of one's own organisation, and of the others as many as are
/// looked at; up to which of them all are listed, where not all are.
async fn listed(
    session: &ChannelSession,
    own: &str,
) -> Result<(Vec<SummaryAnswer>, Option<(String, String)>), ClientError> {
    let wish = ListWish {
        proposer: Some(own),
        ..ListWish::default()
    };
    let mine = session.list(wish, PROPOSALS).await?;
    // no organisation may have so many
    if !mine.is_whole {
        let text = "the contract lists more proposals of one's own organisation than one may have";
        return Err(
            ClientError::new(Exit::Failed, "ANSWER_UNREADABLE", text).hint(
                "your peer, or your server, does not answer as this program does: look at both",
            ),
        );
    }
    let others = session.list(ListWish::default(), PROPOSALS).await?;
    // they are in the order of proposer and id; behind a page that lists nothing, nothing is known
    let last = others.proposals.last();
    let last = last.map(|one| (one.proposer_msp_id.clone(), one.proposal_id.clone()));
    let listed_to = (!others.is_whole).then(|| last.unwrap_or_default());
    let mut all = mine.proposals;
    let others = others.proposals.into_iter();
    all.extend(others.filter(|one| one.proposer_msp_id != own));
    Ok((all, listed_to))
}

/// What became of a proposal that is not listed any more; `None`: it is open again.
async fn ended(
    session: &ChannelSession,
    id: &str,
    now: i64,
) -> Result<Option<EndedSight>, ClientError> {
    let answer = match session.ask(&["GetProposal", id]).await {
        Ok(answer) => answer,
        Err(error) if error.symbol == "UNKNOWN_PROPOSAL" => {
            return Ok(Some(EndedSight {
                proposal_id: id.to_owned(),
                status: "Unknown".to_owned(),
                ..EndedSight::default()
            }));
        }
        Err(error) => return Err(error),
    };
    let proposal: ProposalAnswer = answers::read("GetProposal", &answer)?;
    if proposal.proposal_id != id {
        let text = format!("asked for `{id}`, the contract answers another proposal");
        return Err(ClientError::new(Exit::Unsafe, "OTHER_PROPOSAL", text));
    }
    // a member must not be told of what is not so
    match session.check_effect(&proposal) {
        Ok(()) => {}
        // SECURITY: what the contract says of one proposal keeps nobody from looking at the others
        Err(error) if error.symbol == "NOT_IN_EFFECT" => {
            return Ok(Some(EndedSight {
                proposal_id: id.to_owned(),
                status: CONTRADICTED.to_owned(),
                why: Some(error.message),
                ..EndedSight::default()
            }));
        }
        Err(error) => return Err(error),
    }
    let mut ended = how_it_ended(proposal, now);
    if let Some((sequence, block)) = ended.as_mut().and_then(|ended| ended.effect.as_mut())
        && let Some(link) = session.chain().link(Sequence(*sequence))
    {
        // the block is a claim of the contract, and known here
        *block = link.block_number.0;
    }
    Ok(ended)
}

/// How a proposal ended; `None`: it did not.
fn how_it_ended(proposal: ProposalAnswer, now: i64) -> Option<EndedSight> {
    let is_over = proposal.archived
        || matches!(
            proposal.status.as_str(),
            "Broken" | "Expired" | "Rejected" | "Submitted" | "Withdrawn"
        );
    // one that is out of date keeps that status behind its deadline, and is not listed any more
    let deadline = proposal.deadline.as_deref().and_then(answers::seconds);
    let status = match is_over {
        true => proposal.status,
        false if deadline.is_some_and(|deadline| deadline <= now) => "Expired".to_owned(),
        false => return None,
    };
    let detail = proposal.status_detail;
    let outcome = proposal.outcome.as_ref();
    let proof = detail.proof.as_ref().or_else(|| outcome?.proof.as_ref());
    Some(EndedSight {
        proposal_id: proposal.proposal_id,
        effect: proof.map(|proof| (proof.sequence, proof.block_number)),
        via: detail.via.or_else(|| outcome?.via.clone()),
        why: detail.why,
        status,
    })
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
    let within = now.saturating_add(WITHIN);
    let tree = session.chain().bundle().tree();
    let listed = ending_of(tree, within, identity.msp_id.as_str()).into_iter();
    let mut ends: Vec<(i64, EndingView)> = listed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_its_deadline_a_proposal_is_over_whatever_its_status() {
        let ended = |status: &str, deadline: Option<&str>, archived| {
            let proposal = ProposalAnswer {
                archived,
                deadline: deadline.map(str::to_owned),
                proposal_id: "p".to_owned(),
                status: status.to_owned(),
                ..ProposalAnswer::default()
            };
            // 2026-11-30, 00:00 UTC
            how_it_ended(proposal, 1_795_996_800).map(|ended| ended.status)
        };
        let (past, future) = (Some("2026-11-29T23:59:59Z"), Some("2026-11-30T00:00:01Z"));
        assert_eq!(ended("Outofdate", past, false).unwrap(), "Expired");
        assert_eq!(
            ended("WaitingForSignatures", past, false).unwrap(),
            "Expired"
        );
        assert_eq!(ended("Submitted", past, false).unwrap(), "Submitted");
        assert_eq!(ended("Outofdate", future, false), None);
        assert_eq!(ended("Outofdate", None, false), None);
        assert_eq!(ended("Outofdate", None, true).unwrap(), "Outofdate");
    }
}
