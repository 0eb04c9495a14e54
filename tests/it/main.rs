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
mod conformance;
mod contract_bad_input;
mod contract_blocks;
mod contract_capabilities;
mod contract_cmcc;
mod contract_combine;
mod contract_conflicts;
mod contract_definition;
mod contract_determinism;
mod contract_docs;
mod contract_export;
mod contract_forms;
mod contract_history;
mod contract_metadata;
mod contract_model;
mod contract_odd_state;
mod contract_real_input;
mod contract_record;
mod contract_relations;
mod contract_rules;
mod contract_served;
mod contract_settings;
mod contract_settings_refused;
mod contract_spoilers;
mod contract_unknown;
mod contract_votes;
mod contract_world;
mod dependencies;
mod devnet_concurrency;
mod devnet_failures;
mod devnet_harness;
mod devnet_scenario;
mod devnet_settings;
mod differential_certificates;
mod differential_policy;
mod differential_successor;
mod differential_update;
mod fabric;
mod fuzz_corpus;
mod json_documents;
mod model;
mod policy_explain;
mod review;
mod shim;
