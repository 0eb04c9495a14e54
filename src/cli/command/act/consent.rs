//! What a person is shown of a proposal, and what they type before it is signed.

use crate::{
    cli::{
        show::{Line, Look, Tone, differences, effects, explanation, findings, is_empty, said},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Examined, Exit, JudgedSettings, JudgedUpdate, OwnSignature,
        Verdicts, VerifiedChain,
        answers::{ProposalAnswer, SignedAnswer},
        sign_claim,
        view::{ProposalView, SignedView, needs_words},
    },
    config::{ConfigSignature, PolicyVerdict},
};

/// What a person types to agree.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::command) struct TypedWord<'a> {
    /// What it is, such as `the id`.
    pub(in crate::cli::command) what: &'a str,
    /// The word itself.
    pub(in crate::cli::command) word: &'a str,
    /// What is signed then.
    pub(in crate::cli::command) signed: &'a str,
}

impl<'a> TypedWord<'a> {
    /// The id of a proposal.
    pub(super) const fn id(id: &'a str) -> Self {
        Self {
            what: "the id",
            word: id,
            signed: id,
        }
    }
}

/// How somebody agrees to what is signed.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::command) enum Consent<'a> {
    /// By typing the id at the terminal.
    Asked,
    /// By typing the id, where the digest is the one that was named.
    AskedWith(&'a str),
    /// By having named the digest, 64 hex digits.
    Digest(&'a str),
}

impl<'a> Consent<'a> {
    /// As the flags say it.
    pub(in crate::cli::command) fn of(yes: bool, digest: Option<&'a str>) -> Self {
        match digest {
            Some(digest) if yes => Self::Digest(digest),
            Some(digest) => Self::AskedWith(digest),
            None => Self::Asked,
        }
    }

    /// The digest that is agreed to.
    ///
    /// # Errors
    /// `DECLINED` (interrupted); `NO_CONSENT` where nobody can be asked.
    pub(in crate::cli::command) fn obtain(
        self,
        talk: &Talk,
        typed: TypedWord<'_>,
        subject: &str,
        digest: &str,
    ) -> Result<String, ClientError> {
        if let Self::Digest(named) = self {
            return Ok(named.to_owned());
        }
        self.demand_somebody(talk, typed.signed)?;
        if let Self::AskedWith(named) = self
            && !named.eq_ignore_ascii_case(digest)
        {
            let text = format!("what is to be signed has the digest {digest}, not {named}");
            return Err(ClientError::new(Exit::Unsafe, "DIGEST_DIFFERS", text));
        }
        talk.line(&Line::plain(format!("Sign as {subject}?")));
        let TypedWord { what, word, signed } = typed;
        match talk.ask(&Line::plain(format!("Type {what} to sign:"))) {
            Some(answer) if answer == word => match self {
                Self::AskedWith(named) => Ok(named.to_owned()),
                _ => Ok(digest.to_owned()),
            },
            answer => {
                let answer = answer.filter(|answer| !answer.is_empty());
                let answer = answer.map(|answer| format!(": `{answer}` is not {what}"));
                let text = format!("`{signed}` is not signed{}", answer.unwrap_or_default());
                Err(ClientError::new(Exit::Interrupted, "DECLINED", text))
            }
        }
    }
}

impl Consent<'_> {
    /// Refuses where nobody agreed yet and nobody can be asked.
    ///
    /// # Errors
    /// `NO_CONSENT`.
    pub(in crate::cli::command) fn demand_somebody(
        self,
        talk: &Talk,
        what: &str,
    ) -> Result<(), ClientError> {
        // who cannot see the review cannot agree to it
        if matches!(self, Self::Digest(_)) || (talk.may_ask() && talk.is_seen()) {
            return Ok(());
        }
        let text = format!("nobody can be asked whether to sign `{what}`");
        Err(ClientError::new(Exit::Usage, "NO_CONSENT", text)
            .hint("in a script: --yes --digest HEX, with the digest that a person compared"))
    }
}

/// Whose proposal it is, and what they say of it.
pub(super) fn head(proposal: &ProposalAnswer, look: Look) -> Vec<Line> {
    let mut lines = vec![
        Line::of(Tone::Strong, &proposal.proposal_id)
            .and(Tone::Dim, format!("  revision {}  by ", proposal.revision))
            .and(Tone::Plain, &proposal.proposer_msp_id),
    ];
    if !proposal.description.is_empty() {
        lines.extend(said("its proposer says ", &proposal.description, look));
    }
    lines
}

/// A change of settings.
pub(in crate::cli::command) fn settings_lines(settings: &JudgedSettings) -> Vec<Line> {
    let policy = settings.endorsement_policy.as_deref().unwrap_or("none");
    let capabilities = match settings.capabilities.is_empty() {
        true => "none".to_owned(),
        false => settings.capabilities.join(", "),
    };
    vec![
        Line::plain(format!(
            "the contract's settings become version {}:",
            settings.version
        )),
        Line::plain(format!("  instance             {}", settings.instance)),
        Line::plain(format!(
            "  in the place of      {}",
            settings.current_sha256
        )),
        Line::plain(format!("  gate                 {}", settings.gate)),
        Line::plain(format!("  capabilities         {capabilities}")),
        Line::plain(format!("  endorsement policy   {policy}")),
    ]
}

/// Everything that one should know of an update before signing. `policies`: what the policies make of
/// the signatures.
pub(in crate::cli::command) fn review(
    talk: &Talk,
    chain: &VerifiedChain,
    judged: &JudgedUpdate,
    proposal: ProposalAnswer,
    policies: &[PolicyVerdict],
) -> Result<ProposalView, ClientError> {
    let look = talk.look();
    let bundle = chain.bundle();
    let own = judged.shown(bundle, policies)?;
    let view = ProposalView::of_contract(proposal, "").reviewed(own);
    let mut lines = vec![Line::of(Tone::Good, "✓ ").and(
        Tone::Plain,
        format!(
            "judged on this machine, on config {} verified from your pin; the update is the one of \
             its intent, {} bytes",
            bundle.sequence(),
            judged.update.bytes().len()
        ),
    )];
    let mut section = |title: &str, body: Vec<Line>| {
        if !body.is_empty() {
            lines.push(Line::new());
            lines.push(Line::of(Tone::Strong, title));
            lines.extend(body);
        }
    };
    if let Some(diff) = view.proposal.diff.as_ref().filter(|diff| !is_empty(diff)) {
        section("Changes", differences(diff, look));
    }
    section("Effects", effects(&view, look));
    if let Some(lint) = &view.proposal.lint {
        section("Findings", findings(lint, look));
    }
    section("Who must sign", explanation(&view, look));
    talk.lines(&lines);
    warn_of_servers(talk, judged);
    Ok(view)
}

/// Says that a change would leave too few servers for anything to be written.
pub(super) fn warn_of_servers(talk: &Talk, judged: &JudgedUpdate) {
    let endorsement = judged.endorsement.as_ref();
    let Some(too_few) = endorsement.filter(|one| one.enough_servers == Some(false)) else {
        return;
    };
    let servers = too_few.servers.as_deref().unwrap_or_default();
    let run = match servers {
        [] => "none of the members'".to_owned(),
        servers => format!("only those of {}", servers.join(", ")),
    };
    talk.warn(&format!(
        "too few servers of the contract: {run} answer now, and then nothing could be written until more do \
         (cmscc doctor)"
    ));
}

/// Says what a signature would leave to be done, and the digest of what is signed.
pub(super) fn tail(talk: &Talk, needs: Option<&[String]>, digest: &str) {
    let after = match needs {
        None => None,
        Some([]) => Some(Line::of(Tone::Good, "ready to submit")),
        Some(needs) => {
            let needs = needs.join("; ");
            Some(Line::of(Tone::Waiting, "still needed: ").and(Tone::Plain, needs_words(&needs)))
        }
    };
    talk.line(&Line::new());
    if let Some(after) = after {
        talk.line(&Line::of(Tone::Strong, "After you  ").join(after));
    }
    talk.line(&Line::of(Tone::Strong, "Digest     ").and(Tone::Plain, digest));
}

/// Shows a proposal, and signs it where the consent is there.
///
/// # Errors
/// `ALREADY_SIGNED` (done), `DECLINED`, `NO_CONSENT`; what would not count.
pub(super) fn sign_one(
    talk: &Talk,
    session: &ChannelSession,
    examined: &Examined,
    consent: Consent<'_>,
) -> Result<ConfigSignature, ClientError> {
    let id = &examined.proposal.proposal_id;
    let identity = session.connection().identity();
    let digest = examined.verdicts.digest().to_string();
    let subject = match &examined.verdicts {
        Verdicts::Settings(settings) => {
            let mut lines = head(&examined.proposal, talk.look());
            lines.extend(settings_lines(settings));
            talk.lines(&lines);
            tail(talk, None, &digest);
            identity.msp_id.to_string()
        }
        Verdicts::Update(judged) => {
            let chain = session.chain();
            let own = OwnSignature::foresee(chain.bundle(), judged, identity)?;
            if own.already {
                let text = format!("you have signed `{id}` already, as {}", own.subject);
                return Err(ClientError::new(Exit::Done, "ALREADY_SIGNED", text));
            }
            talk.lines(&head(&examined.proposal, talk.look()));
            review(
                talk,
                chain,
                judged,
                examined.proposal.clone(),
                &judged.policies,
            )?;
            tail(talk, Some(&own.decision.needs), &digest);
            own.subject
        }
    };
    let agreed = consent.obtain(talk, TypedWord::id(id), &subject, &digest)?;
    sign_claim(
        session.chain().bundle(),
        &examined.claim,
        &examined.verdicts,
        identity,
        &agreed,
    )
}

/// What was signed, for scripts.
pub(super) fn signed_document(examined: &Examined, block: u64) -> SignedView {
    SignedView {
        block_number: block,
        config_update_sha256: examined.verdicts.digest().to_string(),
        proposal_id: examined.proposal.proposal_id.clone(),
        revision: examined.proposal.revision,
    }
}

/// Refuses what the contract took none of.
pub(in crate::cli::command) fn taken(answer: &SignedAnswer) -> Result<(), ClientError> {
    let Some(refused) = answer.refused.first() else {
        return Ok(());
    };
    if !answer.added.is_empty() || !answer.already.is_empty() {
        return Ok(());
    }
    let text = format!(
        "the contract does not take the signature: {}",
        refused.reason
    );
    Err(ClientError::new(Exit::Failed, &refused.code, text))
}
