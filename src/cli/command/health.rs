//! `cmscc health`

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    cli::{
        args::HealthArgs,
        output,
        settings::{DEFAULT_OPS_ADDRESS, given, is_address},
    },
    text::foreign,
};

/// The most bytes of an answer that are read.
const ANSWER: u64 = 4 << 20;

/// The longest deadline, in seconds.
const LONGEST: u64 = 3_600;

/// Asks a server how it is. Fails where it is not well, or does not answer in time.
pub(in crate::cli) fn run(args: &HealthArgs) -> anyhow::Result<ExitCode> {
    let address = given(&args.ops_address).unwrap_or(DEFAULT_OPS_ADDRESS);
    let timeout = args.timeout.parse().ok();
    let timeout = timeout.filter(|seconds| (1..=LONGEST).contains(seconds));
    let mut errors = Vec::new();
    if !is_address(address) {
        errors.push(format!(
            "CMSCC_OPS_ADDRESS (--ops-address) is `{address}`, which is not HOST:PORT"
        ));
    }
    if timeout.is_none() {
        errors.push(format!(
            "--timeout is `{}`, which is no number of seconds from 1 to {LONGEST}",
            args.timeout
        ));
    }
    let (Some(timeout), true) = (timeout, errors.is_empty()) else {
        return Ok(output::misconfigured(&errors));
    };
    let path = match args.live {
        true => "/livez",
        false => "/readyz",
    };
    let address = reachable(address);
    let found = within(Duration::from_secs(timeout), address.clone(), path);
    let report = HealthReport::new(address, path, found);
    if args.json {
        output::foreign_json(&serde_json::to_string(&report)?);
    } else {
        output::foreign(&report.line());
    }
    Ok(match report.healthy {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What was found out.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct HealthReport {
    healthy: bool,
    address: String,
    path: &'static str,
    /// The status of the answer, where there was one.
    status: Option<u16>,
    /// Why it is not well: the server's reason, or why there is no answer.
    reason: Option<String>,
}

/// The part of an answer that is looked at.
#[derive(Deserialize)]
struct Answered {
    reason: Option<String>,
}

impl HealthReport {
    fn new(address: String, path: &'static str, found: Result<Vec<u8>, String>) -> Self {
        let read = found.and_then(|answer| {
            read(&answer).ok_or_else(|| "what answers there speaks no HTTP".to_owned())
        });
        let (status, reason) = match read {
            Ok((status, reason)) => (Some(status), reason),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            healthy: status == Some(200),
            address,
            path,
            status,
            reason: reason.map(|reason| foreign(&reason).into_owned()),
        }
    }

    fn line(&self) -> String {
        let Self { address, path, .. } = self;
        let reason = self.reason.as_deref();
        match (self.healthy, self.status) {
            (true, _) => format!("well: {address}{path}"),
            (false, Some(status)) => {
                let reason = reason.unwrap_or("no reason is given");
                format!("not well: {address}{path} answers {status}: {reason}")
            }
            (false, None) => format!("not well: {address}: {}", reason.unwrap_or_default()),
        }
    }
}

/// Status and reason of an HTTP answer.
fn read(answer: &[u8]) -> Option<(u16, Option<String>)> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let line = head.lines().next()?.strip_prefix("HTTP/1.")?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let reason = serde_json::from_str::<Answered>(body).ok();
    Some((status, reason.and_then(|answered| answered.reason)))
}

/// Where to reach what listens at an address: a wildcard is no host to connect to.
fn reachable(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("0.0.0.0" | "*", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]" | "::", port)) => format!("[::1]:{port}"),
        _ => address.to_owned(),
    }
}

/// The answer, if it comes in time; also names are looked up on a thread of its own, since that may
/// take as long as it likes.
fn within(deadline: Duration, address: String, path: &'static str) -> Result<Vec<u8>, String> {
    let (sender, answer) = mpsc::channel();
    let asking = thread::Builder::new().spawn(move || {
        let asked = ask(&address, path, deadline).map_err(|error| error.to_string());
        // nobody waits any more where the deadline is over
        let _ = sender.send(asked);
    });
    asking.map_err(|error| error.to_string())?;
    answer
        .recv_timeout(deadline)
        .unwrap_or_else(|_| Err(format!("no answer within {} s", deadline.as_secs())))
}

fn ask(address: &str, path: &str, deadline: Duration) -> io::Result<Vec<u8>> {
    let mut failed = io::Error::other("the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, deadline) {
            Ok(mut stream) => {
                let head = "Host: localhost\r\nConnection: close\r\n\r\n";
                write!(stream, "GET {path} HTTP/1.1\r\n{head}")?;
                let mut answer = Vec::new();
                stream.take(ANSWER).read_to_end(&mut answer)?;
                return Ok(answer);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_asked_on_this_host() {
        for (given, asked) in [
            ("0.0.0.0:9443", "127.0.0.1:9443"),
            ("[::]:9443", "[::1]:9443"),
            ("localhost:1", "localhost:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ] {
            assert_eq!(reachable(given), asked);
        }
    }

    #[test]
    fn answers_are_read() {
        let unready = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: x\r\n\r\n\
                       {\"ready\":false,\"reason\":\"starting\",\"streams\":0}";
        let reason = Some("starting".to_owned());
        assert_eq!(read(unready.as_bytes()), Some((503, reason)));
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n\r\nx"), Some((200, None)));
        assert_eq!(read(b"SSH-2.0\r\n"), None);
        let report = HealthReport::new("h:1".to_owned(), "/readyz", Ok(b"\x15\x03".to_vec()));
        assert_eq!(
            report.line(),
            "not well: h:1: what answers there speaks no HTTP"
        );
    }
}
