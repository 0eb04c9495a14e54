//! Read and write sets as endorsers sign them: of collections they carry digests (`hashed`), and the
//! rest of the set goes other ways (`hiding`); their bytes are Fabric's (`encoding`).

mod encoding;
mod hashed;
mod hiding;

pub(super) use {
    encoding::{decode, encode},
    hashed::HashedSet,
    hiding::HidingSet,
};
