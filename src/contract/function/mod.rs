//! The functions of the contract, a family in each file: read what is needed, have it judged, write.

pub(crate) mod attest;
pub(crate) mod cmcc;
pub(crate) mod combine;
mod context;
mod files;
pub(crate) mod finish;
mod intent;
pub(crate) mod propose;
pub(crate) mod query;
pub(crate) mod recompute;
pub(crate) mod recover;
pub(crate) mod reject;
pub(crate) mod settings;
pub(crate) mod sign;
pub(crate) mod sync;

pub(crate) use context::Context;
