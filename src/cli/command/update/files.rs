//! The files that were named, and the config by which something is judged.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    cli::{args::ChannelArg, command::act::read},
    client::{
        ClientError,
        update::{CollectedSignatures, FileConfig, FileUpdate, GivenFile, channel_of, compiled},
    },
    config::{Bundle, Update},
};

/// A file, read and recognised.
pub(super) fn given(path: &Path) -> Result<GivenFile, ClientError> {
    GivenFile::read(&named(path), read(path)?)
}

fn named(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// The config in a file.
pub(super) fn config(path: &Path) -> Result<FileConfig, ClientError> {
    given(path)?.into_config()
}

/// The config as it is wanted, in a file.
pub(super) fn wanted(path: &Path) -> Result<FileConfig, ClientError> {
    given(path)?.into_wanted()
}

/// The channel where no file says it: the flag, or the variables that other commands take it from.
#[expect(
    clippy::disallowed_methods,
    reason = "which channel it is says the environment, as with other commands"
)]
pub(super) fn channel(named: &ChannelArg, files: &[&FileConfig]) -> Option<String> {
    let is_said = files.iter().any(|file| file.channel.is_some());
    let mut variables = ["CMSCC_CHANNEL", "CHANNEL_NAME"].into_iter();
    match (&named.channel, is_said) {
        (Some(channel), _) => Some(channel.clone()),
        (None, true) => None,
        (None, false) => {
            variables.find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
        }
    }
}

/// The update in a file.
pub(super) fn update(path: &Path) -> Result<FileUpdate, ClientError> {
    given(path)?.into_update()
}

/// The config by which an update is judged, where its channel is the one of the update unless the files or
/// a flag say another one.
pub(super) fn bundle(
    channel: Option<&str>,
    against: &FileConfig,
    update: &Update,
) -> Result<Bundle, ClientError> {
    let channel = match (channel, &against.channel) {
        (None, None) => Some(update.channel_id()),
        (channel, _) => channel,
    };
    let channel = channel_of(channel, &[against])?;
    compiled(&against.name, &channel, &against.tree)
}

/// The signatures on an update in files that were named for them.
pub(super) fn signatures(
    update: &Update,
    of: &str,
    is_computed: bool,
    paths: &[PathBuf],
) -> Result<CollectedSignatures, ClientError> {
    let files = paths
        .iter()
        .map(|path| Ok(GivenFile::read(&named(path), read(path)?)));
    let files = files.collect::<Result<Vec<_>, ClientError>>()?;
    Ok(CollectedSignatures::of(update, of, is_computed, files))
}
