//! A running `cmscc serve`, and waiting for what it does.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// The longest that something may take; far more than it does.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The program in a folder, with no variables but these.
pub(crate) fn command(folder: &TempDir, args: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cmscc"));
    command
        .args(args)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder.path());
    command
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a deadline of a test")]
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited too long for: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A running `cmscc serve`. It is killed where a test fails.
pub(crate) struct Serving {
    child: Child,
    /// Where nobody took it away.
    pub(crate) log: Option<BufReader<ChildStderr>>,
    pub(crate) operations: String,
    pub(crate) address: String,
}

impl Serving {
    /// Starts it with the log in a pipe, and waits until it serves.
    pub(crate) fn start(folder: &TempDir, more: &[(&str, &str)]) -> Self {
        let any = ["127.0.0.1:0", "127.0.0.1:0"];
        let mut child = Self::spawn(folder, any, more, Stdio::piped());
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("\"serving\"") {
            line.clear();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "the server has ended"
            );
        }
        let line: Value = serde_json::from_str(&line).unwrap();
        Self {
            child,
            log: Some(log),
            operations: line["operations"].as_str().unwrap().to_owned(),
            address: line["address"].as_str().unwrap().to_owned(),
        }
    }

    /// Starts it with a log that cannot be written, and waits until it serves.
    pub(crate) fn with_full_disk(folder: &TempDir) -> Self {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let [address, operations] = free_addresses();
        let child = Self::spawn(folder, [&address, &operations], &[], full.into());
        let serving = Self {
            child,
            log: None,
            operations,
            address,
        };
        until("the listener", || {
            TcpStream::connect(&serving.operations).is_ok()
        });
        serving
    }

    fn spawn(
        folder: &TempDir,
        [address, operations]: [&str; 2],
        more: &[(&str, &str)],
        log: Stdio,
    ) -> Child {
        let variables = [
            ("CHAINCODE_SERVER_ADDRESS", address),
            ("CHAINCODE_ID", "cmscc:00"),
            ("CMSCC_OPS_ADDRESS", operations),
            ("CMSCC_LOG_FORMAT", "json"),
        ];
        let variables = [&variables[..], more].concat();
        let mut command = command(folder, &["serve"], &variables);
        command.stderr(log).spawn().unwrap()
    }

    /// Head and body of an answer.
    pub(crate) fn ask(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.operations).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Status line and body.
    pub(crate) fn get(&self, path: &str) -> (String, String) {
        let (head, body) = self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ));
        (head.lines().next().unwrap().to_owned(), body)
    }

    /// The value of a series; 0 where there is none.
    pub(crate) fn metric(&self, series: &str) -> u64 {
        let (_, text) = self.get("/metrics");
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Status and reason of a probe.
    pub(crate) fn probe(&self, path: &str) -> (u16, Option<String>) {
        let (status, body) = self.get(path);
        let document: Value = serde_json::from_str(&body).unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        (status, document["reason"].as_str().map(str::to_owned))
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; the exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let mut status = None;
        until("the end of the server", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }

    /// Sends SIGTERM; the exit code and the rest of the log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let mut rest = String::new();
        if let Some(mut log) = self.log.take() {
            log.read_to_string(&mut rest).unwrap();
        }
        (self.ended(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Two addresses that nobody listens at.
fn free_addresses() -> [String; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().to_string())
}
