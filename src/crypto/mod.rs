//! Hashes, signature verification, PEM and DER: the primitives, with Fabric's rules for them.
