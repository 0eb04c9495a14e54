//! The files of one channel.

use std::{fs::File, path::Path};

use serde::Serialize;

use super::{
    holds::Holds,
    journal::{Journal, Submitting, line},
    report::ChannelReport,
};
use crate::{
    agent::notice::Notice,
    client::{ClientError, Exit, StateFolder},
    ids::ChannelId,
};

/// The largest files that are read. Unit: bytes.
const LARGEST: u64 = 64 << 20;
/// The largest memory that is read, and written. Unit: bytes.
pub(in crate::agent) const MEMORY: usize = 64 << 20;
/// So large dead letters get before the older ones go. Unit: bytes.
const DEAD_LETTERS: u64 = 8 << 20;

/// The files of an agent about one channel.
#[derive(Clone, Debug)]
pub struct AgentFolder {
    folder: StateFolder,
    channel: ChannelId,
}

/// That no other agent of this machine is at work on a channel.
#[derive(Debug)]
pub(in crate::agent) struct OnlyAgent(#[expect(dead_code, reason = "held while it lives")] File);

/// A notice that somebody could not be told.
#[derive(Serialize)]
struct DeadLetter<'a> {
    hook: &'a str,
    notice: &'a Notice,
}

impl AgentFolder {
    /// The files of a channel, beside its own chain.
    #[must_use]
    pub fn new(state: &Path, profile: Option<&str>, channel: &ChannelId) -> Self {
        Self {
            folder: StateFolder::new(state, profile),
            channel: channel.clone(),
        }
    }

    /// Makes sure that no other agent of this machine works on the channel.
    ///
    /// # Errors
    /// `AGENT_RUNS`, `STATE_UNWRITABLE`.
    pub(in crate::agent) fn alone(&self) -> Result<OnlyAgent, ClientError> {
        match self.folder.try_lock(&self.name("lock"))? {
            Some(file) => Ok(OnlyAgent(file)),
            None => {
                let text = format!("another agent is at work on channel `{}`", self.channel);
                Err(ClientError::new(Exit::Failed, "AGENT_RUNS", text)
                    .hint("`cmscc agent status` shows what it does"))
            }
        }
    }

    /// Whether an agent is at work on the channel now.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        // where there is no file, nobody made one; nothing is made by looking
        self.folder.path(&self.name("lock")).exists()
            && matches!(self.folder.try_lock(&self.name("lock")), Ok(None))
    }

    /// What was remembered; `None`: nothing yet.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `STATE_OF_OTHERS`.
    pub(in crate::agent) fn memory(&self) -> Result<Option<Vec<u8>>, ClientError> {
        self.folder.read(&self.name("memory"), MEMORY as u64)
    }

    /// Remembers.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`; also of more than would be read again.
    pub(in crate::agent) fn remember(&self, content: &[u8]) -> Result<(), ClientError> {
        let name = self.name("memory");
        if content.len() > MEMORY {
            let path = self.folder.path(&name);
            let text = format!(
                "cannot write `{}`: it would have more than {MEMORY} bytes",
                path.display()
            );
            return Err(ClientError::new(Exit::Failed, "STATE_UNWRITABLE", text));
        }
        self.folder.replace(&name, content)
    }

    /// Puts what was remembered aside, since nobody can read it; the name that it has then.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`.
    pub(in crate::agent) fn put_aside(&self) -> Result<String, ClientError> {
        let (name, aside) = (self.name("memory"), self.name("memory.unreadable"));
        let path = self.folder.path(&name);
        let moved = std::fs::rename(&path, self.folder.path(&aside));
        moved.map(|()| aside).map_err(|error| {
            let text = format!("cannot move `{}` aside: {error}", path.display());
            ClientError::new(Exit::Failed, "STATE_UNWRITABLE", text)
        })
    }

    /// What was about to be sent.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `STATE_OF_OTHERS`.
    pub(in crate::agent) fn journal(&self) -> Result<Journal, ClientError> {
        let content = self.folder.read(&self.name("journal"), LARGEST)?;
        Journal::parse(&content.unwrap_or_default()).map_err(|why| self.unreadable("journal", &why))
    }

    /// Writes a line of the journal, and comes back when it is on the disk.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`: then nothing may be sent.
    pub(in crate::agent) fn note(
        &self,
        journal: &mut Journal,
        one: Submitting,
    ) -> Result<(), ClientError> {
        let name = self.name("journal");
        // what is left of a line that was not whole must not spoil this one
        let content = self.folder.read(&name, LARGEST)?.unwrap_or_default();
        let whole = Journal::whole(&content);
        if whole.len() < content.len() {
            self.folder.replace(&name, whole)?;
        }
        self.folder.append(&name, &line(&one))?;
        journal.note(one);
        match journal.shortened() {
            Some(content) => self.folder.replace(&name, &content),
            None => Ok(()),
        }
    }

    /// What is held.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `STATE_OF_OTHERS`: then nothing may be sent.
    pub fn holds(&self) -> Result<Holds, ClientError> {
        match self.folder.read(&self.name("holds"), LARGEST)? {
            Some(content) => Holds::parse(&content).map_err(|why| self.unreadable("holds", &why)),
            None => Ok(Holds::default()),
        }
    }

    /// Keeps everybody from changing what is held while the result lives.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`, `STATE_OF_OTHERS`.
    pub(in crate::agent) fn lock_holds(&self) -> Result<File, ClientError> {
        self.folder.lock(&self.name("holds-lock"))
    }

    /// The proposals that are being sent, or may have been: whoever holds one now comes too late.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `STATE_OF_OTHERS`.
    pub fn sending(&self) -> Result<Vec<String>, ClientError> {
        let journal = self.journal()?;
        let open = journal.open().map(|one| one.proposal_id.clone());
        Ok(open.collect())
    }

    /// Changes what is held.
    ///
    /// # Errors
    /// As of [`Self::holds`], and `STATE_UNWRITABLE`.
    pub fn change_holds<T>(&self, change: impl FnOnce(&mut Holds) -> T) -> Result<T, ClientError> {
        let _lock = self.lock_holds()?;
        let mut holds = self.holds()?;
        let changed = change(&mut holds);
        let content = serde_json::to_vec_pretty(&holds).unwrap_or_default();
        self.folder.replace(&self.name("holds"), &content)?;
        Ok(changed)
    }

    /// What an agent last said; `None`: there was none.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `STATE_OF_OTHERS`.
    pub fn report(&self) -> Result<Option<ChannelReport>, ClientError> {
        let content = self.folder.read(&self.name("report"), LARGEST)?;
        let read = content.map(|content| serde_json::from_slice(&content));
        read.transpose()
            .map_err(|error: serde_json::Error| self.unreadable("report", &error.to_string()))
    }

    /// Says how it is.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`.
    pub(in crate::agent) fn say(&self, report: &ChannelReport) -> Result<(), ClientError> {
        let content = serde_json::to_vec_pretty(report).unwrap_or_default();
        self.folder.replace(&self.name("report"), &content)
    }

    /// How many notices lie in the file of dead letters.
    ///
    /// # Errors
    /// `STATE_UNREADABLE`, `STATE_OF_OTHERS`.
    pub(in crate::agent) fn buried(&self) -> Result<u64, ClientError> {
        let content = self.folder.read(&self.name("dead-letters"), LARGEST)?;
        let lines = content.unwrap_or_default();
        Ok(lines.iter().filter(|byte| **byte == b'\n').count() as u64)
    }

    /// Keeps a notice that somebody could not be told, for a person.
    ///
    /// # Errors
    /// `STATE_UNWRITABLE`, `STATE_OF_OTHERS`.
    pub(in crate::agent) fn bury(&self, hook: &str, notice: &Notice) -> Result<(), ClientError> {
        let name = self.name("dead-letters");
        let path = self.folder.path(&name);
        let length = std::fs::metadata(&path).map_or(0, |found| found.len());
        if length > DEAD_LETTERS {
            // of what is older there is one file
            let content = self.folder.read(&name, LARGEST)?.unwrap_or_default();
            self.folder
                .replace(&self.name("dead-letters.old"), &content)?;
            self.folder.replace(&name, &[])?;
        }
        let mut line = serde_json::to_string(&DeadLetter { hook, notice }).unwrap_or_default();
        line.push('\n');
        self.folder.append(&name, line.as_bytes())
    }

    fn name(&self, kind: &str) -> String {
        format!("{}.agent-{kind}", self.channel)
    }

    fn unreadable(&self, kind: &str, why: &str) -> ClientError {
        let path = self.folder.path(&self.name(kind));
        let text = format!("cannot read `{}`: {why}", path.display());
        ClientError::new(Exit::Failed, "STATE_UNREADABLE", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::notice::{NoticeKind, Noticing};

    #[test]
    fn nothing_is_remembered_that_would_not_be_read_again() {
        let state = tempfile::tempdir().unwrap();
        let folder = AgentFolder::new(state.path(), None, &ChannelId::from("c"));
        folder.remember(&vec![b'x'; MEMORY]).unwrap();
        let refused = folder.remember(&vec![b'y'; MEMORY + 1]).unwrap_err();
        assert_eq!(refused.symbol, "STATE_UNWRITABLE");
        let read = folder.memory().unwrap().unwrap();
        assert_eq!((read.len(), read[0]), (MEMORY, b'x'));
        assert_eq!(folder.put_aside().unwrap(), "c.agent-memory.unreadable");
        assert_eq!(folder.memory().unwrap(), None);
    }

    #[test]
    fn dead_letters_are_counted_by_their_file() {
        let state = tempfile::tempdir().unwrap();
        let channel = ChannelId::from("mychannel");
        let folder = || AgentFolder::new(state.path(), Some("org1"), &channel);
        assert_eq!(folder().buried().unwrap(), 0);
        let with = Noticing {
            channel: &channel,
            msp_id: &crate::ids::MspId::from("Org1MSP"),
            sequence: 1,
            now: 0,
            submits: false,
        };
        for n in 0..3_u64 {
            let notice = with.notice(NoticeKind::Test, &[&n.to_string()], "a\nb");
            folder().bury("chat", &notice).unwrap();
            assert_eq!(folder().buried().unwrap(), n + 1);
        }
    }
}
