//! Changing the consensus type: only in maintenance, only to BFT, and nothing else with it.

use super::{
    bft::{BFT, BftOptions, check_bft_options},
    error::{MigrationError, OptionsError},
    raft::RaftMetadata,
};
use crate::config::{
    bundle::{Bundle, Orderer},
    tree::GroupRef,
};

/// `orderer.ConsensusType.State.STATE_NORMAL`.
const NORMAL: i32 = 0;

impl Bundle {
    /// Whether an update keeps the rules of migration: it makes `next` of this config, and has this
    /// write set. Configs without an Orderer group pass: [`Self::next_at_orderer`] judges them.
    ///
    /// # Errors
    /// [`MigrationError`].
    // Fabric: orderer/common/msgprocessor/maintenancefilter.go, inspect
    pub fn check_migration(
        &self,
        next: &Self,
        write_set: Option<GroupRef<'_>>,
    ) -> Result<(), MigrationError> {
        match (&self.orderer, &next.orderer) {
            (Some(current), Some(next)) => check(current, next, write_set),
            _ => Ok(()),
        }
    }
}

fn check(
    current: &Orderer,
    next: &Orderer,
    write_set: Option<GroupRef<'_>>,
) -> Result<(), MigrationError> {
    let (from, to) = (&current.consensus, &next.consensus);
    if !current.capabilities.consensus_type_migration() {
        if to.state != NORMAL || from.name != to.name {
            return Err(MigrationError::CapabilityDisabled);
        }
        return Ok(());
    }
    if from.state != to.state {
        only_consensus_type(write_set)?;
        if from.name != to.name {
            return Err(MigrationError::OtherChange("the type changes too"));
        }
        if from.metadata != to.metadata {
            return Err(MigrationError::OtherChange("the metadata changes too"));
        }
    }
    if from.name == to.name {
        return Ok(());
    }
    let names = || (from.name.clone(), to.name.clone());
    if from.state == NORMAL || to.state == NORMAL {
        let (from, to) = names();
        return Err(MigrationError::Required { from, to });
    }
    if to.name != BFT {
        let (from, to) = names();
        return Err(MigrationError::Transition { from, to });
    }
    let options = BftOptions::parse(&to.metadata).map_err(OptionsError::Undecodable)?;
    check_bft_options(&options)?;
    if same_consenters(current, next) {
        Ok(())
    } else {
        Err(MigrationError::BftMapping)
    }
}

/// Whether every raft consenter is also one of BFT, and there are no others.
// Fabric: orderer/common/msgprocessor/maintenancefilter.go, validateBFTConsenterMapping
fn same_consenters(current: &Orderer, next: &Orderer) -> bool {
    let raft = RaftMetadata::parse(&current.consensus.metadata).unwrap_or_default();
    let bft = &next.consenters;
    !bft.is_empty()
        && raft.consenters.len() == bft.len()
        && raft.consenters.iter().all(|raft| {
            bft.iter().any(|bft| {
                (raft.port, &raft.host) == (bft.port, &bft.host)
                    && raft.server_tls_cert == bft.server_tls_cert
                    && raft.client_tls_cert == bft.client_tls_cert
            })
        })
}

/// The write set names the value ConsensusType of the Orderer group and nothing else, policies
/// and contents aside.
// Fabric: orderer/common/msgprocessor/maintenancefilter.go, ensureConsensusTypeChangeOnly
fn only_consensus_type(write_set: Option<GroupRef<'_>>) -> Result<(), MigrationError> {
    let other = |what| Err(MigrationError::OtherChange(what));
    let Some(root) = write_set else {
        return other("the update writes nothing");
    };
    if root.values().len() > 0 {
        return other("the update names values of `/Channel`");
    }
    let Some(orderer) = root.group("Orderer").filter(|_| root.groups().len() == 1) else {
        return other("the update does not name the group `/Channel/Orderer` alone");
    };
    if orderer.groups().len() > 0 {
        return other("the update names groups of `/Channel/Orderer`");
    }
    if orderer.values().len() != 1 || orderer.value("ConsensusType").is_none() {
        return other("the update does not name the value ConsensusType alone");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Update;
    use crate::proto::write;

    fn group(groups: &[(&str, Vec<u8>)], values: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut entry = |number, key: &str, content: &[u8]| {
            let mut entry = Vec::new();
            write::message(&mut entry, 1, key.as_bytes());
            write::message(&mut entry, 2, content);
            write::message(&mut out, number, &entry);
        };
        for (name, content) in groups {
            entry(2, name, content);
        }
        for name in values {
            entry(3, name, &[]);
        }
        out
    }

    #[test]
    fn maintenance_is_entered_alone() {
        let only = |root: Vec<u8>| {
            let mut update = Vec::new();
            write::message(&mut update, 3, &root);
            only_consensus_type(Update::parse(update.into()).unwrap().write_set()).is_ok()
        };
        let orderer = group(&[], &["ConsensusType"]);
        assert!(only(group(&[("Orderer", orderer.clone())], &[])));
        let cases = [
            ("nothing", group(&[], &[])),
            (
                "a root value",
                group(&[("Orderer", orderer.clone())], &["Capabilities"]),
            ),
            (
                "two groups",
                group(
                    &[("Application", vec![]), ("Orderer", orderer.clone())],
                    &[],
                ),
            ),
            (
                "another group",
                group(&[("Application", orderer.clone())], &[]),
            ),
            (
                "an organisation",
                group(
                    &[("Orderer", group(&[("Org", vec![])], &["ConsensusType"]))],
                    &[],
                ),
            ),
            (
                "another value",
                group(&[("Orderer", group(&[], &["BatchSize"]))], &[]),
            ),
            (
                "two values",
                group(
                    &[("Orderer", group(&[], &["BatchSize", "ConsensusType"]))],
                    &[],
                ),
            ),
        ];
        for (name, root) in cases {
            assert!(!only(root), "{name}");
        }
    }
}
