//! What would be: if others signed, and in which order open proposals lose fewest signatures.
//!
//! | file | what it draws |
//! |---|---|
//! | `supposed` | a proposal as if others had signed it, too |
//! | `plan` | an order of open proposals |
//! | `sides` | two proposals side by side |

mod plan;
mod sides;
mod supposed;

pub(in crate::cli) use plan::plan;
pub(in crate::cli) use sides::side_by_side;
pub(in crate::cli) use supposed::if_signed;
