//! A chaincode.

use std::future::Future;

use super::{
    call::{Invocation, Response},
    state::Stub,
};

/// A chaincode: one function of an invocation, state and nothing else.
pub trait Chaincode: Send + Sync + 'static {
    /// Runs one transaction. Equal invocations over equal state give equal responses, events, reads
    /// and writes, on every endorser.
    fn invoke<S: Stub>(
        &self,
        invocation: &Invocation,
        stub: &mut S,
    ) -> impl Future<Output = Response> + Send;

    /// Whether this call may compute for more than some milliseconds at a time, such as by checking
    /// hundreds of signatures. A server hands such a call to a worker, so that others need not wait
    /// for it; all others run where their stream is served, which is faster. The answer is the same.
    fn computes(&self, invocation: &Invocation) -> bool {
        let _ = invocation;
        false
    }
}
