//! Whose turn it is to hand a config block in.
//!
//! Agents of all members see a new config at the same time. If all handed it in, one transaction would
//! take effect and the others would cost a place in a block each. So each has a turn, which follows from
//! the config's sequence and the MSP ids alone, and whoever finds the contract at the config does nothing.

use std::{collections::BTreeSet, time::Duration};

use crate::ids::{Digest, MspId, Sequence};

/// How long a turn is.
const TURN: Duration = Duration::from_secs(2);
/// So many members have a turn of their own; then each turn is of twice as many as the one before.
const ALONE: usize = 3;

/// When a member may hand a config in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agent) struct Turn {
    /// So long after the config was seen.
    pub(in crate::agent) after: Duration,
    /// Up to so much later, at random: who shares a turn must not meet.
    pub(in crate::agent) within: Duration,
}

/// The turn of a member. Who is no member comes behind all of them.
pub(in crate::agent) fn turn(sequence: Sequence, own: &MspId, members: &BTreeSet<MspId>) -> Turn {
    let weight = |msp_id: &MspId| {
        Digest::of_parts([&sequence.0.to_be_bytes()[..], msp_id.as_str().as_bytes()])
    };
    let (mine, is_member) = (weight(own), members.contains(own));
    let before = |other: &&MspId| *other != own && (!is_member || weight(other) < mine);
    let place = members.iter().filter(before).count();
    let (mut slot, mut first, mut size) = (place, ALONE, 2_usize);
    if place >= ALONE {
        slot = ALONE;
        while place >= first.saturating_add(size) {
            first = first.saturating_add(size);
            size = size.saturating_mul(2);
            slot = slot.saturating_add(1);
        }
    }
    Turn {
        after: TURN.saturating_mul(u32::try_from(slot).unwrap_or(u32::MAX)),
        within: match place >= ALONE {
            true => TURN,
            false => TURN / 4,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize) -> BTreeSet<MspId> {
        (0..count)
            .map(|n| MspId::from(format!("Org{n}MSP")))
            .collect()
    }

    fn turns(sequence: u64, members: &BTreeSet<MspId>) -> Vec<Duration> {
        let turns = members
            .iter()
            .map(|own| turn(Sequence(sequence), own, members).after);
        let mut turns: Vec<_> = turns.collect();
        turns.sort();
        turns
    }

    #[test]
    fn three_have_a_turn_of_their_own_and_nobody_waits_for_long() {
        let seconds =
            |turns: Vec<Duration>| turns.iter().map(Duration::as_secs).collect::<Vec<_>>();
        assert_eq!(seconds(turns(7, &members(2))), [0, 2]);
        assert_eq!(seconds(turns(7, &members(6))), [0, 2, 4, 6, 6, 8]);
        let thousand = turns(7, &members(1_000));
        assert_eq!(thousand.len(), 1_000);
        let first: Vec<_> = thousand[..5].iter().map(Duration::as_secs).collect();
        assert_eq!(first, [0, 2, 4, 6, 6]);
        assert!(*thousand.last().unwrap() <= Duration::from_secs(24));
    }

    #[test]
    fn every_sequence_begins_with_somebody_else() {
        let members = members(4);
        let first = |sequence| {
            let own = members
                .iter()
                .find(|own| turn(Sequence(sequence), own, &members).after.is_zero());
            own.unwrap().to_string()
        };
        let firsts: BTreeSet<_> = (0..40).map(first).collect();
        assert_eq!(firsts.len(), 4);
        let stranger = turn(Sequence(1), &MspId::from("Orderer"), &members);
        assert!(stranger.after >= Duration::from_secs(6));
    }
}
