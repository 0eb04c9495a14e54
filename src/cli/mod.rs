//! The command line: arguments, settings, output and one file per command.
//!
//! The only room where shells, contract and operations meet.

mod anchors;
mod args;
mod certificates;
pub mod command;
mod descriptors;
mod help;
mod observer;
mod output;
mod package;
mod reload;
#[cfg(feature = "client")]
mod screen;
mod settings;
#[cfg(feature = "client")]
mod show;
mod suggest;
#[cfg(feature = "client")]
mod talk;
#[cfg(feature = "client")]
mod terminal;

use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Args, ColorWhen, Command};

/// Runs the program with the arguments and the environment of this process.
///
/// Exit codes: 0 done, 1 failed, 2 wrong arguments or settings; those of the client's commands are in
/// `docs/client.md`.
#[must_use]
pub fn main() -> ExitCode {
    let parsed = help::grouped(Args::command()).try_get_matches();
    let args = match parsed.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => return suggest::refused(&error),
    };
    match args.color {
        ColorWhen::Always => ColorChoice::Always.write_global(),
        ColorWhen::Auto => {}
        ColorWhen::Never => ColorChoice::Never.write_global(),
    }
    match run(args.command) {
        Ok(code) => code,
        Err(error) => output::failed(&error),
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        #[cfg(feature = "client")]
        Command::Status(args) => Ok(command::see::status(&args)),
        #[cfg(feature = "client")]
        Command::List(args) => Ok(command::see::list(&args)),
        #[cfg(feature = "client")]
        Command::Show(args) => Ok(command::see::show(&args)),
        #[cfg(feature = "client")]
        Command::Diff(args) => Ok(command::see::diff(&args)),
        #[cfg(feature = "client")]
        Command::Explain(args) if !args.asked().1.is_empty() => {
            Ok(command::foresee::if_signed_by(&args))
        }
        #[cfg(feature = "client")]
        Command::Explain(args) => Ok(command::see::explain(&args)),
        #[cfg(feature = "client")]
        Command::Plan(args) => Ok(command::foresee::plan(&args)),
        #[cfg(feature = "client")]
        Command::History(args) => Ok(command::see::history(&args)),
        #[cfg(feature = "client")]
        Command::Config(args) => Ok(command::see::config(&args, command::act::verify)),
        #[cfg(feature = "client")]
        Command::Doctor(args) => Ok(command::doctor::run(&args)),
        #[cfg(feature = "client")]
        Command::Api(args) => Ok(command::see::api(&args)),
        #[cfg(feature = "client")]
        Command::CompleteIds(args) => Ok(command::see::complete(&args)),
        #[cfg(feature = "client")]
        Command::CompleteIntent(args) => Ok(command::see::complete_intent(&args)),
        Command::Serve(args) => command::serve::run(&args),
        Command::Health(args) => command::health::run(&args),
        #[cfg(feature = "client")]
        Command::Settings(args) => Ok(command::agree::settings(&args)),
        #[cfg(feature = "client")]
        Command::Attest(args) => Ok(command::agree::attest(&args)),
        #[cfg(feature = "client")]
        Command::Members(args) => Ok(command::agree::members(&args)),
        #[cfg(feature = "client")]
        Command::Capabilities(args) => Ok(command::agree::capabilities(&args)),
        #[cfg(feature = "client")]
        Command::Deploy(args) => command::deploy::run(&args),
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
        #[cfg(feature = "agent")]
        Command::Agent(args) => command::agent::main(&args),
        #[cfg(feature = "client")]
        Command::Pin(args) => Ok(command::act::pin(&args)),
        #[cfg(feature = "client")]
        Command::InitConsortium(args) => Ok(command::act::init_consortium(&args)),
        #[cfg(feature = "client")]
        Command::Recover(args) => Ok(command::act::recover(&args)),
        #[cfg(all(feature = "client", feature = "devnet"))]
        Command::Demo(args) => command::demo::main(&args),
        #[cfg(feature = "devnet")]
        Command::Devnet(args) => command::devnet::run(&args),
        #[cfg(feature = "client")]
        Command::Update(args) => Ok(command::update::run(&args)),
        #[cfg(feature = "client")]
        Command::Profile(args) => Ok(command::profile::run(&args)),
        #[cfg(feature = "client")]
        Command::Identity(args) => Ok(command::identity::run(&args)),
        Command::Version(args) => command::version::run(&args),
        Command::Completion(args) => command::completion::run(&args),
        Command::Man(args) => command::man::run(&args),
    }
}
