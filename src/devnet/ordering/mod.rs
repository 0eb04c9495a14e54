//! The ordering node: what it lets in, what waits for the next block, and the blocks.
//!
//! | file | what it is |
//! |---|---|
//! | `chain` | one channel: config, blocks, and what waits |
//! | `cut` | building blocks |
//! | `refusal`, `words` | why an envelope is not let in, and how an orderer says so |

mod chain;
pub(super) mod cut;
mod refusal;
mod words;

pub(super) use {chain::OrderedChain, refusal::OrderingRefusal, words::words};
