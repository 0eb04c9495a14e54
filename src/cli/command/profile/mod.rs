//! `cmscc profile`

mod add;
mod change;
mod import;
mod list;
mod show;

use std::process::ExitCode;

use crate::cli::{
    args::{ProfileArgs, ProfileCommand},
    screen::Screen,
    terminal,
};

/// Keeps and shows named settings.
pub(in crate::cli) fn run(args: &ProfileArgs) -> ExitCode {
    let flags = args.client.network.flags();
    let screen = Screen::new(&args.client.shown, false);
    let done = match &args.command {
        ProfileCommand::Add(add) => add::run(add, &flags, &screen),
        ProfileCommand::Import(import) => import::run(import, &flags, &screen),
        ProfileCommand::List => list::run(&screen),
        ProfileCommand::Remove(name) => change::remove(&name.name, &screen),
        ProfileCommand::Show(show) => show::run(show, flags, &screen),
        ProfileCommand::Use(name) => change::choose(&name.name, &screen),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => terminal::refused(&errors, screen.wants_json()),
    }
}
