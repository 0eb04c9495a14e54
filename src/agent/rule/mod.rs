//! What the operator of an agent wants, as a file says it.
//!
//! | file | what it knows |
//! |---|---|
//! | `file` | the file, with all that is wrong in it |
//! | `hook` | whom to tell, of what |
//! | `network` | ranges of addresses |
//! | `span` | lengths of time |
//! | `window` | when submitting is wanted |

mod file;
mod hook;
mod network;
mod span;
mod window;

pub use file::{AgentRules, ChannelRules, SubmitRules};
pub use hook::{Hook, HookTarget, Webhook};
pub(super) use network::is_private;
pub use window::SubmitWindow;
