//! The client: what it reads of the contract's answers; profiles and identities on the command line; that lies
//! get nothing out of it.

mod answers;
mod commands;
mod profile;
mod tamper;
mod views;
