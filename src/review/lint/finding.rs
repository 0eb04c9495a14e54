//! Findings and their catalogue.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::{json::json_size, review::diff::cut};

/// How much is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LintRoom {
    /// At most this many findings.
    pub findings: usize,
    /// Findings of at most so many bytes of JSON together.
    pub bytes: usize,
}

impl LintRoom {
    /// Room for 200 findings, whatever their size.
    pub const USUAL: Self = Self {
        findings: 200,
        bytes: usize::MAX,
    };
}

/// Where not all are listed, each kind lists so many before any lists more.
const EACH_KIND: usize = 10;
/// So many findings of one kind about one holder are kept while looking; others are only counted.
const HELD: usize = 200;
/// Once there are so many of a kind, so few of each holder are kept.
const MANY: usize = 2_000;
const FEW: usize = 2;

/// The findings on a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// In the order of [`FindingId::ALL`], then as found.
    pub findings: Vec<Finding>,
    /// How many more there are than are listed.
    pub truncated: usize,
}

/// Something that people should know before they sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which finding it is: its place in the catalogue.
    pub id: FindingId,
    /// The path of the element that it is about, such as `/Channel/Orderer/BatchSize`.
    pub path: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is the matter and what to do, for people.
    pub text: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Refused by the orderer, not recordable, or afterwards a group or this contract could never be
    /// used again. Decided from config and update alone.
    Blocking,
    /// Probably not what is wanted.
    Warning,
    /// Good to know.
    Info,
}

macro_rules! findings {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal,)*) => {
        /// The kinds of findings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingId {
            $($(#[doc = $doc])* $name,)*
        }

        impl FindingId {
            /// All of them, in the order in which answers list them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name that answers show, such as `NO_ADMIN`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

findings! {
    /// An orderer would refuse the resulting config.
    ResultRefused = "RESULT_REFUSED",
    /// Update and result are longer than the channel allows.
    UpdateTooLarge = "UPDATE_TOO_LARGE",
    /// The transaction that records the result on this contract's ledger cannot fit into the channel.
    CannotBeRecorded = "CANNOT_BE_RECORDED",
    /// Nobody could be valid in an MSP, whoever comes.
    NobodyValid = "NOBODY_VALID",
    /// An ACL that names a policy which is not there, or which nobody can satisfy.
    AclUnsatisfiable = "ACL_UNSATISFIABLE",
    /// Nobody could satisfy a policy any more.
    LockoutPolicy = "LOCKOUT_POLICY",
    /// A mod policy that leads nowhere: the element could never be changed again.
    DanglingModPolicy = "DANGLING_MOD_POLICY",
    /// Somebody known stops being valid.
    IdentityLost = "IDENTITY_LOST",
    /// Somebody known stops being an admin, peer or orderer.
    RoleLost = "ROLE_LOST",
    /// Nobody looked whether known people of an MSP stay what they are.
    IdentitiesUnread = "IDENTITIES_UNREAD",
    /// A CA of an MSP whose certificates are not valid, or give no role, or give less than before.
    CaUnusable = "CA_UNUSABLE",
    /// Other organisational units than before make somebody valid, or give a role.
    OuRulesChanged = "OU_RULES_CHANGED",
    /// Two organisations have one CA: who is of one is of the other.
    SharedCa = "SHARED_CA",
    /// An organisation that a policy counts and that can never say yes.
    SilentMember = "SILENT_MEMBER",
    /// A group that has no organisations, or no policies, any more.
    GroupEmptied = "GROUP_EMPTIED",
    /// An element gets a mod policy that takes less than the one before.
    WeakenedModPolicy = "WEAKENED_MOD_POLICY",
    /// A policy's new rule takes less than the one before.
    WeakenedPolicy = "WEAKENED_POLICY",
    /// An organisation would have nobody who can be its admin.
    NoAdmin = "NO_ADMIN",
    /// An organisation would lose all CAs that certified its admins so far.
    AdminCaLost = "ADMIN_CA_LOST",
    /// An MSP changes in one section and stays as it is in another.
    MspInOneSection = "MSP_IN_ONE_SECTION",
    /// A revocation list that revokes no identity.
    CrlWithoutEffect = "CRL_WITHOUT_EFFECT",
    /// A new organisation whose name is not its MSP id.
    OrganizationName = "ORGANIZATION_NAME",
    /// Settings that are lost since their value is replaced whole.
    ValueReset = "VALUE_RESET",
    /// A capability level that is lower than before.
    LoweredCapability = "LOWERED_CAPABILITY",
    /// A certificate that has expired.
    CertificateExpired = "CERTIFICATE_EXPIRED",
    /// A certificate that expires within 90 days.
    CertificateExpiresSoon = "CERTIFICATE_EXPIRES_SOON",
    /// Ordering could stop, or would survive fewer failures.
    ConsenterQuorum = "CONSENTER_QUORUM",
    /// A consenter's certificate that does not fit to where it is, or to what it is for.
    ConsenterCertificate = "CONSENTER_CERTIFICATE",
    /// An address that nobody can connect to.
    MalformedEndpoint = "MALFORMED_ENDPOINT",
    /// A capability level that no organisation has attested.
    CapabilityUnattested = "CAPABILITY_UNATTESTED",
    /// An ACL of a resource that no peer asks the channel about.
    AclWithoutEffect = "ACL_WITHOUT_EFFECT",
    /// Update and result come close to what the channel allows.
    UpdateNearLimit = "UPDATE_NEAR_LIMIT",
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Found>,
    /// How many there are of each kind.
    kinds: BTreeMap<FindingId, usize>,
    /// How many there are of each kind and severity about each holder.
    holders: BTreeMap<(FindingId, Severity, String), usize>,
    dropped: usize,
}

/// A finding, and which of its kind it is about its holder, from 0.
#[derive(Debug)]
struct Found {
    turn: usize,
    /// Its place among all, as found.
    place: usize,
    finding: Finding,
}

impl Findings {
    pub(super) fn add(&mut self, id: FindingId, severity: Severity, path: String, text: String) {
        let kind = self.kinds.entry(id).or_default();
        let most = if *kind < MANY { HELD } else { FEW };
        let of = self
            .holders
            .entry((id, severity, holder(&path)))
            .or_default();
        let turn = *of;
        *of = turn.saturating_add(1);
        if turn >= most {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        *kind = kind.saturating_add(1);
        let (path, text) = (cut(path), cut(text));
        self.found.push(Found {
            turn,
            place: self.found.len(),
            finding: Finding {
                id,
                path,
                severity,
                text,
            },
        });
    }

    /// Puts the findings in order. Where there are too many, kinds and then holders take turns, those of a
    /// kind that matter most first, so that no flood of findings hides another one.
    pub(super) fn finish(mut self, room: LintRoom) -> Lint {
        self.found.sort_by_key(|found| {
            let Finding { id, severity, .. } = found.finding;
            (id, severity, found.turn, found.place)
        });
        let mut places: BTreeMap<FindingId, usize> = BTreeMap::new();
        let mut order: Vec<(bool, usize)> = Vec::with_capacity(self.found.len());
        for (at, found) in self.found.iter().enumerate() {
            let place = places.entry(found.finding.id).or_default();
            order.push((*place >= EACH_KIND, at));
            *place = place.saturating_add(1);
        }
        order.sort_unstable();
        let (mut listed, mut left) = (vec![false; self.found.len()], room.bytes);
        for (_, at) in order.into_iter().take(room.findings) {
            let Some((found, listed)) = self.found.get(at).zip(listed.get_mut(at)) else {
                continue;
            };
            let bytes = json_size(&found.finding).saturating_add(1);
            *listed = bytes <= left;
            left = left.saturating_sub(bytes);
        }
        let all = self.found.len().saturating_add(self.dropped);
        let kept = self.found.into_iter().zip(listed);
        let mut kept: Vec<Found> = kept
            .filter_map(|(found, listed)| listed.then_some(found))
            .collect();
        kept.sort_by_key(|found| (found.finding.id, found.place));
        let findings: Vec<Finding> = kept.into_iter().map(|found| found.finding).collect();
        Lint {
            truncated: all.saturating_sub(findings.len()),
            findings,
        }
    }
}

/// What an element belongs to: its first three names, such as `/Channel/Application/Org1`.
fn holder(path: &str) -> String {
    path.split('/').take(4).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(findings: &mut Findings, id: FindingId, path: String) {
        findings.add(id, Severity::Warning, path, "text".to_owned());
    }

    #[test]
    fn a_flood_hides_no_other_finding() {
        let mut findings = Findings::default();
        for number in 0..5_000 {
            let path = format!("/Channel/Application/A/g{number}/p");
            finding(&mut findings, FindingId::LockoutPolicy, path);
        }
        let others = ["/Channel/Application/B/Admins", "/Channel/Orderer/Writers"];
        for path in others {
            finding(&mut findings, FindingId::LockoutPolicy, path.to_owned());
        }
        finding(
            &mut findings,
            FindingId::NoAdmin,
            "/Channel/Application/B".to_owned(),
        );
        let lint = findings.finish(LintRoom::USUAL);
        let paths: Vec<&str> = lint.findings.iter().map(|one| one.path.as_str()).collect();
        for path in others {
            assert!(paths.contains(&path), "{path}");
        }
        assert_eq!(lint.findings.len() + lint.truncated, 5_003);
        assert_eq!(lint.findings.last().unwrap().id, FindingId::NoAdmin);
        assert!(lint.findings.is_sorted_by_key(|one| one.id));
    }

    #[test]
    fn a_flood_of_warnings_hides_nothing_that_blocks() {
        let mut findings = Findings::default();
        let path = |number: usize| format!("/Channel/Application/A{number}/p");
        for number in 0..5_000 {
            finding(
                &mut findings,
                FindingId::LockoutPolicy,
                path(number % 2_500),
            );
        }
        let (id, text) = (FindingId::LockoutPolicy, "text".to_owned());
        findings.add(id, Severity::Blocking, path(0), text);
        let lint = findings.finish(LintRoom::USUAL);
        let blocking = lint.findings.iter();
        let mut blocking = blocking.filter(|one| one.severity == Severity::Blocking);
        assert!(blocking.next().is_some());
        assert_eq!(lint.findings.len() + lint.truncated, 5_001);
    }

    #[test]
    fn texts_and_bytes_are_bounded() {
        let mut findings = Findings::default();
        for number in 0..300 {
            let path = format!("/Channel/{number}/{}", "x".repeat(100_000));
            finding(&mut findings, FindingId::LockoutPolicy, path);
        }
        let lint = findings.finish(LintRoom {
            findings: 200,
            bytes: 20_000,
        });
        assert!(json_size(&lint) < 21_000);
        assert_eq!(lint.findings.len() + lint.truncated, 300);
        assert!(lint.findings.len() > 5);
    }
}
