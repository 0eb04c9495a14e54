//! `cmscc agent`.
//!
//! | file | what it does |
//! |---|---|
//! | `settings` | the agent's file, and the channels that it names |
//! | `run` | the process |
//! | `telemetry` | from what the agent tells to logs, metrics and health |
//! | `check` | one look at everything |
//! | `hold` | holds, and their ends |
//! | `status` | what the agent last said |

mod check;
mod hold;
mod run;
mod settings;
mod status;
mod telemetry;

use std::process::ExitCode;

use crate::cli::args::{AgentArgs, AgentCommand};

/// Runs a command of the agent.
pub(in crate::cli) fn main(args: &AgentArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        AgentCommand::Run(run) => run::run(args, run),
        AgentCommand::Check(check) => Ok(check::run(args, check)),
        AgentCommand::Status => Ok(status::run(args)),
        AgentCommand::Hold(hold) => Ok(hold::hold(args, hold)),
        AgentCommand::Resume(resume) => Ok(hold::resume(args, resume)),
    }
}
