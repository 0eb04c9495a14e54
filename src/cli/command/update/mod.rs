//! `cmscc update`: config updates in files. Only `propose` has a network.
//!
//! | file | what it does |
//! |---|---|
//! | `files` | the files that were named, and the config by which something is judged |
//! | `compute`, `check`, `inspect` | what is computed, judged, shown |
//! | `make` | `wrap`, `merge` |
//! | `sign` | `sign`, after showing what is signed |

mod check;
mod compute;
mod files;
mod inspect;
mod make;
mod sign;

use std::process::ExitCode;

use super::propose;
use crate::{
    cli::{
        args::{
            ProposalArgs, ProposeArgs, ProposeIntent, UpdateArgs, UpdateCommand, UpdateProposeArgs,
        },
        screen::Screen,
    },
    client::{ClientError, Exit, update::GivenContent},
};

/// Runs one of the commands.
pub(in crate::cli) fn run(args: &UpdateArgs) -> ExitCode {
    match &args.command {
        UpdateCommand::Check(args) => check::run(args),
        UpdateCommand::Compute(args) => compute::run(args),
        UpdateCommand::Inspect(args) => inspect::run(args),
        UpdateCommand::Merge(args) => make::merge(args),
        UpdateCommand::Propose(args) => propose(args),
        UpdateCommand::Sign(args) => sign::run(args),
        UpdateCommand::Wrap(args) => make::wrap(args),
    }
}

/// `update propose`: as the intent that the file is.
fn propose(args: &UpdateProposeArgs) -> ExitCode {
    let screen = Screen::new(&args.file.proposal.client.shown, false);
    let intent = match intent(args) {
        Ok(intent) => intent,
        Err(error) => return screen.failed(&error),
    };
    propose::run(&ProposeArgs {
        intent: Some(intent),
        alone: ProposalArgs::default(),
    })
}

fn intent(args: &UpdateProposeArgs) -> Result<ProposeIntent, ClientError> {
    let file = args.file.clone();
    if file.file.as_os_str() == "-" {
        let text = "standard input is read once: name a file, or take `cmscc propose from-file -`";
        return Err(ClientError::new(Exit::Usage, "NO_FILE", text));
    }
    let given = files::given(&file.file)?;
    match (&given.content, args.patch) {
        (GivenContent::Config(config), _) if config.is_bare_group => {
            let text = format!(
                "`{}` is the channel group alone, without its config",
                given.name
            );
            Err(ClientError::new(Exit::Usage, "NOTHING_TO_PROPOSE", text)
                .hint("the whole config is wanted: `{\"sequence\":..,\"channel_group\":..}`"))
        }
        (GivenContent::Config(config), true) if config.channel.is_none() => {
            Ok(ProposeIntent::Patch(file))
        }
        (GivenContent::Config(config), false) if config.channel.is_none() => {
            Ok(ProposeIntent::FromFile(file))
        }
        (GivenContent::Update(_), false) => Ok(ProposeIntent::FromUpdate(file)),
        (GivenContent::Update(_), true) => {
            let text = format!("`{}` is {}, no patch", given.name, given.what());
            Err(ClientError::new(Exit::Usage, "NOT_A_PATCH", text)
                .hint("without --patch it is proposed as the update that it is"))
        }
        _ => {
            let text = format!(
                "`{}` is {}, which proposes nothing",
                given.name,
                given.what()
            );
            Err(ClientError::new(Exit::Usage, "NOTHING_TO_PROPOSE", text)
                .hint("proposed are an edited config, an update, or an envelope around one"))
        }
    }
}
