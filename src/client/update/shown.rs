//! What was found, in the form in which people and scripts see it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    checked::{CheckedUpdate, channel_creation, update_remarks},
    computed::ComputedUpdate,
    given::{FileConfig, FileUpdate, GivenContent, GivenFile},
    signatures::{MergedSignatures, claimed_signatures, judged_signatures},
};
use crate::{
    client::{
        ClientError, Exit, JudgedSettings, JudgedStatement,
        answers::same_shape,
        view::{
            CheckedView, ComputedView, FileView, InspectedConfigView, InspectedUpdateView,
            MergedView, ReadElementView, RefusalView, SettingsChangeView, StatementView,
            UpdateReviewView, WrittenGroupView,
        },
    },
    config::{Bundle, ConfigTree, GroupRef, Refusal, Update},
    files::{FileForm, FormDetail},
    ids::{ChannelId, Digest, Sequence},
    review::diff::{DiffRoom, diff_within},
};

/// How much is shown of what an update writes.
const ROOM: DiffRoom = DiffRoom {
    entries: 50_000,
    bytes: 8 << 20,
};

/// A file as people are told of it.
#[must_use]
pub fn file_view(file: &GivenFile) -> FileView {
    let (block, channel) = match &file.recognised.detail {
        FormDetail::Block(number, channel) => (Some(number.0), channel.clone()),
        FormDetail::Channel(channel) | FormDetail::Transaction(_, channel) => {
            (None, Some(channel.clone()))
        }
        FormDetail::Label(_) | FormDetail::None | FormDetail::Sequence(_) => (None, None),
    };
    FileView {
        advice: file.advice().map(str::to_owned),
        block_number: block,
        channel_id: channel.map(|channel| channel.to_string()),
        encoding: file.encoding.name().to_owned(),
        file: file.name.clone(),
        form: file.recognised.form.name().to_owned(),
        sequence: match &file.content {
            GivenContent::Config(config) if !config.is_bare_group => Some(config.tree.sequence().0),
            GivenContent::Config(_) | GivenContent::Other | GivenContent::Update(_) => None,
        },
        what: file.what(),
    }
}

/// The file with the config by which something is judged.
#[must_use]
pub fn against_view(config: &FileConfig) -> FileView {
    let number = config.block_number().map(|number| number.0);
    let form = match number {
        Some(_) => FileForm::Block,
        None => FileForm::Config,
    };
    let sequence = config.tree.sequence();
    FileView {
        advice: None,
        block_number: number,
        channel_id: config.channel.as_ref().map(ToString::to_string),
        encoding: config.encoding.name().to_owned(),
        file: config.name.clone(),
        form: form.name().to_owned(),
        sequence: Some(sequence.0),
        what: match number {
            Some(number) => format!("config {sequence}, block {number}"),
            None => format!("config {sequence}"),
        },
    }
}

/// What would become of an update.
///
/// # Errors
/// `ANSWER_UNREADABLE`, which no input leads to.
pub fn checked_view(
    bundle: &Bundle,
    against: FileView,
    checked: &CheckedUpdate,
) -> Result<CheckedView, ClientError> {
    Ok(CheckedView {
        against,
        channel_id: bundle.channel().to_string(),
        config_sequence: bundle.sequence().0,
        config_update_sha256: checked.update.digest().to_string(),
        orderer_says: checked.orderer_says.clone(),
        outcome: checked.outcome.name().to_owned(),
        refusal: checked.refusal.as_ref().map(refusal_view),
        remarks: checked.remarks.clone(),
        review: review_view(bundle, checked)?,
        signatures: judged_signatures(bundle, &checked.update, &checked.signatures),
        why: checked.why.clone(),
    })
}

fn refusal_view(refusal: &Refusal) -> RefusalView {
    RefusalView {
        code: refusal.code(),
        element: refusal.element().map(|element| element.path()),
        stage: refusal.stage().name().to_owned(),
        text: refusal.to_string(),
    }
}

fn review_view(bundle: &Bundle, checked: &CheckedUpdate) -> Result<UpdateReviewView, ClientError> {
    let Some(judged) = &checked.judged else {
        return Ok(UpdateReviewView::default());
    };
    let own = judged.shown(bundle, &judged.policies)?;
    Ok(UpdateReviewView {
        diff: own.diff,
        endorsement: own.endorsement,
        explanation: own.explanation,
        lint: own.lint,
        majorities: own.majorities,
        needs: judged.decision.needs.clone(),
        not_checked: judged.decision.not_checked.clone(),
    })
}

/// An update that was computed. `checked`: by the original config, where that can be judged by.
///
/// # Errors
/// `ANSWER_UNREADABLE`, which no input leads to.
pub fn computed_view(
    original: &FileConfig,
    computed: &ComputedUpdate,
    checked: Option<(&Bundle, &CheckedUpdate)>,
    file: Option<String>,
) -> Result<ComputedView, ClientError> {
    let bytes = computed.update.bytes();
    let mut remarks = computed.remarks.clone();
    let (mut review, mut refusal) = (UpdateReviewView::default(), None);
    if let Some((bundle, checked)) = checked {
        review = review_view(bundle, checked)?;
        refusal = checked.refusal.as_ref().map(refusal_view);
        remarks.extend(checked.remarks.iter().cloned());
    }
    if review.diff.is_none() {
        let diff = diff_within(&original.tree, &computed.wanted, ROOM);
        review.diff = Some(same_shape(&diff)?);
    }
    Ok(ComputedView {
        bytes: count(bytes.len()),
        channel_id: computed.channel.to_string(),
        config_update: STANDARD.encode(bytes),
        config_update_sha256: computed.update.digest().to_string(),
        file,
        from_sequence: original.tree.sequence().0,
        refusal,
        remarks,
        review,
    })
}

/// A config, in short.
#[must_use]
pub fn config_view(config: &FileConfig) -> InspectedConfigView {
    let root = config.tree.root();
    let sections = root.into_iter().flat_map(|root| root.groups());
    let mut organizations = Vec::new();
    for section in sections {
        match section.name() {
            "Consortiums" => {
                for consortium in section.groups() {
                    organizations.extend(consortium.groups().map(|org| org.path()));
                }
            }
            _ => organizations.extend(section.groups().map(|org| org.path())),
        }
    }
    let mut capabilities = Vec::new();
    for (name, group) in [
        ("channel", root),
        ("orderer", config.tree.group(&["Orderer"])),
        ("application", config.tree.group(&["Application"])),
    ] {
        let levels = group.map(levels).unwrap_or_default();
        if !levels.is_empty() {
            capabilities.push(format!("{name} {}", levels.join(", ")));
        }
    }
    InspectedConfigView {
        capabilities,
        config_sha256: Digest::of(&config.tree.encode()).to_string(),
        consensus: config.tree.group(&["Orderer"]).and_then(consensus),
        organizations,
    }
}

fn levels(group: GroupRef<'_>) -> Vec<String> {
    use prost::Message as _;
    let value = group.value("Capabilities");
    let bytes = value.map(|value| value.bytes()).unwrap_or_default();
    let read = crate::proto::common::Capabilities::decode(bytes);
    read.map(|read| read.capabilities.into_keys().collect())
        .unwrap_or_default()
}

fn consensus(orderer: GroupRef<'_>) -> Option<String> {
    use prost::Message as _;
    let value = orderer.value("ConsensusType")?;
    let read = crate::proto::orderer::ConsensusType::decode(value.bytes()).ok()?;
    Some(read.r#type)
}

/// An update, as far as it says what it does. `checked`: by a config that was named.
///
/// # Errors
/// `TOO_LARGE`.
pub fn update_view(
    given: &FileUpdate,
    checked: Option<CheckedView>,
) -> Result<InspectedUpdateView, ClientError> {
    let update = &given.update;
    let failed = |error: &dyn std::fmt::Display| {
        let text = format!("what `{}` writes cannot be told: {error}", given.name);
        ClientError::new(Exit::Failed, "TOO_LARGE", text)
    };
    let empty = ConfigTree::from_group(Sequence(0), bytes::Bytes::new());
    let empty = empty.map_err(|error| failed(&error))?;
    let writes = update.writes().map_err(|error| failed(&error))?;
    let groups = update.written_groups().into_iter();
    let remarks = match &checked {
        Some(checked) => checked.remarks.clone(),
        None => update_remarks(update),
    };
    let signatures = match &checked {
        Some(checked) => checked.signatures.clone(),
        None => claimed_signatures(update, &given.signatures),
    };
    let bytes = bytes::Bytes::copy_from_slice(update.bytes());
    let attests = JudgedStatement::read(&bytes).transpose()?;
    let settings = JudgedSettings::read(&ChannelId::from(update.channel_id()), &bytes).ok();
    let mut remarks = remarks;
    if attests.is_some() || settings.is_some() {
        remarks.retain(|one| one.id != "ISOLATED_DATA");
    }
    Ok(InspectedUpdateView {
        attests: attests.map(statement_view),
        bytes: count(update.bytes().len()),
        checked,
        config_update_sha256: update.digest().to_string(),
        creates_channel_for: channel_creation(update).map(|(_, consortium)| consortium),
        enveloped: given.is_enveloped,
        remarks,
        reads: reads(update),
        settings: settings.map(settings_view),
        signatures,
        written_groups: groups
            .map(|group| WrittenGroupView {
                from: group.from,
                keeps: group.keeps,
                path: group.path.path(),
                to: group.to,
            })
            .collect(),
        writes: same_shape(&diff_within(&empty, &writes, ROOM))?,
    })
}

/// What an orderer organisation attests.
#[must_use]
pub fn statement_view(judged: JudgedStatement) -> StatementView {
    StatementView {
        channel: judged.channel_levels,
        instance: judged.instance,
        msp_id: judged.msp_id,
        number: judged.number,
        orderer: judged.orderer_levels,
        since: judged.since,
    }
}

fn settings_view((proposal_id, judged): (String, JudgedSettings)) -> SettingsChangeView {
    SettingsChangeView {
        capabilities: judged.capabilities,
        current_sha256: judged.current_sha256,
        endorsement_policy: judged.endorsement_policy,
        gate: judged.gate.to_owned(),
        instance: judged.instance,
        proposal_id,
        version: judged.version,
    }
}

/// The groups of the read set, with their versions, in the order of the tree.
fn reads(update: &Update) -> Vec<ReadElementView> {
    let (mut out, mut open) = (Vec::new(), Vec::new());
    open.extend(update.read_set());
    let element = |kind: &str, path: String, version: u64| ReadElementView {
        kind: kind.to_owned(),
        path,
        version,
    };
    while let Some(group) = open.pop() {
        out.push(element("group", group.path(), group.version()));
        open.extend(group.groups());
        let values = group.values();
        out.extend(values.map(|one| element("value", one.path(), one.version())));
        let policies = group.policies();
        out.extend(policies.map(|one| element("policy", one.path(), one.version())));
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

/// Signatures of several files in one. `judged`: by a config that was named.
#[must_use]
pub fn merged_view(
    merged: &MergedSignatures,
    left_out: usize,
    judged: Option<(&Bundle, &CheckedUpdate)>,
    file: String,
) -> MergedView {
    MergedView {
        config_update_sha256: merged.update.digest().to_string(),
        duplicates: count(merged.duplicates),
        file,
        left_out: count(left_out),
        outcome: judged.map(|(_, checked)| checked.outcome.name().to_owned()),
        signatures: match judged {
            Some((bundle, _)) => judged_signatures(bundle, &merged.update, &merged.kept),
            None => claimed_signatures(&merged.update, &merged.kept),
        },
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
