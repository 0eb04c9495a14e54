//! Tests of the whole room.

mod calls;
mod endorsement;
mod identities;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// A ledger in memory never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}
