//! What the agent of one channel knows.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use super::{
    look::EndsSoon,
    observer::{AgentDeed, AgentObserver},
    turns::CarryTurns,
    wake::Wakes,
};
use crate::{
    agent::{
        hook::HookRefusal,
        keep::{AgentFolder, Hold, Holds, Journal, MEMORY, OnlyAgent},
        notice::{Notice, Noticing},
        rule::{AgentRules, ChannelRules, Hook},
        watch::{ChannelMemory, ChannelSight, DueProposal},
    },
    client::{ChannelSession, ClientError, ClientSettings, ConnectionPool, OwnIdentity},
    ids::Sequence,
};

/// What the process wishes of its rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentWish {
    /// Whether it ends.
    pub ends: bool,
    /// How often a round was asked for.
    pub rounds: u64,
}

/// The symbol of what cannot be read.
const UNREADABLE: &str = "STATE_UNREADABLE";
/// How often files of settings and identity are looked at.
pub(super) const RENEWAL: Duration = Duration::from_secs(60);

/// Reads settings and identity of a channel anew; `None` where they are the same.
pub type Renewal = dyn Fn(&AgentChannel) -> Result<Option<AgentChannel>, ClientError> + Send + Sync;

/// What all channels of a process have in common.
pub(super) struct Common {
    pub(super) rules: AgentRules,
    /// Each with its turn: one notice at a time, whatever the channel.
    pub(super) hooks: Vec<(Arc<Hook>, Arc<Semaphore>)>,
    pub(super) observer: Arc<dyn AgentObserver>,
    /// `None`: what was read at the start stays.
    pub(super) renewal: Option<Arc<Renewal>>,
    pub(super) pool: ConnectionPool,
}

/// A channel that an agent works on.
#[derive(Clone, Debug)]
pub struct AgentChannel {
    /// What is wanted.
    pub rules: ChannelRules,
    /// The way to it.
    pub settings: ClientSettings,
    /// As whom.
    pub identity: OwnIdentity,
}

/// The agent of one channel.
pub(super) struct ChannelAgent {
    pub(super) channel: AgentChannel,
    pub(super) common: Arc<Common>,
    pub(super) folder: AgentFolder,
    pub(super) memory: ChannelMemory,
    pub(super) journal: Journal,
    pub(super) holds: Holds,
    /// A hold of the agent's own that the disk did not take yet.
    pub(super) unsaved_hold: Option<Hold>,
    /// When the contract is brought to the channel's config.
    pub(super) sync: Option<SyncPlan>,
    /// One's own proposals that are ready.
    pub(super) ready: Vec<DueProposal>,
    pub(super) tellings: Tellings,
    /// Why the disk does not take what is to be remembered.
    pub(super) disk: Option<ClientError>,
    pub(super) dead_letters: u64,
    /// Whether nothing is sent, told or written.
    pub(super) is_trial: bool,
    /// How many rounds in a row could not be done.
    pub(super) failures: u32,
    pub(super) session: Option<ChannelSession>,
    /// When the files of settings and identity are looked at again.
    pub(super) renewal_at: Instant,
    /// Why they could not be used, last.
    pub(super) not_renewed: Option<ClientError>,
    pub(super) soon: EndsSoon,
    /// Which signature files had their turn.
    pub(super) carry_turns: CarryTurns,
    pub(super) wakes: Wakes,
    remembered: Vec<u8>,
    pub(super) sight: ChannelSight,
    pub(super) last_round_at: Option<i64>,
    _alone: Option<OnlyAgent>,
}

/// When a config is handed in to the contract.
#[derive(Clone, Copy, Debug)]
pub(super) struct SyncPlan {
    /// The config.
    pub(super) of: Sequence,
    /// When it is one's own turn.
    pub(super) at: Instant,
    /// How often it was refused.
    pub(super) failures: u32,
}

/// What hooks are being told now.
#[derive(Debug, Default)]
pub(super) struct Tellings {
    pub(super) tasks: JoinSet<ToldHook>,
    pub(super) busy: BTreeSet<String>,
}

/// What came of telling.
pub(super) type ToldHook = (String, Notice, Result<(), HookRefusal>);

impl AgentChannel {
    /// Its files.
    #[must_use]
    pub fn folder(&self) -> AgentFolder {
        let settings = &self.settings;
        AgentFolder::new(
            &settings.state_dir,
            settings.profile.as_deref(),
            &settings.channel,
        )
    }
}

impl ChannelAgent {
    /// The agent of a channel, as it was when it ended.
    pub(super) fn new(channel: AgentChannel, common: Arc<Common>) -> Result<Self, ClientError> {
        let folder = channel.folder();
        let alone = folder.alone()?;
        let name = channel.settings.channel.to_string();
        let remembered = match folder.memory() {
            Ok(None) => Ok(ChannelMemory::new(&name)),
            Ok(Some(content)) => ChannelMemory::parse(&name, &content),
            Err(error) if error.symbol == UNREADABLE => Err(error.message),
            Err(error) => return Err(error),
        };
        let (memory, unreadable) = match remembered {
            Ok(memory) => (memory, None),
            Err(why) => (ChannelMemory::new(&name), Some(why)),
        };
        let journal = folder.journal()?;
        let mut agent = Self::of(channel, common, folder, memory);
        agent.journal = journal;
        agent.dead_letters = agent.folder.buried()?;
        agent._alone = Some(alone);
        let lost = agent.memory.retain(&agent.common.rules.hooks);
        agent.bury(lost);
        if let Some(why) = unreadable {
            agent.forget(&why)?;
        }
        Ok(agent)
    }

    /// Goes on without what was remembered, and tells: an agent that does not start tells nobody anything.
    fn forget(&mut self, why: &str) -> Result<(), ClientError> {
        let file = self.folder.put_aside()?;
        self.did(&AgentDeed::Forgot { file: &file, why });
        let text = format!("what it remembered cannot be used, it begins anew: {why}");
        let hint = format!(
            "what changed meanwhile was not told: `cmscc list`, `cmscc history`; the file is kept as `{file}`"
        );
        let with = Noticing {
            channel: &self.channel.settings.channel,
            msp_id: &self.channel.identity.msp_id,
            sequence: 0,
            now: crate::client::now().seconds,
            submits: self.channel.rules.submit.is_some(),
        };
        let told = (self.memory).stumbled(UNREADABLE, &text, Some(&hint), 0, with);
        self.tell(&told);
        self.remember();
        Ok(())
    }

    pub(super) fn of(
        channel: AgentChannel,
        common: Arc<Common>,
        folder: AgentFolder,
        memory: ChannelMemory,
    ) -> Self {
        Self {
            channel,
            common,
            folder,
            memory,
            journal: Journal::default(),
            holds: Holds::default(),
            unsaved_hold: None,
            sync: None,
            ready: Vec::new(),
            tellings: Tellings::default(),
            disk: None,
            dead_letters: 0,
            is_trial: false,
            failures: 0,
            renewal_at: Instant::now() + RENEWAL,
            not_renewed: None,
            session: None,
            soon: EndsSoon::default(),
            carry_turns: CarryTurns::default(),
            wakes: Wakes::default(),
            remembered: Vec::new(),
            sight: ChannelSight::default(),
            last_round_at: None,
            _alone: None,
        }
    }

    /// Keeps what is remembered, where it changed.
    pub(super) fn remember(&mut self) {
        if self.is_trial {
            return;
        }
        let (content, lost) = self.memory.fitted(MEMORY);
        if content == self.remembered && self.disk.is_none() {
            return;
        }
        self.disk = self.folder.remember(&content).err();
        self.bury(lost);
        if self.disk.is_none() {
            self.remembered = content;
        }
    }

    pub(super) fn did(&self, deed: &AgentDeed<'_>) {
        let (profile, channel) = self.name();
        self.common.observer.did(profile, channel, deed);
    }

    pub(super) fn name(&self) -> (&str, &str) {
        let settings = &self.channel.settings;
        let profile = settings.profile.as_deref().unwrap_or("default");
        (profile, settings.channel.as_str())
    }
}
