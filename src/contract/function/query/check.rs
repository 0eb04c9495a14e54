//! `CheckProposal`: what a proposal would be, before anybody makes it.

use super::show::{Said, unarchived};
use crate::{
    contract::{
        answer::{self, Shown},
        error::{Code, ContractError, shown},
        function::{
            Context, combine,
            propose::{self, NewProposal},
            settings,
        },
        interface::functions::{self, Function, Served},
        ledger::{positions::Positions, proposals::Unarchived},
    },
    stub::Stub,
};

/// `CheckProposal`: what `GetProposal` would show of the proposal that a function would make of these
/// arguments. It is refused where that function would refuse, in the same words.
pub(crate) async fn check_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let call = &Context {
        args: call.args.of_named()?,
        ..*call
    };
    let served = functions::named(call.args.function())?;
    if !served.function.proposes() {
        return Err(makes_none(served));
    }
    call.args.expect(served)?;
    let new = proposal_of(served, call, stub).await?;
    let trusted = (&new.trusted, &new.bundle);
    let open = Unarchived {
        place: new.place,
        proposal: new.proposal,
        record: new.record,
    };
    // nobody can have said anything of it
    let said = Said {
        combined: &[],
        positions: &Positions::default(),
    };
    let report = unarchived(call, stub, trusted, &open, said, Shown::default()).await?;
    answer::write(&report)
}

/// The proposal that a function makes, not yet written; refused for functions that make none.
pub(crate) async fn proposal_of<S: Stub>(
    served: &Served,
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    match served.function {
        Function::AddOrganization => propose::add_organization(call, stub).await,
        Function::CmccProposeConfigUpdate => propose::propose_computed(call, stub).await,
        Function::CombineProposals => combine::combine_proposals(call, stub).await,
        Function::ProposeConfig => propose::propose_config(call, stub).await,
        Function::ProposeConfigUpdate => propose::propose_config_update(call, stub).await,
        Function::ProposeSettings => settings::propose_settings(call, stub).await,
        Function::ReconfigOrganizationMsp => propose::reconfig_msp(call, stub).await,
        _ => Err(makes_none(served)),
    }
}

fn makes_none(served: &Served) -> ContractError {
    Code::UnknownFunction.because(format_args!(
        "`{}` makes no proposal, so there is nothing to check",
        shown(served.name)
    ))
}
