//! All integration tests, in one binary.

mod architecture;
mod conformance;
mod dependencies;
mod fabric;
