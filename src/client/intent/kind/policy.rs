//! Policies: their rules, and which of them decides about an element.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{
    drawn::{Drawn, nothing},
    form,
    place::{self, FoundElement, offered, split},
    sketch::{Sketch, Stroke},
};
use crate::{
    client::{ClientError, Exit, near::nearest},
    config::{Bundle, ElementKind, ElementPath, ElementRef, GroupRef, is_legal_key},
    ids::MspId,
    policy::{RULE_TEXT, print_rule},
};

/// Another rule of a policy. `create`: a policy that is not there, under the mod policy `Admins`.
pub(in crate::client::intent) fn rule(
    bundle: &Bundle,
    path: &str,
    text: &str,
    create: bool,
) -> Result<Drawn, ClientError> {
    let (above, name) = split(path);
    let group = place::group(bundle.tree(), above);
    let existing = match (create, group) {
        (true, Some(group)) if is_legal_key(name) => group.policy(name),
        (true, Some(_)) => {
            let text = format!("`{name}` is no name of a policy: letters, digits, dots, dashes");
            return Err(ClientError::new(Exit::Usage, "BAD_NAME", text));
        }
        _ => Some(place::policy(bundle.tree(), path).map_err(|error| {
            match (group, &error.hint) {
                (Some(_), None) => error.hint("--create makes one that is not there"),
                (Some(_), Some(near)) => {
                    let hint = format!("{near} --create makes one that is not there");
                    error.hint(hint)
                }
                (None, _) => error,
            }
        })?),
    };
    let group = group.or_else(|| existing.map(|policy| policy.group()));
    let Some(group) = group else {
        let text = format!("there is no group `{above}`");
        return Err(ClientError::new(Exit::Usage, "UNKNOWN_PATH", text));
    };
    let names = group.names().into_iter().map(str::to_owned);
    let element = ElementPath::new(ElementKind::Policy, names.chain([name.to_owned()]));
    let (kind, rule) = form::parse_rule(text)?;
    let printed = print_rule(kind, &rule, RULE_TEXT).unwrap_or_else(|| text.to_owned());
    if existing.is_some_and(|policy| policy.kind() == kind && policy.rule() == rule) {
        return Err(nothing(&format!("the rule of {path} is {printed} already")));
    }
    let content = form::of_rule(&element, kind, rule)?;
    check_names(bundle, group, &content)?;
    let new = existing.is_none().then_some("Admins");
    let id = format!(
        "policy-{}",
        path.trim_start_matches("/Channel/").replace('/', "-")
    );
    let words = format!("{path}: {printed}");
    Ok(Drawn::new(
        Sketch::content(element, content, new),
        id,
        words,
    ))
}

/// Refuses a rule that names who is not there: a sub policy that no group has, an organisation that is not
/// a member.
// Fabric: common/policies/implicitmeta.go, NewImplicitMetaPolicy: sub groups without the policy count as
// unsatisfied
fn check_names(bundle: &Bundle, group: GroupRef<'_>, content: &Value) -> Result<(), ClientError> {
    let value = content.get("value");
    if let Some(sub) = value.and_then(|value| value.get("sub_policy")?.as_str()) {
        let mut known: BTreeSet<String> = BTreeSet::new();
        for child in group.groups() {
            known.extend(child.policies().map(|policy| policy.name().to_owned()));
        }
        if known.contains(sub) {
            return Ok(());
        }
        let text = match group.groups().len() {
            0 => format!(
                "`{}` has no groups whose policies could be counted: a rule there names members",
                group.path()
            ),
            _ => format!("no group in `{}` has a policy `{sub}`", group.path()),
        };
        let error = ClientError::new(Exit::Usage, "UNKNOWN_POLICY", text);
        let known: Vec<String> = known.into_iter().collect();
        return Err(match known.is_empty() {
            true => error.hint("for example \"OR('Org1MSP.admin')\""),
            false => error.hint(format!("there are {}", known.join(", "))),
        });
    }
    let mut named = BTreeSet::new();
    let mut open: Vec<&Value> = value.into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let id = members.get("msp_identifier").and_then(Value::as_str);
                named.extend(id.map(MspId::from));
                open.extend(members.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    let known: BTreeSet<&str> = bundle.msps().iter().map(|msp| msp.id().as_str()).collect();
    let unknown = named.iter().find(|id| !known.contains(id.as_str()));
    unknown.map_or(Ok(()), |id| {
        let text = format!("the rule names `{id}`, which is no MSP id of the channel");
        let known: Vec<&str> = known.iter().copied().collect();
        Err(
            ClientError::new(Exit::Usage, "UNKNOWN_ORGANIZATION", text).hint(format!(
                "there are {}; an organisation that is to come comes first, or in the same batch",
                known.join(", ")
            )),
        )
    })
}

/// Another mod policy of an element.
// Fabric: common/configtx/update.go, policyForItem: of a group the name is seen from the group itself, of
// others from the group that holds them
pub(in crate::client::intent) fn mod_policy(
    bundle: &Bundle,
    path: &str,
    name: &str,
) -> Result<Drawn, ClientError> {
    let FoundElement { element, members } = place::find(bundle.tree(), path)?;
    let full = element.path();
    if !members.is_empty() {
        let text = format!("`{path}` is inside of {full}, and only that has a mod policy");
        return Err(ClientError::new(Exit::Usage, "UNKNOWN_PATH", text)
            .hint(format!("cmscc propose mod-policy {full} {name}")));
    }
    if element.mod_policy() == name {
        return Err(nothing(&format!(
            "the mod policy of {full} is {name} already"
        )));
    }
    let group = element.policy_group();
    if bundle.mod_policy(group, name).is_none() {
        let from = group.path();
        let text = match name.starts_with('/') {
            true => format!("there is no policy `{name}`"),
            false => format!(
                "there is no policy `{name}` in `{from}`, from where a mod policy of {full} is seen"
            ),
        };
        let error = ClientError::new(Exit::Usage, "UNKNOWN_POLICY", text);
        let known: Vec<String> = group
            .policies()
            .map(|policy| policy.name().to_owned())
            .collect();
        let near = nearest(
            name,
            known
                .iter()
                .cloned()
                .chain(place::policies(bundle.tree()))
                .collect(),
        );
        return Err(match near.is_empty() {
            true => error.hint(format!(
                "there are {}, and others by their paths, such as /Channel/Application/Admins",
                known.join(", ")
            )),
            false => offered(error, &near),
        });
    }
    let id = format!(
        "mod-policy-{}",
        full.trim_start_matches("/Channel/").replace('/', "-")
    );
    let stroke = Stroke::Patch {
        content: None,
        mod_policy: Some(name.to_owned()),
    };
    let words = format!("{full} is changed by {name}");
    let mut drawn = Drawn::new(Sketch::of(element.element_path(), stroke), id, words);
    if matches!(element, ElementRef::Group(_)) {
        drawn.note(format!(
            "the mod policy of a group decides who adds to {full} and removes from it; what is in it has \
             mod policies of its own"
        ));
    }
    Ok(drawn)
}
