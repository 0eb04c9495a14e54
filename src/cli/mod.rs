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
mod talk;

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
        #[cfg(feature = "client")]
        Command::Propose(args) => Ok(command::propose::run(&args)),
        #[cfg(feature = "client")]
        Command::Sign(args) => Ok(command::act::sign(&args)),
        #[cfg(feature = "client")]
        Command::Reject(args) => Ok(command::act::reject(&args)),
        #[cfg(feature = "client")]
        Command::Withdraw(args) => Ok(command::act::withdraw(&args)),
        #[cfg(feature = "client")]
        Command::Combine(args) => Ok(command::act::combine(&args)),
        #[cfg(feature = "client")]
        Command::Rebase(args) => Ok(command::act::rebase(&args)),
        #[cfg(feature = "client")]
        Command::Archive(args) => Ok(command::act::archive(&args)),
        #[cfg(feature = "client")]
        Command::Submit(args) => Ok(command::act::submit(&args)),
        #[cfg(feature = "client")]
        Command::Sync(args) => Ok(command::act::sync(&args)),
        #[cfg(feature = "client")]
        Command::Wait(args) => Ok(command::act::wait(&args)),
        #[cfg(feature = "client")]
        Command::Watch(args) => Ok(command::act::watch(&args)),
        #[cfg(feature = "client")]
        Command::Pin(args) => Ok(command::act::pin(&args)),
        #[cfg(feature = "client")]
        Command::InitConsortium(args) => Ok(command::act::init_consortium(&args)),
        #[cfg(feature = "client")]
        Command::Recover(args) => Ok(command::act::recover(&args)),
        #[cfg(feature = "devnet")]
        Command::Demo(args) => command::demo::main(&args),
        #[cfg(feature = "devnet")]
        Command::Devnet(args) => command::devnet::run(&args),
        Command::Version(args) => command::version::run(&args),
        Command::Completion(args) => command::completion::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => output::failed(&error),
    }
}
