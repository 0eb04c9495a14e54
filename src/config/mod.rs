//! The channel config: its tree, updates of it, their validation, and its JSON form.

pub mod json;
