//! From what an administrator says to a partial config: each intent is computed from the config that this
//! machine verified, says no more than is wanted, and is judged before anybody is asked. Pure.
//!
//! | file | what it knows |
//! |---|---|
//! | `plan` | the intents, one or several as one proposal, with ids and descriptions |
//! | `sketch` | what is written, element by element, and the patch that it becomes |
//! | `drawn`, `finish` | what one intent writes; the change that is proposed, judged |
//! | `form`, `place`, `orgs` | elements in Fabric's JSON, by their paths; which organisation is meant |
//! | `kind` | the intent families, a file each |
//! | `edit` | the config as a text that people edit |
//! | `candidates` | what a shell completes with |

mod candidates;
mod drawn;
mod edit;
mod finish;
mod form;
mod kind;
mod orgs;
mod place;
mod plan;
mod sketch;
#[cfg(test)]
mod tests;

pub use candidates::candidates;
pub use edit::{EditFault, EditedConfig};
pub use kind::{
    AddressChange, ConsenterIntent, ConsenterNode, NamedCa, RotationEnd, RotationStart,
    SeenIdentity,
};
pub use place::slashed;
pub use plan::{AskedIntent, OtherIntent, PlannedIntent, plan};
