//! A chaincode equal to the one that was recorded with Fabric's Go shim, and a few more functions.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use cmscc::stub::{Chaincode, Event, Invocation, KeyRange, Response, Stub, StubError};

pub(super) struct Demo;

impl Chaincode for Demo {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let args: Vec<String> = invocation
            .args
            .iter()
            .map(|a| String::from_utf8_lossy(a).into_owned())
            .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        if invocation.is_init {
            return response(200, "", format!("init {}", args.join("|")));
        }
        match run(&args, invocation, stub).await {
            Ok(response) => response,
            Err(error) => response(500, &error.to_string(), ""),
        }
    }
}

async fn run<S: Stub>(
    args: &[&str],
    invocation: &Invocation,
    stub: &mut S,
) -> Result<Response, StubError> {
    let mut payload = Bytes::new();
    match args {
        ["put", key, value] => stub.put_state((*key).to_owned(), Bytes::from((*value).to_owned())),
        ["get", key] => payload = stub.get_state(key).await?.unwrap_or_default(),
        ["del", key] => stub.del_state((*key).to_owned()),
        ["range", start, end] => {
            let found = stub.get_range(&range(start, end), 1_000).await?;
            payload = found.entries.len().to_string().into();
        }
        ["page", start, end, bookmark] => {
            let page = stub.get_page(&range(start, end), 2, bookmark).await?;
            payload = format!("{} {}", page.entries.len(), page.bookmark).into();
        }
        ["batchn", prefix, count] => {
            for i in 0..count.parse::<usize>().unwrap() {
                stub.put_state(format!("{prefix}{i:05}"), Bytes::from_static(b"v"));
            }
        }
        ["getm", keys @ ..] => {
            let keys: Vec<String> = keys.iter().map(|k| (*k).to_owned()).collect();
            let values = stub.get_states(&keys).await?;
            let values: Vec<_> = values.into_iter().map(Option::unwrap_or_default).collect();
            payload = values.join(&b'|').into();
        }
        ["event", name, text] => stub.set_event(Event {
            name: (*name).to_owned(),
            payload: Bytes::from((*text).to_owned()),
        }),
        ["transient"] => {
            let pairs: Vec<String> = invocation
                .transient
                .iter()
                .map(|(k, v)| format!("\"{k}\":\"{}\"", BASE64_STANDARD.encode(v)))
                .collect();
            payload = format!("{{{}}}", pairs.join(",")).into();
        }
        // as Fabric's shims hand out what the peer says
        ["cc2cc", chaincode, args @ ..] => {
            let args = args.iter().map(|a| Bytes::from((*a).to_owned()));
            let answer = call(stub, chaincode, args.collect()).await;
            return Ok(answer.unwrap_or_else(|words| response(500, "", words)));
        }
        ["cc2cchex", chaincode, function, argument] => {
            let argument = hex::decode(argument).unwrap();
            let args = vec![Bytes::from((*function).to_owned()), argument.into()];
            let answer = call(stub, chaincode, args).await.unwrap();
            payload = format!(
                "inner status={} message=\"{}\" payload_len={} payload_head={}",
                answer.status,
                answer.message,
                answer.payload.len(),
                quoted(&answer.payload)
            )
            .into();
        }
        ["cfgblock"] => {
            let args = ["GetConfigBlock", invocation.channel.as_str()];
            let args = args.map(|arg| Bytes::from(arg.to_owned())).to_vec();
            let answer = call(stub, "cscc", args).await.unwrap();
            let words = format!("status {}: {}", answer.status, answer.message);
            return Ok(response(500, &words, ""));
        }
        ["fail", text] => return Ok(response(500, text, "")),
        ["status", status, text] => {
            return Ok(response(status.parse().unwrap(), text, "payload"));
        }
        ["echo", text] => payload = Bytes::from((*text).to_owned()),
        ["panic", text] => panic!("{text}"),
        _ => return Ok(response(400, "unknown function", "")),
    }
    Ok(Response {
        status: 200,
        message: String::new(),
        payload,
    })
}

/// What another chaincode answers, or the peer's words.
async fn call<S: Stub>(
    stub: &mut S,
    chaincode: &str,
    args: Vec<Bytes>,
) -> Result<Response, String> {
    match stub.invoke_chaincode(&chaincode.into(), &args).await {
        Err(StubError::Refused { reason, .. }) => Err(reason),
        other => Ok(other.unwrap()),
    }
}

/// ASCII as Go quotes it.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from('"');
    for byte in bytes {
        match byte {
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            11 => out.push_str("\\v"),
            b'"' => out.push_str("\\\""),
            b'\n' => out.push_str("\\n"),
            b' '..=b'~' => out.push(char::from(*byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push('"');
    out
}

fn range(start: &str, end: &str) -> KeyRange {
    KeyRange {
        start: start.to_owned(),
        end: end.to_owned(),
    }
}

fn response(status: i32, message: &str, payload: impl Into<Bytes>) -> Response {
    Response {
        status,
        message: message.to_owned(),
        payload: payload.into(),
    }
}
