//! `cmscc devnet`: development networks.
//!
//! | folder | what it is |
//! |---|---|
//! | `net` | a network that runs the contract, which other commands and programs dial |
//! | `console` | a network for the calls of one terminal, with a chaincode of somebody else |

mod console;
mod net;

use std::process::ExitCode;

use crate::cli::args::{DevnetArgs, DevnetCommand};

pub(in crate::cli) fn run(args: &DevnetArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        DevnetCommand::Up(args) => net::up(args),
        DevnetCommand::Env(args) => net::env(args),
        DevnetCommand::Status(args) => net::status(args),
        DevnetCommand::AddOrg(args) => net::add_org(args),
        DevnetCommand::StopPeer(args) => net::stop_peer(args),
        DevnetCommand::StartPeer(args) => net::start_peer(args),
        DevnetCommand::StopServer(args) => net::stop_server(args),
        DevnetCommand::StartServer(args) => net::start_server(args),
        DevnetCommand::Down(args) => net::down(args),
        DevnetCommand::Try(args) => console::run(args),
    }
}
