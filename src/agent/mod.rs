//! The agent: what administrators otherwise do by watching. It brings the contract to the channel's
//! config, submits what its organisation proposed and enough others signed, carries signature files, and
//! tells people what waits for them.
//!
//! State decides; events only wake it. Every round looks at one's own chain, the contract's chain and the
//! proposals, compares them with what was there before, and does what follows. So an event that got lost
//! costs a minute at most, and no checkpoint can lead it astray: there is none.
//!
//! | sub-room | what it knows | |
//! |---|---|---|
//! | `notice` | what people are told | pure |
//! | `view` | what commands about the agent show | pure |
//! | `rule` | what the operator wants: channels, submitting, hooks | pure |
//! | `watch` | from what a round saw to what changed, what is due, and what people are told | pure |
//! | `keep` | what outlasts the process: memory, journal, holds, dead letters | shell |
//! | `hook` | telling: programs and webhooks | shell |
//! | `run` | the rounds | shell |

mod hook;
mod keep;
mod notice;
mod rule;
mod run;
mod view;
mod watch;

pub use hook::{HookRefusal, check_hook, deliver};
pub use keep::{
    AgentFolder, ChannelReport, Hold, Holds, HookReport, ReadyReport, Submitting, SubmittingState,
    TroubleReport,
};
pub use notice::{Notice, NoticeKind, NoticedProposal};
pub use rule::{AgentRules, ChannelRules, Hook, HookTarget, SubmitRules, SubmitWindow, Webhook};
pub use run::{
    AgentChannel, AgentDeed, AgentObserver, AgentWish, Renewal, RoundFacts, admin_identity, run,
    try_once,
};
pub use view::{
    AgentChannelView, AgentCheckView, AgentStatusView, CheckedChannelView, CheckedHookView,
    HeldView,
};
