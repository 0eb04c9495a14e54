//! Commands that show what is there: of the contract, of proposals, of the channel's config. Nothing
//! is written but by `api --submit`.
//!
//! | file | what it does |
//! |---|---|
//! | `reach` | the connection, and calls of the contract |
//! | `pages` | lists, page by page, up to a bound |
//! | `status`, `list`, `show`, `history` | what is said of proposals |
//! | `config`, `element` | the channel's config, and one element of it |
//! | `api` | any function |
//! | `candidates` | what a shell completes the words of an intent with |

mod api;
mod candidates;
mod config;
mod element;
mod history;
mod list;
pub(in crate::cli::command) mod pages;
mod reach;
mod show;
mod status;

pub(in crate::cli) use api::run as api;
pub(in crate::cli) use candidates::run as complete_intent;
pub(in crate::cli) use config::run as config;
pub(in crate::cli) use history::run as history;
pub(in crate::cli) use list::{complete, run as list};
pub(in crate::cli::command) use reach::{
    Reach, config_of_peer, connected, in_runtime, joined, on_screen, settings,
};
pub(in crate::cli) use show::{diff, explain, show};
pub(in crate::cli) use status::run as status;
