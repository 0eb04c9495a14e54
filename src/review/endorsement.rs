//! How many organisations must endorse, before and after a change of their number or of the rule. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    config::{Bundle, Section},
    identity::{Msps, Principal},
    ids::MspId,
    policy::{PolicyId, PolicyManager, PolicyManagerBuilder, RULE_TEXT, SignerSet, parse_policy},
};

/// The usual endorsement policy of chaincodes.
const POLICY: &str = "/Channel/Application/Endorsement";

/// Endorsements under the policy of the chaincode's definition, before and after; as JSON, with
/// keys in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endorsement {
    /// Whether the organisations that are known to run a server are enough afterwards; null where
    /// it is not known who does.
    pub enough_servers: Option<bool>,
    /// Endorsements needed afterwards; null where there is no such policy, or nobody could satisfy
    /// it.
    pub needed_after: Option<usize>,
    /// Endorsements needed before; null likewise.
    pub needed_before: Option<usize>,
    /// How many organisations the Application group has afterwards.
    pub organizations_after: usize,
    /// How many it has before.
    pub organizations_before: usize,
    /// The policy that is asked: a path, or a rule in Fabric's language that the members agreed on.
    pub policy: String,
    /// The rule afterwards, in Fabric's language; null where there is no such policy.
    pub rule_after: Option<String>,
    /// The rule before; null likewise.
    pub rule_before: Option<String>,
    /// Members afterwards that are known to run a server, ascending; null where that is not known.
    pub servers: Option<Vec<String>>,
    /// The numbers in words, and what they ask of the organisations.
    pub text: String,
}

/// The arithmetic for a change of the number of application organisations, or of the rule that counts
/// them; `None` where both stay the same. `agreed`: the endorsement policy that the members agreed on for the chaincode's
/// definition, a path or a rule in Fabric's language; without it the channel's usual one counts.
/// `servers`: who is known to run a server, where somebody has said so.
#[must_use]
pub fn endorsement(
    current: &Bundle,
    next: &Bundle,
    agreed: Option<&str>,
    servers: Option<&BTreeSet<MspId>>,
) -> Option<Endorsement> {
    let count = |bundle: &Bundle| bundle.orgs(Section::Application).count();
    let (organizations_before, organizations_after) = (count(current), count(next));
    let policy = agreed.unwrap_or(POLICY);
    let rule = rule_alone(policy);
    let (before, after) = (
        Asked::of(current, policy, rule.as_ref()),
        Asked::of(next, policy, rule.as_ref()),
    );
    let needed = |asked: &Option<Asked<'_>>| asked.as_ref().and_then(Asked::needed);
    let (needed_before, needed_after) = (needed(&before), needed(&after));
    let text_of = |asked: &Option<Asked<'_>>| {
        let asked = asked.as_ref()?;
        Some(asked.policies.rule_text(asked.id, RULE_TEXT))
    };
    let (rule_before, rule_after) = (text_of(&before), text_of(&after));
    let is_same = rule_before == rule_after && needed_before == needed_after;
    if organizations_before == organizations_after && is_same {
        return None;
    }
    let members: BTreeSet<&MspId> = (next.orgs(Section::Application))
        .map(|org| org.msp_id)
        .collect();
    let servers: Option<BTreeSet<MspId>> = servers.map(|servers| {
        let servers = servers.iter().filter(|id| members.contains(id));
        servers.cloned().collect()
    });
    let enough_servers = match (&servers, &after, needed_after) {
        (Some(servers), Some(asked), Some(_)) => Some(asked.is_enough(servers)),
        _ => None,
    };
    let changes = rule_before.is_some() && rule_after.is_some() && rule_before != rule_after;
    let text = text(
        policy,
        (&before, needed_before, organizations_before),
        (&after, needed_after, organizations_after),
        changes,
    );
    Some(Endorsement {
        enough_servers,
        needed_after,
        needed_before,
        organizations_after,
        organizations_before,
        policy: policy.to_owned(),
        rule_after,
        rule_before,
        servers: servers.map(|servers| servers.iter().map(ToString::to_string).collect()),
        text,
    })
}

/// A policy that is asked, how many it needs, and how many organisations there are.
type AskedSide<'s, 'a> = (&'s Option<Asked<'a>>, Option<usize>, usize);

/// The numbers in words.
fn text(
    policy: &str,
    before: AskedSide<'_, '_>,
    after: AskedSide<'_, '_>,
    changes: bool,
) -> String {
    let end = match after {
        (Some(asked), Some(needed), _) => match asked.counted() {
            Some(all) => format!("{needed} of {} must endorse", organisations(all)),
            None => {
                let are = if needed == 1 { "is" } else { "are" };
                format!("{} {are} needed", asked.signatures(needed))
            }
        },
        (None, ..) => "no transaction would be valid, since there is no such policy,".to_owned(),
        (Some(_), None, all) => {
            format!("no transaction would be valid, since none of {all} organisations satisfy it,")
        }
    };
    let start = match before {
        (Some(asked), Some(needed), _) => match asked.counted() {
            Some(all) => format!("instead of {needed} of {all}"),
            None => format!("instead of {}", asked.signatures(needed)),
        },
        (None, ..) => "where there was no such policy before".to_owned(),
        (Some(_), None, _) => "where nobody could satisfy it before".to_owned(),
    };
    let servers = match after.1 {
        Some(_) => ": at least as many must run a server, at all times",
        None => "",
    };
    let silent = after
        .0
        .as_ref()
        .map(|asked| asked.policies.silent(asked.id));
    let silent = silent.filter(|(orgs, _)| !orgs.is_empty());
    let silent = silent.map(|(orgs, sub_policy)| {
        const NAMED: usize = 10;
        let named: Vec<&str> = orgs.iter().copied().take(NAMED).collect();
        let more = match orgs.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(
            "; counted without a policy `{sub_policy}`, and so never one of those who endorse: `{}`{more}",
            named.join("`, `")
        )
    });
    let silent = silent.unwrap_or_default();
    let rule = if changes { "; the rule changes" } else { "" };
    format!("{end} {start}, where a chaincode follows `{policy}`{servers}{silent}{rule}")
}

fn organisations(count: usize) -> String {
    match count {
        1 => "1 organisation".to_owned(),
        _ => format!("{count} organisations"),
    }
}

/// How many organisations must at least endorse what a chaincode writes: where it follows `agreed`,
/// a path or a rule, or the channel's usual policy. `None` where there is no such policy, or nobody
/// could satisfy it.
#[must_use]
pub fn endorsements_needed(bundle: &Bundle, agreed: Option<&str>) -> Option<usize> {
    let policy = agreed.unwrap_or(POLICY);
    let rule = rule_alone(policy);
    Asked::of(bundle, policy, rule.as_ref())?.needed()
}

/// Whether the servers of these organisations are enough for what a chaincode writes, where it follows
/// `agreed`, likewise. `None` where there is no such policy, or nobody could satisfy it.
#[must_use]
pub fn could_endorse(
    bundle: &Bundle,
    agreed: Option<&str>,
    servers: &BTreeSet<MspId>,
) -> Option<bool> {
    let policy = agreed.unwrap_or(POLICY);
    let rule = rule_alone(policy);
    let asked = Asked::of(bundle, policy, rule.as_ref())?;
    asked.needed()?;
    Some(asked.is_enough(servers))
}

/// A set of policies with this rule of Fabric's language alone; `None` where the text is no rule (a
/// path).
pub(crate) fn rule_alone(policy: &str) -> Option<PolicyManager> {
    const SIGNATURE: i32 = 1;
    let rule = parse_policy(policy).ok()?;
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    builder.policy(root, "Rule", SIGNATURE, &rule).ok()?;
    builder.finish().ok()
}

/// A policy that is asked about endorsements, and whom it knows.
struct Asked<'a> {
    policies: &'a PolicyManager,
    id: PolicyId,
    msps: &'a Msps,
}

impl<'a> Asked<'a> {
    fn of(bundle: &'a Bundle, policy: &str, rule: Option<&'a PolicyManager>) -> Option<Self> {
        let policies = rule.unwrap_or_else(|| bundle.policies());
        let id = match rule {
            Some(rule) => rule.iter().next(),
            None => policies.absolute(policy),
        };
        Some(Self {
            policies,
            id: id?,
            msps: bundle.msps(),
        })
    }

    fn needed(&self) -> Option<usize> {
        let effort = self.policies.efforts(self.msps).of(self.id)?;
        // organisations count once in an implicit meta policy, however many signatures each needs
        let counted = self.policies.meta_count(self.id);
        Some(counted.map_or(effort.signatures, |(needed, _)| needed))
    }

    /// How many organisations an implicit meta policy counts; `None` of a rule.
    fn counted(&self) -> Option<usize> {
        let (_, all) = self.policies.meta_count(self.id)?;
        Some(all)
    }

    /// Signatures that a rule needs, for people: of how many organisations it names.
    fn signatures(&self, needed: usize) -> String {
        let principals = self.policies.principals(self.id);
        let named: BTreeSet<&MspId> = principals.iter().filter_map(Principal::msp_id).collect();
        let needed = match needed {
            1 => "1 signature".to_owned(),
            _ => format!("{needed} signatures"),
        };
        match named.len() {
            1 => format!("{needed} of the organisation that it names"),
            named => format!("{needed} of the {named} organisations that it names"),
        }
    }

    fn is_enough(&self, servers: &BTreeSet<MspId>) -> bool {
        let nobody = SignerSet::default();
        (self.policies).could_pass(self.msps, &[self.id], &nobody, servers)
    }
}
