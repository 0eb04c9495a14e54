//! What the commands take that are about the program itself.

use std::path::PathBuf;

use clap::ValueEnum;
use clap_complete::Shell;

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColorWhen {
    // also in a pipe
    Always,
    // on a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Never,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct VersionArgs {
    /// Print a JSON document
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

const COMPLETION_EXAMPLES: &str = "\
Examples:
  eval \"$(cmscc completion bash)\"
  cmscc completion zsh > \"${fpath[1]}/_cmscc\"
  cmscc completion fish > ~/.config/fish/completions/cmscc.fish

In bash, zsh and fish ids of proposals are completed, too, as long as the peer answers.";

#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETION_EXAMPLES)]
pub(in crate::cli) struct CompletionArgs {
    /// The shell
    pub(in crate::cli) shell: Shell,
}

const MAN_EXAMPLES: &str = "\
Examples:
  cmscc man ~/.local/share/man/man1
  man cmscc-list";

/// Writes a man page for each command into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(in crate::cli) struct ManArgs {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: PathBuf,
}
