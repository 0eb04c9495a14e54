//! `cmscc propose`: what it would do is shown before anything is written.
//!
//! | file | what it does |
//! |---|---|
//! | `gather` | from arguments and files to intents |
//! | `editor` | the config in a person's editor |
//! | `rotate` | the second step of a CA rotation: what it needs to know |

mod editor;
mod gather;
mod rotate;

use std::process::ExitCode;

use super::act::{demand_level, fresh, next, open, review, taken};
use crate::{
    cli::{
        args::{ProposalArgs, ProposeArgs, ProposeIntent},
        show::{Line, Tone, note, said},
        talk::Talk,
    },
    client::{
        AskedIntent, ChannelSession, ClientError, ClientSettings, Exit, JudgedUpdate, OtherIntent,
        OwnIdentity, OwnSignature, PlannedIntent, ProposalCall, ProposalTerms, Verdicts,
        answers::{self, ProposalAnswer, ProposedAnswer},
        demand_no_key, now, plan, sign_claim,
    },
    config::Bundle,
    ids::MspId,
};

use editor::KeptText;

/// So many ids are tried where nobody names one and the usual one was used before.
const IDS: usize = 50;

pub(in crate::cli) fn run(args: &ProposeArgs) -> ExitCode {
    let proposal = args
        .intent
        .as_ref()
        .map_or(&args.alone, ProposeIntent::proposal);
    open(&proposal.client, async |talk, settings, identity| {
        let own = identity.msp_id.clone();
        let intents = gather(args, proposal, &identity)?;
        let mut session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let (planned, kept) = planned(talk, &mut session, &settings, args, intents).await?;
        let done = propose(talk, &session, proposal, &planned, &own).await;
        match (kept, done) {
            (None, done) => done,
            (Some(text), Err(error)) => Err(text.kept(error)),
            (Some(text), Ok(exit)) => {
                match proposal.dry_run {
                    true => talk.next(&text.again(true)),
                    false => text.forget(),
                }
                Ok(exit)
            }
        }
    })
}

/// What is said in arguments and files; what cannot be proposed for want of an id is refused before
/// anybody is asked.
fn gather(
    args: &ProposeArgs,
    proposal: &ProposalArgs,
    identity: &OwnIdentity,
) -> Result<Option<Vec<AskedIntent>>, ClientError> {
    if let Some(id) = &proposal.id {
        // the steps of a rotation add to it
        let step = match &args.intent {
            Some(ProposeIntent::RotateCa(rotate)) if rotate.finish.is_some() => ".remove",
            Some(ProposeIntent::RotateCa(_)) => ".add",
            _ => "",
        };
        ProposalTerms::demand_id(&format!("{id}{step}"))?;
    }
    if let Some(deadline) = &proposal.deadline {
        ProposalTerms::deadline(deadline, now().seconds)?;
    }
    let Some(intent) = &args.intent else {
        return match proposal.from {
            Some(_) => Ok(Some(Vec::new())),
            None => {
                let text = "nothing is said of what to propose";
                Err(ClientError::new(Exit::Usage, "NO_INTENT", text)
                    .hint("cmscc propose --help lists the intents"))
            }
        };
    };
    let intents = intent.gather(identity)?;
    if let (Some([AskedIntent::Known(change)]), None) = (intents.as_deref(), &proposal.from)
        && change.usual(&identity.msp_id).is_none()
    {
        proposal
            .id
            .as_ref()
            .ok_or_else(|| no_id(&identity.msp_id))?;
        Some(())
            .filter(|()| !proposal.description.is_empty())
            .ok_or_else(no_description)?;
    }
    Ok(intents)
}

/// What is proposed, on the config in force; with the text where it was edited.
async fn planned(
    talk: &Talk,
    session: &mut ChannelSession,
    settings: &ClientSettings,
    args: &ProposeArgs,
    intents: Option<Vec<AskedIntent>>,
) -> Result<(PlannedIntent, Option<KeptText>), ClientError> {
    let proposal = args
        .intent
        .as_ref()
        .map_or(&args.alone, ProposeIntent::proposal);
    let from = match &proposal.from {
        Some(id) => Some(other(session, id).await?),
        None => None,
    };
    if let Some(ProposeIntent::Edit(edit)) = &args.intent {
        let (planned, text) = editor::edit(talk, session, settings, edit, from.as_ref()).await?;
        return Ok((planned, Some(text)));
    }
    let intents = match (&args.intent, intents) {
        (Some(ProposeIntent::RotateCa(rotate)), None) => {
            vec![rotate::end(session, rotate).await?]
        }
        (_, intents) => intents.unwrap_or_default(),
    };
    let own = &session.connection().identity().msp_id;
    let planned = plan(&intents, from.as_ref(), session.chain().bundle(), own)?;
    Ok((planned, None))
}

/// The intent of another proposal.
async fn other(session: &ChannelSession, id: &str) -> Result<OtherIntent, ClientError> {
    let proposal = session.fetch(id).await?;
    let patch = proposal.patch.as_ref().ok_or_else(|| {
        let text = match proposal.archived {
            true => format!("`{id}` is archived, and its intent is not kept"),
            false => format!("`{id}` has no intent that could be taken over"),
        };
        ClientError::new(Exit::Failed, "NO_INTENT", text)
            .hint("only open proposals, and those that are over and not archived, have one")
    })?;
    OtherIntent::read(id, &proposal.description, patch.get())
}

/// Shows what is planned, and proposes it.
async fn propose(
    talk: &Talk,
    session: &ChannelSession,
    proposal: &ProposalArgs,
    planned: &PlannedIntent,
    own: &MspId,
) -> Result<Exit, ClientError> {
    let change = &planned.change;
    let (terms, checked) = checked(session, proposal, planned, own).await?;
    let call = change.call(&terms);
    let channel = session.chain().channel().clone();
    demand_id(&terms.id, &checked.proposal_id)?;
    rotate::demand_nobody_lost(planned, &checked)?;
    let mut examined = session.examine_fetched(checked)?;
    session.ask_servers(&mut examined).await;
    let Verdicts::Update(judged) = &examined.verdicts else {
        let text = "the contract proposes settings, which nobody asked for";
        return Err(ClientError::new(Exit::Unsafe, "OTHER_CHANGE", text));
    };
    demand_no_key("the update", judged.update.bytes())?;
    let chain = session.chain();
    change.check_proposed(chain.bundle(), own, &examined.claim.config_update)?;
    let shown = examined.proposal.clone();
    let view = review(talk, chain, judged, shown, &judged.policies)?;
    notes(talk, planned, &terms.id);
    if proposal.dry_run {
        talk.document(&view)?;
    }
    let digest = examined.verdicts.digest().to_string();
    talk.line(&Line::new());
    talk.line(&Line::of(Tone::Strong, "Id      ").and(Tone::Plain, &terms.id));
    talk.lines(&said("Says    ", &terms.description, talk.look()));
    talk.line(&Line::of(Tone::Strong, "Digest  ").and(Tone::Plain, &digest));
    if proposal.dry_run {
        let text = "nothing was written; propose it with the same command without --dry-run";
        talk.say(&Line::of(Tone::Dim, text));
        return Ok(Exit::Done);
    }
    let committed = session.submit_call(call.propose(&channel)).await?;
    let answer: ProposedAnswer = answers::read("propose", &committed.answer)?;
    if answer.config_update_sha256 != digest {
        let text = format!(
            "the proposal has the digest {}, what was shown has {digest}",
            answer.config_update_sha256
        );
        return Err(ClientError::new(Exit::Unsafe, "DIGEST_DIFFERS", text)
            .hint(format!("cmscc show {}", answer.proposal_id)));
    }
    demand_id(&terms.id, &answer.proposal_id)?;
    let id = terms.id.as_str();
    talk.done(&format!(
        "proposed as `{id}`; recorded in block {}",
        committed.block
    ));
    for one in &answer.unused_signatures {
        let who = one.subject.as_deref().unwrap_or("somebody");
        let text = format!("the signature of {who} in the file is not taken over: hand it in");
        talk.say(&Line::of(Tone::Waiting, text));
    }
    if !proposal.sign {
        talk.next(&signing(
            chain.bundle(),
            judged,
            session.connection().identity(),
            id,
        ));
        talk.document(&answer)?;
        return Ok(Exit::Done);
    }
    // a person who sees the review is asked as `sign` asks; a script asked for it by the flag
    if talk.may_ask() && talk.is_seen() {
        let question = Line::plain("Sign it? Type the id to sign:");
        if talk.ask(&question).as_deref() != Some(id) {
            let text = format!("`{id}` is proposed, and not signed");
            return Err(ClientError::new(Exit::Interrupted, "DECLINED", text)
                .hint(format!("cmscc sign {id}")));
        }
    }
    sign(talk, session, id, &digest).await?;
    next(talk, session, id).await;
    talk.document(&answer)?;
    Ok(Exit::Done)
}

/// What the contract says that it would be, under an id that was not used before where nobody names one.
async fn checked(
    session: &ChannelSession,
    proposal: &ProposalArgs,
    planned: &PlannedIntent,
    own: &MspId,
) -> Result<(ProposalTerms, ProposalAnswer), ClientError> {
    let connection = session.connection();
    let channel = session.chain().channel();
    for number in 0.. {
        let terms = terms(proposal, planned, own, number)?;
        let call: ProposalCall = planned.change.call(&terms);
        let asked = connection
            .evaluate(connection.chaincode(), call.check(channel))
            .await;
        match asked {
            Err(error) if error.symbol == "ID_USED" && proposal.id.is_none() && number < IDS => {}
            answer => return Ok((terms, answers::read("CheckProposal", &answer?)?)),
        }
    }
    Err(no_id(own))
}

/// What the proposer should know beside the review.
fn notes(talk: &Talk, planned: &PlannedIntent, id: &str) {
    let notes = planned.notes(id);
    if notes.is_empty() {
        return;
    }
    talk.line(&Line::new());
    talk.line(&Line::of(Tone::Strong, "Keep in mind"));
    for one in notes {
        talk.lines(&note(&one, talk.look().width));
    }
}

/// Signs what was just proposed and shown: its digest is the consent.
async fn sign(
    talk: &Talk,
    session: &ChannelSession,
    id: &str,
    digest: &str,
) -> Result<(), ClientError> {
    let examined = session.examine(id).await?;
    let identity = session.connection().identity();
    let (claim, verdicts) = (&examined.claim, &examined.verdicts);
    let signature = sign_claim(session.chain().bundle(), claim, verdicts, identity, digest)?;
    let (answer, committed) = session.add_signatures(id, &signature.encode()).await?;
    taken(&answer)?;
    talk.done(&format!("signed; recorded in block {}", committed.block));
    Ok(())
}

/// Refuses an answer about another proposal than the one that was asked about.
fn demand_id(asked: &str, answered: &str) -> Result<(), ClientError> {
    if asked == answered {
        return Ok(());
    }
    let text = format!("asked for `{asked}`, the contract answers `{answered}`");
    Err(ClientError::new(Exit::Unsafe, "OTHER_PROPOSAL", text))
}

/// How it is signed: by oneself, or by those who are asked, in a file.
fn signing(bundle: &Bundle, judged: &JudgedUpdate, own: &OwnIdentity, id: &str) -> String {
    match OwnSignature::foresee(bundle, judged, own) {
        Err(error) if error.symbol == "NOT_CONCERNED" => format!(
            "cmscc sign {id} --out {id}.signreq, for those who are asked; they sign it with \
             `cmscc sign --in {id}.signreq --out {id}.sig`"
        ),
        _ => format!("cmscc sign {id}"),
    }
}

/// What is said beside the intent. `number`: how many usual ids were used before.
fn terms(
    args: &ProposalArgs,
    planned: &PlannedIntent,
    own: &MspId,
    number: usize,
) -> Result<ProposalTerms, ClientError> {
    let base = args.id.clone().or_else(|| planned.usual_id(own, number));
    let id = planned.id(&base.ok_or_else(|| no_id(own))?);
    let given = Some(args.description.clone()).filter(|text| !text.is_empty());
    let description = given
        .or_else(|| planned.description(&id))
        .ok_or_else(no_description)?;
    let deadline = args.deadline.as_deref();
    let deadline = deadline.map(|given| ProposalTerms::deadline(given, now().seconds));
    Ok(ProposalTerms {
        id,
        description,
        deadline: deadline.transpose()?,
    })
}

fn no_id(own: &MspId) -> ClientError {
    let text = "the proposal needs an id: --id ID";
    let hint = format!("ids that begin with `{own}.` are yours alone");
    ClientError::new(Exit::Usage, "NO_ID", text).hint(hint)
}

fn no_description() -> ClientError {
    let text = "the others read what the change is for: --description TEXT";
    ClientError::new(Exit::Usage, "NO_DESCRIPTION", text)
}
