//! The chaincode stream: recorded streams replayed, the handler case by case and at random, and the
//! server over real sockets.

mod demo;
mod handler;
mod hostile;
mod messages;
mod pair;
pub(crate) mod peer;
mod replay;
mod server;
mod times;
