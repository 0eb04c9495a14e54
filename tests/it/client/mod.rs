//! The client: what it reads of the contract's answers; profiles and identities on the command line.

mod answers;
mod commands;
mod profile;
mod views;
