//! Suite `block_verification`.
