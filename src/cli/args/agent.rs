//! The arguments of the agent.

use std::path::PathBuf;

use clap::Subcommand;

use super::{ClientArgs, ShownArgs};

const EXAMPLES: &str = "\
Examples:
  One channel, that of your current profile; nobody is told:
    cmscc agent check
    cmscc agent run

  As a file says it (docs/agent.md):
    cmscc agent check --config /etc/cmscc/agent.toml
    cmscc agent run --config /etc/cmscc/agent.toml

  What it does, and that it leaves a proposal alone:
    cmscc agent status
    cmscc agent hold add_orgx --reason 'not before Monday'
    cmscc agent resume add_orgx";

/// Does unattended what administrators otherwise do by watching: brings the contract to the channel's
/// config, submits what your organisation proposed and enough others signed, tells people what awaits
/// them. It takes a client's certificate, never an admin's.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES, subcommand_required = true)]
pub(in crate::cli) struct AgentArgs {
    /// The agent's file [default: agent.toml beside the file of profiles, where there is one]
    #[arg(long, value_name = "FILE", env = "CMSCC_AGENT_CONFIG", global = true)]
    pub(in crate::cli) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(in crate::cli) command: AgentCommand,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// What is to be done about the agent.
#[derive(Clone, Debug, Subcommand)]
pub(in crate::cli) enum AgentCommand {
    /// Work until the process is told to end
    Run(AgentRunArgs),
    /// Look at everything once, and say what it would do; nothing is sent
    Check(AgentCheckArgs),
    /// Show what the agent of this machine does, and what is in its way
    Status,
    /// Let the agent leave a proposal alone, or a whole channel
    Hold(AgentHoldArgs),
    /// End a hold
    Resume(AgentResumeArgs),
}

/// Arguments of `agent run`.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct AgentRunArgs {
    /// Where /metrics and the probes are answered, HOST:PORT [default: what the file says, or nowhere]
    #[arg(long, value_name = "HOST:PORT", env = "CMSCC_AGENT_OPS_ADDRESS")]
    pub(in crate::cli) ops_address: Option<String>,

    /// Which log lines are written: error, warn, info, debug, trace, or a filter
    #[arg(long, value_name = "FILTER", env = "CMSCC_LOG", default_value = "info")]
    pub(in crate::cli) log: String,

    /// The form of log lines: json or text [default: text on a terminal]
    #[arg(long, value_name = "FORM", env = "CMSCC_LOG_FORMAT")]
    pub(in crate::cli) log_format: Option<String>,
}

/// Arguments of `agent check`.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct AgentCheckArgs {
    /// Tell each hook a notice of the kind `test`, too
    #[arg(long)]
    pub(in crate::cli) test_hooks: bool,
}

/// Arguments of `agent hold`.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct AgentHoldArgs {
    /// The proposal; without it: the whole channel
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: Option<String>,

    /// Why, for whoever finds it held
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(in crate::cli) reason: String,
}

/// Arguments of `agent resume`.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct AgentResumeArgs {
    /// The proposal; without it: the whole channel
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: Option<String>,
}

impl AgentArgs {
    /// How results are shown.
    pub(in crate::cli) const fn shown(&self) -> &ShownArgs {
        &self.client.shown
    }
}
