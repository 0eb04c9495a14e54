//! The command line: arguments, settings, output and one file per command.
//!
//! The only room where shells, contract and operations meet.

mod anchors;
mod args;
pub mod command;
mod descriptors;
mod observer;
mod output;
mod package;
mod reload;
mod settings;
#[cfg(feature = "client")]
mod show;
#[cfg(feature = "client")]
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Runs the program with the arguments and the environment of this process.
///
/// Exit codes: 0 done, 1 failed, 2 wrong arguments or settings.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Command::Serve(args) => command::serve::run(&args),
        Command::Health(args) => command::health::run(&args),
        Command::Package(args) => command::package::run(&args),
        Command::Audit(args) => command::audit::run(&args),
        #[cfg(feature = "devnet")]
        Command::Demo(args) => command::demo::main(&args),
        #[cfg(feature = "devnet")]
        Command::Devnet(args) => command::devnet::run(&args),
        #[cfg(feature = "client")]
        Command::Profile(args) => Ok(command::profile::run(&args)),
        #[cfg(feature = "client")]
        Command::Identity(args) => Ok(command::identity::run(&args)),
        Command::Version(args) => command::version::run(&args),
        Command::Completion(args) => command::completion::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => output::failed(&error),
    }
}
