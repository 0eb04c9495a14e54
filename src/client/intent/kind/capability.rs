//! Capability levels.

use serde_json::json;

use super::super::{
    drawn::{Drawn, nothing},
    form,
    sketch::{Sketch, value_path},
};
use crate::{
    client::{ClientError, Exit},
    config::{Bundle, LevelScope},
};

/// Another level of a section, in the place of those that it has.
// Fabric: common/capabilities: a binary that does not know a level ends itself
pub(in crate::client::intent) fn draw(
    bundle: &Bundle,
    section: &str,
    level: &str,
) -> Result<Drawn, ClientError> {
    let scope = scope(section)?;
    if !scope.known().contains(&level) {
        let text = format!("Fabric has no {} level `{level}`", scope.name());
        return Err(ClientError::new(Exit::Usage, "UNKNOWN_LEVEL", text)
            .hint(format!("there are {}", scope.known().join(", "))));
    }
    let Some(group) = bundle.tree().group(scope.group()) else {
        let text = format!("the channel has no {} section", scope.name());
        return Err(ClientError::new(Exit::Usage, "UNKNOWN_PATH", text));
    };
    let value = group.value("Capabilities");
    let form = value.map(form::of_value).transpose()?;
    let levels = form
        .as_ref()
        .and_then(|form| form.get("capabilities")?.as_object());
    let now: Vec<String> = levels
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    if now.iter().map(String::as_str).eq([level]) {
        return Err(nothing(&format!(
            "the {} level is {level} already",
            scope.name()
        )));
    }
    let new = value.is_none().then_some("Admins");
    let content = json!({ "capabilities": { level: {} } });
    let sketch = Sketch::content(value_path(scope.group(), "Capabilities"), content, new);
    let name = format!("capability-{}-{level}", scope.name());
    let mut drawn = Drawn::new(sketch, name, format!("{} capability {level}", scope.name()));
    let rank = |level: &str| scope.known().iter().position(|known| *known == level);
    if now.iter().any(|known| rank(known) > rank(level)) {
        return Ok(drawn);
    }
    let nodes = match scope {
        LevelScope::Application => "peer",
        LevelScope::Channel => "peer and every orderer",
        LevelScope::Orderer => "orderer",
    };
    let release = level.trim_start_matches('V').replace('_', ".");
    drawn.note(format!(
        "every {nodes} must run Fabric {release} or later before this takes effect: one that does not \
         know a level stops"
    ));
    Ok(drawn)
}

/// The section of this name.
///
/// # Errors
/// `UNKNOWN_SECTION`, with those that there are.
pub(in crate::client::intent) fn scope(name: &str) -> Result<LevelScope, ClientError> {
    let lower = name.to_lowercase();
    let found = LevelScope::ALL.into_iter().find(|scope| {
        let path = format!("/Channel/{}", scope.group().join("/"));
        scope.name() == lower || path.trim_end_matches('/') == name
    });
    found.ok_or_else(|| {
        let text = format!("there is no section `{name}` that has levels");
        ClientError::new(Exit::Usage, "UNKNOWN_SECTION", text)
            .hint("there are channel, orderer, application")
    })
}
