//! Texts of others, where people and scripts read them: nothing that a terminal obeys, and nothing that
//! is there without being seen.
//!
//! What members wrote (descriptions, ids, MSP ids, subjects), what peers said, and the names of files
//! go through [`visible`] before they reach a terminal, a pager or a log, and through
//! [`escaped_json`] before they reach scripts.

mod hidden;

pub use hidden::{escaped_json, foreign, is_hidden, squeezed, visible};
