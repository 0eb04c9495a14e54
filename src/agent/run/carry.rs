//! Signature files of a folder. What was handed in goes to its folder `done`, what cannot be to `refused`,
//! with a text beside it that says why.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{observer::AgentDeed, state::ChannelAgent};
use crate::{
    agent::notice::theirs,
    client::{ChannelSession, ClientError, Exit, SignedUpdate},
};

/// So many files are handed in in one round.
const FILES: usize = 20;
/// So many entries of the folder are looked at.
const ENTRIES: usize = 10_000;
/// The largest file. Unit: bytes.
const LARGEST: u64 = 4 << 20;

impl ChannelAgent {
    /// Hands signature files in; says whether something was written.
    pub(super) async fn carry(&mut self, session: &ChannelSession) -> Result<bool, ClientError> {
        let Some(folder) = self.channel.rules.carry.clone() else {
            return Ok(false);
        };
        let found = files(&folder).map_err(|error| {
            let text = format!("cannot look into `{}`: {error}", folder.display());
            ClientError::new(Exit::Failed, "CARRY_UNREADABLE", text)
                .hint("`carry` in the agent's file names a folder that it may read and write")
        })?;
        let mut carried = false;
        for path in found.into_iter().take(FILES) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let name = theirs(&name);
            match hand_in(session, &path).await {
                Ok(ids) => {
                    for proposal_id in &ids {
                        self.did(&AgentDeed::Carried {
                            file: &name,
                            proposal_id,
                        });
                    }
                    put_away(&folder, &path, "done", None)?;
                    carried = true;
                }
                // nobody there: the file stays
                Err(error) if error.exit == Exit::Unreachable => return Err(error),
                Err(error) => {
                    let why = format!("{error} [{}]", error.symbol);
                    self.did(&AgentDeed::NotCarried {
                        file: &name,
                        why: &why,
                    });
                    put_away(&folder, &path, "refused", Some(&theirs(&why)))?;
                }
            }
        }
        Ok(carried)
    }
}

async fn hand_in(session: &ChannelSession, path: &Path) -> Result<Vec<String>, ClientError> {
    let content = read(path).map_err(|why| {
        let text = format!("the file cannot be used: {why}");
        ClientError::new(Exit::Usage, "BAD_SIGNATURE_FILE", text)
    })?;
    let signed = SignedUpdate::parse(&content)?;
    if signed.signatures.is_empty() {
        let text = "nobody has signed it";
        return Err(ClientError::new(Exit::Usage, "BAD_SIGNATURE_FILE", text));
    }
    if signed.channel != *session.chain().channel() {
        let text = format!("it is for channel `{}`", signed.channel);
        return Err(ClientError::new(Exit::Usage, "WRONG_CHANNEL", text));
    }
    let ids = session.matching(&signed).await?;
    for id in &ids {
        let (answer, _) = session.hand_in_signatures(id, &signed, &content).await?;
        if answer.added.is_empty()
            && answer.already.is_empty()
            && let Some(refused) = answer.refused.first()
        {
            return Err(ClientError::new(
                Exit::Failed,
                &refused.code,
                refused.reason.clone(),
            ));
        }
    }
    Ok(ids)
}

/// The files whose names end as those of signatures do, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(ENTRIES) {
        let path = entry?.path();
        let is_signature = path
            .extension()
            .is_some_and(|end| end == "sig" || end == "pb");
        let is_hidden =
            (path.file_name()).is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_signature && !is_hidden {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A regular file of bounded length; no link, and nothing that makes the reader wait.
// SECURITY: others may be let to write into the folder
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(|error| error.to_string())?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => "it is a link".to_owned(),
        _ => error.to_string(),
    })?;
    let about = file.metadata().map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut content = Vec::new();
    let read = file
        .take(LARGEST.saturating_add(1))
        .read_to_end(&mut content);
    read.map_err(|error| error.to_string())?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(content),
        _ => Err(format!("it has more than {LARGEST} bytes")),
    }
}

/// Moves a file into a folder beside it, so that it is not tried for ever.
fn put_away(folder: &Path, path: &Path, into: &str, why: Option<&str>) -> Result<(), ClientError> {
    let into = folder.join(into);
    let moved = || {
        fs::create_dir_all(&into)?;
        let name = path.file_name().unwrap_or_default();
        if let Some(why) = why {
            let mut text = name.to_owned();
            text.push(".why");
            fs::write(into.join(text), format!("{why}\n"))?;
        }
        fs::rename(path, into.join(name))
    };
    moved().map_err(|error: io::Error| {
        let text = format!(
            "cannot move `{}` to `{}`: {error}",
            path.display(),
            into.display()
        );
        ClientError::new(Exit::Failed, "CARRY_UNWRITABLE", text)
            .hint("`carry` in the agent's file names a folder that it may read and write")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_of_bounded_length_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.sig"), b"x").unwrap();
        fs::write(at("large.sig"), vec![0; 5 << 20]).unwrap();
        fs::write(at("other.txt"), b"x").unwrap();
        fs::write(at(".hidden.sig"), b"x").unwrap();
        symlink("/etc/passwd", at("link.sig")).unwrap();
        fs::create_dir(at("folder.sig")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe.sig"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let found = files(folder.path()).unwrap();
        let said: Vec<(String, Result<Vec<u8>, String>)> = found
            .iter()
            .map(|path| {
                (
                    path.file_name().unwrap().to_str().unwrap().to_owned(),
                    read(path),
                )
            })
            .collect();
        let expected = [
            ("a.sig", Ok("x")),
            ("folder.sig", Err("no regular file")),
            ("large.sig", Err("more than")),
            ("link.sig", Err("a link")),
            ("pipe.sig", Err("no regular file")),
        ];
        assert_eq!(said.len(), expected.len(), "{said:?}");
        for ((name, read), (expected_name, expected)) in said.iter().zip(expected) {
            assert_eq!(name, expected_name);
            match (read, expected) {
                (Ok(content), Ok(text)) => assert_eq!(content, text.as_bytes()),
                (Err(why), Err(part)) => assert!(why.contains(part), "{name}: {why}"),
                other => panic!("{name}: {other:?}"),
            }
        }
        put_away(
            folder.path(),
            &at("link.sig"),
            "refused",
            Some("it is a link"),
        )
        .unwrap();
        assert!(
            at("refused/link.sig")
                .symlink_metadata()
                .unwrap()
                .is_symlink()
        );
        assert_eq!(
            fs::read_to_string(at("refused/link.sig.why")).unwrap(),
            "it is a link\n"
        );
    }
}
