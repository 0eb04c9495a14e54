//! What a patch wants of each element that it touches, apart from any config.

use super::{
    document::Patch,
    mode::{Mode, of_canonical},
};
use crate::{
    config::tree::{ElementPath, GroupRef, PolicyRef, ValueRef, Versions},
    ids::Digest,
};

/// What a patch wants of an element that it writes or deletes, by digests.
///
/// Two patches [conflict](Patch::conflict) exactly where
/// * one deletes an element that the other touches, too, and does not delete;
/// * both say something of an element's content, or of its mod policy, and not the same;
/// * one means a group whole and the other touches something in it, be it the mod policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    /// Where the element stands.
    pub path: ElementPath,
    /// Of the content: that of a value, of a policy's rule, of a group that is meant whole.
    pub content: WishedPart,
    /// Of the mod policy; [`Whole`](WishedPart::Whole) where the content says that, too.
    pub mod_policy: WishedPart,
}

/// What a patch says of a part of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WishedPart {
    /// Nothing: it stays as it is.
    Unsaid,
    /// It becomes the one of this digest.
    Said(Digest),
    /// It goes with the whole element.
    Whole,
}

impl Patch {
    /// What the patch writes or deletes, in the order of [`touched`](Self::touched), and what it wants
    /// of it.
    #[must_use]
    pub fn wishes(&self) -> Vec<Wish> {
        let mut all = Vec::new();
        let mut open: Vec<GroupRef<'_>> = self.root().into_iter().collect();
        while let Some(group) = open.pop() {
            let mode = of_canonical(group.version());
            if mode != Mode::Patch || !group.mod_policy().is_empty() {
                all.push(of_group(group, mode));
            }
            if mode != Mode::Patch {
                continue;
            }
            all.extend(group.values().map(of_value));
            all.extend(group.policies().map(of_policy));
            open.extend(group.groups());
        }
        all.sort();
        all
    }
}

fn of_group(group: GroupRef<'_>, mode: Mode) -> Wish {
    let (content, mod_policy) = match mode {
        Mode::Patch => (
            WishedPart::Unsaid,
            WishedPart::Said(Digest::of(group.mod_policy_bytes())),
        ),
        // equal as messages: equal in this encoding; versions below are 0
        Mode::Overwrite => (
            WishedPart::Said(Digest::of(&group.encode_with(Versions::Zero))),
            WishedPart::Whole,
        ),
        Mode::Delete => (WishedPart::Whole, WishedPart::Whole),
    };
    Wish {
        path: group.element_path(),
        content,
        mod_policy,
    }
}

fn of_value(value: ValueRef<'_>) -> Wish {
    let mode = of_canonical(value.version());
    let bytes = value.bytes();
    Wish {
        path: value.element_path(),
        content: part(mode, bytes.is_empty(), || Digest::of(bytes)),
        mod_policy: mod_policy(mode, value.mod_policy_bytes()),
    }
}

fn of_policy(policy: PolicyRef<'_>) -> Wish {
    let mode = of_canonical(policy.version());
    let rule = policy.inner();
    // a patch has no unknown fields
    let digest = || match rule {
        None => Digest::of_parts([]),
        Some(rule) => Digest::of_parts([&rule.kind.to_be_bytes()[..], rule.bytes]),
    };
    Wish {
        path: policy.element_path(),
        content: part(mode, rule.is_none(), digest),
        mod_policy: mod_policy(mode, policy.mod_policy_bytes()),
    }
}

fn mod_policy(mode: Mode, name: &[u8]) -> WishedPart {
    part(mode, name.is_empty(), || Digest::of(name))
}

/// A part of a value or policy; where a patch in mode PATCH gives none, it says nothing of it.
fn part(mode: Mode, absent: bool, digest: impl FnOnce() -> Digest) -> WishedPart {
    match mode {
        Mode::Delete => WishedPart::Whole,
        Mode::Patch if absent => WishedPart::Unsaid,
        Mode::Patch | Mode::Overwrite => WishedPart::Said(digest()),
    }
}
