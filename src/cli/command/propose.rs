//! `cmscc propose`: what it would do is shown before anything is written.

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use bytes::Bytes;

use super::act::{demand_level, fresh, open, read, review, taken};
use crate::{
    cli::{
        args::{ProposalArgs, ProposeArgs, ProposeIntent},
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Exit, MspDefinitionFolder, OrganizationFile, OwnIdentity,
        ProposalTerms, Verdicts, WantedChange,
        answers::{self, ProposalAnswer, ProposedAnswer},
        now, sign_claim,
    },
    config::Section,
    ids::MspId,
};

pub(in crate::cli) fn run(args: &ProposeArgs) -> ExitCode {
    let proposal = args.intent.proposal();
    open(&proposal.client, async |talk, settings, identity| {
        let change = args.intent.change(&identity)?;
        let terms = terms(proposal, &change, &identity)?;
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let change = known_name(&session, change)?;
        let call = change.call(&terms);
        let channel = session.chain().channel().clone();
        let connection = session.connection();
        let checked = connection
            .evaluate(connection.chaincode(), call.check(&channel))
            .await?;
        let checked: ProposalAnswer = answers::read("CheckProposal", &checked)?;
        demand_id(&terms.id, &checked.proposal_id)?;
        let mut examined = session.examine_fetched(checked)?;
        session.ask_servers(&mut examined).await;
        let Verdicts::Update(judged) = &examined.verdicts else {
            let text = "the contract proposes settings, which nobody asked for";
            return Err(ClientError::new(Exit::Unsafe, "OTHER_CHANGE", text));
        };
        let chain = session.chain();
        let own = &connection.identity().msp_id;
        change.check_proposed(chain.bundle(), own, &examined.claim.config_update)?;
        let shown = examined.proposal.clone();
        let view = review(talk, chain, judged, shown, &judged.policies)?;
        if proposal.dry_run {
            talk.document(&view)?;
        }
        let digest = examined.verdicts.digest().to_string();
        talk.line(&Line::new());
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
            talk.next(&format!("cmscc sign {id}"));
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
        sign(talk, &session, id, &digest).await?;
        talk.document(&answer)?;
        Ok(Exit::Done)
    })
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
    let signature = sign_claim(session.chain(), claim, verdicts, identity, digest)?;
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

/// What is said beside the intent.
fn terms(
    args: &ProposalArgs,
    change: &WantedChange,
    identity: &OwnIdentity,
) -> Result<ProposalTerms, ClientError> {
    let usual = || change.usual_id(&identity.msp_id);
    let id = args.id.clone().or_else(usual).ok_or_else(|| {
        let text = "the proposal needs an id: --id ID";
        let hint = format!("ids that begin with `{}.` are yours alone", identity.msp_id);
        ClientError::new(Exit::Usage, "NO_ID", text).hint(hint)
    })?;
    let given = Some(args.description.clone()).filter(|text| !text.is_empty());
    let usual = || change.usual_description(&identity.msp_id);
    let description = given.or_else(usual).ok_or_else(|| {
        let text = "the others read what the change is for: --description TEXT";
        ClientError::new(Exit::Usage, "NO_DESCRIPTION", text)
    })?;
    let deadline = args.deadline.as_deref();
    let deadline = deadline.map(|given| ProposalTerms::deadline(given, now().seconds));
    Ok(ProposalTerms {
        id,
        description,
        deadline: deadline.transpose()?,
    })
}

/// An organisation is removed by the name of its group; people also name its MSP id.
fn known_name(session: &ChannelSession, change: WantedChange) -> Result<WantedChange, ClientError> {
    let WantedChange::RemoveOrganization { name } = &change else {
        return Ok(change);
    };
    let orgs: Vec<_> = session
        .chain()
        .bundle()
        .orgs(Section::Application)
        .collect();
    if orgs.iter().any(|org| org.name == name) {
        return Ok(change);
    }
    let names: BTreeSet<&str> = (orgs.iter())
        .filter(|org| org.msp_id.as_str() == name)
        .map(|org| org.name)
        .collect();
    match names.first() {
        Some(name) if names.len() == 1 => Ok(WantedChange::RemoveOrganization {
            name: (*name).to_owned(),
        }),
        _ => {
            let known: Vec<&str> = orgs.iter().map(|org| org.name).collect();
            let text = format!("there is no organisation `{name}` in the application");
            Err(ClientError::new(Exit::Usage, "UNKNOWN_ORGANIZATION", text)
                .hint(format!("there are {}", known.join(", "))))
        }
    }
}

impl ProposeIntent {
    const fn proposal(&self) -> &ProposalArgs {
        match self {
            Self::AddOrg(args) => &args.proposal,
            Self::FromFile(args) | Self::FromUpdate(args) | Self::Patch(args) => &args.proposal,
            Self::RemoveOrg(args) => &args.proposal,
            Self::SetMsp(args) => &args.proposal,
        }
    }

    /// What is wanted, from the files that were named.
    fn change(&self, identity: &OwnIdentity) -> Result<WantedChange, ClientError> {
        let text = |path: &Path| {
            let content = read(path)?;
            String::from_utf8(content).map_err(|_| {
                let text = format!("`{}` is no text", path.display());
                ClientError::new(Exit::Usage, "BAD_JSON", text)
            })
        };
        Ok(match self {
            Self::AddOrg(args) => {
                let name = args.name.as_deref();
                let organization = organization(&args.file, name.map(MspId::from))?;
                WantedChange::AddOrganization {
                    name: name.unwrap_or(organization.msp_id.as_str()).to_owned(),
                    group: organization.group,
                }
            }
            Self::SetMsp(args) => {
                let organization = organization(&args.file, Some(identity.msp_id.clone()))?;
                WantedChange::SetMsp(organization.msp)
            }
            Self::RemoveOrg(args) => WantedChange::RemoveOrganization {
                name: args.name.clone(),
            },
            Self::Patch(args) => WantedChange::Patch(text(&args.file)?),
            Self::FromFile(args) => WantedChange::Config(Bytes::from(read(&args.file)?)),
            Self::FromUpdate(args) => WantedChange::Update(Bytes::from(read(&args.file)?)),
        })
    }
}

/// An organisation's definition, from a file or an MSP folder.
fn organization(path: &Path, msp_id: Option<MspId>) -> Result<OrganizationFile, ClientError> {
    if !path.is_dir() {
        return OrganizationFile::parse(&read(path)?);
    }
    let msp_id = msp_id.ok_or_else(|| {
        let text = format!(
            "an MSP folder does not say its MSP id: `{}`",
            path.display()
        );
        ClientError::new(Exit::Usage, "NO_MSP_ID", text)
            .hint("--name MSPID, the id that the organisation has in the config")
    })?;
    OrganizationFile::of_msp(MspDefinitionFolder::new(path).read(&msp_id)?)
}
