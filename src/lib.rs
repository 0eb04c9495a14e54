//! Channel config changes of a Hyperledger Fabric channel, agreed on its ledger: the program `cmscc`,
//! and the library that it is made of.
//!
//! A pure, deterministic core decides; thin asynchronous shells touch the world. Others can use it in
//! two ways.
//!
//! # Write a chaincode
//!
//! `chaincode` (a feature, too) makes one of plain `async fn`s with typed arguments, and `shim`
//! (likewise) serves it to the peers that dial it: `examples/asset.rs` is a tutorial of 250 lines.
//!
//! Below both lies [`stub`], the ledger as a transaction sees it; [`ids`] are the names in it. A
//! chaincode names neither runtime nor transport, so its tests call it over a ledger in memory:
//!
//! ```
//! use bytes::Bytes;
//! use cmscc::stub::{Chaincode, Invocation, Response, Stub};
//!
//! /// Keeps its first argument under the key `greeting`.
//! struct Greeting;
//!
//! impl Chaincode for Greeting {
//!     async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
//!         let first = invocation.args.first().cloned().unwrap_or_default();
//!         stub.put_state("greeting".to_owned(), first);
//!         Response { status: 200, message: String::new(), payload: Bytes::new() }
//!     }
//! }
//!
//! use cmscc::stub::memory::{Ledger, MemoryStub};
//!
//! # fn now<T>(future: impl std::future::Future<Output = T>) -> T {
//! #     use std::task::{Context, Poll, Waker};
//! #     match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
//! #         Poll::Ready(value) => value,
//! #         Poll::Pending => panic!("a ledger in memory never waits"),
//! #     }
//! # }
//! let invocation = Invocation { args: vec![Bytes::from("hello")], ..Invocation::default() };
//! let mut stub = MemoryStub::new(&Ledger::new());
//! let response = now(Greeting.invoke(&invocation, &mut stub)); // `now` polls a future once
//! assert!(response.is_success());
//! assert_eq!(stub.finish()?.writes["greeting"], Some(Bytes::from("hello")));
//! # Ok::<(), cmscc::stub::StubError>(())
//! ```
//!
//! # Use the engine
//!
//! [`config`], [`policy`], [`identity`] and [`block`] decide as Fabric does; [`json`] reads and
//! writes the JSON of `configtxlator`; [`review`] says what a change means. None of them needs a
//! feature. Would an orderer accept this update of the channel's config?
//!
//! ```
//! use cmscc::{
//!     block::ConfigBlock,
//!     config::{Bundle, Update, Verdict, envelope::read_update_envelope},
//! };
//!
//! # fn read(name: &str) -> std::io::Result<bytes::Bytes> {
//! #     let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fabric-data/fabric-3.1.5-caps-v3");
//! #     std::fs::read(std::path::Path::new(folder).join(name)).map(Into::into)
//! # }
//! let block = ConfigBlock::parse(read("genesis.block")?)?;
//! let bundle = Bundle::new(block.channel_id(), block.tree().clone())?;
//! let envelope = read_update_envelope(&read("rejected_orgx_org1_only.pb")?)?;
//! let update = Update::parse(envelope.config_update)?;
//!
//! let emulation = bundle.emulate(&update, &envelope.signatures);
//! assert_eq!(emulation.verdict, Verdict::Unsatisfied);
//! assert_eq!(emulation.missing(), ["Org2MSP".into()]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/accepted.rs` answers it for any two files.
//!
//! # Rooms
//!
//! | room | what it knows |
//! |---|---|
//! | [`ids`], [`proto`] | identifiers, and Fabric's wire types |
//! | [`crypto`], [`capabilities`] | primitives, and the switches that capability levels turn |
//! | [`identity`], [`policy`] | who signed, and whether that is enough |
//! | [`json`] | Fabric's own JSON form of its messages |
//! | [`transaction`] | what clients make and sign: proposals, transactions, config updates |
//! | [`config`], [`block`] | what changes, whether Fabric would accept it, and the proof that it did |
//! | [`files`] | what a file is that somebody hands over |
//! | [`review`] | what reviewers are shown of a change |
//! | `chaincode` | functions with typed arguments, for chaincodes of others |
//! | [`stub`], [`contract`] | the ledger as a transaction sees it, and the proposal machine |
//! | `shim` | the shell around a chaincode: the stream of a peer |
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | none | the rooms above without `chaincode` and `shim`: no runtime, no transport, no command line |
//! | `chaincode` | the contract layer, and with it JSON schemas |
//! | `shim` | the chaincode server |
//! | `serve` | the program with its operations endpoints; brings `shim` |
//! | `client` | the client of the contract: one's own peer, keys, profiles, and what is checked before anything is signed |
//! | `agent` | what administrators otherwise do by watching, unattended; brings `client` |
//! | `otel` | calls of the server as spans of OpenTelemetry; brings `serve` |
//! | `pkcs11` | keys of the client in PKCS#11 tokens; brings `client` |
//! | `devnet` | an embedded network for demo, tests and benches; brings `shim` |
//!
//! All but `otel` and `pkcs11` are on by default.

// not for others yet: the agent of the program
#[cfg(feature = "agent")]
#[doc(hidden)]
pub mod agent;
pub mod block;
pub mod capabilities;
#[cfg(feature = "chaincode")]
pub mod chaincode;
// not for others: the program's entry, and the demo for our own tests
#[cfg(feature = "serve")]
#[doc(hidden)]
pub mod cli;
// not for others yet: the commands of the program that talk to a network
#[cfg(feature = "client")]
#[doc(hidden)]
pub mod client;
pub mod config;
pub mod contract;
pub mod crypto;
// not for others: for the demo, and for our own tests and benches
#[cfg(feature = "devnet")]
#[doc(hidden)]
pub mod devnet;
pub mod files;
pub mod identity;
pub mod ids;
pub mod json;
#[cfg(feature = "serve")]
mod ops;
pub mod policy;
pub mod proto;
pub mod review;
#[cfg(feature = "shim")]
pub mod shim;
pub mod stub;
// not for others: how the program shows what others wrote
#[doc(hidden)]
pub mod text;
pub mod transaction;

#[cfg(test)]
#[path = "../tests/it/cases.rs"]
mod cases;
