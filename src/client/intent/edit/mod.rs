//! The config as a text that people edit: JSON with comments. What differs afterwards is what is proposed.
//!
//! | file | what it does |
//! |---|---|
//! | `meaning` | what a value, a setting, a policy is for, in a line |
//! | `render` | the config as text |
//! | `scan` | comments and places of a text |
//! | `compare` | what differs, element by element |
//! | `unread` | why a text is no JSON |
//! | `document` | the whole: what is shown, what was typed, where it is wrong |

mod compare;
mod document;
mod meaning;
mod render;
mod scan;
mod unread;

pub use document::{EditFault, EditedConfig};
