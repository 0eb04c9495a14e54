//! What is done with bytes from outside, and which laws must hold whatever they are.
//!
//! Each target takes arbitrary bytes and panics where a law is broken. The programs in
//! `fuzz_targets/` call them with what a fuzzer makes up; `tests/it/fuzz_corpus.rs` includes this
//! file and calls them with what was found before.

mod audit;
mod block;
mod bookmark;
mod chaincode;
mod config;
mod contract;
mod files;
mod identity;
mod json;
mod policy;
pub mod shim;
mod state;
mod world;

pub use audit::audit;
pub use block::block;
pub use bookmark::bookmark;
pub use chaincode::chaincode;
pub use config::{envelope, patch, tree, update};
pub use contract::contract;
pub use files::files;
pub use identity::{certificate, msp, pem, principal};
pub use json::{json_decode, json_encode};
pub use policy::{policy, policy_language};
pub use shim::shim;
pub use state::state;

/// A name, and what to do with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 20] = [
    ("audit", audit),
    ("block", block),
    ("bookmark", bookmark),
    ("certificate", certificate),
    ("chaincode", chaincode),
    ("contract", contract),
    ("envelope", envelope),
    ("files", files),
    ("json_decode", json_decode),
    ("json_encode", json_encode),
    ("msp", msp),
    ("patch", patch),
    ("pem", pem),
    ("policy", policy),
    ("policy_language", policy_language),
    ("principal", principal),
    ("shim", shim),
    ("state", state),
    ("tree", tree),
    ("update", update),
];

/// The parts of an input that consists of several, which stand between separators.
fn split<'a>(data: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(separator.len()).position(|w| w == separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// What stands between the parts of an input.
const BETWEEN: &[u8] = b"\n---\n";
