//! What to approve, where nobody says everything: what others approved, what is committed, or a first
//! definition.

use bytes::Bytes;

use super::DeploymentFacts;
use crate::{
    client::{ClientError, DefinitionPart, DefinitionPolicy, DefinitionTerms, Exit, PackageSource},
    ids::MspId,
};

/// What somebody wants of a definition; what is `None` is left to others and to what holds already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefinitionWishes {
    /// The sequence.
    pub sequence: Option<i64>,
    /// The version.
    pub version: Option<String>,
    /// The endorsement policy.
    pub policy: Option<DefinitionPolicy>,
    /// A serialized `protos.CollectionConfigPackage`.
    pub collections: Option<Bytes>,
    /// Whether an init call is demanded.
    pub init_required: Option<bool>,
    /// Where one's own peers find the chaincode.
    pub package: PackageWish,
    /// Whose approval is taken over.
    pub like: Option<MspId>,
    /// Whether an approval may differ from those of others.
    pub may_differ: bool,
}

/// Where one's own peers are to find the chaincode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PackageWish {
    /// In the package that is installed.
    #[default]
    Installed,
    /// In this one.
    Named(String),
    /// Nowhere.
    None,
}

/// What is to be approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalPlan {
    /// The definition.
    pub terms: DefinitionTerms,
    /// Where one's own peers find the chaincode.
    pub source: PackageSource,
    /// Whose definition it is, in words: `what Org1MSP approved`.
    pub basis: String,
    /// Members that approved another definition of the same sequence, and in what it differs.
    pub differing: Vec<(MspId, Vec<DefinitionPart>)>,
}

impl ApprovalPlan {
    /// What to approve.
    ///
    /// # Errors
    /// `ALREADY_APPROVED` (done); `SEQUENCE_TAKEN` (stale), `SEQUENCE_AHEAD`; `NOT_INSTALLED`,
    /// `WHICH_PACKAGE` (usage); `APPROVALS_DIFFER` (no).
    pub fn new(facts: &DeploymentFacts, wishes: &DefinitionWishes) -> Result<Self, ClientError> {
        let (base, basis) = match &wishes.like {
            Some(msp_id) => (theirs(facts, msp_id)?, format!("what {msp_id} approved")),
            None => base(facts, wishes),
        };
        let terms = wishes.applied_to(base);
        terms.check()?;
        check_sequence(facts, &terms)?;
        Self::of(facts, terms, basis, wishes)
    }

    /// The plan to approve exactly this.
    pub(super) fn of(
        facts: &DeploymentFacts,
        terms: DefinitionTerms,
        basis: String,
        wishes: &DefinitionWishes,
    ) -> Result<Self, ClientError> {
        let source = source(facts, &wishes.package)?;
        let own = match terms.sequence == facts.sequence() {
            true => &facts.approved,
            false => &facts.approved_next,
        };
        if let Some(own) = own
            && own.terms.differences(&terms).is_empty()
            && own.source == source
        {
            return Err(already_approved(facts, &terms, &source, &wishes.package));
        }
        let differing = differing(facts, &terms);
        if !differing.is_empty() && !wishes.may_differ {
            return Err(others_differ(facts, &terms, &differing));
        }
        Ok(Self {
            terms,
            source,
            basis,
            differing,
        })
    }
}

impl DefinitionWishes {
    /// A definition with what is wished.
    #[must_use]
    pub fn applied_to(&self, base: DefinitionTerms) -> DefinitionTerms {
        DefinitionTerms {
            sequence: self.sequence.unwrap_or(base.sequence),
            version: self.version.clone().unwrap_or(base.version),
            policy: self.policy.clone().unwrap_or(base.policy),
            collections: self.collections.clone().unwrap_or(base.collections),
            init_required: self.init_required.unwrap_or(base.init_required),
            ..base
        }
    }
}

/// What a member approved of the next sequence.
fn theirs(facts: &DeploymentFacts, msp_id: &MspId) -> Result<DefinitionTerms, ClientError> {
    let sequence = facts.sequence().saturating_add(1);
    let theirs = facts.recorded(msp_id, sequence);
    theirs.map(|theirs| theirs.terms.clone()).ok_or_else(|| {
        let text = format!(
            "no approval of sequence {sequence} by {msp_id} is in the blocks from {} on",
            facts.looked_from
        );
        ClientError::new(Exit::No, "NO_APPROVAL", text)
            .hint("--look-back BLOCKS looks further back")
    })
}

/// Nothing is left to approve: with which package that is, and how another one is taken.
fn already_approved(
    facts: &DeploymentFacts,
    terms: &DefinitionTerms,
    source: &PackageSource,
    wish: &PackageWish,
) -> ClientError {
    let mut text = format!(
        "your organisation has approved sequence {} of `{}` already, just so",
        terms.sequence, terms.name
    );
    let Some(id) = source.package_id() else {
        text.push_str(", without a package");
        return ClientError::new(Exit::Done, "ALREADY_APPROVED", text);
    };
    text.push_str(&format!(", with the package `{id}`"));
    let packages = facts.packages();
    let others = packages.iter().filter(|one| one.package_id != id);
    let others: Vec<&str> = others.map(|one| one.package_id.as_str()).collect();
    let error = ClientError::new(Exit::Done, "ALREADY_APPROVED", text);
    match (wish, others.as_slice()) {
        (PackageWish::Installed, [first, ..]) => {
            let mut error = error.hint(format!(
                "to have your peers run another one: `cmscc deploy approve --package-id {first}`; your \
                 server then needs its id"
            ));
            let others = others.into_iter().map(str::to_owned);
            error
                .details
                .extend(others.map(|id| ("also installed".to_owned(), id)));
            error
        }
        _ => error,
    }
}

/// From what an approval starts, and whose that is.
fn base(facts: &DeploymentFacts, wishes: &DefinitionWishes) -> (DefinitionTerms, String) {
    let sequence = facts.sequence();
    let wants_next = wishes.sequence.is_none_or(|wanted| wanted != sequence);
    if let Some(next) = facts.next.as_ref().filter(|_| wants_next) {
        let mut by: Vec<String> = (next.readiness.approvals.iter())
            .filter(|(_, approved)| **approved)
            .map(|(msp_id, _)| msp_id.to_string())
            .collect();
        if by.is_empty() {
            by = (facts.recorded.iter())
                .filter(|one| one.terms.differences(&next.terms).is_empty())
                .map(|one| one.msp_id.to_string())
                .collect();
        }
        return (
            next.terms.clone(),
            format!("what {} approved", by.join(", ")),
        );
    }
    let Some(committed) = &facts.committed else {
        let mut first = DefinitionTerms::first(&facts.chaincode);
        if let Some(agreed) = facts.agreed() {
            first.policy = agreed.clone();
        }
        return (first, "a first definition".to_owned());
    };
    let terms = committed.terms.clone();
    match wishes.sequence {
        Some(wanted) if wanted != sequence => {
            let basis = "the committed definition, defined again".to_owned();
            (terms.next(), basis)
        }
        _ => (terms, "the committed definition".to_owned()),
    }
}

fn check_sequence(facts: &DeploymentFacts, terms: &DefinitionTerms) -> Result<(), ClientError> {
    let committed = facts.sequence();
    if terms.sequence > committed.saturating_add(1) {
        let text = format!(
            "sequence {} is not the next one: {committed} is committed",
            terms.sequence
        );
        return Err(ClientError::new(Exit::Usage, "SEQUENCE_AHEAD", text)
            .hint("without --sequence the right one is taken"));
    }
    let Some(now) = &facts.committed else {
        return Ok(());
    };
    let differences = match terms.sequence == committed {
        true => now.terms.differences(terms),
        false => Vec::new(),
    };
    if terms.sequence < committed || !differences.is_empty() {
        let mut text = format!("sequence {committed} is committed already");
        if !differences.is_empty() {
            let is: Vec<String> = differences
                .iter()
                .map(|part| now.terms.words(*part))
                .collect();
            text = format!("{text}, with {}", is.join(", "));
        }
        return Err(ClientError::new(Exit::Stale, "SEQUENCE_TAKEN", text)
            .hint("a change takes the next sequence: `cmscc deploy upgrade`"));
    }
    Ok(())
}

/// Where one's own peers find the chaincode.
fn source(facts: &DeploymentFacts, wish: &PackageWish) -> Result<PackageSource, ClientError> {
    let id = match wish {
        PackageWish::None => return Ok(PackageSource::Unavailable),
        PackageWish::Named(id) => id.clone(),
        PackageWish::Installed => installed(facts)?,
    };
    let without = facts.peers_without(&id);
    if facts.knows_packages() && without.len() == facts.answering_peers() {
        let text = format!(
            "your peers do not have the package `{id}`: {}",
            without.join(", ")
        );
        let mut error = ClientError::new(Exit::Usage, "NOT_INSTALLED", text)
            .hint("`cmscc deploy install` first; `cmscc deploy status` lists what is installed");
        for package in facts.packages() {
            error
                .details
                .push(("installed".to_owned(), package.package_id.clone()));
        }
        return Err(error);
    }
    Ok(PackageSource::Installed(id))
}

/// The package that is meant where none is named: the only one, or the one that is approved already.
fn installed(facts: &DeploymentFacts) -> Result<String, ClientError> {
    let packages = facts.packages();
    let own = [&facts.approved_next, &facts.approved]
        .into_iter()
        .flatten();
    let used: Vec<&str> = own.filter_map(|own| own.source.package_id()).collect();
    match packages.as_slice() {
        [only] => return Ok(only.package_id.clone()),
        [] => {}
        several => {
            let known = |id: &&str| several.iter().any(|one| one.package_id == **id);
            if let Some(id) = used.into_iter().find(known) {
                return Ok(id.to_owned());
            }
            let text = "your peers have several packages of the contract";
            let mut error = ClientError::new(Exit::Usage, "WHICH_PACKAGE", text)
                .hint("--package-id names the one whose server you run");
            for one in several {
                error
                    .details
                    .push(("installed".to_owned(), one.package_id.clone()));
            }
            return Err(error);
        }
    }
    if let Some(refused) = facts
        .peers
        .iter()
        .find_map(|peer| peer.packages.as_ref().err())
        && !facts.knows_packages()
    {
        return Err(refused.clone());
    }
    let text = format!(
        "no package of `{}` is installed on your peers",
        facts.chaincode
    );
    Err(ClientError::new(Exit::Usage, "NOT_INSTALLED", text).hint(
        "`cmscc deploy install --address HOST:PORT` with the address at which your peer reaches your \
         server; --no-package approves without one",
    ))
}

/// Who approved another definition of the same sequence, and in what it differs.
fn differing(
    facts: &DeploymentFacts,
    terms: &DefinitionTerms,
) -> Vec<(MspId, Vec<DefinitionPart>)> {
    if terms.sequence == facts.sequence() {
        return Vec::new();
    }
    let others = facts.members.iter().filter(|msp_id| **msp_id != facts.own);
    others
        .filter_map(|msp_id| {
            let theirs = facts.recorded(msp_id, terms.sequence)?;
            let differences = theirs.terms.differences(terms);
            (!differences.is_empty()).then(|| (msp_id.clone(), differences))
        })
        .collect()
}

fn others_differ(
    facts: &DeploymentFacts,
    terms: &DefinitionTerms,
    differing: &[(MspId, Vec<DefinitionPart>)],
) -> ClientError {
    let who: Vec<String> = differing
        .iter()
        .map(|(msp_id, _)| msp_id.to_string())
        .collect();
    let text = format!(
        "{} approved sequence {} otherwise: what you approve would not count with theirs",
        who.join(", "),
        terms.sequence
    );
    let mut error = ClientError::new(Exit::No, "APPROVALS_DIFFER", text).hint(
        "without flags `cmscc deploy approve` takes what they approved; --may-differ approves yours all \
         the same",
    );
    for (msp_id, parts) in differing {
        let theirs = facts.recorded(msp_id, terms.sequence);
        for part in parts {
            let is = theirs
                .map(|theirs| theirs.terms.words(*part))
                .unwrap_or_default();
            let words = format!("{is}, not {}", terms.words(*part));
            error.details.push((msp_id.to_string(), words));
        }
    }
    error
}
