//! Config updates in files.
//!
//! | file | what it draws |
//! |---|---|
//! | `verdict` | what an orderer would answer, and everything that one should know of an update |
//! | `inspect` | what is in files |
//! | `signatures` | who signed; what is worth a word |

mod inspect;
mod signatures;
mod verdict;

pub(in crate::cli) use inspect::{inspected, statement};
pub(in crate::cli) use signatures::merged;
pub(in crate::cli) use verdict::{checked, computed, reviewed};
