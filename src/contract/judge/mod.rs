//! What is decided about proposals, from stored facts and the verified config. Pure: it is handed
//! what was read, and says what follows.

pub(crate) mod access;
pub(crate) mod agreement;
pub(crate) mod cache;
mod examine;
pub(crate) mod fit;
pub(crate) mod gate;
mod judgement;
pub(crate) mod opinion;
pub(crate) mod relations;
pub(crate) mod review;
pub(crate) mod signatures;
pub(crate) mod standing;
pub(crate) mod status;
pub(crate) mod terms;

pub(crate) use cache::Compiled;
pub use examine::Examination;
