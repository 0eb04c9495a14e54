//! Peers against the real chaincode server (`stream`), and what they commit (`private`).

mod private;
mod stream;
