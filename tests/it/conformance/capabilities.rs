//! Suite `capabilities`.
