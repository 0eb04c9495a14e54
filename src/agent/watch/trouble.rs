//! Whether the agent can do its work.

use serde::{Deserialize, Serialize};

use super::memory::ChannelMemory;
use crate::agent::notice::{Notice, NoticeKind, Noticing, theirs};

/// What keeps the agent from its work on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent) struct Trouble {
    /// The name of the error, such as `PEER_UNREACHABLE`.
    pub(in crate::agent) symbol: String,
    /// What is wrong, in one line.
    pub(in crate::agent) text: String,
    /// What puts it right.
    pub(in crate::agent) hint: Option<String>,
    /// Since when. Unit: seconds since 1970.
    pub(in crate::agent) since: i64,
    /// Whether people were told.
    pub(in crate::agent) is_told: bool,
}

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
