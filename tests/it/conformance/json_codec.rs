//! Suite `json_codec`.

use cmscc::json;

use super::{Case, Outcome, run_suite};

#[test]
fn json_codec() {
    run_suite("json_codec", |file, case| match file {
        "to_json" => to_json(case),
        "from_json" => from_json(case),
        other => Outcome::Fail(format!("no check for the file `{other}`")),
    });
}

fn to_json(case: &Case) -> Outcome {
    let message_type = case.text("type");
    let ours = json::encode(message_type, &case.bytes("proto"));
    if let Ok(text) = &ours {
        if case.text("expect") == "ok" && text != case.text("json") {
            return Outcome::Fail(difference(text, case.text("json")));
        }
        if let Some(fault) = roundtrip(case, json::decode(message_type, text.as_bytes())) {
            return Outcome::Fail(fault);
        }
    }
    case.judge(&ours.map(|_| ()).map_err(|e| e.reason().to_owned()))
}

/// What is wrong with the way back, if anything is.
fn roundtrip(case: &Case, back: Result<Vec<u8>, json::JsonError>) -> Option<String> {
    let want = match case.text("roundtrip") {
        "identical" => case.bytes("proto"),
        "different" => case.bytes("roundtrip_proto"),
        _ if case.get("roundtrip_error").is_some() => {
            let read = back.is_ok().then(|| "roundtrip should fail".to_owned());
            return read;
        }
        _ => return None,
    };
    match back {
        Ok(bytes) if bytes == want => None,
        Ok(bytes) => Some(format!(
            "roundtrip {}, want {}",
            hex::encode(bytes),
            hex::encode(want)
        )),
        Err(e) => Some(format!("roundtrip: {e}")),
    }
}

fn from_json(case: &Case) -> Outcome {
    let ours = json::decode(case.text("type"), case.text("json").as_bytes());
    if let Ok(bytes) = &ours
        && case.text("expect") == "ok"
        && *bytes != case.bytes("proto")
    {
        let (ours, want) = (hex::encode(bytes), hex::encode(case.bytes("proto")));
        return Outcome::Fail(format!("{ours}, want {want}"));
    }
    case.judge(&ours.map(|_| ()).map_err(|e| e.reason().to_owned()))
}

fn difference(ours: &str, want: &str) -> String {
    let same = ours
        .lines()
        .zip(want.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("<end>").to_owned();
    format!("line {}: {:?}, want {:?}", same + 1, line(ours), line(want))
}
