//! Blocks: hashes, metadata, signatures, and the trusted chain of config blocks.
