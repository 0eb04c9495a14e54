//! `cmscc deploy approve` and `cmscc deploy upgrade`.

use std::process::ExitCode;

use crate::{
    cli::{
        args::{ClientArgs, DefinitionArgs, DeployApproveArgs, DeployUpgradeArgs},
        command::act::{fresh, open, read},
        show::{Line, Tone, definition},
        talk::Talk,
    },
    client::{
        ApprovalPlan, ChannelSession, ClientError, DefinitionPolicy, DefinitionWishes,
        DeploymentFacts, Exit, NextDefinition, PackageWish, UpgradeConcern, read_collections,
        view::{ApprovedView, ConcernView, DefinitionView},
    },
    ids::MspId,
};

pub(super) fn approve(args: &DeployApproveArgs) -> ExitCode {
    planned(&args.client, &args.definition, |facts, mut wishes| {
        wishes.sequence = args.sequence;
        wishes.like = args.like.as_deref().map(MspId::from);
        ApprovalPlan::new(facts, &wishes)
    })
}

pub(super) fn upgrade(args: &DeployUpgradeArgs) -> ExitCode {
    planned(&args.client, &args.definition, |facts, wishes| {
        ApprovalPlan::upgrade(facts, &wishes)
    })
}

/// Approves what a plan says.
fn planned(
    client: &ClientArgs,
    args: &DefinitionArgs,
    plan: impl Fn(&DeploymentFacts, DefinitionWishes) -> Result<ApprovalPlan, ClientError>,
) -> ExitCode {
    open(client, async |talk, settings, identity| {
        let wishes = wishes(args)?;
        let session = fresh(talk, &settings, identity).await?;
        let looking = session.deployment(args.look_back);
        let facts = talk.wait("asking peers and servers", looking).await?;
        if let Some(error) = &facts.unasked {
            return Err(error.clone());
        }
        let plan = plan(&facts, wishes)?;
        // one that is committed already is no choice any more
        let is_choice = plan.terms.sequence != facts.sequence();
        let concerns = match is_choice {
            true => UpgradeConcern::of(&facts, &plan.terms, session.chain().bundle()),
            false => Vec::new(),
        };
        shown(talk, &facts, &plan, &concerns);
        if !args.dry_run {
            check_concerns(&concerns, args)?;
        }
        let mut view = ApprovedView {
            block_number: None,
            concerns: concerns.iter().map(concern_view).collect(),
            definition: DefinitionView::of(&plan.terms),
            differing: plan
                .differing
                .iter()
                .map(|(msp_id, _)| msp_id.to_string())
                .collect(),
            is_enough: None,
            package_id: plan.source.package_id().map(str::to_owned),
        };
        if args.dry_run {
            let text = "nothing was written; approve it with the same command without --dry-run";
            talk.say(&Line::of(Tone::Dim, text));
            talk.document(&view)?;
            return Ok(match check_concerns(&concerns, args).is_err() {
                true => Exit::No,
                false => Exit::Done,
            });
        }
        let approving = session.connection().approve(&plan.terms, &plan.source);
        let done = talk.wait("waiting for the block", approving).await?;
        session.chain().check_signed(done.committed_block.clone())?;
        talk.done(&format!(
            "approved for {}; recorded in block {}",
            facts.own, done.block
        ));
        view.block_number = Some(done.block.0);
        view.is_enough = told_next(talk, &session, &facts, &plan).await;
        talk.document(&view)?;
        Ok(Exit::Done)
    })
}

/// What the flags ask for.
fn wishes(args: &DefinitionArgs) -> Result<DefinitionWishes, ClientError> {
    let policy = match (&args.signature_policy, &args.channel_config_policy) {
        (Some(rule), _) => Some(DefinitionPolicy::rule(rule)?),
        (None, Some(path)) if path.starts_with('/') => Some(DefinitionPolicy::reference(path)),
        (None, Some(name)) => Some(DefinitionPolicy::reference(&format!(
            "/Channel/Application/{name}"
        ))),
        (None, None) => None,
    };
    let collections = match &args.collections_config {
        Some(file) => Some(read_collections(&read(file)?)?),
        None => None,
    };
    Ok(DefinitionWishes {
        sequence: None,
        like: None,
        version: args.version.clone(),
        policy,
        collections,
        init_required: args.init_required,
        package: match (&args.package_id, args.no_package) {
            (Some(id), _) => PackageWish::Named(id.clone()),
            (None, true) => PackageWish::None,
            (None, false) => PackageWish::Installed,
        },
        may_differ: args.may_differ,
    })
}

/// What is approved, whose definition it is, and what deserves a look.
fn shown(talk: &Talk, facts: &DeploymentFacts, plan: &ApprovalPlan, concerns: &[UpgradeConcern]) {
    let changes = ApprovalPlan::changes(facts, &plan.terms);
    talk.lines(&definition(
        &DefinitionView::of(&plan.terms),
        plan.source.package_id(),
        talk.look(),
    ));
    talk.say(&Line::of(Tone::Dim, format!("this is {}", plan.basis)));
    for part in changes {
        if let Some(committed) = &facts.committed {
            let (is, was) = (plan.terms.words(part), committed.terms.words(part));
            let text = format!("{is} (now {was})");
            talk.line(&Line::of(Tone::Waiting, "~ ").and(Tone::Plain, text));
        }
    }
    for (msp_id, _) in &plan.differing {
        talk.warn(&format!("{msp_id} approved this sequence otherwise"));
    }
    for concern in concerns {
        talk.warn(&format!("{}: {}", concern.name(), concern.text()));
    }
}

fn check_concerns(concerns: &[UpgradeConcern], args: &DefinitionArgs) -> Result<(), ClientError> {
    let accepted =
        |concern: &&UpgradeConcern| args.accepted.iter().any(|name| name == concern.name());
    let open: Vec<&UpgradeConcern> = concerns.iter().filter(|one| !accepted(one)).collect();
    let Some(first) = open.first() else {
        return Ok(());
    };
    let names: Vec<String> = open
        .iter()
        .map(|concern| format!("--accept {}", concern.name()))
        .collect();
    Err(
        ClientError::new(Exit::Unsafe, "DEFINITION_CONCERN", first.text())
            .hint(format!("{} goes on all the same", names.join(" "))),
    )
}

fn concern_view(concern: &UpgradeConcern) -> ConcernView {
    ConcernView {
        name: concern.name().to_owned(),
        text: concern.text().to_owned(),
    }
}

/// Says what comes next: whether it can be committed; `None` where it is committed, or not known.
async fn told_next(
    talk: &Talk,
    session: &ChannelSession,
    facts: &DeploymentFacts,
    plan: &ApprovalPlan,
) -> Option<bool> {
    if plan.terms.sequence == facts.sequence() {
        talk.next("cmscc deploy status");
        return None;
    }
    let next: NextDefinition = session.ready_to_commit(&plan.terms).await.ok()?;
    match next.is_enough {
        true => talk.next("cmscc deploy commit"),
        false => {
            let others = next
                .readiness
                .approvals
                .iter()
                .filter(|(_, approved)| !**approved);
            let others: Vec<&str> = others.map(|(msp_id, _)| msp_id.as_str()).collect();
            talk.say(
                &Line::of(Tone::Dim, "more approvals are needed: ")
                    .and(Tone::Accent, "cmscc deploy approve")
                    .and(Tone::Plain, format!(" by {}", others.join(", "))),
            );
        }
    }
    Some(next.is_enough)
}
