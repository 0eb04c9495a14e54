//! What carries configs and updates: transactions down to their channel header, and the envelopes of
//! config updates with the signatures in them.
//!
//! Nothing is judged here. What is carried stays as it is, for whoever needs it.

mod error;
mod transaction;
mod update;

pub use error::{EnvelopeError, TransactionError};
pub use transaction::{CONFIG, ConfigEnvelope, Transaction, envelope_parts};
pub use update::{
    ConfigSignature, UpdateEnvelope, creator, read_update_data, read_update_envelope,
    signed_message, update_envelope,
};
