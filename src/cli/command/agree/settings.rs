//! `cmscc settings`.

use std::process::ExitCode;

use crate::{
    cli::{
        args::{
            ProposalArgs, SettingsApplyArgs, SettingsArgs, SettingsCommand, SettingsProposeArgs,
            SettingsShowArgs,
        },
        command::{
            act::{demand_level, fresh, open, settings_lines, taken},
            see::{connected, on_screen},
        },
        show::{self, Line, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Exit, ProposalTerms, Verdicts, WantedSettings,
        answers::{self, ProposalAnswer, ProposedAnswer, SettingsAnswer},
        now, sign_claim,
        view::AppliedView,
    },
    transaction::ChaincodeCall,
};

pub(in crate::cli) fn run(args: &SettingsArgs) -> ExitCode {
    match &args.command {
        SettingsCommand::Show(args) => show(args),
        SettingsCommand::Propose(args) => propose(args),
        SettingsCommand::Apply(args) => apply(args),
    }
}

fn show(args: &SettingsShowArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        let connection = connected(&args.client)?;
        let call = ChaincodeCall::new(connection.channel(), ["GetSettings"]);
        let asking = connection.evaluate(connection.chaincode(), call);
        let answer = screen.wait("asking the contract", asking).await?;
        let answer: SettingsAnswer = answers::read("GetSettings", &answer)?;
        screen.result(&answer, None, |look| show::settings(&answer, look))?;
        Ok(Exit::Done)
    })
}

fn propose(args: &SettingsProposeArgs) -> ExitCode {
    let proposal = &args.proposal;
    open(&proposal.client, async |talk, settings, identity| {
        let wanted = WantedSettings {
            gate: args.gate.clone(),
            capabilities: None,
            endorsement_policy: args
                .endorsement_policy
                .clone()
                .map(|policy| Some(policy).filter(|policy| policy != "none" && !policy.is_empty())),
        };
        if wanted.is_empty() && args.capabilities.is_empty() {
            let text = "no setting is named";
            return Err(ClientError::new(Exit::Usage, "NOTHING_TO_CHANGE", text)
                .hint("--endorsement-policy, --gate, --capability"));
        }
        let terms = terms(proposal)?;
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let wanted = with_capabilities(&session, wanted, &args.capabilities).await?;
        let call = wanted.call(&terms);
        let channel = session.chain().channel().clone();
        let connection = session.connection();
        let checked = connection
            .evaluate(connection.chaincode(), call.check(&channel))
            .await?;
        let checked: ProposalAnswer = answers::read("CheckProposal", &checked)?;
        demand_id(&terms.id, &checked.proposal_id)?;
        let digest = examined(talk, &session, checked, &wanted)?;
        if proposal.dry_run {
            let text = "nothing was written; propose it with the same command without --dry-run";
            talk.say(&Line::of(Tone::Dim, text));
            return Ok(Exit::Done);
        }
        let committed = session.submit_call(call.propose(&channel)).await?;
        let answer: ProposedAnswer = answers::read("ProposeSettings", &committed.answer)?;
        demand_id(&terms.id, &answer.proposal_id)?;
        let id = terms.id.as_str();
        talk.done(&format!(
            "proposed as `{id}`; recorded in block {}",
            committed.block
        ));
        match proposal.sign {
            false => talk.next(&format!("cmscc sign {id}")),
            true => sign(talk, &session, id, &wanted, &digest).await?,
        }
        talk.document(&answer)?;
        Ok(Exit::Done)
    })
}

/// Shows what a settings proposal would do, after it was compared with what was wanted; its digest.
fn examined(
    talk: &Talk,
    session: &ChannelSession,
    proposal: ProposalAnswer,
    wanted: &WantedSettings,
) -> Result<String, ClientError> {
    let examined = session.examine_fetched(proposal)?;
    let Verdicts::Settings(judged) = &examined.verdicts else {
        let text = "the contract proposes something else than settings";
        return Err(ClientError::new(Exit::Unsafe, "OTHER_CHANGE", text));
    };
    wanted.check(judged)?;
    talk.lines(&settings_lines(judged));
    let digest = judged.digest.to_string();
    talk.line(&Line::of(Tone::Strong, "Digest  ").and(Tone::Plain, &digest));
    Ok(digest)
}

/// Signs what was just proposed and shown: its digest is the consent.
async fn sign(
    talk: &Talk,
    session: &ChannelSession,
    id: &str,
    wanted: &WantedSettings,
    digest: &str,
) -> Result<(), ClientError> {
    // a person who sees what it is is asked as `sign` asks; a script asked for it by the flag
    if talk.may_ask() && talk.is_seen() {
        let question = Line::plain("Sign it? Type the id to sign:");
        if talk.ask(&question).as_deref() != Some(id) {
            let text = format!("`{id}` is proposed, and not signed");
            return Err(ClientError::new(Exit::Interrupted, "DECLINED", text)
                .hint(format!("cmscc sign {id}")));
        }
    }
    let examined = session.examine(id).await?;
    if let Verdicts::Settings(judged) = &examined.verdicts {
        wanted.check(judged)?;
    }
    let identity = session.connection().identity();
    let (claim, verdicts) = (&examined.claim, &examined.verdicts);
    let signature = sign_claim(session.chain().bundle(), claim, verdicts, identity, digest)?;
    let (answer, committed) = session.add_signatures(id, &signature.encode()).await?;
    taken(&answer)?;
    talk.done(&format!("signed; recorded in block {}", committed.block));
    talk.next(&format!(
        "the others: cmscc sign {id}; then cmscc settings apply {id}"
    ));
    Ok(())
}

/// Capabilities are only added: those that hold, and the named ones.
async fn with_capabilities(
    session: &ChannelSession,
    mut wanted: WantedSettings,
    added: &[String],
) -> Result<WantedSettings, ClientError> {
    if added.is_empty() {
        return Ok(wanted);
    }
    let answer = session.ask(&["GetSettings"]).await?;
    let answer: SettingsAnswer = answers::read("GetSettings", &answer)?;
    let mut all = answer.settings.capabilities;
    all.extend(added.iter().cloned());
    all.sort();
    all.dedup();
    wanted.capabilities = Some(all);
    Ok(wanted)
}

fn apply(args: &SettingsApplyArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let examined = session.examine(&args.id).await?;
        let Verdicts::Settings(judged) = &examined.verdicts else {
            let text = format!(
                "`{}` changes the channel's config, not the settings",
                args.id
            );
            return Err(ClientError::new(Exit::Failed, "WRONG_KIND", text)
                .hint(format!("cmscc submit {}", args.id)));
        };
        talk.lines(&settings_lines(judged));
        let words = ["ApplySettings", args.id.as_str()];
        let call = ChaincodeCall::new(session.chain().channel(), words);
        let done = session.submit_call(call).await?;
        let answer = session.ask(&["GetSettings"]).await?;
        let answer: SettingsAnswer = answers::read("GetSettings", &answer)?;
        talk.done(&format!(
            "settings version {} hold since block {}",
            judged.version, done.block
        ));
        if answer.definition.matches == Some(false) {
            talk.say(&Line::of(
                Tone::Dim,
                "the chaincode's definition demands another endorsement policy than the agreed one",
            ));
            talk.next("cmscc deploy upgrade");
        }
        talk.document(&AppliedView {
            block_number: done.block.0,
            matches: answer.definition.matches,
            proposal_id: args.id.clone(),
            version: judged.version,
        })?;
        Ok(Exit::Done)
    })
}

fn demand_id(asked: &str, answered: &str) -> Result<(), ClientError> {
    if asked == answered {
        return Ok(());
    }
    let text = format!("asked for `{asked}`, the contract answers `{answered}`");
    Err(ClientError::new(Exit::Unsafe, "OTHER_PROPOSAL", text))
}

fn terms(args: &ProposalArgs) -> Result<ProposalTerms, ClientError> {
    let id = args.id.clone().ok_or_else(|| {
        ClientError::new(Exit::Usage, "NO_ID", "the proposal needs an id: --id ID")
    })?;
    if args.description.is_empty() {
        let text = "the others read what the change is for: --description TEXT";
        return Err(ClientError::new(Exit::Usage, "NO_DESCRIPTION", text));
    }
    let deadline = args.deadline.as_deref();
    let deadline = deadline.map(|given| ProposalTerms::deadline(given, now().seconds));
    Ok(ProposalTerms {
        id,
        description: args.description.clone(),
        deadline: deadline.transpose()?,
    })
}
