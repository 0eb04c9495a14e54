//! Access control: which policy peers ask about a resource.

use serde_json::{Map, Value, json};

use super::super::{
    drawn::{Drawn, nothing},
    form,
    place::{offered, policies},
    sketch::{Sketch, Stroke, value_path},
};
use crate::{
    client::{ClientError, Exit, near::nearest},
    config::Bundle,
    review::lint::{PEER_WIDE, RESOURCES},
};

/// What a person writes in the place of a policy to have what peers do by default.
pub(in crate::client::intent) const DEFAULT: &str = "default";

/// Another policy for a resource.
// Fabric: common/channelconfig/acls.go, newAPIsProvider; core/aclmgmt/resourceprovider.go, CheckACL
pub(in crate::client::intent) fn draw(
    bundle: &Bundle,
    resource: &str,
    policy: &str,
) -> Result<Drawn, ClientError> {
    let knows_acls = bundle
        .application_capabilities()
        .is_some_and(|of| of.acls());
    if !knows_acls {
        let text = "ACLs need application level V1_2 or higher";
        return Err(ClientError::new(Exit::Usage, "LEVEL_TOO_LOW", text)
            .hint("cmscc propose capability application V2_5"));
    }
    let group = bundle.tree().group(&["Application"]);
    let value = group.and_then(|group| group.value("ACLs"));
    let form = value.map(form::of_value).transpose()?;
    let acls = form.as_ref().and_then(|form| form.get("acls")?.as_object());
    let mut acls: Map<String, Value> = acls.cloned().unwrap_or_default();
    let default = demand_resource(resource, acls.contains_key(resource))?;
    let name = format!("acl-{}", resource.replace('/', "-"));
    let path = value_path(&["Application"], "ACLs");
    if policy == DEFAULT {
        if acls.remove(resource).is_none() {
            let text = format!(
                "`{resource}` has no ACL: peers ask {}",
                default_words(default)
            );
            return Err(nothing(&text));
        }
        let words = format!("ACL of {resource}: as peers do by default");
        let sketch = match acls.is_empty() {
            true => Sketch::of(path, Stroke::Delete),
            false => Sketch::content(path, json!({ "acls": acls }), None),
        };
        return Ok(Drawn::new(sketch, name, words));
    }
    demand_policy(bundle, policy)?;
    let entry = json!({ "policy_ref": policy });
    if acls.get(resource) == Some(&entry) {
        return Err(nothing(&format!(
            "the ACL of `{resource}` is {policy} already"
        )));
    }
    let before = match acls
        .get(resource)
        .and_then(|entry| entry.get("policy_ref")?.as_str())
    {
        Some(policy) => policy.to_owned(),
        None => format!("{} by default", default_words(default)),
    };
    acls.insert(resource.to_owned(), entry);
    let new = value.is_none().then_some("Admins");
    let words = format!("ACL of {resource}: {policy}");
    let mut drawn = Drawn::new(
        Sketch::content(path, json!({ "acls": acls }), new),
        name,
        words,
    );
    drawn.note(format!(
        "peers ask {policy} about `{resource}` in the place of {before}"
    ));
    Ok(drawn)
}

/// The names of resources that a channel can decide about.
pub(in crate::client::intent) fn resources() -> impl Iterator<Item = &'static str> {
    RESOURCES.iter().map(|(name, _)| *name)
}

fn default_words(default: &str) -> &str {
    match default.is_empty() {
        true => "nothing of the channel",
        false => default,
    }
}

/// Refuses a resource about which no peer asks the channel; gives the policy that peers ask by default.
fn demand_resource(resource: &str, is_there: bool) -> Result<&'static str, ClientError> {
    let known = RESOURCES.iter().find(|(name, _)| *name == resource);
    match known {
        Some((_, default)) => return Ok(default),
        // one that is there may go, or change
        None if is_there => return Ok(""),
        None => {}
    }
    if PEER_WIDE.contains(&resource) {
        let text = format!("peers ask their own MSP about `{resource}`, whatever a channel says");
        return Err(
            ClientError::new(Exit::Usage, "UNKNOWN_RESOURCE", text).hint(format!(
                "a channel decides about {}",
                resources().collect::<Vec<_>>().join(", ")
            )),
        );
    }
    let text = format!("no peer asks about a resource `{resource}`");
    let error = ClientError::new(Exit::Usage, "UNKNOWN_RESOURCE", text);
    let near = nearest(resource, resources().map(str::to_owned).collect());
    Err(match near.is_empty() {
        true => error.hint(format!(
            "there are {}",
            resources().collect::<Vec<_>>().join(", ")
        )),
        false => offered(error, &near),
    })
}

/// Refuses a policy that is not there: an ACL names it by its path, or by a name below
/// `/Channel/Application`.
fn demand_policy(bundle: &Bundle, policy: &str) -> Result<(), ClientError> {
    let path = match policy.starts_with('/') {
        true => policy.to_owned(),
        false => format!("/Channel/Application/{policy}"),
    };
    if bundle.policies().absolute(&path).is_some() {
        return Ok(());
    }
    let text = format!("there is no policy `{path}`: every such request would fail");
    let error = ClientError::new(Exit::Usage, "UNKNOWN_POLICY", text);
    Err(offered(error, &nearest(&path, policies(bundle.tree()))))
}
