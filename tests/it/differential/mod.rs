//! Our answers against slow and obvious models, on generated input.

mod certificates;
mod policy;
mod successor;
mod update;
