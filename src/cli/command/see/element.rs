//! One element of a config in Fabric's JSON form. Configs may be nested deeper than a JSON tree can
//! hold, so each level is opened by itself.

use serde_json::{Value, value::RawValue};

use crate::{
    cli::screen::RawMembers,
    client::{ClientError, Exit},
};

/// The kinds of what stands in a group, in the order in which a name is looked for.
const KINDS: [&str; 3] = ["groups", "values", "policies"];

/// The element at a path, such as `/Channel/Orderer/BatchSize`, of a config; pretty where it is not
/// nested too deep.
pub(super) fn element(config: &str, path: &str) -> Result<String, ClientError> {
    let mut names = path.trim_matches('/').split('/');
    if names.next() != Some("Channel") {
        let text = format!("`{path}` does not begin with `/Channel`");
        return Err(ClientError::new(Exit::Usage, "BAD_PATH", text));
    }
    let mut here = member(config, "channel_group", path)?;
    let mut place = "/Channel".to_owned();
    for name in names {
        here = inside(&here, name, path, &place)?;
        place = format!("{place}/{name}");
    }
    let pretty = serde_json::from_str::<Value>(here.get()).map(|value| format!("{value:#}"));
    Ok(pretty.unwrap_or_else(|_| here.get().to_owned()))
}

/// What stands in an element under a name: a group, a value or a policy, or a member of its JSON form.
fn inside(
    element: &RawValue,
    name: &str,
    path: &str,
    place: &str,
) -> Result<Box<RawValue>, ClientError> {
    let members = open(element.get(), path)?;
    let mut there: Vec<String> = Vec::new();
    for kind in KINDS {
        let Some(list) = members.get(kind) else {
            continue;
        };
        let mut list = open(list.get(), path)?;
        if let Some(found) = list.remove(name) {
            return Ok(found);
        }
        there.extend(list.into_keys());
    }
    if there.is_empty() {
        let mut members = members;
        if let Some(found) = members.remove(name) {
            return Ok(found);
        }
        // as `propose set` names a setting of a value
        if let Some(value) = members.get("value")
            && let Ok(mut inside) = open(value.get(), path)
            && let Some(found) = inside.remove(name)
        {
            return Ok(found);
        }
        there.extend(members.into_keys());
    }
    let text = format!("there is no `{name}` in `{place}`");
    let error = ClientError::new(Exit::Failed, "NO_ELEMENT", text);
    Err(error.hint(format!("there are: {}", there.join(", "))))
}

fn member(text: &str, name: &str, path: &str) -> Result<Box<RawValue>, ClientError> {
    open(text, path)?.remove(name).ok_or_else(|| {
        let text = format!("the config has no `{name}`");
        ClientError::new(Exit::Failed, "NO_ELEMENT", text)
    })
}

fn open(text: &str, path: &str) -> Result<RawMembers, ClientError> {
    serde_json::from_str(text).map_err(|_| {
        let text = format!("`{path}` goes into something that has no members");
        ClientError::new(Exit::Failed, "NO_ELEMENT", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_paths() {
        let config = r#"{"channel_group":{"groups":{"Orderer":{"groups":{},"policies":{"Admins":{"policy":1}},
            "values":{"BatchSize":{"mod_policy":"Admins","value":{"max_message_count":10}}}}},"values":{}},"sequence":"3"}"#;
        let get = |path: &str| element(config, path);
        assert_eq!(
            get("/Channel/Orderer/Admins").unwrap(),
            "{\n  \"policy\": 1\n}"
        );
        assert!(
            get("/Channel/Orderer/BatchSize/")
                .unwrap()
                .contains("max_message_count")
        );
        assert_eq!(
            get("/Channel/Orderer/BatchSize/value/max_message_count").unwrap(),
            "10"
        );
        assert_eq!(
            get("/Channel/Orderer/BatchSize/max_message_count").unwrap(),
            "10"
        );
        assert!(get("/Channel").unwrap().contains("Orderer"));
        let error = get("/Channel/Orderer/Batch").unwrap_err();
        assert_eq!(error.message, "there is no `Batch` in `/Channel/Orderer`");
        assert_eq!(error.hint.unwrap(), "there are: BatchSize, Admins");
        assert_eq!(get("/Orderer").unwrap_err().symbol, "BAD_PATH");
    }

    #[test]
    fn depth_is_no_matter() {
        let mut config = "1".to_owned();
        for _ in 0..5_000 {
            config = format!(r#"{{"a":{config}}}"#);
        }
        let config = format!(r#"{{"channel_group":{{"values":{{"Deep":{config}}}}}}}"#);
        assert!(element(&config, "/Channel/Deep/a/a").unwrap().len() > 10_000);
    }
}
