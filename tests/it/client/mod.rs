//! The client: what it reads of the contract's answers; profiles and identities on the command line; what
//! administrators do on a development network, as scripts.

mod answers;
mod commands;
mod desk;
mod profile;
mod scenario;
mod views;
