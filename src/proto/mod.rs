//! Wire types and the two ways to read and write them.
//!
//! * generated types (packages `common`, `msp`, `orderer`, `protos`, ...): for messages that we build
//!   ourselves or that are shallow by nature. Decoding into them drops unknown fields and stops at
//!   100 levels, so they are never used for configs and policies;
//! * [`scan`]: a borrowed reader of fields, without recursion and without copies;
//! * [`mod@write`]: a writer that gives the one deterministic encoding (fields in number order, maps sorted by key).

pub mod scan;
pub mod write;

#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    unused_qualifications,
    elided_lifetimes_in_paths,
    rust_2018_idioms,
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    clippy::restriction,
    rustdoc::all,
    reason = "generated"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/_all.rs"));
}

pub use generated::*;

/// The descriptors of everything in `proto/`: a serialized `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
