//! The contract that servers are compared by: as little of its own as there can be.

use bytes::Bytes;
use cmscc::{
    stub::memory::{Ledger, ReadWriteSet, Version},
    stub::{Chaincode, Invocation, KeyRange, Response, Stub, StubError},
};

/// Functions of one round of state calls each. What it reads is on the [`ledger`].
#[derive(Debug)]
pub(crate) struct Minimal;

/// A function of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Answers at once, with nothing.
    #[value(name = "Nothing")]
    Nothing,
    /// Gets one value of 100 B and answers it.
    #[value(name = "Get")]
    Get,
    /// Gets ten values of 100 B, one after another, and answers the last.
    #[value(name = "Get10")]
    Get10,
    /// Reads one range of 100 entries of 100 B and answers their number.
    #[value(name = "Range")]
    Range,
    /// Puts ten values of 100 B.
    #[value(name = "Put10")]
    Put10,
    /// Gets one value of 100 KB and answers it.
    #[value(name = "Large")]
    Large,
}

impl Scenario {
    /// The function's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "Nothing",
            Self::Get => "Get",
            Self::Get10 => "Get10",
            Self::Range => "Range",
            Self::Put10 => "Put10",
            Self::Large => "Large",
        }
    }

    /// How many bytes the answer has.
    pub(crate) const fn answer_bytes(self) -> usize {
        match self {
            Self::Nothing | Self::Put10 => 0,
            Self::Get | Self::Get10 => SMALL,
            Self::Range => 3,
            Self::Large => LARGE,
        }
    }
}

impl Chaincode for Minimal {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let function = invocation.args.first().map_or(&b""[..], Bytes::as_ref);
        match answer(function, stub).await {
            Ok(Some(payload)) => Response {
                status: 200,
                message: String::new(),
                payload,
            },
            Ok(None) => refusal(400, "there is no such function".to_owned()),
            Err(error) => refusal(500, error.to_string()),
        }
    }
}

fn refusal(status: i32, message: String) -> Response {
    Response {
        status,
        message,
        payload: Bytes::new(),
    }
}

/// `None` where there is no such function.
async fn answer<S: Stub>(function: &[u8], stub: &mut S) -> Result<Option<Bytes>, StubError> {
    let payload = match function {
        b"Nothing" => Bytes::new(),
        b"Get" => stub.get_state("value").await?.unwrap_or_default(),
        b"Get10" => {
            let mut last = None;
            for number in 0..10 {
                last = stub.get_state(&format!("k{number}")).await?;
            }
            last.unwrap_or_default()
        }
        b"Range" => {
            let range = KeyRange {
                start: "r".to_owned(),
                end: "s".to_owned(),
            };
            let found = stub.get_range(&range, 1_000).await?;
            found.entries.len().to_string().into()
        }
        b"Put10" => {
            for number in 0..10 {
                stub.put_state(format!("p{number}"), Bytes::from_static(&[b'x'; SMALL]));
            }
            Bytes::new()
        }
        b"Large" => stub.get_state("large").await?.unwrap_or_default(),
        _ => return Ok(None),
    };
    Ok(Some(payload))
}

/// What the functions find.
pub(crate) fn ledger() -> Ledger {
    let small = || Bytes::from(vec![b'x'; SMALL]);
    let mut set = ReadWriteSet::default();
    let mut put = |key: String, value| set.writes.insert(key, Some(value));
    put("value".to_owned(), small());
    put("large".to_owned(), vec![b'x'; LARGE].into());
    for number in 0..10 {
        put(format!("k{number}"), small());
    }
    for number in 0..100 {
        put(format!("r{number:02}"), small());
    }
    let mut ledger = Ledger::new();
    ledger.commit(Version::default(), &set);
    ledger
}

/// Bytes of a small value.
const SMALL: usize = 100;

/// Bytes of a large value.
const LARGE: usize = 100 << 10;
