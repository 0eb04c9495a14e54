//! Trust anchors as files: `<channel>.block` and `<channel>.disown` in one folder.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    block::ConfigBlock,
    contract::{Anchors, Disown},
    ids::{ChannelId, Sequence},
    text::foreign,
};

/// The longest anchor, in bytes: what fits a gRPC message of Fabric's nodes.
const LONGEST: u64 = 100 << 20;

/// A folder that an operator mounted; read anew at every call, so that a changed file counts at
/// once.
#[derive(Clone, Debug)]
pub(super) struct AnchorFolder {
    folder: PathBuf,
}

impl AnchorFolder {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Reads every file; the channels with an anchor, in the order of their names.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(super) fn check(&self) -> Result<Vec<ChannelId>, Vec<String>> {
        let folder = self.folder.display();
        let entries = fs::read_dir(&self.folder)
            .and_then(Iterator::collect::<io::Result<Vec<_>>>)
            .map_err(|error| {
                let why = unreadable(&self.folder, &error);
                vec![format!("cannot read the folder `{folder}`: {why}")]
            })?;
        let mut channels = Vec::new();
        let mut errors = Vec::new();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (channel, wrong) = if let Some(name) = name.strip_suffix(".block") {
                let channel = ChannelId::from(name);
                (Some(channel.clone()), self.anchor(&channel).err())
            } else if let Some(name) = name.strip_suffix(".disown") {
                (None, self.disown(&ChannelId::from(name)).err())
            } else {
                continue;
            };
            match wrong {
                Some(error) => errors.push(error),
                None => channels.extend(channel),
            }
        }
        channels.sort();
        errors.sort();
        if errors.is_empty() {
            Ok(channels)
        } else {
            Err(errors)
        }
    }

    /// The content of a channel's file; `None` where there is no such file.
    // SECURITY: the name of a channel comes from the peer; only legal ones reach the file system
    fn read(&self, channel: &ChannelId, ending: &str) -> Result<Option<Vec<u8>>, String> {
        if !is_channel_name(channel.as_str()) {
            return Err(format!("`{channel}` is no name of a channel"));
        }
        let path = self.folder.join(format!("{channel}.{ending}"));
        let mut content = Vec::new();
        let read = File::open(&path).and_then(|file| {
            file.take(LONGEST.saturating_add(1))
                .read_to_end(&mut content)
        });
        match read {
            Ok(read) if u64::try_from(read).is_ok_and(|n| n <= LONGEST) => Ok(Some(content)),
            Ok(_) => Err(format!("`{}` is longer than a block", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let why = unreadable(&path, &error);
                Err(format!("cannot read `{}`: {why}", path.display()))
            }
        }
    }
}

impl Anchors for AnchorFolder {
    fn anchor(&self, channel: &ChannelId) -> Result<Option<ConfigBlock>, String> {
        let Some(content) = self.read(channel, "block")? else {
            return Ok(None);
        };
        let hint = text_hint(&content);
        let block = ConfigBlock::parse(content.into())
            .and_then(|block| block.block().check_data_hash().map(|()| block))
            .map_err(|error| {
                format!("the anchor `{channel}.block` is no config block: {error}{hint}")
            })?;
        if block.channel_id() != channel {
            let other = block.channel_id();
            return Err(format!(
                "the anchor `{channel}.block` is a block of channel `{other}`"
            ));
        }
        Ok(Some(block))
    }

    fn disown(&self, channel: &ChannelId) -> Result<Option<Disown>, String> {
        let Some(content) = self.read(channel, "disown")? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&content);
        disowned(&text)
            .map(Some)
            .map_err(|problem| format!("`{channel}.disown`, {problem}"))
    }
}

/// Reads the two numbers of a `.disown` file.
fn disowned(text: &str) -> Result<Disown, String> {
    const WANTED: &str =
        "two numbers are meant: the epoch to be ended, and the first sequence that is false";
    let mut numbers = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        for word in content.split_ascii_whitespace() {
            let number: Result<u64, _> = word.parse();
            let number = number
                .map_err(|_| format!("line {line}: `{}` is no number; {WANTED}", foreign(word)))?;
            if numbers.len() == 2 {
                return Err(format!("line {line}: `{number}` is one too many; {WANTED}"));
            }
            numbers.push(number);
        }
    }
    match *numbers {
        [epoch, from] => Ok(Disown {
            epoch,
            from: Sequence(from),
        }),
        _ => Err(format!(
            "line {}: a number is missing; {WANTED}",
            text.lines().count().max(1)
        )),
    }
}

/// What to say of a block that is a text.
fn text_hint(content: &[u8]) -> &'static str {
    let start = content.trim_ascii_start();
    if start.starts_with(b"-----BEGIN") {
        "; its line 1 begins a PEM text, meant is what `peer channel fetch config` writes"
    } else if start.starts_with(b"{") {
        "; its line 1 begins a JSON text, meant is what `peer channel fetch config` writes, before \
         configtxlator decodes it"
    } else {
        ""
    }
}

/// Why something cannot be read, and what to do where its owner does not let us.
fn unreadable(path: &Path, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return error.to_string();
    }
    // the process's own folder belongs to the user that it runs as
    let user = fs::metadata("/proc/self")
        .map(|me| (me.uid(), me.gid()))
        .ok();
    match fs::metadata(path) {
        Ok(file) => format!(
            "{error}; {}",
            denied(file.uid(), file.gid(), file.mode(), user)
        ),
        Err(_) => format!("{error}; the folder that it stands in lets this user into nothing"),
    }
}

fn denied(owner: u32, group: u32, mode: u32, user: Option<(u32, u32)>) -> String {
    let user = user.map_or_else(
        || "this process is somebody else".to_owned(),
        |(uid, gid)| format!("this process runs as user {uid}, group {gid}"),
    );
    format!(
        "it belongs to user {owner}, group {group} and has mode {:04o}, {user}: run it with that group \
         (in Kubernetes `fsGroup: {group}`), or let others read it (`chmod o+r`; a folder `chmod o+rx`)",
        mode & 0o7777
    )
}

/// Whether a channel may have this name.
// Fabric: common/configtx/validator.go, validateChannelID.
pub(super) fn is_channel_name(name: &str) -> bool {
    name.len() < 250
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const GENESIS: &str = "tests/fabric-data/fabric-3.1.5-caps-v2/genesis.block";

    fn genesis() -> Vec<u8> {
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(GENESIS)).unwrap()
    }

    #[test]
    fn files_are_read_anew_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let anchors = AnchorFolder::new(folder.path().to_owned());
        let channel = ChannelId::from("mychannel");
        assert!(anchors.anchor(&channel).unwrap().is_none());
        assert_eq!(anchors.check(), Ok(vec![]));

        fs::write(folder.path().join("mychannel.block"), genesis()).unwrap();
        fs::write(folder.path().join("mychannel.disown"), "2 7\n").unwrap();
        fs::write(folder.path().join("README"), "not an anchor").unwrap();
        let anchor = anchors.anchor(&channel).unwrap().unwrap();
        assert_eq!(anchor.block().bytes(), &genesis());
        let disown = anchors.disown(&channel).unwrap().unwrap();
        assert_eq!((disown.epoch, disown.from), (2, Sequence(7)));
        assert_eq!(anchors.check(), Ok(vec![channel]));
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let anchors = AnchorFolder::new(folder.path().to_owned());
        let mut flipped = genesis();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for (name, content) in [
            ("garbage.block", b"garbage".to_vec()),
            ("mychannel.block", flipped),
            ("other.block", genesis()),
            ("Bad_Name.block", genesis()),
            ("mychannel.disown", b"2".to_vec()),
            ("other.disown", b"2 x".to_vec()),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let errors = anchors.check().unwrap_err();
        assert_eq!(errors.len(), 6, "{errors:#?}");
    }

    #[test]
    fn errors_name_the_line() {
        for (text, problem) in [
            ("", "line 1: a number is missing"),
            ("2\n", "line 1: a number is missing"),
            ("2\nx\n", "line 2: `x` is no number"),
            ("2 7\n\n8", "line 3: `8` is one too many"),
            ("-2 7", "line 1: `-2` is no number"),
        ] {
            let found = disowned(text).unwrap_err();
            assert!(found.starts_with(problem), "{found}");
        }
        assert!(text_hint(b"\n-----BEGIN CERTIFICATE-----").contains("PEM"));
        assert!(text_hint(b"{\"data\": {}}").contains("JSON"));
        assert_eq!(text_hint(&genesis()), "");
    }

    #[test]
    fn what_may_not_be_read_is_explained() {
        let text = denied(1000, 1001, 0o100_640, Some((65532, 65532)));
        for part in [
            "user 1000, group 1001",
            "mode 0640",
            "runs as user 65532, group 65532",
            "fsGroup: 1001",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_channel_name_cannot_leave_the_folder() {
        let anchors = AnchorFolder::new(PathBuf::from("/nonexistent"));
        for name in ["../etc/passwd", "a/b", "", ".", "..", "A"] {
            assert!(anchors.anchor(&ChannelId::from(name)).is_err(), "{name}");
        }
    }
}
