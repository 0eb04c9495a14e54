//! Calls of contracts: arguments, answers, refusals, hooks, metadata.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::now;
use crate::{
    chaincode::{ChaincodeError, ContractChaincode, Raw, TransactionContext},
    stub::{
        Chaincode, Event, Invocation, Response, Stub,
        memory::{CollectionAccess, Ledger, MemoryStub, ReadWriteSet},
    },
};

type Ctx<'a> = TransactionContext<'a>;
type Given<T> = Result<T, ChaincodeError>;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Asset {
    size: u32,
    color: Color,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    /// As the sky.
    Blue,
    /// As a rose.
    Red,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Shape {
    Point,
    Circle(u8),
}

/// An error of the contract's own.
struct Mine(&'static str);

impl From<Mine> for ChaincodeError {
    fn from(mine: Mine) -> Self {
        Self::conflict("MINE", mine.0)
    }
}

async fn none(_: &mut Ctx<'_>) -> Given<()> {
    Ok(())
}
async fn text(_: &mut Ctx<'_>, a: String) -> Given<String> {
    Ok(a)
}
async fn truth(_: &mut Ctx<'_>, a: bool) -> Given<bool> {
    Ok(a)
}
async fn small(_: &mut Ctx<'_>, a: u8) -> Given<u8> {
    Ok(a)
}
async fn whole(_: &mut Ctx<'_>, a: i64) -> Given<i64> {
    Ok(a)
}
async fn float(_: &mut Ctx<'_>, a: f64) -> Given<f64> {
    Ok(a)
}
async fn raw(_: &mut Ctx<'_>, a: Raw) -> Given<Raw> {
    Ok(a)
}
async fn color(_: &mut Ctx<'_>, a: Color) -> Given<Color> {
    Ok(a)
}
async fn shape(_: &mut Ctx<'_>, a: Shape) -> Given<Shape> {
    Ok(a)
}
async fn asset(_: &mut Ctx<'_>, a: Asset) -> Given<Asset> {
    Ok(a)
}
async fn list(_: &mut Ctx<'_>, a: Vec<u8>) -> Given<Vec<u8>> {
    Ok(a)
}
async fn any(_: &mut Ctx<'_>, a: Value) -> Given<Value> {
    Ok(a)
}
async fn maybe_text(_: &mut Ctx<'_>, a: String, b: Option<String>) -> Given<String> {
    Ok(format!("{a}{b:?}"))
}
async fn maybe_color(_: &mut Ctx<'_>, a: Option<Color>, b: Option<u8>) -> Given<String> {
    Ok(format!("{a:?}{b:?}"))
}
async fn maybe(_: &mut Ctx<'_>, a: Option<u8>) -> Given<Option<u8>> {
    Ok(a)
}
#[expect(clippy::too_many_arguments, reason = "as many as there may be")]
async fn eight(
    _: &mut Ctx<'_>,
    a: String,
    b: u8,
    c: bool,
    d: String,
    e: u8,
    f: u8,
    g: i16,
    h: String,
) -> Given<String> {
    Ok(format!("{a}{b}{c}{d}{e}{f}{g}{h}"))
}
async fn mine(_: &mut Ctx<'_>) -> Result<(), Mine> {
    Err(Mine("not today"))
}
async fn put(ctx: &mut Ctx<'_>, key: String, value: Asset) -> Given<()> {
    ctx.put_json(key, &value)
}
async fn get(ctx: &mut Ctx<'_>, key: String) -> Given<Option<Asset>> {
    ctx.get_json(&key).await
}
async fn event(ctx: &mut Ctx<'_>) -> Given<()> {
    ctx.set_json_event("e", &json!({"b": 1, "a": 2}))
}
async fn secret(ctx: &mut Ctx<'_>) -> Given<u8> {
    let value: u8 = ctx.transient_json("price")?;
    ctx.put_private_json("prices", "a", &value)?;
    Ok(value)
}
async fn who(ctx: &mut Ctx<'_>) -> Given<String> {
    Ok(ctx.client()?.msp_id().to_string())
}

fn contract() -> ContractChaincode {
    ContractChaincode::new("sample", "1.0")
        .evaluate("None", [], none)
        .evaluate("Text", ["a"], text)
        .evaluate("Truth", ["a"], truth)
        .evaluate("Small", ["a"], small)
        .evaluate("Whole", ["a"], whole)
        .evaluate("Float", ["a"], float)
        .evaluate("Raw", ["a"], raw)
        .evaluate("Color", ["a"], color)
        .evaluate("Shape", ["a"], shape)
        .evaluate("Asset", ["a"], asset)
        .evaluate("List", ["a"], list)
        .evaluate("Any", ["a"], any)
        .evaluate("MaybeText", ["a", "b"], maybe_text)
        .evaluate("MaybeColor", ["a", "b"], maybe_color)
        .evaluate("Maybe", ["a"], maybe)
        .evaluate("Eight", ["a", "b", "c", "d", "e", "f", "g", "h"], eight)
        .submit("Mine", [], mine)
        .submit("Put", ["key", "value"], put)
        .evaluate("Get", ["key"], get)
        .evaluate("Lost", ["key", "value"], put)
        .evaluate("LostEvent", [], event)
        .submit("Event", [], event)
        .submit("Secret", [], secret)
        .evaluate("Who", [], who)
}

fn invocation(args: &[&[u8]]) -> Invocation {
    Invocation {
        args: args.iter().map(|arg| Bytes::copy_from_slice(arg)).collect(),
        ..Invocation::default()
    }
}

fn run(contract: &ContractChaincode, invocation: &Invocation) -> (Response, ReadWriteSet) {
    let mut ledger = Ledger::new();
    ledger.define_collection("prices", CollectionAccess::default());
    let mut stub = MemoryStub::new(&ledger);
    let response = now(contract.invoke(invocation, &mut stub));
    (response, stub.finish().unwrap())
}

/// The payload of a success, or the message of a refusal.
fn call(args: &[&[u8]]) -> String {
    let (response, _) = run(&contract(), &invocation(args));
    match response.is_success() {
        true => String::from_utf8_lossy(&response.payload).into_owned(),
        false => response.message,
    }
}

#[test]
fn arguments_and_answers_of_every_type() {
    for (args, answer) in [
        (&["None"][..], ""),
        (&["Text", "a \"b\""], "a \"b\""),
        (&["Text", ""], ""),
        (&["Truth", "true"], "true"),
        (&["Small", "255"], "255"),
        (&["Whole", "-9223372036854775808"], "-9223372036854775808"),
        (&["Float", "1.5e3"], "1500.0"),
        (&["Raw", "\u{0}x"], "\u{0}x"),
        (&["Color", "red"], "red"),
        (&["Shape", "\"Point\""], "Point"),
        (&["Shape", "{\"Circle\":3}"], "{\"Circle\":3}"),
        (
            &["Asset", " {\"size\": 3, \"color\": \"blue\"}"],
            "{\"color\":\"blue\",\"size\":3}",
        ),
        (&["List", "[1,2]"], "[1,2]"),
        (&["Any", "{\"b\":[null],\"a\":1}"], "{\"a\":1,\"b\":[null]}"),
        (&["MaybeText", "a"], "aNone"),
        (&["MaybeText", "a", ""], "aNone"),
        (&["MaybeText", "a", "b"], "aSome(\"b\")"),
        (&["MaybeColor"], "NoneNone"),
        (&["MaybeColor", "", "7"], "NoneSome(7)"),
        (&["MaybeColor", "blue", "null"], "Some(Blue)None"),
        (&["Maybe"], ""),
        (&["Maybe", "1"], "1"),
        (
            &["Eight", "a", "1", "true", "d", "2", "3", "-4", "h"],
            "a1trued23-4h",
        ),
        (&["Get", "a"], ""),
        (&["Mine"], "Code 409: MINE: not today"),
    ] {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        assert_eq!(call(&args), answer, "{args:?}");
    }
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    for (args, message) in [
        (
            &[&b"Text"[..]][..],
            "ARGUMENT_COUNT: `Text` takes 1 arguments (a), 0 came",
        ),
        (
            &[b"None", b"x"],
            "ARGUMENT_COUNT: `None` takes 0 arguments (), 1 came",
        ),
        (
            &[b"MaybeText", b"1", b"2", b"3"],
            "ARGUMENT_COUNT: `MaybeText` takes 1 to 2 arguments (a, b), 3 came",
        ),
        (
            &[b"Text", b"\xff\n"],
            "BAD_ARGUMENT: argument `a` of `Text` is `\u{fffd}\\u{a}`, expected text: it is not UTF-8",
        ),
        (
            &[b"Truth", b"True"],
            "BAD_ARGUMENT: argument `a` of `Truth` is `True`, expected `true` or `false`: expected \
             value at line 1 column 1",
        ),
        (
            &[b"Small", b"256"],
            "BAD_ARGUMENT: argument `a` of `Small` is `256`, expected a whole number (`uint8`): \
             invalid value: integer `256`, expected u8 at line 1 column 3",
        ),
        (
            &[b"Small", b""],
            "BAD_ARGUMENT: argument `a` of `Small` is ``, expected a whole number (`uint8`): EOF \
             while parsing a value at line 1 column 0",
        ),
        (
            &[b"Float", b"1e999"],
            "BAD_ARGUMENT: argument `a` of `Float` is `1e999`, expected a number (`double`): number \
             out of range at line 1 column 5",
        ),
        (
            &[b"Color", b"green"],
            "BAD_ARGUMENT: argument `a` of `Color` is `green`, expected `Color`: unknown variant \
             `green`, expected `blue` or `red`",
        ),
        (
            &[b"Asset", b"{\"size\":3}"],
            "BAD_ARGUMENT: argument `a` of `Asset` is `{\"size\":3}`, expected `Asset`: missing field \
             `color` at line 1 column 10",
        ),
        (
            &[b"List", b"[1,"],
            "BAD_ARGUMENT: argument `a` of `List` is `[1,`, expected a JSON array: EOF while parsing \
             a value at line 1 column 3",
        ),
    ] {
        assert_eq!(call(args), format!("Code 400: {message}"));
    }
    let deep = "[".repeat(1_000_000);
    let message = call(&[b"Any", deep.as_bytes()]);
    assert!(
        message.contains("recursion limit") && message.len() < 500,
        "{message}"
    );
}

#[test]
fn unknown_functions_are_refused_with_the_name_that_was_meant() {
    for (name, message) in [
        (
            "Shpe",
            "404: UNKNOWN_FUNCTION: there is no function `Shpe`; did you mean `Shape`? \
             `org.hyperledger.fabric:GetMetadata` lists them",
        ),
        (
            "sample:text",
            "404: UNKNOWN_FUNCTION: there is no function `sample:text`; did you mean `Text`? \
             `org.hyperledger.fabric:GetMetadata` lists them",
        ),
        (
            "other:Text",
            "404: UNKNOWN_FUNCTION: there is no function `other:Text`; \
             `org.hyperledger.fabric:GetMetadata` lists them",
        ),
        (
            "",
            "400: ARGUMENT_COUNT: the call names no function; `org.hyperledger.fabric:GetMetadata` \
             lists them",
        ),
    ] {
        assert_eq!(call(&[name.as_bytes()]), format!("Code {message}"));
    }
    assert!(call(&[]).contains("names no function"));
    assert!(call(&[b"\xff\xfe"]).contains("UNKNOWN_FUNCTION"));
    assert!(call(&["x".repeat(100_000).as_bytes()]).len() < 300);
    assert_eq!(call(&[b"sample:Text", b"a"]), "a");
}

#[test]
fn what_is_written_goes_out_with_a_success() {
    let contract = contract();
    let put: &[&[u8]] = &[b"Put", b"a1", b"{\"size\":3,\"color\":\"red\"}"];
    let (response, set) = run(&contract, &invocation(put));
    assert!(response.is_success());
    let written = Bytes::from("{\"color\":\"red\",\"size\":3}");
    assert_eq!(set.writes["a1"], Some(written));
    let (_, set) = run(&contract, &invocation(&[b"Event"]));
    let payload = Bytes::from("{\"a\":2,\"b\":1}");
    let name = "e".to_owned();
    assert_eq!(set.event, Some(Event { name, payload }));
    for lost in [&[b"Lost", put[1], put[2]][..], &[b"LostEvent"]] {
        let (response, _) = run(&contract, &invocation(lost));
        assert_eq!(response.status, 500);
        assert!(
            response
                .message
                .starts_with("Code 500: EVALUATE_WROTE: `Lost")
        );
    }
}

#[test]
fn state_that_is_not_the_json_is_named() {
    let mut ledger = Ledger::new();
    let mut stub = MemoryStub::new(&ledger);
    stub.put_state("a\n", "{}");
    ledger.commit(Default::default(), &stub.finish().unwrap());
    let mut stub = MemoryStub::new(&ledger);
    let response = now(contract().invoke(&invocation(&[b"Get", b"a\n"]), &mut stub));
    assert_eq!(
        response.message,
        "Code 500: STATE_CORRUPT: the value of `a\\u{a}` is not the JSON that it should be: missing \
         field `size` at line 1 column 2"
    );
}

#[test]
fn transient_fields_are_read() {
    let contract = contract();
    let mut call = invocation(&[b"Secret"]);
    let (response, _) = run(&contract, &call);
    assert_eq!(
        response.message,
        "Code 400: TRANSIENT_MISSING: the transient field `price` is missing"
    );
    let secret = Bytes::from("\"secret\"");
    call.transient.insert("price".to_owned(), secret);
    let (response, _) = run(&contract, &call);
    assert_eq!(
        response.message,
        "Code 400: BAD_TRANSIENT: the transient field `price` is not the JSON that it should be, at \
         line 1 column 8"
    );
    call.transient.insert("price".to_owned(), Bytes::from("7"));
    let (response, set) = run(&contract, &call);
    assert_eq!(response.payload, "7");
    assert!(set.writes.is_empty(), "nothing is public");
    // who submits a default invocation cannot be told
    let (response, _) = run(&contract, &invocation(&[b"Who"]));
    assert!(response.message.starts_with("Code 403: BAD_IDENTITY: "));
}

async fn first(ctx: &mut Ctx<'_>) -> Given<()> {
    match ctx.function() {
        "Text" => Err(ChaincodeError::forbidden("FIRST", "no text")),
        _ => Ok(()),
    }
}
async fn trace(ctx: &mut Ctx<'_>) -> Given<()> {
    ctx.put_state("before", ctx.function().to_owned());
    Ok(())
}
async fn last(ctx: &mut Ctx<'_>, answer: Bytes) -> Given<()> {
    if answer == "refuse me" {
        return Err(ChaincodeError::conflict("LAST", "as you wish"));
    }
    if !ctx.is_evaluate() {
        ctx.put_state("after", answer);
    }
    Ok(())
}

#[test]
fn hooks_run_before_and_after_and_may_refuse() {
    let contract = ContractChaincode::new("hooked", "1")
        .before(first)
        .before(trace)
        .submit("Text", ["a"], text)
        .submit("Echo", ["a"], text)
        .evaluate("Ask", ["a"], text)
        .submit("Mine", [], mine)
        .after(last);
    let call = |args: &[&[u8]]| run(&contract, &invocation(args));
    let (response, set) = call(&[b"Echo", b"x"]);
    assert_eq!(response.payload, "x");
    assert_eq!(set.writes["before"], Some(Bytes::from("Echo")));
    assert_eq!(set.writes["after"], Some(Bytes::from("x")));
    assert_eq!(call(&[b"Text", b"x"]).0.message, "Code 403: FIRST: no text");
    let (response, _) = call(&[b"Echo", b"refuse me"]);
    assert_eq!(response.message, "Code 409: LAST: as you wish");
    assert_eq!(call(&[b"Mine"]).0.message, "Code 409: MINE: not today");
    // what a hook writes would be lost, too
    assert!(call(&[b"Ask", b"x"]).0.message.contains("EVALUATE_WROTE"));
    assert!(call(&[b"GetMetadata"]).0.is_success());
}

#[test]
fn init_runs_what_it_is_told_to_run() {
    let mut init = invocation(&[b"Text", b"x"]);
    init.is_init = true;
    let plain = ContractChaincode::new("c", "1").submit("Text", ["a"], text);
    assert_eq!(run(&plain, &init).0.payload, "x");
    let own = plain.init(["a"], small);
    assert!(
        run(&own, &init)
            .0
            .message
            .contains("argument `a` of `init`")
    );
    init.args = vec![Bytes::from("whatever"), Bytes::from("7")];
    assert_eq!(run(&own, &init).0.payload, "7");
}

#[test]
fn two_functions_of_one_name_are_seen_by_the_first_call() {
    let contract = ContractChaincode::new("c", "1")
        .submit("A", [], none)
        .submit("A", [], none);
    let message = run(&contract, &invocation(&[b"GetMetadata"])).0.message;
    assert_eq!(
        message,
        "Code 500: CONTRACT_INVALID: there are two functions `A`"
    );
}

#[test]
fn metadata_has_the_shape_of_fabrics_contract_api() {
    let contract = ContractChaincode::new("sample", "1.0")
        .describe("For tests.")
        .submit("Put", ["key", "value"], put)
        .evaluate("MaybeColor", ["color", "count"], maybe_color)
        .evaluate("Get", ["key"], get);
    for name in ["GetMetadata", "org.hyperledger.fabric:GetMetadata"] {
        let (response, _) = run(&contract, &invocation(&[name.as_bytes()]));
        let document: Value = serde_json::from_slice(&response.payload).unwrap();
        assert_eq!(document["info"]["title"], "sample");
        let own = &document["contracts"]["sample"];
        assert_eq!(own["info"]["description"], "For tests.");
        assert_eq!(own["default"], true);
        let transactions = &own["transactions"];
        assert_eq!(transactions[0]["name"], "Get");
        assert_eq!(
            transactions[2],
            json!({
                "name": "Put",
                "parameters": [
                    { "name": "key", "required": true, "schema": { "type": "string" } },
                    {
                        "name": "value",
                        "required": true,
                        "schema": { "$ref": "#/components/schemas/Asset" },
                    },
                ],
                "tag": ["submit", "SUBMIT"],
            })
        );
        assert_eq!(transactions[1]["parameters"][0]["required"], false);
        assert_eq!(transactions[1]["returns"], json!({ "type": "string" }));
        assert_eq!(transactions[1]["tag"], json!(["evaluate", "EVALUATE"]));
        let asset = &document["components"]["schemas"]["Asset"];
        assert_eq!(asset["required"], json!(["size", "color"]));
        assert_eq!(
            asset["properties"]["color"],
            json!({ "enum": ["blue", "red"], "type": "string" })
        );
        let system = &document["contracts"]["org.hyperledger.fabric"]["transactions"][0];
        assert_eq!(system["name"], "GetMetadata");
    }
}

#[test]
fn what_computes_is_said_by_function() {
    let contract = ContractChaincode::new("c", "1")
        .submit("Put", ["key", "value"], put)
        .evaluate("Text", ["a"], text)
        .computing(["Text"]);
    for (name, computes) in [
        ("Text", true),
        ("c:Text", true),
        ("Put", false),
        ("x", false),
    ] {
        let invocation = invocation(&[name.as_bytes()]);
        assert_eq!(contract.computes(&invocation), computes, "{name}");
    }
    assert!(!contract.computes(&Invocation::default()));
    let wrong = ContractChaincode::new("c", "1").computing(["Text"]);
    let (response, _) = run(&wrong, &invocation(&[b"Text"]));
    assert!(
        response.message.contains("CONTRACT_INVALID"),
        "{response:?}"
    );
}
