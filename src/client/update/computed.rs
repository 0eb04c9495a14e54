//! The update that leads from one config to another, as `configtxlator compute_update` computes it.

use super::{
    given::{Encoding, FileConfig},
    plain::plain_forms,
    slips::slips,
};
use crate::{
    client::{ClientError, Exit, view::Remark},
    config::{
        ComputeError, ConfigTree, Patch, PatchLimits, PlainForms, Update, compute_update,
        edited_config, is_legal_channel_id,
    },
    ids::ChannelId,
};

/// What is read of files that this machine's own user named.
const LIMITS: PatchLimits = PatchLimits {
    patch_bytes: 32 << 20,
    patch_levels: 1_000,
};

/// An update, and what is worth a word about the files that it was made of.
#[derive(Clone, Debug)]
pub struct ComputedUpdate {
    /// The channel.
    pub channel: ChannelId,
    /// The update.
    pub update: Update,
    /// The config as it is wanted: the modified one, versions aside.
    pub wanted: ConfigTree,
    /// What is worth a word.
    pub remarks: Vec<Remark>,
}

/// What is made of a config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// The file is the whole config as it is wanted.
    Config,
    /// The file is a part of a config whose versions are modes.
    Patch,
}

impl ComputedUpdate {
    /// Computes. Of two configs as `compute_update` takes them, serialized or in JSON, the update is the
    /// one that it gives, in the one encoding whose maps are sorted. Where one comes out of a block or an
    /// envelope, or is JSON and the other is not, what says the same in other bytes is no change.
    ///
    /// # Errors
    /// `NOTHING_TO_CHANGE` (no); `NO_CHANNEL`, `WRONG_CHANNEL`, `BAD_CHANNEL`, `NO_CHANNEL_GROUP`,
    /// `BAD_PATCH`, `LOOKS_LIKE_CONFIG` (usage).
    pub fn new(
        channel: Option<&str>,
        original: &FileConfig,
        modified: &FileConfig,
        meant: Meant,
    ) -> Result<Self, ClientError> {
        let channel = channel_of(channel, &[original, modified])?;
        let current = &original.tree;
        let mut remarks = Vec::new();
        let wanted = match meant {
            Meant::Config => wanted(original, modified, &mut remarks)?,
            Meant::Patch => patched(original, modified)?,
        };
        let update = compute_update(&channel, current, &wanted)
            .map_err(|error| not_computed(error, original, modified))?;
        let update = Update::parse(update.into())
            .map_err(|error| ClientError::new(Exit::Failed, "BAD_UPDATE", error.to_string()))?;
        if meant == Meant::Config {
            slips(original, modified, &update, &mut remarks);
        }
        Ok(Self {
            channel,
            update,
            wanted,
            remarks,
        })
    }
}

/// The channel of an update: the one that is named, which files may not contradict.
///
/// # Errors
/// `NO_CHANNEL`, `WRONG_CHANNEL`, `BAD_CHANNEL` (usage).
pub fn channel_of(channel: Option<&str>, files: &[&FileConfig]) -> Result<ChannelId, ClientError> {
    let usage = |symbol: &str, text: String| ClientError::new(Exit::Usage, symbol, text);
    let mut named: Option<(ChannelId, &str)> = None;
    if let Some(channel) = channel {
        if !is_legal_channel_id(channel) {
            let text = format!("`{channel}` is no name of a channel");
            return Err(usage("BAD_CHANNEL", text)
                .hint("lower case letters, digits, `.` and `-`, beginning with a letter"));
        }
        named = Some((ChannelId::from(channel), "--channel"));
    }
    for file in files {
        let Some(own) = &file.channel else { continue };
        match &named {
            Some((channel, by)) if channel != own => {
                let text = format!(
                    "`{}` is of channel `{own}`, {by} says `{channel}`",
                    file.name
                );
                return Err(usage("WRONG_CHANNEL", text));
            }
            Some(_) => {}
            None => named = Some((own.clone(), file.name.as_str())),
        }
    }
    named.map(|(channel, _)| channel).ok_or_else(|| {
        let text =
            "a config does not say which channel it is of: name it with --channel, or CHANNEL_NAME";
        usage("NO_CHANNEL", text.to_owned())
            .hint("a config block says it: `peer channel fetch config` writes one")
    })
}

/// The modified config, where what says the same as the original stands as it stands there.
fn wanted(
    original: &FileConfig,
    modified: &FileConfig,
    remarks: &mut Vec<Remark>,
) -> Result<ConfigTree, ClientError> {
    if is_as_given(original, modified) {
        return Ok(modified.tree.clone());
    }
    let edited = |plain: Option<&PlainForms>| edited_config(&original.tree, &modified.tree, plain);
    let Some(forms) = plain_forms(original, modified) else {
        let text = "one of both has no form in the JSON of configtxlator, so what says the same in other \
                    bytes counts as a change";
        remarks.push(Remark::named("NO_JSON_FORM", text));
        return Ok(edited(None).unwrap_or_else(|_| modified.tree.clone()));
    };
    match edited(Some(&forms)) {
        Ok(wanted) => Ok(wanted),
        Err(error) => {
            if modified.tree.root().is_some() && original.tree.root().is_some() {
                remarks.push(Remark::named("FIELDS_LOST", error.to_string()));
            }
            Ok(modified.tree.clone())
        }
    }
}

/// Whether both are configs as `configtxlator compute_update` takes them, made in the same way.
fn is_as_given(original: &FileConfig, modified: &FileConfig) -> bool {
    let is_json = |config: &FileConfig| config.encoding == Encoding::Json;
    let is_bare = |config: &FileConfig| config.channel.is_none();
    match (is_json(original), is_json(modified)) {
        (true, true) => true,
        (false, false) => is_bare(original) && is_bare(modified),
        _ => false,
    }
}

/// The original with a patch.
fn patched(original: &FileConfig, patch: &FileConfig) -> Result<ConfigTree, ClientError> {
    let bad = |symbol: &str, why: &dyn std::fmt::Display| {
        let text = format!("`{}` cannot be taken as a patch: {why}", patch.name);
        ClientError::new(Exit::Usage, symbol, text)
    };
    let patch_bytes = patch.tree.encode();
    let read = Patch::parse(patch_bytes.into(), &LIMITS).map_err(|e| bad("BAD_PATCH", &e))?;
    if let Some(likeness) = read.config_likeness(&original.tree) {
        return Err(bad("LOOKS_LIKE_CONFIG", &likeness)
            .hint("without --patch it is taken as the whole config"));
    }
    read.apply(&original.tree)
        .map_err(|error| bad("BAD_PATCH", &error))
}

fn not_computed(error: ComputeError, original: &FileConfig, modified: &FileConfig) -> ClientError {
    let missing = |file: &FileConfig| {
        let text = format!("`{}` has no channel group", file.name);
        ClientError::new(Exit::Usage, "NO_CHANNEL_GROUP", text)
            .hint("the whole config is wanted: `{\"sequence\":..,\"channel_group\":..}`")
    };
    match error {
        ComputeError::NoOriginalGroup => missing(original),
        ComputeError::NoUpdatedGroup => missing(modified),
        ComputeError::NoDifferences => {
            let text = format!(
                "`{}` and `{}` say the same: there is nothing to update",
                original.name, modified.name
            );
            let error = ClientError::new(Exit::No, error.code(), text);
            match original.name == modified.name {
                true => error.hint("both are the same file"),
                false => error.hint("was the edited file saved, and is it in its place?"),
            }
        }
    }
}
