//! One channel: a round, then waiting for the next.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    act::is_fork,
    look::{EndsSoon, check_role, look},
    observer::{AgentDeed, RoundFacts},
    state::{AgentChannel, AgentWish, ChannelAgent, Common, RENEWAL},
    wake::Wakes,
};
use crate::{
    agent::{
        keep::{ChannelReport, Hold, HookReport, ReadyReport, TroubleReport},
        notice::{NoticeKind, Noticing, theirs},
        watch::{ChannelMemory, NotDue},
    },
    client::{ChannelSession, ClientError, Exit, OpenedSession, PeerConnection, now, part_of},
    json::time_text,
};

/// What wakes comes in bursts: so long is waited for the rest of one.
const BURST: Duration = Duration::from_millis(300);
/// After a round that failed the next one comes sooner, then ever later.
const FIRST_AGAIN: Duration = Duration::from_secs(1);
/// The least time between the ends of two rounds.
const PAUSE: Duration = Duration::from_millis(500);
/// So many times `degraded_after` a round may take: behind it people are told, and it begins anew.
const ROUND: u32 = 4;
/// The least that a round may take.
const SHORTEST_LIMIT: Duration = Duration::from_secs(10);

impl ChannelAgent {
    /// One round that sends nothing, tells nobody and writes nothing.
    pub(super) async fn tried(channel: AgentChannel, common: Arc<Common>) -> ChannelReport {
        let folder = channel.folder();
        let name = channel.settings.channel.to_string();
        let memory = folder.memory().ok().flatten();
        let memory = memory.and_then(|content| ChannelMemory::parse(&name, &content).ok());
        let memory = memory.unwrap_or_else(|| ChannelMemory::new(&name));
        let mut agent = Self::of(channel, common, folder, memory);
        agent.is_trial = true;
        agent.journal = agent.folder.journal().unwrap_or_default();
        let wrong = agent.round().await.err();
        agent.over(wrong.as_ref());
        agent.report(None)
    }

    /// Does rounds until the process ends.
    pub(super) async fn run(mut self, mut wish: watch::Receiver<AgentWish>) {
        let longest = self.common.rules.degraded_after.saturating_mul(ROUND);
        let longest = longest.max(SHORTEST_LIMIT);
        loop {
            // what is asked for while a round is under way is another one
            let AgentWish { ends, rounds } = *wish.borrow_and_update();
            if ends {
                break;
            }
            self.observer_begun();
            let done = tokio::select! {
                // what is under way is given up: the journal knows what was sent
                () = stopped(&mut wish) => break,
                done = timeout(longest, self.round()) => done.unwrap_or_else(|_| Err(too_long(longest))),
            };
            let acted = matches!(done, Ok(true));
            self.over(done.as_ref().err());
            self.remember();
            let until = self.next_round(acted);
            self.say(until);
            self.wait(until, &mut wish, rounds).await;
        }
        self.remember();
        self.say(Instant::now());
    }

    /// Waits for the next round, while hooks are told. `rounds`: what was asked for before the last one.
    async fn wait(&mut self, until: Instant, wish: &mut watch::Receiver<AgentWish>, rounds: u64) {
        let pause = Instant::now() + PAUSE.min(until.saturating_duration_since(Instant::now()));
        loop {
            let told_at = self.begin_telling();
            let told_at = told_at.map(|at| {
                let left = at.saturating_sub(now().seconds).max(0);
                Instant::now() + Duration::from_secs(u64::try_from(left).unwrap_or_default())
            });
            // two parts of self at once: what wakes, and what was told
            let mut wakes = std::mem::take(&mut self.wakes);
            let chaincode = self.channel.settings.chaincode.clone();
            let woken = {
                let woken = wakes.next(&chaincode);
                tokio::select! {
                    () = asked(wish, rounds) => {
                        self.renewal_at = Instant::now();
                        true
                    }
                    () = sleep_until(until) => true,
                    () = woken => true,
                    () = wait_for(told_at) => false,
                    () = self.told() => {
                        self.say(until);
                        false
                    }
                }
            };
            self.wakes = wakes;
            if woken {
                break;
            }
        }
        if wish.borrow().ends {
            return;
        }
        sleep_until(pause).await;
        sleep(BURST.min(until.saturating_duration_since(Instant::now()))).await;
    }

    /// Looks, and does what follows; whether something was written or sent.
    async fn round(&mut self) -> Result<bool, ClientError> {
        let at = now().seconds;
        // somebody may have held or resumed since
        self.read_holds()?;
        self.renew();
        let mut session = self.session().await?;
        if !self.is_trial {
            self.wakes.follow(session.connection()).await;
        }
        let seen = look(&mut session, &self.memory, &mut self.soon, at).await;
        let sight = match seen {
            Ok(sight) => sight,
            Err(error) => {
                self.session = Some(session);
                return Err(error);
            }
        };
        let notices = self
            .memory
            .take(&sight, noticing(&self.channel, sight.sequence.0, at));
        self.sight = sight;
        self.tell(&notices);
        if !self.is_trial {
            self.remember();
        }
        let acted = self.act(&mut session, at).await;
        self.session = Some(session);
        let acted = acted?;
        if let Some(error) = &self.disk {
            return Err(error.clone());
        }
        if let Some(error) = self.wakes.trouble() {
            let mut error = error.clone();
            error.message = format!(
                "new blocks are not heard of, only asked for: {}",
                error.message
            );
            return Err(error);
        }
        self.last_round_at = Some(at);
        Ok(acted)
    }

    /// Takes certificates and keys that were renewed. What cannot be used leaves the old ones.
    fn renew(&mut self) {
        let Some(renewal) = self.common.renewal.clone() else {
            return;
        };
        if Instant::now() < self.renewal_at {
            return;
        }
        self.renewal_at = Instant::now() + RENEWAL;
        match renewal(&self.channel) {
            Ok(None) => self.not_renewed = None,
            Ok(Some(channel)) => {
                let certificate = channel.identity.certificate();
                let (subject, not_after) =
                    (theirs(&certificate.subject()), certificate.not_after());
                self.did(&AgentDeed::Renewed {
                    subject: &subject,
                    not_after,
                });
                self.channel = channel;
                self.session = None;
                self.wakes = Wakes::default();
                self.soon = EndsSoon::default();
                self.not_renewed = None;
            }
            Err(why) => {
                if self.not_renewed.as_ref() != Some(&why) {
                    self.did(&AgentDeed::NotRenewed { why: &why });
                    self.not_renewed = Some(why);
                }
            }
        }
    }

    async fn act(&mut self, session: &mut ChannelSession, at: i64) -> Result<bool, ClientError> {
        self.read_holds()?;
        let sight = self.sight.clone();
        if self.is_trial || self.holds.channel.is_some() || sight.contract.is_none() {
            let own = session.connection().identity().msp_id.to_string();
            if let Some(rules) = &self.channel.rules.submit {
                let (memory, holds) = (&self.memory, &self.holds);
                self.ready =
                    crate::agent::watch::due(memory, &sight.proposals, &own, rules, holds, at);
            }
            return Ok(false);
        }
        let synced = self.sync(session, &sight).await;
        // what cannot be handed in must not keep an update from being sent
        let is_behind = sight.contract != Some(sight.sequence);
        let submitted = match is_behind {
            true => Ok(false),
            false => self.submit(session, &sight, at).await,
        };
        let carried = match is_behind {
            true => Ok(false),
            false => self.carry(session).await,
        };
        Ok(synced? | submitted? | carried?)
    }

    /// The session of the rounds before, or a new one.
    async fn session(&mut self) -> Result<ChannelSession, ClientError> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        let AgentChannel {
            settings, identity, ..
        } = &self.channel;
        let connection = PeerConnection::sharing(settings, identity.clone(), &self.common.pool)?;
        let session = match ChannelSession::open_by(connection).await? {
            OpenedSession::Ready(session) => *session,
            OpenedSession::Unpinned(_) => {
                let text = format!(
                    "nothing of channel `{}` is pinned here, and an agent does not decide what to trust",
                    settings.channel
                );
                return Err(ClientError::new(Exit::Unsafe, "NOT_PINNED", text).hint(
                    "CMSCC_ANCHOR, or `trust_anchor` in the profile, names a config block that you trust, such as \
                     the genesis block; or run `cmscc pin` as the agent's user",
                ));
            }
        };
        if !self.common.rules.allow_admin_identity {
            check_role(&session)?;
        }
        Ok(session)
    }

    /// What a round came to, for people.
    fn over(&mut self, wrong: Option<&ClientError>) {
        let at = now().seconds;
        let sequence = self.sight.sequence.0;
        let notices = match wrong {
            Some(error) if is_fork(error) => {
                let is_new = self.hold(error, at);
                return self.tell_fork(error, is_new, at);
            }
            Some(error) => {
                let after = self.common.rules.degraded_after.as_secs();
                let after = i64::try_from(after).unwrap_or(i64::MAX);
                let with = noticing(&self.channel, sequence, at);
                let (text, hint) = (told_error(error), error.hint.as_deref());
                self.failures = self.failures.saturating_add(1);
                self.memory
                    .stumbled(&error.symbol, &text, hint, after, with)
            }
            None => {
                self.failures = 0;
                let with = noticing(&self.channel, sequence, at);
                self.memory.recovered(with)
            }
        };
        self.tell(&notices);
        self.observe(wrong);
    }

    /// Sends nothing more on this channel until a person says so; whether that was not so before.
    fn hold(&mut self, error: &ClientError, at: i64) -> bool {
        if self.is_trial || self.holds.channel.is_some() {
            return false;
        }
        let reason = format!("{} [{}]", theirs(&error.message), error.symbol);
        let hold = Hold {
            at: time_text(at).unwrap_or_default(),
            by_agent: true,
            reason: reason.clone(),
        };
        self.did(&AgentDeed::Held { reason: &reason });
        self.unsaved_hold = Some(hold);
        self.save_hold();
        true
    }

    /// What is held now. A hold of the agent's own that the disk did not take yet counts until it has.
    fn read_holds(&mut self) -> Result<(), ClientError> {
        match self.unsaved_hold.is_some() {
            true => self.save_hold(),
            false => self.holds = self.folder.holds()?,
        }
        Ok(())
    }

    fn save_hold(&mut self) {
        let Some(hold) = self.unsaved_hold.clone() else {
            return;
        };
        let kept = self.folder.change_holds(|holds| {
            let _ = holds.hold(None, hold.clone());
            holds.clone()
        });
        match kept {
            Ok(holds) => {
                self.holds = holds;
                self.unsaved_hold = None;
            }
            Err(error) => {
                self.holds.channel = Some(hold);
                self.disk = Some(error);
            }
        }
    }

    fn tell_fork(&mut self, error: &ClientError, is_new: bool, at: i64) {
        let text = format!(
            "channel {}: {} [{}]; the agent sends nothing more there",
            self.channel.settings.channel,
            theirs(&error.message),
            error.symbol
        );
        // one that comes after a person has looked is another one
        let since = self
            .holds
            .channel
            .as_ref()
            .map(|hold| hold.at.clone())
            .unwrap_or_default();
        let with = noticing(&self.channel, self.sight.sequence.0, at);
        let notice = with
            .notice(NoticeKind::Fork, &[&error.symbol, &since], text)
            .next("cmscc pin");
        let before = self.memory.trouble.as_ref();
        let is_new = is_new || before.is_none_or(|before| before.symbol != error.symbol);
        let told = told_error(error);
        // what is told of a fork is not told once more as trouble
        let _ = self
            .memory
            .stumbled(&error.symbol, &told, error.hint.as_deref(), 0, with);
        if is_new {
            self.tell(&[notice]);
        }
        self.observe(Some(error));
    }

    /// When the next round is due.
    fn next_round(&self, acted: bool) -> Instant {
        let (moment, now) = (Instant::now(), now().seconds);
        if acted {
            return moment;
        }
        let every = match self.failures {
            0 => self.common.rules.every,
            failures => FIRST_AGAIN
                .saturating_mul(1 << failures.min(10))
                .min(self.common.rules.every),
        };
        // agents that were started together must not look together for ever
        let mut until = moment + every - part_of(every / 10);
        if let Some(plan) = self.sync {
            until = until.min(plan.at.max(moment));
        }
        for one in &self.ready {
            if let Some(NotDue::Grace(at)) = one.waits {
                let left = u64::try_from(at.saturating_sub(now)).unwrap_or_default();
                until = until.min(moment + Duration::from_secs(left));
            }
        }
        until
    }

    fn say(&mut self, until: Instant) {
        let left = until.saturating_duration_since(Instant::now()).as_secs();
        let next = now()
            .seconds
            .saturating_add(i64::try_from(left).unwrap_or_default());
        let report = self.report(Some(next));
        if let Err(error) = self.folder.say(&report) {
            self.disk = Some(error);
        }
    }

    fn report(&self, next: Option<i64>) -> ChannelReport {
        let text = |at: i64| time_text(at).unwrap_or_default();
        let hooks = self.memory.queues.iter().map(|(name, queue)| {
            let report = HookReport {
                failures: queue.failures(),
                waiting: queue.len() as u64,
            };
            (name.clone(), report)
        });
        let identity = &self.channel.identity;
        ChannelReport {
            at: text(now().seconds),
            awaiting: self.memory.awaiting(),
            contract_sequence: self.sight.contract.map(|sequence| sequence.0),
            dead_letters: self.dead_letters,
            holds: self.holds.clone(),
            hooks: hooks.collect(),
            identity: theirs(&identity.certificate().subject()),
            msp_id: identity.msp_id.to_string(),
            last_round_at: self.last_round_at.map(text),
            next_round_at: next.map(text),
            proposals: self.memory.by_status(),
            ready: (self.ready.iter())
                .map(|one| ReadyReport {
                    proposal_id: one.proposal_id.clone(),
                    waits: one.waits.as_ref().map(NotDue::words),
                })
                .collect(),
            refused: self.journal.refused().cloned().collect(),
            sequence: self.has_seen().then_some(self.sight.sequence.0),
            pid: std::process::id(),
            trouble: self.memory.trouble.as_ref().map(|trouble| TroubleReport {
                hint: trouble.hint.clone(),
                since: text(trouble.since),
                symbol: trouble.symbol.clone(),
                text: trouble.text.clone(),
            }),
        }
    }

    /// Whether the channel was looked at since the start.
    fn has_seen(&self) -> bool {
        self.sight.sequence.0 > 0 || self.last_round_at.is_some()
    }

    fn observe(&self, wrong: Option<&ClientError>) {
        let sight = &self.sight;
        let contract = sight.contract.unwrap_or(sight.sequence);
        let ends = sight.ends.iter();
        let facts = RoundFacts {
            awaiting: self.memory.awaiting(),
            ends: ends
                .map(|(end, one)| (one.purpose.clone(), one.fingerprint.clone(), *end))
                .collect(),
            is_fork: wrong.is_some_and(is_fork),
            is_held: self.holds.channel.is_some(),
            is_well: wrong.is_none(),
            lag: (self.has_seen()).then(|| sight.sequence.0.saturating_sub(contract.0)),
            proposals: self.memory.by_status(),
            sequence: self.has_seen().then_some(sight.sequence.0),
        };
        let (profile, channel) = self.name();
        self.common.observer.round(profile, channel, &facts, wrong);
    }

    fn observer_begun(&self) {
        let (profile, channel) = self.name();
        self.common.observer.begun(profile, channel);
    }
}

/// What all notices of a channel have in common.
const fn noticing(channel: &AgentChannel, sequence: u64, now: i64) -> Noticing<'_> {
    Noticing {
        channel: &channel.settings.channel,
        msp_id: &channel.identity.msp_id,
        sequence,
        now,
        submits: channel.rules.submit.is_some(),
    }
}

fn too_long(longest: Duration) -> ClientError {
    let text = format!("the round took longer than {} s", longest.as_secs());
    ClientError::new(Exit::Unreachable, "ROUND_TOO_LONG", text)
        .hint("the peer answers slowly: is it overloaded? what the round was about is tried again")
}

/// An error with what each node said of it.
fn told_error(error: &ClientError) -> String {
    let mut text = error.message.clone();
    for (who, said) in error.details.iter().take(4) {
        text.push_str(&format!("; {who}: {said}"));
    }
    text
}

async fn wait_for(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Comes back when the process ends.
async fn stopped(wish: &mut watch::Receiver<AgentWish>) {
    // whoever could ask for an end is gone: then it ends
    let _ = wish.wait_for(|wish| wish.ends).await;
}

/// Comes back when a round is asked for, or the process ends.
async fn asked(wish: &mut watch::Receiver<AgentWish>, rounds: u64) {
    let _ = wish
        .wait_for(|wish| wish.ends || wish.rounds != rounds)
        .await;
}
