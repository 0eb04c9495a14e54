//! All integration tests, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "a test fails by panicking"
)]

mod architecture;
mod cases;
mod chain;
mod cli;
mod client;
mod conformance;
mod contract;
mod dependencies;
mod devnet;
mod differential;
mod fabric;
mod fuzz_corpus;
mod json_documents;
mod model;
mod ops;
mod policy_explain;
mod review;
mod shim;
