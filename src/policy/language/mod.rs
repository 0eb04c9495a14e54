//! One policy: its rules, as bytes and as text.
//!
//! | file | holds |
//! |---|---|
//! | `ids` | how groups and policies of a config are numbered |
//! | `implicit_meta` | counts over the policies of sub groups |
//! | `model` | the rules of a policy, flat |
//! | `wire` | from bytes to rules |
//! | `same` | whether two policies mean the same |
//! | `parse`, `print` | Fabric's policy language, both ways |

pub(in crate::policy) mod ids;
pub(in crate::policy) mod implicit_meta;
pub(in crate::policy) mod model;
mod parse;
pub(in crate::policy) mod print;
mod same;
pub(in crate::policy) mod wire;

pub use ids::{GroupId, PolicyId};
pub use parse::parse_policy;
pub use print::{RULE_TEXT, print_implicit_meta, print_policy, print_rule};
pub use same::same_policy;
