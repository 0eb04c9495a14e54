//! Signature files of a folder, which others may write into.
//!
//! | file | what it does |
//! |---|---|
//! | `round` | what becomes of each file in a round |
//! | `folder` | the folder, held open: what is found, read and moved in it |

mod folder;
mod round;

#[cfg(test)]
mod tests;
