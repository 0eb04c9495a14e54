//! From what is written to a change that is proposed, judged here before anybody is asked.

use serde_json::Value;

use super::{drawn::nothing, form, sketch::Sketch};
use crate::{
    client::{ClientError, Exit, WantedChange},
    config::{Bundle, ConfigTree, ElementPath, GroupRef, Update, compute_update, is_in_effect},
    ids::MspId,
};

/// The change that a sketch makes, judged here before anybody is asked.
pub(super) fn finished(
    sketch: &Sketch,
    bundle: &Bundle,
    own: &MspId,
    hint: Option<&str>,
) -> Result<WantedChange, ClientError> {
    if sketch.is_empty() {
        return Err(nothing("the config is like that already"));
    }
    let mut change = WantedChange::Patch(sketch.patch().to_string());
    let mut wanted = wanted(&change, bundle, own)?;
    // in a patch no content says nothing; what is emptied is proposed as a computed update
    let emptied: Vec<&ElementPath> = (sketch.values())
        .filter(|(path, content)| form::to_bytes(path, content).is_ok_and(|bytes| bytes.is_empty()))
        .map(|(path, _)| path)
        .collect();
    if !emptied.is_empty() {
        let mut patch = sketch.patch();
        for path in emptied {
            overwrite(&mut patch, path, mod_policy(bundle.tree(), path));
        }
        let emptying = WantedChange::Patch(patch.to_string());
        wanted = self::wanted(&emptying, bundle, own)?;
        if !is_in_effect(bundle.tree(), &wanted) {
            change = WantedChange::Update(update(bundle, &wanted)?.bytes().clone());
        }
    }
    if is_in_effect(bundle.tree(), &wanted) {
        let text = format!("config {} is like that already", bundle.sequence());
        return Err(nothing(&text));
    }
    let update = update(bundle, &wanted)?;
    let refused = |why: &dyn std::fmt::Display| {
        let text = format!("an orderer would refuse it: {why}");
        let error = ClientError::new(Exit::Failed, "UPDATE_REFUSED", text);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    };
    let effect = bundle
        .effect(&update)
        .map_err(|refusal| refused(&refusal))?;
    match effect.next() {
        Err(refusal) if effect.terms().unknown_levels().is_empty() => {
            Err(with_way_out(refused(refusal), bundle, &wanted))
        }
        _ => Ok(change),
    }
}

/// A level that needs something else first says what.
fn with_way_out(error: ClientError, bundle: &Bundle, wanted: &ConfigTree) -> ClientError {
    let raises_bft = |tree: &ConfigTree| {
        let value = tree.root().and_then(|root| root.value("Capabilities"));
        value.is_some_and(|value| value.bytes().windows(4).any(|part| part == b"V3_0"))
    };
    if error.hint.is_some() || raises_bft(bundle.tree()) || !raises_bft(wanted) {
        return error;
    }
    error.hint(
        "channel level V3_0 wants endpoints of each organisation that runs orderers (cmscc propose \
         endpoints --org NAME HOST:PORT), and no addresses of all together (cmscc propose endpoints \
         --global --none); one batch can do all of it",
    )
}

fn wanted(change: &WantedChange, bundle: &Bundle, own: &MspId) -> Result<ConfigTree, ClientError> {
    change.wanted_config(bundle, own).map_err(|why| {
        let text = format!("what is wanted does not fit the config: {why}");
        ClientError::new(Exit::Usage, "BAD_INTENT", text)
    })
}

fn update(bundle: &Bundle, wanted: &ConfigTree) -> Result<Update, ClientError> {
    let failed = |why: &dyn std::fmt::Display| {
        let text = format!("no update leads there: {why}");
        ClientError::new(Exit::Failed, "BAD_INTENT", text)
    };
    let bytes =
        compute_update(bundle.channel(), bundle.tree(), wanted).map_err(|why| failed(&why))?;
    Update::parse(bytes.into()).map_err(|why| failed(&why))
}

/// The config after a part of the intents, compiled.
pub(super) fn after(bundle: &Bundle, sketch: &Sketch) -> Result<Bundle, ClientError> {
    let mut sketch = sketch.clone();
    sketch.drop_absent(|path| has(bundle.tree(), path));
    let change = WantedChange::Patch(sketch.patch().to_string());
    let tree = wanted(&change, bundle, &MspId::new(""))?;
    bundle.compile_next(tree).map_err(|error| {
        let text = format!("the config would not be valid up to there: {error}");
        ClientError::new(Exit::Usage, "BAD_ORDER", text)
            .hint("each intent must leave a valid config: another order may do that")
    })
}

fn parent<'a>(tree: &'a ConfigTree, path: &ElementPath) -> Option<GroupRef<'a>> {
    let keys = path.keys();
    let names = keys.get(1..keys.len().saturating_sub(1))?.iter();
    names
        .map(String::as_str)
        .try_fold(tree.root()?, |group, name| group.group(name))
}

pub(super) fn has(tree: &ConfigTree, path: &ElementPath) -> bool {
    parent(tree, path).is_some_and(|group| group.member(path.kind(), path.name()).is_some())
}

fn mod_policy<'a>(tree: &'a ConfigTree, path: &ElementPath) -> &'a str {
    let group = parent(tree, path).and_then(|group| group.value(path.name()));
    group.map_or("Admins", |value| value.mod_policy())
}

/// Makes a patch write a value whole.
fn overwrite(patch: &mut Value, path: &ElementPath, mod_policy: &str) {
    let mut at = patch.get_mut("channel_group");
    for name in path
        .keys()
        .iter()
        .skip(1)
        .take(path.keys().len().saturating_sub(2))
    {
        at = at.and_then(|group| group.get_mut("groups")?.get_mut(name));
    }
    let element = at.and_then(|group| {
        group
            .get_mut("values")?
            .get_mut(path.name())?
            .as_object_mut()
    });
    if let Some(element) = element {
        element.insert("version".to_owned(), Value::from("1"));
        element
            .entry("mod_policy")
            .or_insert_with(|| Value::from(mod_policy));
    }
}
