//! The files that were named, and the config by which something is judged.

use std::path::Path;

use crate::{
    cli::command::act::read,
    client::{
        ClientError, Exit,
        update::{
            FileConfig, FileUpdate, GivenFile, channel_of, check_same, compiled, signed_files,
        },
    },
    config::{Bundle, ConfigSignature, Update},
};

/// A file, read and recognised.
pub(super) fn given(path: &Path) -> Result<GivenFile, ClientError> {
    let name = match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    GivenFile::read(&name, read(path)?)
}

/// The config in a file.
pub(super) fn config(path: &Path) -> Result<FileConfig, ClientError> {
    given(path)?.into_config()
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

/// The signatures in files that were named for them, on this update. An update that was computed has the
/// bytes that were signed, where all sign the same: gives the update in those bytes.
pub(super) fn signatures(
    update: &Update,
    of: &str,
    is_computed: bool,
    paths: &[std::path::PathBuf],
) -> Result<(Update, Vec<ConfigSignature>), ClientError> {
    let files = paths.iter().map(|path| given(path));
    let files = signed_files(files.collect::<Result<_, _>>()?)?;
    let Some(first) = files.first() else {
        return Ok((update.clone(), Vec::new()));
    };
    let (update, of) = match is_computed {
        // configtxlator writes other bytes each time: those count that were signed
        true if crate::client::update::same_update(update, &first.update) => {
            (first.update.clone(), first.name.as_str())
        }
        _ => (update.clone(), of),
    };
    for file in &files {
        check_same(&update, of, file)?;
        if file.signatures.is_empty() {
            let text = format!("nobody has signed `{}`", file.name);
            return Err(ClientError::new(Exit::Usage, "NOT_SIGNED", text));
        }
    }
    let all = files.into_iter().flat_map(|file| file.signatures);
    Ok((update, all.collect()))
}
