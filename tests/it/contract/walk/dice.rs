//! What chance decides in a walk, and who takes part.

use crate::model::proposals::{Element, Who};

pub(super) const ADMINS: [Who; 5] = [
    admin("OrdererMSP"),
    admin("Org1MSP"),
    admin("Org2MSP"),
    admin("OrgXMSP"),
    admin("OrgYMSP"),
];
pub(super) const OTHERS: [Who; 2] = [
    Who {
        msp: "Org1MSP",
        name: "Admin2",
    },
    Who {
        msp: "Org2MSP",
        name: "User1",
    },
];
const IDS: usize = 20;

const fn admin(msp: &'static str) -> Who {
    Who { msp, name: "Admin" }
}

/// Numbers that follow from a seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    pub(super) fn choice(&mut self, element: Element) -> u8 {
        let choices: &[u8] = match element {
            Element::Timeout => &[3, 4, 5],
            Element::Level | Element::Shared(_) | Element::Own(_) => &[0, 1],
            Element::OrgY => &[0],
        };
        self.one(choices)
    }

    /// One of the application's members, or rarely somebody else.
    pub(super) fn caller(&mut self) -> Who {
        match self.roll(12) {
            0 => self.one(&OTHERS),
            1 => ADMINS[0],
            _ => self.one(&ADMINS[1..4]),
        }
    }

    pub(super) fn signer(&mut self) -> Who {
        match self.roll(6) {
            0 => self.one(&OTHERS),
            _ => self.one(&ADMINS),
        }
    }

    pub(super) fn id(&mut self) -> String {
        format!("proposal-{}", self.roll(IDS))
    }
}
