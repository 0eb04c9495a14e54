//! The rounds.
//!
//! | file | what it does |
//! |---|---|
//! | `process` | all channels of a process |
//! | `state` | what the agent of one channel knows |
//! | `channel` | one channel: a round, then waiting for the next |
//! | `look` | what a round sees |
//! | `act` | what a round sends: config blocks, updates |
//! | `carry` | signature files of a folder |
//! | `turns` | whose turn it is among those that stay |
//! | `tell` | hooks, beside the rounds |
//! | `wake` | what wakes a round before its time |
//! | `observer` | what is told of the agent to logs and metrics |

mod act;
mod carry;
mod channel;
mod look;
mod observer;
mod process;
mod state;
mod tell;
mod turns;
mod wake;

pub use look::admin_identity;
pub use observer::{AgentDeed, AgentObserver, RoundFacts};
pub use process::{run, try_once};
pub use state::{AgentChannel, AgentWish, Renewal};
