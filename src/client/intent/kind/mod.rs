//! The intent families, a file each. Each says what is written, or what is possible instead.
//!
//! | file | intents |
//! |---|---|
//! | `value` | `set`: one setting |
//! | `policy` | `policy`, `mod-policy` |
//! | `acl`, `capability` | `acl`, `capability` |
//! | `addresses` | `anchor-peers`, `endpoints` |
//! | `consenter` | `consenter add`, `remove`, `replace-cert` |
//! | `rotation`, `msp`, `seen` | `rotate-ca`; an MSP in the making; who would not be valid any more |

pub(super) mod acl;
pub(super) mod addresses;
pub(super) mod capability;
pub(super) mod consenter;
mod msp;
pub(super) mod policy;
pub(super) mod rotation;
mod seen;
pub(super) mod value;

pub use addresses::AddressChange;
pub use consenter::{ConsenterIntent, ConsenterNode};
pub use rotation::{NamedCa, RotationEnd, RotationStart};
pub use seen::SeenIdentity;
