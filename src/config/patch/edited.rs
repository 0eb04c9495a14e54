//! The intent that an edited config expresses: all of it against the config that it was made from.

use super::document::Patch;
use crate::{
    config::{
        patch::error::PatchError,
        tree::{
            ConfigTree, ElementPath, Group, GroupMembers, GroupRef, build,
            compare::{
                Side, join_groups, join_policies, join_values, same_bytes, same_policy, same_value,
            },
        },
        update::{ComputeError, Update, compute_update},
    },
    ids::ChannelId,
};

/// Both configs once more in a form in which what says the same has the same bytes. Tools that read
/// and write a config may write map entries in another order, which is no change.
#[derive(Clone, Debug)]
pub struct PlainForms {
    /// The config that is in force.
    pub current: ConfigTree,
    /// The edited one.
    pub edited: ConfigTree,
    /// Whether the form leaves out what the edited config can say. Then two contents are the same only
    /// where they have the same length, too.
    pub is_lossy: bool,
}

impl Patch {
    /// The patch that makes an edited config of the one in force: what differs is overwritten, what is
    /// missing is deleted, a changed mod policy of a group is patched. Sequences and the versions of
    /// elements are not looked at.
    ///
    /// # Errors
    /// [`PatchError::NoEffect`] where nothing differs, [`PatchError::UnknownFields`] where a changed
    /// element has fields that an update would lose, [`PatchError::MissingChannelGroup`], and
    /// [`PatchError::Update`] where no update can make it: names that a config cannot have, a group
    /// that is changed and has no mod policy.
    pub fn of_edited(
        channel: &ChannelId,
        current: &ConfigTree,
        edited: &ConfigTree,
        plain: Option<&PlainForms>,
    ) -> Result<Self, PatchError> {
        let next = edited_config(current, edited, plain)?;
        let update = match compute_update(channel, current, &next) {
            Ok(update) => Update::parse(update.into())?,
            Err(ComputeError::NoDifferences) => return Err(PatchError::NoEffect),
            Err(_) => return Err(PatchError::MissingChannelGroup),
        };
        Self::from_update(current, &update)
    }
}

/// The edited config in which what says the same as the config in force stands as it stands there.
/// Sequence and versions of elements are not looked at: the sequence is that of the one in force.
///
/// # Errors
/// [`PatchError::UnknownFields`], [`PatchError::MissingChannelGroup`].
pub fn edited_config(
    current: &ConfigTree,
    edited: &ConfigTree,
    plain: Option<&PlainForms>,
) -> Result<ConfigTree, PatchError> {
    let (Some(from), Some(to)) = (current.root(), edited.root()) else {
        return Err(PatchError::MissingChannelGroup);
    };
    let plain = plain.and_then(|plain| {
        Some(PlainPair {
            current: plain.current.root()?,
            edited: plain.edited.root()?,
            is_lossy: plain.is_lossy,
        })
    });
    let (root, start) = Edited::existing(from, to, plain)?;
    let elements = build(root, start, Edited::members)?;
    Ok(ConfigTree::of_elements(current.sequence(), &elements)?)
}

/// A group of both configs in the plain form.
#[derive(Clone, Copy)]
struct PlainPair<'a> {
    current: GroupRef<'a>,
    edited: GroupRef<'a>,
    is_lossy: bool,
}

impl PlainPair<'_> {
    fn group(self, name: &str) -> Option<Self> {
        Some(Self {
            current: self.current.group(name)?,
            edited: self.edited.group(name)?,
            ..self
        })
    }

    fn same_value(self, name: &str) -> bool {
        let (a, b) = (self.current.value(name), self.edited.value(name));
        a.zip(b).is_some_and(|(a, b)| same_value(a, b))
    }

    fn same_policy(self, name: &str) -> bool {
        let (a, b) = (self.current.policy(name), self.edited.policy(name));
        a.zip(b).is_some_and(|(a, b)| same_policy(a, b))
    }
}

/// A group of the edited config.
#[derive(Clone, Copy)]
enum Edited<'a> {
    /// It is in force as well.
    Existing {
        current: GroupRef<'a>,
        edited: GroupRef<'a>,
        plain: Option<PlainPair<'a>>,
    },
    /// It is new.
    New(GroupRef<'a>),
    /// It was read from the same bytes.
    Same(GroupRef<'a>),
}

impl<'a> Edited<'a> {
    fn existing(
        current: GroupRef<'a>,
        edited: GroupRef<'a>,
        plain: Option<PlainPair<'a>>,
    ) -> Result<(Group<&'a [u8]>, Self), PatchError> {
        if same_bytes(current, edited) {
            return Ok((current.borrowed(), Self::Same(current)));
        }
        if edited.unknown() != current.unknown() {
            check_known(edited.unknown(), || edited.element_path())?;
        }
        let source = Self::Existing {
            current,
            edited,
            plain,
        };
        Ok((edited.borrowed(), source))
    }

    /// Adds the members: what says the same as in the config in force as it stands there.
    fn members(self, out: &mut GroupMembers<'_, 'a, Self>) -> Result<(), PatchError> {
        match self {
            Self::Existing {
                current,
                edited,
                plain,
            } => changed(current, edited, plain, out),
            Self::New(group) => {
                for child in group.groups() {
                    check_known(child.unknown(), || child.element_path())?;
                    out.group(child.borrowed(), Self::New(child));
                }
                for value in group.values() {
                    check_known(value.unknown(), || value.element_path())?;
                    out.value(value.borrowed());
                }
                for policy in group.policies() {
                    check_known(policy.unknown(), || policy.element_path())?;
                    out.policy(policy.borrowed());
                }
                Ok(())
            }
            Self::Same(group) => {
                for child in group.groups() {
                    out.group(child.borrowed(), Self::Same(child));
                }
                group.values().for_each(|value| out.value(value.borrowed()));
                (group.policies()).for_each(|policy| out.policy(policy.borrowed()));
                Ok(())
            }
        }
    }
}

fn changed<'a>(
    current: GroupRef<'a>,
    edited: GroupRef<'a>,
    plain: Option<PlainPair<'a>>,
    out: &mut GroupMembers<'_, 'a, Edited<'a>>,
) -> Result<(), PatchError> {
    for side in join_groups(current, edited) {
        match side {
            Side::Both(x, y) => {
                let plain = plain.and_then(|plain| plain.group(y.name()));
                let (group, source) = Edited::existing(x, y, plain)?;
                out.group(group, source);
            }
            Side::Right(y) => {
                check_known(y.unknown(), || y.element_path())?;
                out.group(y.borrowed(), Edited::New(y));
            }
            Side::Left(_) => {}
        }
    }
    for side in join_values(current, edited) {
        match side {
            Side::Both(x, y) if same_value(x, y) => out.value(x.borrowed()),
            Side::Both(x, y)
                if plain.is_some_and(|plain| {
                    let same_length = x.bytes().len() == y.bytes().len();
                    (same_length || !plain.is_lossy) && plain.same_value(y.name())
                }) =>
            {
                out.value(x.borrowed());
            }
            Side::Both(_, y) | Side::Right(y) => {
                check_known(y.unknown(), || y.element_path())?;
                out.value(y.borrowed());
            }
            Side::Left(_) => {}
        }
    }
    for side in join_policies(current, edited) {
        match side {
            Side::Both(x, y) if same_policy(x, y) => out.policy(x.borrowed()),
            Side::Both(x, y)
                if plain.is_some_and(|plain| {
                    let same_length = x.rule().len() == y.rule().len();
                    (same_length || !plain.is_lossy) && plain.same_policy(y.name())
                }) =>
            {
                out.policy(x.borrowed());
            }
            Side::Both(_, y) | Side::Right(y) => {
                check_known(y.unknown(), || y.element_path())?;
                out.policy(y.borrowed());
            }
            Side::Left(_) => {}
        }
    }
    Ok(())
}

fn check_known(unknown: &[u8], path: impl FnOnce() -> ElementPath) -> Result<(), PatchError> {
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(PatchError::UnknownFields { path: path() }),
    }
}
