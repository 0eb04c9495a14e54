//! Whether the agent can do its work, and when people are told.

use super::{memory::ChannelMemory, trouble::Trouble};
use crate::agent::notice::{Notice, NoticeKind, Noticing, theirs};

impl ChannelMemory {
    /// A round could not be done. Told where that lasts; `after`: for so many seconds.
    pub(in crate::agent) fn stumbled(
        &mut self,
        symbol: &str,
        text: &str,
        hint: Option<&str>,
        after: i64,
        with: Noticing<'_>,
    ) -> Vec<Notice> {
        let before = self.trouble.take();
        let (since, is_told) = match &before {
            // a clock that was set back
            Some(before) if before.since > with.now => (with.now, before.is_told),
            Some(before) => (before.since, before.is_told),
            None => (with.now, false),
        };
        let tells = !is_told && with.now.saturating_sub(since) >= after;
        let trouble = Trouble {
            symbol: symbol.to_owned(),
            text: theirs(text),
            hint: hint.map(theirs),
            since,
            is_told: is_told || tells,
        };
        let notice = tells.then(|| {
            let told = format!(
                "the agent cannot do its work on channel {}: {} [{symbol}]",
                with.channel, trouble.text
            );
            let mut notice = with.notice(NoticeKind::Degraded, &[symbol, &since.to_string()], told);
            notice.next = trouble.hint.clone();
            notice
        });
        self.trouble = Some(trouble);
        notice.into_iter().collect()
    }

    /// A round was done: what was wrong is over.
    pub(in crate::agent) fn recovered(&mut self, with: Noticing<'_>) -> Vec<Notice> {
        let Some(before) = self.trouble.take().filter(|before| before.is_told) else {
            return Vec::new();
        };
        let text = format!("the agent does its work on channel {} again", with.channel);
        let of = [before.symbol.as_str(), &before.since.to_string()];
        vec![with.notice(NoticeKind::Recovered, &of, text)]
    }
}
