//! Hooks, beside the rounds: a hook that hangs holds up no round, and no other hook.

use std::sync::Arc;

use super::state::{ChannelAgent, ToldHook};
use crate::{
    agent::{
        hook::deliver,
        notice::Notice,
        watch::{HookQueue, QueueStep},
    },
    client::now,
};

impl ChannelAgent {
    /// Remembers what hooks are to be told, on the disk, before any of it is told.
    pub(super) fn tell(&mut self, notices: &[Notice]) {
        for notice in notices {
            self.common.observer.noticed(notice);
        }
        if self.is_trial || notices.is_empty() {
            return;
        }
        let lost = self.memory.tell(&self.common.rules.hooks, notices);
        self.bury(lost);
        for hook in self.memory.queues.keys() {
            self.observe_queue(hook);
        }
    }

    /// Begins to tell each hook the first of what waits for it; when the next one is due, in seconds
    /// since 1970.
    pub(super) fn begin_telling(&mut self) -> Option<i64> {
        let now = now().seconds;
        let mut next = None;
        for (hook, turn) in &self.common.hooks {
            let Some(queue) = self.memory.queues.get(&hook.name) else {
                continue;
            };
            if self.tellings.busy.contains(&hook.name) {
                continue;
            }
            match queue.step(now) {
                QueueStep::Empty => {}
                QueueStep::Wait(until) => {
                    next = Some(next.map_or(until, |earlier: i64| earlier.min(until)));
                }
                QueueStep::Tell(notice) => {
                    let (hook, turn) = (Arc::clone(hook), Arc::clone(turn));
                    self.tellings.busy.insert(hook.name.clone());
                    self.tellings.tasks.spawn(async move {
                        // closed by nobody
                        let _turn = turn.acquire().await;
                        let told = deliver(&hook, &notice, crate::client::now().seconds).await;
                        (hook.name.clone(), *notice, told)
                    });
                }
            }
        }
        next
    }

    /// Waits until somebody was told, or not; where nobody is being told, for ever.
    pub(super) async fn told(&mut self) {
        match self.tellings.tasks.join_next().await {
            None => std::future::pending().await,
            Some(Ok(told)) => self.take_told(told),
            // a bug ended it: the next round tells it again
            Some(Err(_)) => self.tellings.busy.clear(),
        }
    }

    fn take_told(&mut self, (hook, notice, told): ToldHook) {
        self.tellings.busy.remove(&hook);
        self.common
            .observer
            .told(&hook, &notice, told.as_ref().map(|&()| ()));
        let Some(queue) = self.memory.queues.get_mut(&hook) else {
            return;
        };
        let lost = match told {
            Ok(()) => {
                queue.told(&notice.id);
                None
            }
            Err(_) => queue.failed(&notice.id, now().seconds),
        };
        self.observe_queue(&hook);
        self.bury(lost.map(|notice| (hook, notice)).into_iter().collect());
        self.remember();
    }

    fn observe_queue(&self, hook: &str) {
        let waiting = self.memory.queues.get(hook).map_or(0, HookQueue::len);
        let (profile, channel) = self.name();
        self.common
            .observer
            .waiting(profile, channel, hook, waiting as u64);
    }

    /// Keeps what nobody will be told in a file for a person.
    pub(super) fn bury(&mut self, lost: Vec<(String, Notice)>) {
        for (hook, notice) in lost {
            self.common.observer.buried(&hook, &notice);
            self.dead_letters = self.dead_letters.saturating_add(1);
            if let Err(error) = self.folder.bury(&hook, &notice) {
                self.disk = Some(error);
            }
        }
    }
}
