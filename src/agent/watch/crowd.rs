//! How much is told of one organisation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// So many changes by one organisation are told in an hour.
const MOST: u32 = 60;
/// Unit: seconds.
const HOUR: i64 = 3_600;
/// Of so many organisations it is counted at once.
const ORGANISATIONS: usize = 2_000;

/// What was told of each organisation in its hour.
// SECURITY: a member may propose and withdraw with every block; that must not drown what others do
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Crowd {
    told: BTreeMap<String, Counted>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
struct Counted {
    since: i64,
    count: u32,
}

/// Whether one more change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is.
    Told,
    /// It is not; this is the first, which is said.
    First,
    /// It is not.
    Quiet,
}

impl Crowd {
    /// Counts a change by an organisation.
    pub(super) fn admit(&mut self, msp_id: &str, now: i64) -> Admission {
        if self.told.len() >= ORGANISATIONS {
            self.told
                .retain(|_, counted| now.saturating_sub(counted.since) < HOUR);
        }
        // more than any channel has: they share what is told
        let is_room = self.told.len() < ORGANISATIONS || self.told.contains_key(msp_id);
        let of = if is_room { msp_id } else { "" };
        let counted = self.told.entry(of.to_owned()).or_default();
        if now.saturating_sub(counted.since) >= HOUR || now < counted.since {
            *counted = Counted {
                since: now,
                count: 0,
            };
        }
        counted.count = counted.count.saturating_add(1);
        match counted.count {
            count if count <= MOST => Admission::Told,
            count if count == MOST + 1 => Admission::First,
            _ => Admission::Quiet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organisation_cannot_drown_the_others() {
        let mut crowd = Crowd::default();
        for _ in 0..MOST {
            assert_eq!(crowd.admit("A", 10), Admission::Told);
        }
        assert_eq!(crowd.admit("A", 20), Admission::First);
        assert_eq!(crowd.admit("A", 30), Admission::Quiet);
        assert_eq!(crowd.admit("B", 30), Admission::Told);
        assert_eq!(crowd.admit("A", 10 + HOUR), Admission::Told);
        assert_eq!(
            crowd.admit("A", 5),
            Admission::Told,
            "a clock that was set back"
        );
    }
}
