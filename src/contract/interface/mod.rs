//! What callers see before anything is done: the table of functions, arguments and their limits, the
//! schemas, the metadata document. Knows no ledger and no config.

mod arguments;
pub(crate) mod functions;
mod limits;
pub(crate) mod metadata;
pub(crate) mod paging;
mod schemas;

pub(crate) use arguments::{Arguments, base64, is_json};
pub use limits::CallLimits;
