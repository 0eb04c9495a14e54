//! A network that runs the contract in one process, and the commands that act on it from others.
//!
//! | file | what it is |
//! |---|---|
//! | `folder` | the network's folder: where it is, and what is in it |
//! | `town` | the network at work: organisations, services, newcomers |
//! | `up` | starts it, here or in the background, and runs it until it ends |
//! | `control` | what the other commands ask of the process that runs it |
//! | `act` | those commands |
//! | `env` | what a shell needs to act for an organisation |
//! | `files` | settings for other programs |

mod act;
mod control;
mod env;
mod files;
mod folder;
mod town;
mod up;

pub(super) use self::{
    act::{add_org, down, start_peer, start_server, status, stop_peer, stop_server},
    env::env,
    up::up,
};
