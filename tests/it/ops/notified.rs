//! What a service manager hears: its end of `sd_notify`.

use std::{collections::VecDeque, os::unix::net::UnixDatagram, path::PathBuf};

use tempfile::TempDir;

use super::serving::DEADLINE;

/// The socket that a process is told of as `NOTIFY_SOCKET`.
pub(crate) struct Notified {
    folder: TempDir,
    socket: UnixDatagram,
    heard: VecDeque<String>,
}

impl Notified {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self {
            folder,
            socket,
            heard: VecDeque::new(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// The next line that is told.
    pub(crate) fn next(&mut self) -> String {
        while self.heard.is_empty() {
            let mut message = [0; 4096];
            let length = self.socket.recv(&mut message).unwrap();
            let text = std::str::from_utf8(&message[..length]).unwrap();
            self.heard.extend(text.lines().map(str::to_owned));
        }
        self.heard.pop_front().unwrap()
    }

    /// Hears until a line begins so.
    pub(crate) fn until(&mut self, begins: &str) -> String {
        loop {
            let line = self.next();
            if line.starts_with(begins) {
                return line;
            }
        }
    }
}
