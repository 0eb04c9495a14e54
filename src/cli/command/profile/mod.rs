//! `cmscc profile`

mod add;
mod change;
mod import;
mod list;
mod show;

use std::process::ExitCode;

use crate::cli::{
    args::{ProfileArgs, ProfileCommand},
    terminal,
};

/// Keeps and shows named settings.
pub(in crate::cli) fn run(args: &ProfileArgs) -> ExitCode {
    let flags = args.network.flags();
    let done = match &args.command {
        ProfileCommand::Add(add) => add::run(add, &flags, args.json),
        ProfileCommand::Import(import) => import::run(import, &flags, args.json),
        ProfileCommand::List => list::run(args.json),
        ProfileCommand::Remove(name) => change::remove(&name.name, args.json),
        ProfileCommand::Show(show) => return show::run(show, flags, args.json),
        ProfileCommand::Use(name) => change::choose(&name.name, args.json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => terminal::refused(&errors, args.json),
    }
}
