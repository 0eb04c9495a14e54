//! The config as a text in an editor: what is shown, what was typed, and where that is wrong.

use serde_json::Value;

use super::{
    super::{
        finish::finished,
        place,
        plan::{OtherIntent, PlannedIntent},
    },
    compare::{MisplacedEdit, compare},
    render,
    scan::{DocumentLines, MARK, without_comments, without_marks},
    unread::UnreadJson,
};
use crate::{
    client::{ClientError, Exit},
    config::Bundle,
    ids::MspId,
    text::{escaped_json, visible},
};

/// So many elements are named in a description.
const NAMED: usize = 4;

/// A config, or a group of one, that is edited.
#[derive(Debug)]
pub struct EditedConfig {
    /// What is in force.
    base: Value,
    /// The path of the group.
    path: String,
    text: String,
}

/// Why a text cannot be proposed, and on which of its lines.
#[derive(Debug)]
pub struct EditFault {
    /// The line, from 1; `None`: all of it.
    pub line: Option<usize>,
    /// What is wrong.
    pub error: ClientError,
}

impl EditedConfig {
    /// The config in force, or one of its groups. `from`: the intent of another proposal, which stands in
    /// the text already.
    ///
    /// # Errors
    /// `UNKNOWN_PATH` where there is no such group; `UNREADABLE_VALUE` where the config has no JSON form.
    pub fn new(
        bundle: &Bundle,
        from: Option<&OtherIntent>,
        group: Option<&str>,
    ) -> Result<Self, ClientError> {
        let path = group.unwrap_or("/Channel").trim_end_matches('/').to_owned();
        let base = part(bundle, &path)?;
        let shown = match from {
            None => base.clone(),
            Some(from) => part(&from.applied(bundle)?, &path)?,
        };
        let mut text = String::new();
        let started = match from {
            None => String::new(),
            Some(from) => format!(", with what {} wants", from.id()),
        };
        let (sequence, channel) = (bundle.sequence(), bundle.channel());
        for line in [
            format!("Config {sequence} of channel {channel}{started}: {path}").as_str(),
            "",
            "What you change here is what is proposed; with nothing changed, nothing is.",
            "Lines that begin with // are not read. Versions count by themselves.",
            "mod_policy names the policy that decides about an element.",
            "A policy is a rule: \"MAJORITY Admins\", \"ANY Readers\", or with members:",
            "  \"OR('Org1MSP.admin', 'Org2MSP.admin')\", also AND, OutOf(2, ..)",
        ] {
            text.push_str(format!("// {line}").trim_end());
            text.push('\n');
        }
        // SECURITY: members write names and certificates; an editor is a terminal as well
        text.push_str(&escaped_json(&render::text(&shown, &path)));
        Ok(Self { base, path, text })
    }

    /// What is shown in an editor.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is proposed: what the typed text says otherwise than the config in force.
    ///
    /// # Errors
    /// [`EditFault`]; `NOTHING_TO_CHANGE` where it says the same.
    pub fn plan(
        &self,
        typed: &str,
        bundle: &Bundle,
        own: &MspId,
    ) -> Result<PlannedIntent, Box<EditFault>> {
        let fault = |line: Option<usize>, symbol: &str, text: String| {
            let error = ClientError::new(Exit::Usage, symbol, text);
            Box::new(EditFault { line, error })
        };
        let plain = without_comments(&without_marks(typed));
        if plain.trim().is_empty() {
            let text = "the text is empty: nothing is proposed";
            return Err(Box::new(EditFault {
                line: None,
                error: ClientError::new(Exit::No, "NOTHING_TO_CHANGE", text),
            }));
        }
        let edited: Value = serde_json::from_str(&plain).map_err(|error| {
            let UnreadJson { line, words } = UnreadJson::of(&plain, &error);
            fault(Some(line), "BAD_JSON", words)
        })?;
        let lines = DocumentLines::of(&plain);
        if let Some((line, name)) = &lines.twice {
            let text = format!("`{name}` is there twice");
            return Err(fault(Some(*line), "BAD_JSON", text));
        }
        let names: Vec<String> = self.path.split('/').skip(2).map(str::to_owned).collect();
        let sketch = compare(&self.base, &edited, &names)
            .map_err(|MisplacedEdit { at, why }| fault(lines.line(&at), "BAD_VALUE", why))?;
        let change = finished(&sketch, bundle, own, None).map_err(|error| {
            let line = (paths(&error.message)).find_map(|path| lines.element(&self.path, &path));
            Box::new(EditFault { line, error })
        })?;
        let touched: Vec<String> = sketch.paths().map(|path| path.path()).collect();
        let more = touched.len().saturating_sub(NAMED);
        let shown: Vec<String> = touched.into_iter().take(NAMED).collect();
        let mut words = format!("edit of {}", shown.join(", "));
        if more > 0 {
            words = format!("{words} and {more} more");
        }
        Ok(PlannedIntent::new(change, "edit", words))
    }
}

impl EditFault {
    /// The typed text with what is wrong shown in it, at its place: lines that are not read again.
    #[must_use]
    pub fn marked(&self, typed: &str) -> String {
        let typed = without_marks(typed);
        let mut words = self.error.message.replace('\n', " ");
        if let Some(hint) = &self.error.hint {
            words = format!("{words}; {}", hint.replace('\n', " "));
        }
        let words = visible(&words);
        let lines: Vec<&str> = typed.lines().collect();
        // behind the last line stands what was not closed
        let at = self.line.map(|line| line.min(lines.len()));
        let mut out = match at {
            Some(line) => format!("{MARK} line {}: {words}\n", line.saturating_add(2)),
            None => format!("{MARK} {words}\n"),
        };
        for (number, line) in (1usize..).zip(lines) {
            if at == Some(number) {
                out.push_str(&format!("{MARK} the next line: {words}\n"));
            }
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

/// A group of the config as a document.
fn part(bundle: &Bundle, path: &str) -> Result<Value, ClientError> {
    let document = render::document(bundle.tree()).map_err(|why| {
        let text = format!("the config cannot be written as JSON: {why}");
        ClientError::new(Exit::Failed, "UNREADABLE_VALUE", text)
    })?;
    if place::group(bundle.tree(), path).is_none() {
        // the nearest paths, or that this is no group
        let found = place::find(bundle.tree(), path)?;
        let text = format!(
            "{} is no group, and a group is edited",
            found.element.path()
        );
        let (above, _) = place::split(path);
        return Err(
            ClientError::new(Exit::Usage, "UNKNOWN_PATH", text).hint(format!(
                "cmscc propose edit {above}, or cmscc propose set {path} VALUE"
            )),
        );
    }
    let mut names = path.split('/').skip(2);
    let found = names.try_fold(&document, |group, name| group.get("groups")?.get(name));
    Ok(found.cloned().unwrap_or_default())
}

/// The paths of elements in a text.
fn paths(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "/.-_".contains(c)))
        .filter(|word| word.starts_with("/Channel"))
        .map(|word| word.trim_end_matches(['.', '-']).to_owned())
}
