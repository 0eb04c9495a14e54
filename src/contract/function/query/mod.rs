//! The functions that only answer. Fabric refuses writes after a page, and nobody orders them.

pub(crate) mod check;
pub(crate) mod definition;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod inspect;
pub(crate) mod list;
mod others;
mod outcome;
mod outdated;
pub(crate) mod show;
