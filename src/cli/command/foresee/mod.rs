//! Commands that say what would be, judged by one's own engine on one's own chain. They write nothing.
//!
//! | file | what it does |
//! |---|---|
//! | `if_signed` | `explain --if-signed-by` |
//! | `plan` | `plan`: in which order open proposals lose fewest signatures |

mod if_signed;
mod plan;

pub(in crate::cli) use if_signed::if_signed_by;
pub(in crate::cli) use plan::plan;
