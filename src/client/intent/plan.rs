//! From what an administrator says to what is proposed, on the config in force.

use serde_json::Value;

use super::{
    drawn::{Drawn, ID},
    finish::{after, finished, has},
    kind::{
        AddressChange, ConsenterIntent, RotationEnd, RotationStart, acl, addresses, capability,
        consenter, policy, rotation, value,
    },
    orgs,
    sketch::{Sketch, Stroke, value_path},
};
use crate::{
    client::{ClientError, Exit, WantedChange},
    config::{Bundle, ElementKind, ElementPath, Section},
    ids::MspId,
};

/// The longest text of a default description; others are cut. Unit: bytes.
const DESCRIBED: usize = 600;

/// What an administrator wants, as it was said.
#[derive(Clone, Debug)]
pub enum AskedIntent {
    /// Another policy for a resource: `acl RESOURCE POLICY`.
    Acl {
        /// The resource, such as `qscc/GetBlockByNumber`.
        resource: String,
        /// The policy, or `default`.
        policy: String,
    },
    /// Anchor peers of an organisation.
    AnchorPeers {
        /// Whose; one's own where nobody is named.
        org: Option<String>,
        /// What becomes of them.
        change: AddressChange,
    },
    /// Another capability level.
    Capability {
        /// `channel`, `orderer` or `application`.
        section: String,
        /// The level, such as `V2_5`.
        level: String,
    },
    /// A consenter comes, goes, or gets other certificates.
    Consenter(ConsenterIntent),
    /// Endpoints of orderers.
    Endpoints {
        /// Those of all orderers together, in `/Channel/OrdererAddresses`.
        global: bool,
        /// Whose; one's own where nobody is named.
        org: Option<String>,
        /// What becomes of them.
        change: AddressChange,
    },
    /// One that is said in other ways already.
    Known(WantedChange),
    /// Another mod policy of an element.
    ModPolicy {
        /// The element.
        path: String,
        /// The policy, by its path or as it is called from there.
        name: String,
    },
    /// Another rule of a policy.
    Policy {
        /// The policy.
        path: String,
        /// The rule.
        rule: String,
        /// Whether it may be a new one.
        create: bool,
    },
    /// The second step of a rotation: old CAs go.
    RotateEnd(RotationEnd),
    /// The first step of a rotation: new CAs come.
    RotateStart(RotationStart),
    /// One setting of a value.
    Set {
        /// The setting, such as `/Channel/Orderer/BatchSize/max_message_count`.
        path: String,
        /// What it becomes.
        value: String,
    },
}

/// What is proposed.
#[derive(Clone, Debug)]
pub struct PlannedIntent {
    /// The change.
    pub change: WantedChange,
    /// What the proposer should know beside what a review says.
    notes: Vec<String>,
    keeps_identities: bool,
    name: String,
    base: Option<String>,
    suffix: &'static str,
    description: String,
}

impl PlannedIntent {
    /// A change that is told so. `name`: what is done, for an id.
    pub(super) fn new(change: WantedChange, name: &str, description: String) -> Self {
        Self {
            change,
            notes: Vec::new(),
            keeps_identities: false,
            name: name.to_owned(),
            base: None,
            suffix: "",
            description,
        }
    }

    /// An id: one that begins with the proposer's MSP id is that member's alone. `number`: how often it
    /// was tried before.
    #[must_use]
    pub fn usual_id(&self, proposer: &MspId, number: usize) -> Option<String> {
        if self.name.is_empty() {
            return None;
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if !proposer.as_str().chars().all(legal) {
            return None;
        }
        let again = match number {
            0 => String::new(),
            number => format!("-{}", number.saturating_add(1)),
        };
        if let Some(base) = &self.base {
            return Some(format!("{base}{again}"));
        }
        let name: String = (self.name.chars())
            .map(|c| if legal(c) { c } else { '-' })
            .collect();
        let taken = proposer.as_str().len() + 1 + again.len() + self.suffix.len();
        let room = 64usize.checked_sub(taken).filter(|room| *room > 2)?;
        let name = name.get(..room.min(name.len()))?.trim_end_matches('-');
        Some(format!("{proposer}.{name}{again}"))
    }

    /// The whole id of the proposal, from what the proposer called it, or from the usual one.
    #[must_use]
    pub fn id(&self, given: &str) -> String {
        match given.ends_with(self.suffix) {
            true => given.to_owned(),
            false => format!("{given}{}", self.suffix),
        }
    }

    /// What the proposer should know beside what a review says. `given`: the id, as for [`Self::id`].
    #[must_use]
    pub fn notes(&self, given: &str) -> Vec<String> {
        let base = given.strip_suffix(self.suffix).unwrap_or(given);
        self.notes
            .iter()
            .map(|note| note.replace(ID, base))
            .collect()
    }

    /// Whether nobody may lose membership or a role by it.
    #[must_use]
    pub const fn keeps_identities(&self) -> bool {
        self.keeps_identities
    }

    /// What the others read where the proposer says nothing else. `given`: the id, as for [`Self::id`].
    #[must_use]
    pub fn description(&self, given: &str) -> Option<String> {
        let base = given.strip_suffix(self.suffix).unwrap_or(given);
        (!self.description.is_empty()).then(|| self.description.replace(ID, base))
    }
}

/// Plans intents as one proposal, one after the other, each on what those before make of the config.
/// `from`: the intent of another proposal, as JSON, which comes first.
///
/// # Errors
/// What cannot be done, with what could; `NOTHING_TO_CHANGE` (the answer is no); `UPDATE_REFUSED` where an
/// orderer would refuse it.
pub fn plan(
    intents: &[AskedIntent],
    from: Option<&OtherIntent>,
    bundle: &Bundle,
    own: &MspId,
) -> Result<PlannedIntent, ClientError> {
    if let ([AskedIntent::Known(change)], None) = (intents, from) {
        return known_alone(change, bundle, own);
    }
    let mut all = Sketch::default();
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut compiled: Option<Bundle> = None;
    if let Some(from) = from {
        all.merge(from.sketch.clone());
        compiled = (!intents.is_empty())
            .then(|| after(bundle, &all))
            .transpose()?;
    }
    let several = intents.len() > 1;
    for (number, intent) in (1..).zip(intents) {
        let on = compiled.as_ref().unwrap_or(bundle);
        let place = |mut error: ClientError| {
            if several {
                error.message = format!("intent {number}: {}", error.message);
            }
            error
        };
        let one = intent.draw(on, own).map_err(place)?;
        all.merge(one.sketch.clone());
        drawn.push(one);
        if number < intents.len() {
            compiled = Some(after(bundle, &all).map_err(place)?);
        }
    }
    all.drop_absent(|path| has(bundle.tree(), path));
    let told = Told::of(&drawn, from);
    let change = finished(&all, bundle, own, told.hint.as_deref())?;
    Ok(PlannedIntent {
        change,
        notes: told.notes,
        keeps_identities: drawn.iter().any(|one| one.keeps_identities),
        name: told.name,
        base: told.base,
        suffix: told.suffix,
        description: told.description,
    })
}

/// The intent of another proposal.
#[derive(Clone, Debug)]
pub struct OtherIntent {
    id: String,
    description: String,
    sketch: Sketch,
}

impl OtherIntent {
    /// Reads it: the member `patch` of what the contract says of a proposal.
    ///
    /// # Errors
    /// `BAD_INTENT`.
    pub fn read(id: &str, description: &str, patch: &str) -> Result<Self, ClientError> {
        let document: Option<Value> = serde_json::from_str(patch).ok();
        let sketch = document.as_ref().and_then(Sketch::read);
        let sketch = sketch.filter(|sketch| !sketch.is_empty()).ok_or_else(|| {
            let text = format!("the intent of `{id}` cannot be read");
            ClientError::new(Exit::Failed, "BAD_INTENT", text)
        })?;
        Ok(Self {
            id: id.to_owned(),
            description: description.to_owned(),
            sketch,
        })
    }

    /// The config with this intent in it.
    ///
    /// # Errors
    /// `BAD_INTENT` where it does not fit the config any more.
    pub(super) fn applied(&self, bundle: &Bundle) -> Result<Bundle, ClientError> {
        after(bundle, &self.sketch)
    }

    /// The id of that proposal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// How all of it is told.
struct Told {
    name: String,
    base: Option<String>,
    suffix: &'static str,
    description: String,
    notes: Vec<String>,
    hint: Option<String>,
}

impl Told {
    fn of(drawn: &[Drawn], from: Option<&OtherIntent>) -> Self {
        let mut words: Vec<String> = Vec::new();
        if let Some(from) = from {
            let said = match from.description.is_empty() {
                true => String::new(),
                false => format!(" ({})", from.description),
            };
            words.push(format!("as {}{said}", from.id));
        }
        words.extend(drawn.iter().map(|one| one.description.clone()));
        let mut description = words.join("; ");
        if description.len() > DESCRIBED && words.len() > 1 {
            let mut end = DESCRIBED;
            while !description.is_char_boundary(end) {
                end = end.saturating_sub(1);
            }
            description.truncate(end);
            description.push_str(" ..");
        }
        let (name, suffix, hint) = match (drawn, from) {
            ([one], None) => (one.name.clone(), one.suffix, one.hint.clone()),
            ([], Some(from)) => {
                let (_, name) = from.id.split_once('.').unwrap_or(("", &from.id));
                (name.to_owned(), "", None)
            }
            _ => ("batch".to_owned(), "", None),
        };
        let base = match (drawn, from) {
            ([one], None) => one.base.clone(),
            _ => None,
        };
        Self {
            name,
            base,
            suffix,
            description,
            notes: drawn.iter().flat_map(|one| one.notes.clone()).collect(),
            hint,
        }
    }
}

/// An intent that has a function of the contract's own.
fn known_alone(
    change: &WantedChange,
    bundle: &Bundle,
    own: &MspId,
) -> Result<PlannedIntent, ClientError> {
    let change = match change {
        WantedChange::RemoveOrganization { name } => {
            let org = orgs::organization(bundle, Section::Application, Some(name), own)?;
            WantedChange::RemoveOrganization {
                name: org.name.to_owned(),
            }
        }
        other => other.clone(),
    };
    let (name, description) = change.usual(own).unwrap_or_default();
    Ok(PlannedIntent {
        change,
        notes: Vec::new(),
        keeps_identities: false,
        name,
        base: None,
        suffix: "",
        description,
    })
}

impl AskedIntent {
    fn draw(&self, bundle: &Bundle, own: &MspId) -> Result<Drawn, ClientError> {
        match self {
            Self::Acl { resource, policy } => acl::draw(bundle, resource, policy),
            Self::AnchorPeers { org, change } => {
                addresses::anchor_peers(bundle, own, org.as_deref(), change)
            }
            Self::Capability { section, level } => capability::draw(bundle, section, level),
            Self::Consenter(intent) => consenter::draw(bundle, intent),
            Self::Endpoints {
                global: true,
                change,
                ..
            } => addresses::global_addresses(bundle, change),
            Self::Endpoints { org, change, .. } => {
                addresses::endpoints(bundle, own, org.as_deref(), change)
            }
            Self::Known(change) => known_drawn(change, bundle, own),
            Self::ModPolicy { path, name } => policy::mod_policy(bundle, path, name),
            Self::Policy { path, rule, create } => policy::rule(bundle, path, rule, *create),
            Self::RotateEnd(end) => rotation::end(bundle, own, end),
            Self::RotateStart(start) => rotation::start(bundle, own, start),
            Self::Set { path, value } => value::draw(bundle, path, value),
        }
    }
}

/// The same as part of several.
fn known_drawn(change: &WantedChange, bundle: &Bundle, own: &MspId) -> Result<Drawn, ClientError> {
    let (name, description) = change.usual(own).unwrap_or_default();
    let document = |text: &str| {
        serde_json::from_str::<Value>(text).map_err(|error| {
            let text = format!("it is no JSON: {error}");
            ClientError::new(Exit::Usage, "BAD_JSON", text)
        })
    };
    let group = |name: &str| ElementPath::new(ElementKind::Group, ["Application", name]);
    let sketch = match change {
        WantedChange::AddOrganization { name, group: text } => {
            Sketch::of(group(name), Stroke::Whole(document(text)?))
        }
        WantedChange::RemoveOrganization { name } => {
            let org = orgs::organization(bundle, Section::Application, Some(name), own)?;
            Sketch::of(group(org.name), Stroke::Delete)
        }
        WantedChange::SetMsp(text) => {
            let value = document(text)?;
            let content = value.get("value").cloned().unwrap_or_default();
            let mut sketch = Sketch::default();
            for org in orgs::everywhere(bundle, own) {
                let path = value_path(&[org.section.name(), org.name], "MSP");
                sketch.merge(Sketch::content(path, content.clone(), None));
            }
            sketch
        }
        WantedChange::Patch(text) => Sketch::read(&document(text)?).ok_or_else(|| {
            let text = "the patch cannot be read: versions in it are modes, 0 to 2";
            ClientError::new(Exit::Usage, "BAD_INTENT", text)
        })?,
        WantedChange::Config(_) | WantedChange::Update(_) => {
            let text = "a whole config or a computed update goes together with nothing else";
            return Err(ClientError::new(Exit::Usage, "BAD_INTENT", text));
        }
    };
    let name = match name.is_empty() {
        true => "batch".to_owned(),
        false => name,
    };
    Ok(Drawn::new(sketch, name, description))
}
