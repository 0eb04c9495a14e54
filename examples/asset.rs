//! A small asset contract: create, read, update and delete assets, and list them by range.
//!
//! A chaincode implements [`Chaincode`] on a [`Stub`] and is served with [`server::serve`]. Peers
//! dial it at the address, which its package (type `ccaas`) names.
//!
//! ```sh
//! cargo run --no-default-features --features shim --example asset -- 127.0.0.1:9999 "$CHAINCODE_ID"
//! peer chaincode invoke -C mychannel -n asset -c '{"Args":["Create","a1","blue"]}'
//! peer chaincode query -C mychannel -n asset -c '{"Args":["List","a","b"]}'
//! ```
//!
//! The second call answers `{"assets":[{"id":"a1","value":"blue"}],"more":false}`.

use std::{env, error::Error, process::ExitCode, sync::Arc};

use bytes::Bytes;
use cmscc::{
    shim::{Quiet, ShimSettings, server},
    stub::{Chaincode, Invocation, KeyRange, Response, Stub, StubError, keys},
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The type of the composite keys under which assets stand.
const ASSET: &str = "asset";

/// How many assets one list holds at most.
const LISTED: usize = 100;

struct AssetContract;

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("there is an asset `{0}` already")]
    Exists(String),
    #[error("there is no asset `{0}`")]
    Missing(String),
    #[error("the ledger gave no answer")]
    Ledger(#[from] StubError),
    #[error("call Create ID VALUE, Read ID, Update ID VALUE, Delete ID, or List FROM TO")]
    Usage,
}

impl Refusal {
    /// The class of the error: that of the caller (4xx) or ours (5xx).
    const fn status(&self) -> i32 {
        match self {
            Self::Exists(_) => 409,
            Self::Missing(_) => 404,
            Self::Ledger(_) => 500,
            Self::Usage => 400,
        }
    }
}

impl Chaincode for AssetContract {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        match answer(&invocation.args, stub).await {
            Ok(payload) => Response {
                status: 200,
                message: String::new(),
                payload,
            },
            Err(refusal) => Response {
                status: refusal.status(),
                message: refusal.to_string(),
                payload: Bytes::new(),
            },
        }
    }
}

async fn answer<S: Stub>(args: &[Bytes], stub: &mut S) -> Result<Bytes, Refusal> {
    let args: Result<Vec<&str>, _> = args.iter().map(|arg| str::from_utf8(arg)).collect();
    let args = args.map_err(|_| Refusal::Usage)?;
    match *args.as_slice() {
        // an empty value would be no asset: writing one deletes the key
        ["Create" | "Update", _, ""] | [_, "", ..] => Err(Refusal::Usage),
        ["Create", id, value] => match asset(id, stub).await {
            Ok(_) => Err(Refusal::Exists(id.to_owned())),
            Err(Refusal::Missing(_)) => Ok(put(id, value, stub)),
            Err(refusal) => Err(refusal),
        },
        ["Read", id] => asset(id, stub).await,
        ["Update", id, value] => {
            asset(id, stub).await?;
            Ok(put(id, value, stub))
        }
        ["Delete", id] => {
            asset(id, stub).await?;
            stub.del_state(keys::composite(ASSET, &[id]));
            Ok(Bytes::new())
        }
        ["List", from, to] => list(from, to, stub).await,
        _ => Err(Refusal::Usage),
    }
}

/// The value of an asset.
async fn asset<S: Stub>(id: &str, stub: &mut S) -> Result<Bytes, Refusal> {
    let value = stub.get_state(&keys::composite(ASSET, &[id])).await?;
    value.ok_or_else(|| Refusal::Missing(id.to_owned()))
}

fn put<S: Stub>(id: &str, value: &str, stub: &mut S) -> Bytes {
    let value = Bytes::copy_from_slice(value.as_bytes());
    stub.put_state(keys::composite(ASSET, &[id]), value);
    Bytes::new()
}

/// The assets whose ids are not below `from` and below `to`, by id.
async fn list<S: Stub>(from: &str, to: &str, stub: &mut S) -> Result<Bytes, Refusal> {
    let range = KeyRange {
        start: keys::composite(ASSET, &[from]),
        end: keys::composite(ASSET, &[to]),
    };
    let found = stub.get_range(&range, LISTED).await?;
    let assets = found.entries.iter().filter_map(|entry| {
        let id = keys::attributes(ASSET, &entry.key)?.concat();
        Some(json!({ "id": id, "value": String::from_utf8_lossy(&entry.value) }))
    });
    let assets: Vec<_> = assets.collect();
    let answer = json!({ "assets": assets, "more": found.more });
    Ok(answer.to_string().into())
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [address, chaincode_id] = args.as_slice() else {
        return Err("give HOST:PORT to listen at, and the package id".into());
    };
    let listener = TcpListener::bind(address).await?;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        // without a signal handler the process ends by the signal itself
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let settings = ShimSettings::new(chaincode_id);
    let contract = Arc::new(AssetContract);
    server::serve(listener, contract, settings, Arc::new(Quiet), shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use cmscc::stub::memory::{Ledger, MemoryStub, Version};

    use super::*;

    /// One call as a transaction of its own: what it writes is on the ledger when it succeeded.
    async fn call(ledger: &mut Ledger, args: &[&str]) -> (i32, String) {
        let args = args.iter().map(|arg| Bytes::from((*arg).to_owned()));
        let invocation = Invocation {
            args: args.collect(),
            ..Invocation::default()
        };
        let mut stub = MemoryStub::new(ledger);
        let response = AssetContract.invoke(&invocation, &mut stub).await;
        if response.is_success() {
            ledger.commit(Version::default(), &stub.finish().unwrap());
        }
        let text = String::from_utf8(response.payload.to_vec()).unwrap();
        (response.status, text)
    }

    #[tokio::test]
    async fn an_asset_lives_from_create_to_delete() {
        let mut ledger = Ledger::new();
        for (args, status, text) in [
            (&["Read", "a1"][..], 404, ""),
            (&["Create", "a1", "blue"], 200, ""),
            (&["Create", "a1", "red"], 409, ""),
            (&["Update", "a1", "green"], 200, ""),
            (&["Update", "a2", "green"], 404, ""),
            (&["Read", "a1"], 200, "green"),
            (&["Delete", "a1"], 200, ""),
            (&["Delete", "a1"], 404, ""),
            (&["Create", "a1", ""], 400, ""),
            (&["Paint", "a1"], 400, ""),
        ] {
            let answer = call(&mut ledger, args).await;
            assert_eq!(answer, (status, text.to_owned()), "{args:?}");
        }
    }

    #[tokio::test]
    async fn a_list_holds_the_range_and_nothing_else() {
        let mut ledger = Ledger::new();
        for id in ["b", "a2", "a1", "c"] {
            assert_eq!(call(&mut ledger, &["Create", id, "x"]).await.0, 200);
        }
        let (_, text) = call(&mut ledger, &["List", "a", "c"]).await;
        let ids: Vec<&str> = text.split("\"id\":\"").skip(1).collect();
        assert!(text.ends_with("\"more\":false}"));
        assert_eq!(ids.len(), 3, "{text}");
        assert!(ids[0].starts_with("a1") && ids[2].starts_with('b'));
    }
}
