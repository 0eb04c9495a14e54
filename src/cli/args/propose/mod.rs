//! Arguments of `propose`: the intents that files carry; `intents`: those that are computed from the config in
//! force; `proposal`: what all of them take.

mod intents;
mod proposal;

use std::path::PathBuf;

use clap::Subcommand;

pub(in crate::cli) use intents::{
    AddressArgs, ConsenterCertificates, ConsenterCommand, ProposeBatchArgs, ProposeEditArgs,
    ProposeRotateCaArgs,
};
pub(in crate::cli) use proposal::ProposalArgs;

use intents::{
    ProposeAclArgs, ProposeAnchorPeersArgs, ProposeCapabilityArgs, ProposeConsenterArgs,
    ProposeEndpointsArgs, ProposeModPolicyArgs, ProposePolicyArgs, ProposeSetArgs,
};

const PROPOSE_EXAMPLES: &str = "\
Examples:
  cmscc propose set /Channel/Orderer/BatchTimeout 3s --dry-run
  cmscc propose anchor-peers peer0.org1.example.com:7051
  cmscc propose --from Org1MSP.set-BatchTimeout       the same intent once more, on the config of now";

/// Propose a change of the channel's config. Proposing never signs, unless --sign asks for it.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = PROPOSE_EXAMPLES
)]
pub(in crate::cli) struct ProposeArgs {
    #[command(subcommand)]
    pub(in crate::cli) intent: Option<ProposeIntent>,

    #[command(flatten)]
    pub(in crate::cli) alone: ProposalArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ProposeIntent {
    /// Bring in an organisation
    AddOrg(ProposeAddOrgArgs),
    /// Remove an organisation from the application
    RemoveOrg(ProposeRemoveOrgArgs),
    /// Change your own organisation's MSP definition: CAs, admins, NodeOUs, revocation lists
    SetMsp(ProposeSetMspArgs),
    /// Replace a CA in two steps: the new one beside the old one, then the old one goes
    RotateCa(ProposeRotateCaArgs),
    /// Change the anchor peers of an organisation
    AnchorPeers(ProposeAnchorPeersArgs),
    /// Change the orderer endpoints of an organisation
    Endpoints(ProposeEndpointsArgs),
    /// Change one setting, such as /Channel/Orderer/BatchTimeout
    Set(ProposeSetArgs),
    /// Change the rule of a policy
    Policy(ProposePolicyArgs),
    /// Change which policy decides about an element
    ModPolicy(ProposeModPolicyArgs),
    /// Change which policy peers ask about a resource
    Acl(ProposeAclArgs),
    /// Raise a capability level
    Capability(ProposeCapabilityArgs),
    /// Add a consenter, remove one, or replace its certificates
    Consenter(ProposeConsenterArgs),
    /// Several intents as one proposal
    Batch(ProposeBatchArgs),
    /// Edit the config, or a part of it, in $VISUAL or $EDITOR
    Edit(ProposeEditArgs),
    /// Change part of the config: a partial config with modes, as JSON
    Patch(ProposeFileArgs),
    /// Propose what you edited: the whole config
    FromFile(ProposeFileArgs),
    /// Propose a computed update, or an envelope around one
    FromUpdate(ProposeFileArgs),
}

const ADD_ORG_EXAMPLES: &str = "\
Examples:
  What the new member printed with `configtxgen -printOrg`:
    cmscc propose add-org orgx.json --dry-run
    cmscc propose add-org orgx.json --id add_orgx --description 'bring in OrgX' --deadline 14d

  Its MSP folder, without keys; the policies are those of Fabric's samples:
    cmscc propose add-org organizations/peerOrganizations/orgx.example.com/msp --name OrgXMSP";

/// Bring in an organisation.
#[derive(Debug, clap::Args)]
#[command(after_help = ADD_ORG_EXAMPLES)]
pub(in crate::cli) struct ProposeAddOrgArgs {
    /// What `configtxgen -printOrg` printed, or an MSP folder
    #[arg(value_name = "FILE|FOLDER")]
    pub(in crate::cli) file: PathBuf,

    /// The organisation's name in the config [default: its MSP id]; with a folder the MSP id, too
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

/// Change your own organisation's MSP definition.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cmscc propose set-msp organizations/peerOrganizations/org1.example.com/msp --dry-run"
)]
pub(in crate::cli) struct ProposeSetMspArgs {
    /// An MSP folder, or what `configtxgen -printOrg` printed
    #[arg(value_name = "FILE|FOLDER")]
    pub(in crate::cli) file: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

/// Remove an organisation from the application.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc propose remove-org OrgXMSP --dry-run")]
pub(in crate::cli) struct ProposeRemoveOrgArgs {
    /// Its name in the config; most often its MSP id
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const FILE_EXAMPLES: &str = "\
Examples:
  cmscc propose patch timeout.json --id slower --description 'larger blocks' --dry-run
    {\"channel_group\":{\"groups\":{\"Orderer\":{\"values\":{\"BatchTimeout\":{\"value\":{\"timeout\":\"3s\"}}}}}}}

  cmscc config show --json > config.json; $EDITOR config.json
  cmscc propose from-file config.json --id my-edit --description 'what I edited'

  cmscc propose from-update update.pb --id made --description 'made elsewhere'
    what `configtxlator compute_update` gave, or the envelope that `peer channel signconfigtx` takes";

/// A change that lies in a file.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = FILE_EXAMPLES)]
pub(in crate::cli) struct ProposeFileArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}
