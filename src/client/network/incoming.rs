//! A stream of messages that a node sends when it has some.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use tonic::{Response, Status, Streaming};

use super::peers::Peers;
use crate::client::refusal::{Errand, Meaning};

/// Messages of one node. A node sends no headers before its first message, so that the stream is
/// opened by whoever reads it first.
pub(super) struct Incoming<M> {
    state: State<M>,
    peers: Arc<Peers>,
    /// Which of them it is.
    at: usize,
}

enum State<M> {
    Opening(Opening<M>),
    Open(Box<Streaming<M>>),
    Ended,
}

/// A call that gives a stream.
pub(super) type Opening<M> =
    Pin<Box<dyn Future<Output = Result<Response<Streaming<M>>, Status>> + Send>>;

impl<M> Incoming<M> {
    pub(super) fn new(peers: Arc<Peers>, at: usize, opening: Opening<M>) -> Self {
        Self {
            state: State::Opening(opening),
            peers,
            at,
        }
    }

    /// The next message. What fails ends the stream, and lets the next stream begin at another peer.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<M, Meaning>>> {
        loop {
            let failed = match &mut self.state {
                State::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(response) => {
                        self.state = State::Open(Box::new(response.into_inner()));
                        continue;
                    }
                    Err(status) => status,
                },
                State::Open(streaming) => {
                    match ready!(Pin::new(streaming.as_mut()).poll_next(context)) {
                        Some(Ok(message)) => return Poll::Ready(Some(Ok(message))),
                        Some(Err(status)) => status,
                        None => {
                            self.end();
                            return Poll::Ready(None);
                        }
                    }
                }
                State::Ended => return Poll::Ready(None),
            };
            let meaning = self.peers.meaning(self.at, Errand::Deliver, &failed);
            if meaning.remedy.elsewhere {
                self.peers.pass_over(self.at);
            }
            self.end();
            return Poll::Ready(Some(Err(meaning)));
        }
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) {
        self.state = State::Ended;
    }

    /// Whether it ended.
    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// The peers that it is of, and which of them.
    pub(super) const fn of(&self) -> (&Arc<Peers>, usize) {
        (&self.peers, self.at)
    }
}

impl<M> std::fmt::Debug for Incoming<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
