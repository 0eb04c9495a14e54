//! The contract layer, and what chaincodes are given by others: arguments, identities, policies, keys,
//! queries.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use cmscc::{
    chaincode::{
        ChaincodeError, ClientIdentity, ContractChaincode, Raw, StateEndorsementPolicy,
        TransactionContext,
    },
    stub::{
        Chaincode, Invocation, Query, Response, Stub, StubError, keys,
        memory::{Ledger, MemoryStub, PeerManner, ReadWriteSet, StateDatabase, Version},
    },
};

use super::{BETWEEN, split};

type Ctx<'a> = TransactionContext<'a>;

async fn typed(
    ctx: &mut Ctx<'_>,
    text: String,
    number: u32,
    flag: Option<bool>,
    table: Option<BTreeMap<String, Vec<i64>>>,
) -> Result<BTreeMap<String, Vec<i64>>, ChaincodeError> {
    let key = keys::create_composite_key("k", &[&text])?;
    let kept: Option<u32> = ctx.get_json(&key).await?;
    ctx.put_json(key, &number)?;
    if flag == Some(kept.is_some()) {
        return Err(ChaincodeError::conflict("FLAG", text));
    }
    Ok(table.unwrap_or_default())
}

async fn raw(ctx: &mut Ctx<'_>, bytes: Raw) -> Result<Raw, ChaincodeError> {
    ctx.client()?.assert_attribute("a", "b")?;
    Ok(bytes)
}

async fn find(ctx: &mut Ctx<'_>, query: String) -> Result<usize, ChaincodeError> {
    let found = ctx.open(None, &Query::Rich(query)).await?;
    Ok(found.take(10, ctx).await?.0.len())
}

static CHAINCODE: LazyLock<ContractChaincode> = LazyLock::new(|| {
    ContractChaincode::new("fuzzed", "1")
        .submit("Typed", ["text", "number", "flag", "table"], typed)
        .submit("Raw", ["bytes"], raw)
        .evaluate("Find", ["query"], find)
});

static LEDGER: LazyLock<Ledger> = LazyLock::new(|| {
    let mut set = ReadWriteSet::default();
    for (key, value) in [
        (
            "a",
            r#"{"color":"blue","size":5,"tags":["x","y"],"of":{"owner":"tom"}}"#,
        ),
        (
            "b",
            r#"{"color":"red","size":null,"tags":[],"of":[1,2.5,{"deep":true}]}"#,
        ),
        ("c", "no JSON"),
    ] {
        set.writes.insert(key.to_owned(), Some(value.into()));
    }
    let mut ledger = Ledger::new();
    ledger.define_index(&["size"]);
    ledger.commit(Version::default(), &set);
    ledger
});

/// A creator, a policy and a key of the same bytes; and function, arguments and creator of a call.
pub fn chaincode(data: &[u8]) {
    if let Ok(client) = ClientIdentity::from_creator(data) {
        let _ = (client.role(), client.attribute("hf.Type"), client.id());
        let _ = format!("{client:?} {:?}", client.organizational_units());
    }
    if let Ok(policy) = StateEndorsementPolicy::from_bytes(data) {
        let again = StateEndorsementPolicy::from_bytes(&policy.to_bytes()).unwrap();
        assert!(policy.organizations().eq(again.organizations()));
    }
    if let Ok(text) = str::from_utf8(data) {
        if let Ok((kind, attributes)) = keys::split_composite_key(text)
            && let Ok(key) = keys::create_composite_key(kind, &attributes)
        {
            assert_eq!(key, text);
        }
        if let Ok(range) = keys::simple_range(text, "") {
            assert!(!range.start.starts_with('\0') && !range.start.is_empty());
        }
    }
    let mut args: Vec<Bytes> = split(data, BETWEEN)
        .into_iter()
        .map(Bytes::copy_from_slice)
        .collect();
    let creator = match args.len() {
        0..=2 => Bytes::new(),
        _ => args.pop().unwrap_or_default(),
    };
    let call = Invocation {
        args,
        creator,
        ..Invocation::default()
    };
    let answers = [(); 2].map(|()| invoke(&call));
    assert_eq!(answers[0], answers[1], "two endorsers");
    let (response, written) = &answers[0];
    match response.is_success() {
        // what the peer would refuse of it fails the transaction
        true => assert!(written.is_ok() || matches!(written, Err(StubError::Refused { .. }))),
        false => {
            let status = response.status;
            assert!((400..600).contains(&status), "{response:?}");
            let form = format!("Code {status}: ");
            assert!(response.message.starts_with(&form), "{response:?}");
            assert!(!response.message.contains(char::is_control), "{response:?}");
        }
    }
}

fn invoke(call: &Invocation) -> (Response, Result<ReadWriteSet, StubError>) {
    let peer = PeerManner::with(StateDatabase::COUCHDB);
    let mut stub = MemoryStub::new(&LEDGER).at(peer);
    let response = {
        let future = pin!(CHAINCODE.invoke(call, &mut stub));
        // state in memory is there at once
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => response,
            Poll::Pending => panic!("waits for nothing"),
        }
    };
    (response, stub.finish())
}
