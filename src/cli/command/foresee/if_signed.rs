//! `cmscc explain ID --if-signed-by`.

use std::{path::Path, process::ExitCode};

use crate::{
    cli::{
        args::ExplainArgs,
        command::act::{demand_level, fresh, open, read},
        show::{self, Look},
    },
    client::{
        ClientError, Exit, SupposedSigner, Supposition, Verdicts,
        view::{IfSignedView, ProposalView, SupposedView, SuppositionView},
    },
    config::Verdict,
};

/// Says what would be. Ends with 3 where it would not be enough.
pub(in crate::cli) fn if_signed_by(args: &ExplainArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let (id, names) = args.asked();
        let id = id.ok_or_else(|| {
            let text = "which proposal is not said";
            ClientError::new(Exit::Usage, "NO_ID", text).hint(format!(
                "cmscc explain ID --if-signed-by {}",
                names.join(" ")
            ))
        })?;
        let supposed = names
            .iter()
            .map(|name| supposed(name))
            .collect::<Result<Vec<_>, _>>()?;
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let examined = talk
            .wait("asking the contract", session.examine(id))
            .await?;
        let Verdicts::Update(judged) = &examined.verdicts else {
            let text = format!("`{id}` changes settings of the contract: only it can explain them");
            let error = ClientError::new(Exit::Usage, "NOT_AN_UPDATE", text);
            return Err(error.hint(format!("cmscc explain {id}")));
        };
        let bundle = session.chain().bundle();
        let foreseen = Supposition::new(bundle, judged, &supposed, &examined.unasked())?;
        let review = foreseen.shown(bundle, judged)?;
        let proposal = ProposalView::of_contract(examined.proposal.clone(), "").reviewed(review);
        let suffices = foreseen.suffices;
        let view = IfSignedView {
            proposal,
            if_signed: view(foreseen),
        };
        let look = talk.look();
        talk.lines(&show::if_signed(
            &view,
            Look {
                full: args.full,
                ..look
            },
        ));
        talk.document(&view)?;
        Ok(match suffices {
            true => Exit::Done,
            false => Exit::No,
        })
    })
}

/// `ORG`, `ORG.ROLE`, or a file with a certificate.
fn supposed(name: &str) -> Result<SupposedSigner, ClientError> {
    let path = Path::new(name);
    // a file of this folder that is called as an organisation is not meant
    let is_pem = path
        .extension()
        .is_some_and(|end| end == "pem" || end == "crt");
    let is_file = name.contains('/') || is_pem;
    match is_file {
        true => SupposedSigner::of_certificate(name, &read(path)?),
        false => Ok(SupposedSigner::parse(name)),
    }
}

fn view(foreseen: Supposition) -> SuppositionView {
    let decision = foreseen.decision;
    SuppositionView {
        missing: decision.missing.iter().map(ToString::to_string).collect(),
        needs: decision.needs,
        refused: match decision.verdict {
            Verdict::Refused(refusal) => Some(refusal.to_string()),
            Verdict::Unsupported { levels } => {
                Some(format!("this build does not know {}", levels.join(", ")))
            }
            Verdict::Accepted | Verdict::Unsatisfied => None,
        },
        signers: (foreseen.signers.into_iter())
            .map(|one| SupposedView {
                counts: one.why_not.is_none(),
                who: one.who,
                why_not: one.why_not,
            })
            .collect(),
        suffices: foreseen.suffices,
        would_count: foreseen.would_count,
    }
}
