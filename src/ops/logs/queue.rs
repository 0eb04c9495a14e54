//! Log lines on their way out. Who logs never waits for who reads, and never fails.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::ops::metrics::LogCounters;

/// The most bytes of lines that wait; further lines are lost.
const WAITING: usize = 4 << 20;

/// The most lines that wait.
const LINES: usize = 16_384;

/// How many bytes are written at once, about.
const BATCH: usize = 64 << 10;

/// Lines between those who log and the thread that writes.
#[derive(Debug)]
pub(super) struct LineQueue {
    waiting: Mutex<QueuedLines>,
    changed: Condvar,
    lost: LogCounters,
}

#[derive(Debug, Default)]
struct QueuedLines {
    lines: VecDeque<String>,
    /// Of all lines together.
    bytes: usize,
    /// Whether taken lines are not yet written.
    is_writing: bool,
}

impl LineQueue {
    pub(super) fn new(lost: LogCounters) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            lost,
        }
    }

    /// Takes a line, or counts it as lost where there is no room. Never waits for the writer.
    pub(super) fn push(&self, line: String) {
        let mut waiting = self.waiting();
        let bytes = waiting.bytes.saturating_add(line.len());
        if bytes > WAITING || waiting.lines.len() >= LINES {
            drop(waiting);
            self.lost.full.inc();
            return;
        }
        waiting.bytes = bytes;
        waiting.lines.push_back(line);
        drop(waiting);
        self.changed.notify_all();
    }

    /// Writes lines for as long as the process lives; what cannot be written is counted and gone.
    pub(super) fn run(&self, mut out: impl Write) -> ! {
        let mut is_torn = false;
        loop {
            let batch = self.take();
            let mut bytes = batch.as_bytes();
            if is_torn && write(&mut out, b"\n").1 {
                is_torn = false;
            }
            let (written, is_whole) = write(&mut out, bytes);
            if !is_whole {
                let (done, rest) = bytes.split_at_checked(written).unwrap_or((bytes, &[]));
                is_torn |= done.last().is_some_and(|last| *last != b'\n');
                bytes = rest;
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                self.lost
                    .failed
                    .inc_by(u64::try_from(lines).unwrap_or(u64::MAX));
            }
            self.waiting().is_writing = false;
            self.changed.notify_all();
        }
    }

    /// Waits until everything is written, for some time. Whether it is.
    pub(super) fn finish(&self, patience: Duration) -> bool {
        let (waiting, _) = self
            .changed
            .wait_timeout_while(self.waiting(), patience, |waiting| {
                waiting.is_writing || !waiting.lines.is_empty()
            })
            .unwrap_or_else(PoisonError::into_inner);
        !waiting.is_writing && waiting.lines.is_empty()
    }

    /// Waits for lines and takes some.
    pub(super) fn take(&self) -> String {
        let mut waiting = self
            .changed
            .wait_while(self.waiting(), |waiting| waiting.lines.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let mut batch = String::new();
        while batch.len() < BATCH
            && let Some(line) = waiting.lines.pop_front()
        {
            batch.push_str(&line);
        }
        waiting.bytes = waiting.bytes.saturating_sub(batch.len());
        waiting.is_writing = true;
        batch
    }

    fn waiting(&self) -> MutexGuard<'_, QueuedLines> {
        // what is behind the lock is whole after every statement
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what can be written: how many bytes, and whether that is all.
fn write(out: &mut impl Write, bytes: &[u8]) -> (usize, bool) {
    let mut rest = bytes;
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // somebody made the other end of our stream non-blocking
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(10));
            }
            Ok(_) | Err(_) => return (bytes.len().saturating_sub(rest.len()), false),
        }
    }
    (bytes.len(), true)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, mpsc},
    };

    use super::*;

    /// Writes at most some bytes at once; fails while it is told to.
    struct Disk {
        content: mpsc::Sender<Vec<u8>>,
        /// Bytes that it still takes.
        room: Arc<Mutex<usize>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut room = self.room.lock().unwrap();
            let taken = bytes.len().min(7).min(*room);
            if taken == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            *room -= taken;
            self.content.send(bytes[..taken].to_vec()).unwrap();
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    fn written(content: &mpsc::Receiver<Vec<u8>>) -> String {
        String::from_utf8(content.try_iter().flatten().collect()).unwrap()
    }

    #[test]
    fn a_full_disk_loses_lines_and_counts_them() {
        let lost = LogCounters::default();
        let queue = Arc::new(LineQueue::new(lost.clone()));
        let (sender, content) = mpsc::channel();
        let room = Arc::new(Mutex::new(9));
        let (disk, writer) = (Arc::clone(&room), Arc::clone(&queue));
        thread::spawn(move || {
            writer.run(Disk {
                content: sender,
                room: disk,
            })
        });
        queue.push("first\n".to_owned());
        assert!(queue.finish(PATIENCE));
        for line in ["second\n", "third\n"] {
            queue.push(line.to_owned());
        }
        assert!(queue.finish(PATIENCE));
        assert_eq!((lost.full.get(), lost.failed.get()), (0, 2));
        *room.lock().unwrap() = 1_000;
        queue.push("fourth\n".to_owned());
        assert!(queue.finish(PATIENCE));
        let text = written(&content);
        assert_eq!(text, "first\nsec\nfourth\n", "the torn line is ended");
    }

    #[test]
    fn what_nobody_takes_fills_a_bounded_room() {
        let lost = LogCounters::default();
        let queue = LineQueue::new(lost.clone());
        for _ in 0..WAITING / 1_024 + 5 {
            queue.push("x".repeat(1_024));
        }
        assert_eq!(lost.full.get(), 5);
        assert!(queue.waiting().bytes <= WAITING);
        assert!(!queue.finish(Duration::ZERO), "nobody writes");
    }
}
