//! What changed of the channel: config, contract, certificates.

use super::{memory::ChannelMemory, sight::ChannelSight};
use crate::agent::notice::{Notice, NoticeKind, Noticing, theirs};

/// How long the contract may lack configs before that is told: members' agents take turns. Unit: seconds.
const BEHIND: i64 = 300;
/// So many days before its end a certificate is told of, each once.
const LEVELS: [i64; 5] = [0, 7, 30, 90, 180];
/// Unit: seconds.
const DAY: i64 = 86_400;

impl ChannelMemory {
    /// What changed of the channel.
    pub(super) fn channel_changes(
        &mut self,
        sight: &ChannelSight,
        with: Noticing<'_>,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        let sequence = sight.sequence.0;
        let before = self.sequence.replace(sequence);
        if before.is_some_and(|before| before < sequence) {
            let text = format!(
                "channel {} has config {sequence} since block {}",
                with.channel, sight.block_number
            );
            let notice = with.notice(NoticeKind::ConfigChanged, &[&sequence.to_string()], text);
            notices.push(notice.next("cmscc config diff"));
        }
        notices.extend(self.contract_changes(sight, with));
        notices.extend(self.certificate_changes(sight, with));
        notices
    }

    fn contract_changes(&mut self, sight: &ChannelSight, with: Noticing<'_>) -> Option<Notice> {
        let behind = sight.contract.filter(|contract| *contract < sight.sequence);
        let Some(contract) = behind else {
            self.behind_since = None;
            self.behind_told = false;
            return None;
        };
        let since = *self.behind_since.get_or_insert(with.now);
        if since > with.now {
            self.behind_since = Some(with.now);
        }
        if self.behind_told || with.now.saturating_sub(since) < BEHIND {
            return None;
        }
        self.behind_told = true;
        let text = format!(
            "the contract is at config {contract}, channel {} at {}: no agent brought it there",
            with.channel, sight.sequence
        );
        let of = [contract.to_string(), since.to_string()];
        let of: Vec<&str> = of.iter().map(String::as_str).collect();
        Some(
            with.notice(NoticeKind::ContractBehind, &of, text)
                .next("cmscc sync"),
        )
    }

    /// Certificates that come near their end; each level once.
    fn certificate_changes(&mut self, sight: &ChannelSight, with: Noticing<'_>) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (end, one) in &sight.ends {
            let left = end.saturating_sub(with.now);
            let Some(level) = LEVELS.into_iter().find(|days| left <= days * DAY) else {
                continue;
            };
            let told = self.certificates.get(&one.fingerprint);
            if told.is_some_and(|told| *told <= level) {
                continue;
            }
            self.certificates.insert(one.fingerprint.clone(), level);
            let text = match left {
                left if left <= 0 => {
                    format!(
                        "the {} has ended on {}: {}",
                        one.purpose, one.not_after, one.effect
                    )
                }
                left => format!(
                    "the {} ends on {}, in {} days: {}",
                    one.purpose,
                    one.not_after,
                    left / DAY,
                    one.effect
                ),
            };
            let of = [one.fingerprint.as_str(), &level.to_string()];
            let mut notice = with.notice(NoticeKind::CertificateEnds, &of, theirs(&text));
            notice.remaining_seconds = Some(left);
            notices.push(notice);
        }
        // what is not there any more needs no memory
        self.certificates.retain(|fingerprint, _| {
            sight
                .ends
                .iter()
                .any(|(_, one)| one.fingerprint == *fingerprint)
        });
        notices
    }
}
