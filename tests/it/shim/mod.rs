//! The chaincode stream: recorded streams replayed, the handler case by case and at random, and the
//! server over real sockets.

mod connections;
mod demo;
mod handler;
mod hostile;
mod messages;
mod neighbours;
mod page;
mod pair;
pub(crate) mod peer;
pub(crate) mod probe;
mod replay;
mod server;
mod state_calls;
mod times;
