//! How anything is drawn: lines with tones, tables, names with values.
//!
//! | file | what it draws |
//! |---|---|
//! | `line` | lines with tones, cut and wrapped; whatever is put into one is made visible |
//! | `table` | tables without borders |
//! | `pairs` | names with values |

mod line;
mod pairs;
mod table;

pub(in crate::cli::show) use line::{CUT, hang};
pub(in crate::cli) use line::{Line, Look, Tone, note};
pub(in crate::cli) use pairs::Pairs;
pub(in crate::cli::show) use table::more;
pub(in crate::cli) use table::{giving, grid, table, whole};
