//! A transaction as the handler holds it.

use std::time::Duration;

use super::{
    batch::WriteBatches,
    observer::Ending,
    state_call::{Destination, OpenCall},
};
use crate::proto::protos::ChaincodeMessage;

/// A transaction that has a place.
#[derive(Debug)]
pub(super) struct HeldTransaction<D: Destination> {
    /// What it holds, in bytes.
    pub(super) bytes: usize,
    /// When it came, counted from the opening of the stream.
    pub(super) started: Duration,
    /// When it must have ended, and its number.
    pub(super) deadline: (Duration, u64),
    /// What it does.
    pub(super) doing: Doing<D>,
}

/// What a transaction does.
#[derive(Debug)]
pub(super) enum Doing<D: Destination> {
    /// The chaincode runs and waits for nothing.
    Running,
    /// It waits for an answer.
    Asking(OpenCall<D>),
    /// It is done, and its writes are on their way.
    Writing(Box<WriteBatches>, Box<ChaincodeMessage>, Ending),
    /// The peer was told that it has failed; the chaincode still runs.
    Abandoned,
}

impl<D: Destination> Doing<D> {
    /// What it does, for the caller whose time is over.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Running | Self::Abandoned => "computing, or waiting for its turn to".to_owned(),
            Self::Asking(open) => {
                let call = open.message_type();
                format!("waiting for the peer's answer to {call}")
            }
            Self::Writing(..) => "waiting for the peer to take its writes".to_owned(),
        }
    }
}
