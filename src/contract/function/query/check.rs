//! `CheckProposal`: what a proposal would be, before anybody makes it.

use super::show::{Said, unarchived};
use crate::{
    contract::{
        answer::{self, Shown},
        error::{Code, ContractError, shown},
        function::{Context, combine, propose, settings},
        interface::functions::{self, Function},
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
    let checked = match served.function {
        Function::AddOrganization
        | Function::CmccProposeConfigUpdate
        | Function::CombineProposals
        | Function::ProposeConfig
        | Function::ProposeConfigUpdate
        | Function::ProposeSettings
        | Function::ReconfigOrganizationMsp => call.args.expect(served),
        _ => Err(Code::UnknownFunction.because(format_args!(
            "`{}` makes no proposal, so there is nothing to check",
            shown(served.name)
        ))),
    };
    checked?;
    let new = match served.function {
        Function::AddOrganization => propose::add_organization(call, stub).await?,
        Function::CmccProposeConfigUpdate => propose::propose_computed(call, stub).await?,
        Function::CombineProposals => combine::combine_proposals(call, stub).await?,
        Function::ProposeConfig => propose::propose_config(call, stub).await?,
        Function::ProposeSettings => settings::propose_settings(call, stub).await?,
        Function::ReconfigOrganizationMsp => propose::reconfig_msp(call, stub).await?,
        _ => propose::propose_config_update(call, stub).await?,
    };
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
