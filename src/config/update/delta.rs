//! Config updates and what they make of a config.

use super::{config_update::Update, error::UpdateError};
use crate::config::tree::{
    ConfigTree, ElementPath, ElementRef, GroupMembers, GroupRef, build, is_legal_key,
    is_legal_mod_policy,
};

impl Update {
    /// What the update writes (steps 4 to 7). May be empty; the elements are not yet checked,
    /// so that a caller can ask a policy between the checks of two elements, as the reference does.
    ///
    /// # Errors
    /// [`UpdateError`]: a name that is not legal, or a read set that does not fit.
    // Fabric: common/configtx/update.go, authorizeUpdate
    pub fn delta_set<'a>(&'a self, current: &'a ConfigTree) -> Result<Delta<'a>, UpdateError> {
        let root = current.root().ok_or(UpdateError::MissingChannelGroup)?;
        let (read, write) = (self.read_set(), self.write_set());
        if let Some(read) = read {
            check_names(read)?;
            check_read_set(read, root)?;
        }
        let mut elements = Vec::new();
        if let Some(write) = write {
            check_names(write)?;
            collect(write, read, Some(root), &mut elements);
        }
        Ok(Delta {
            current,
            root,
            read,
            write,
            elements,
        })
    }

    /// The elements that the update writes, whatever the config is: those of the write set that the
    /// read set does not have with the same version. In the order of [`Delta::elements`].
    #[must_use]
    pub fn written(&self) -> Vec<ElementRef<'_>> {
        let mut elements = Vec::new();
        if let Some(write) = self.write_set() {
            collect(write, self.read_set(), None, &mut elements);
        }
        elements.iter().map(DeltaElement::element).collect()
    }

    /// What the update writes, each element checked (steps 4 to 7, 9, and 10a to 10c; no policies
    /// are asked).
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn delta<'a>(&'a self, current: &'a ConfigTree) -> Result<Delta<'a>, UpdateError> {
        let delta = self.delta_set(current)?;
        delta.check_not_empty()?;
        delta.elements().iter().try_for_each(DeltaElement::check)?;
        Ok(delta)
    }
}

/// The config that an update makes of another one: steps 4 to 11 without policies, and without
/// the repair. The channel is not compared.
///
/// # Errors
/// [`UpdateError`].
pub fn apply(current: &ConfigTree, update: &Update) -> Result<ConfigTree, UpdateError> {
    update.delta(current)?.apply()
}

/// The elements that an update writes, and what becomes of the config.
#[derive(Debug)]
pub struct Delta<'a> {
    current: &'a ConfigTree,
    root: GroupRef<'a>,
    read: Option<GroupRef<'a>>,
    write: Option<GroupRef<'a>>,
    elements: Vec<DeltaElement<'a>>,
}

impl<'a> Delta<'a> {
    /// Those elements: a group before what it holds, members ascending by name.
    #[must_use]
    pub fn elements(&self) -> &[DeltaElement<'a>] {
        &self.elements
    }

    /// Something must be written (step 9).
    ///
    /// # Errors
    /// [`UpdateError::NoDifferences`].
    pub const fn check_not_empty(&self) -> Result<(), UpdateError> {
        if self.elements.is_empty() {
            return Err(UpdateError::NoDifferences);
        }
        Ok(())
    }

    /// The result (step 11) with the next sequence, without the repair.
    ///
    /// What a group holds is what its message names, so a written group loses the members that
    /// the write set does not name, and a new member below a group that is not written is lost.
    ///
    /// # Errors
    /// [`UpdateError::Undecodable`] where the result is too long.
    // Fabric: common/configtx/configmap.go, recurseConfigMap
    pub fn apply(&self) -> Result<ConfigTree, UpdateError> {
        let root = PlaceInSets {
            current: Some(self.root),
            read: self.read,
            write: self.write,
        };
        let Some(group) = root.group() else {
            return Ok(self.current.clone());
        };
        let elements = build::<_, UpdateError>(group.borrowed(), root, |place, members| {
            place.members(members);
            Ok(())
        })?;
        let sequence = self.current.sequence().next();
        Ok(ConfigTree::of_elements(sequence, &elements)?)
    }

    /// Whether the repair (step 12, [`ConfigTree::repaired`]) is due: the config before or the
    /// update has `/Channel/Orderer/Capabilities`, reachable in the result or not.
    #[must_use]
    pub fn needs_repair(&self) -> bool {
        // a write set element that is not written stands in the config too
        let has = |root: GroupRef<'_>| {
            root.group("Orderer")
                .is_some_and(|orderer| orderer.value("Capabilities").is_some())
        };
        has(self.root) || self.write.is_some_and(has)
    }

    /// The result, repaired where that is due (steps 11 and 12).
    ///
    /// # Errors
    /// [`UpdateError::Undecodable`] where the result is too long.
    pub fn result(&self) -> Result<ConfigTree, UpdateError> {
        let next = self.apply()?;
        if self.needs_repair() {
            return Ok(next.repaired()?);
        }
        Ok(next)
    }
}

/// One element that an update writes.
#[derive(Clone, Copy, Debug)]
pub struct DeltaElement<'a> {
    element: ElementRef<'a>,
    existing: Option<ElementRef<'a>>,
}

impl<'a> DeltaElement<'a> {
    /// The element as the update writes it.
    #[must_use]
    pub const fn element(&self) -> ElementRef<'a> {
        self.element
    }

    /// The element as the config has it; `None` where it is new.
    #[must_use]
    pub const fn existing(&self) -> Option<ElementRef<'a>> {
        self.existing
    }

    /// Where in the config it is.
    #[must_use]
    pub fn element_path(&self) -> ElementPath {
        self.element.element_path()
    }

    /// Its mod policy and its version (steps 10a to 10c).
    ///
    /// # Errors
    /// [`UpdateError`].
    // Fabric: common/configtx/update.go, verifyDeltaSet
    pub fn check(&self) -> Result<(), UpdateError> {
        let (mod_policy, version) = (self.element.mod_policy(), self.element.version());
        if mod_policy.is_empty() {
            return Err(UpdateError::MissingModPolicy {
                path: self.element_path(),
            });
        }
        if !is_legal_mod_policy(mod_policy) {
            return Err(UpdateError::BadModPolicy {
                path: self.element_path(),
                mod_policy: mod_policy.to_owned(),
            });
        }
        match self.existing.map(|e| e.version()) {
            None if version != 0 => Err(UpdateError::NewElementVersion {
                path: self.element_path(),
                version,
            }),
            Some(current) if version != current.wrapping_add(1) => {
                Err(UpdateError::VersionMismatch {
                    path: self.element_path(),
                    written: version,
                    current,
                })
            }
            _ => Ok(()),
        }
    }
}

/// The same path in the config, the read set and the write set.
#[derive(Clone, Copy)]
struct PlaceInSets<'a> {
    current: Option<GroupRef<'a>>,
    read: Option<GroupRef<'a>>,
    write: Option<GroupRef<'a>>,
}

/// The element at a path in the new config: the written one, or else the current one.
macro_rules! effective {
    ($place:expr, $lookup:ident, $name:expr) => {{
        let written = $place.write.and_then(|g| g.$lookup($name));
        let read = $place.read.and_then(|g| g.$lookup($name));
        match written {
            Some(written) if is_written(written.version(), read.map(|e| e.version())) => {
                Some(written)
            }
            _ => $place.current.and_then(|g| g.$lookup($name)),
        }
    }};
}

impl<'a> PlaceInSets<'a> {
    /// The group that stands here in the new config.
    fn group(&self) -> Option<GroupRef<'a>> {
        match self.write {
            Some(write) if is_written(write.version(), self.read.map(|g| g.version())) => {
                Some(write)
            }
            _ => self.current,
        }
    }

    fn group_at(&self, name: &str) -> Self {
        let at = |group: Option<GroupRef<'a>>| group.and_then(|g| g.group(name));
        Self {
            current: at(self.current),
            read: at(self.read),
            write: at(self.write),
        }
    }

    /// Adds the members that the group here names, each as the new config has it.
    fn members(&self, members: &mut GroupMembers<'_, 'a, Self>) {
        let Some(group) = self.group() else { return };
        for named in group.groups() {
            let place = self.group_at(named.name());
            if let Some(child) = place.group() {
                members.group(child.borrowed(), place);
            }
        }
        for named in group.values() {
            if let Some(value) = effective!(self, value, named.name()) {
                members.value(value.borrowed());
            }
        }
        for named in group.policies() {
            if let Some(policy) = effective!(self, policy, named.name()) {
                members.policy(policy.borrowed());
            }
        }
    }
}

/// Whether an element of the write set is written, or only mentioned.
// Fabric: common/configtx/update.go, computeDeltaSet
fn is_written(version: u64, read: Option<u64>) -> bool {
    read != Some(version)
}

/// Every name below a group must be legal.
fn check_names(root: GroupRef<'_>) -> Result<(), UpdateError> {
    let check = |element: ElementRef<'_>| {
        if is_legal_key(element.name()) {
            return Ok(());
        }
        Err(UpdateError::KeySyntax {
            path: element.element_path(),
        })
    };
    let mut open = vec![root];
    while let Some(group) = open.pop() {
        members(group).try_for_each(check)?;
        open.extend(group.groups());
    }
    Ok(())
}

/// Every element of the read set must exist, at the version that the read set gives.
// Fabric: common/configtx/update.go, verifyReadSet
fn check_read_set(read: GroupRef<'_>, current: GroupRef<'_>) -> Result<(), UpdateError> {
    let check = |read: ElementRef<'_>, current: Option<u64>| match current {
        None => Err(UpdateError::ReadSetUnknown {
            path: read.element_path(),
        }),
        Some(current) if current != read.version() => Err(UpdateError::ReadSetVersion {
            path: read.element_path(),
            read: read.version(),
            current,
        }),
        Some(_) => Ok(()),
    };
    check(ElementRef::Group(read), Some(current.version()))?;
    let mut open = vec![(read, current)];
    while let Some((read, current)) = open.pop() {
        for element in members(read) {
            let existing = current.member(element.kind(), element.name());
            check(element, existing.map(|e| e.version()))?;
            if let (ElementRef::Group(read), Some(ElementRef::Group(current))) = (element, existing)
            {
                open.push((read, current));
            }
        }
    }
    Ok(())
}

/// Collects the elements of the write set that are written.
fn collect<'a>(
    write: GroupRef<'a>,
    read: Option<GroupRef<'a>>,
    current: Option<GroupRef<'a>>,
    out: &mut Vec<DeltaElement<'a>>,
) {
    type ElementAt<'a> = Option<ElementRef<'a>>;
    let mut open: Vec<(ElementRef<'a>, ElementAt<'a>, ElementAt<'a>)> = vec![(
        ElementRef::Group(write),
        read.map(ElementRef::Group),
        current.map(ElementRef::Group),
    )];
    while let Some((element, read, existing)) = open.pop() {
        if is_written(element.version(), read.map(|e| e.version())) {
            out.push(DeltaElement { element, existing });
        }
        let ElementRef::Group(group) = element else {
            continue;
        };
        let at = |place: ElementAt<'a>, member: ElementRef<'a>| match place {
            Some(ElementRef::Group(group)) => group.member(member.kind(), member.name()),
            _ => None,
        };
        let mut found: Vec<_> = members(group)
            .map(|member| (member, at(read, member), at(existing, member)))
            .collect();
        found.sort_by_key(|(member, ..)| (member.name(), member.kind()));
        open.extend(found.into_iter().rev());
    }
}

fn members<'a>(group: GroupRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
    let groups = group.groups().map(ElementRef::Group);
    let values = group.values().map(ElementRef::Value);
    let policies = group.policies().map(ElementRef::Policy);
    groups.chain(values).chain(policies)
}
