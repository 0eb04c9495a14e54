//! The contract layer: a chaincode as a table of plain functions with typed arguments.
//!
//! ```
//! use cmscc::{
//!     chaincode::{ChaincodeError, ContractChaincode, JsonSchema, TransactionContext},
//!     stub::Stub,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! /// What lies on the ledger, what callers give and what they get: JSON, by its fields.
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Asset {
//!     color: String,
//!     size: u32,
//! }
//!
//! async fn create(
//!     ctx: &mut TransactionContext<'_>,
//!     id: String,
//!     color: String,
//!     size: u32,
//! ) -> Result<(), ChaincodeError> {
//!     if ctx.get_state(&id).await?.is_some() {
//!         let text = format!("there is an asset `{id}` already");
//!         return Err(ChaincodeError::conflict("ASSET_EXISTS", text));
//!     }
//!     ctx.put_json(id, &Asset { color, size })
//! }
//!
//! async fn read(ctx: &mut TransactionContext<'_>, id: String) -> Result<Asset, ChaincodeError> {
//!     let asset = ctx.get_json(&id).await?;
//!     asset.ok_or_else(|| ChaincodeError::not_found("ASSET_MISSING", format!("no asset `{id}`")))
//! }
//!
//! let contract = ContractChaincode::new("asset-transfer", "1.0")
//!     .submit("CreateAsset", ["id", "color", "size"], create)
//!     .evaluate("ReadAsset", ["id"], read);
//! ```
//!
//! The manifest of such a chaincode names this crate with the features `chaincode` and `shim`, `serde`,
//! and `schemars` 1, whose derive macro it is.
//!
//! A [`ContractChaincode`] is a [`Chaincode`](crate::stub::Chaincode): a server of `shim` serves it, and
//! tests call it over a ledger in memory. `examples/asset.rs` has both. Where a type of one's own for a
//! chaincode is better than a table, `Chaincode` itself is one method.
//!
//! | file | what it is |
//! |---|---|
//! | `contract` | the contract: its functions, its hooks, and how a call finds its function |
//! | `function` | plain `async fn`s of any arguments, kept as one type |
//! | `context` | what a function has in its hands: the transaction and the ledger |
//! | `erased` | a stub of any type behind a pointer |
//! | `value` | arguments and results: text, JSON, bytes |
//! | `error` | refusals with their codes |
//! | `metadata` | the functions as data |
//! | `client_identity` | who submitted the transaction |
//! | `state_endorsement` | who must endorse the writes of one key |
//!
//! The layer is for chaincodes that are written on this crate. The contract of the program itself has
//! a table of its own, in `contract`.

mod client_identity;
mod context;
mod contract;
mod erased;
mod error;
mod function;
mod metadata;
mod state_endorsement;
#[cfg(test)]
mod tests;
mod value;

pub use bytes::Bytes;
pub use schemars::{self, JsonSchema};

pub use client_identity::{ClientIdentity, ClientIdentityError};
pub use context::TransactionContext;
pub use contract::ContractChaincode;
pub use error::ChaincodeError;
pub use function::{ArgumentTuple, ContractFunction, SchemaOf};
pub use state_endorsement::{EndorserRole, StateEndorsementPolicy};
pub use value::{Argument, ArgumentForm, Raw, ReturnValue, from_json, to_json};
