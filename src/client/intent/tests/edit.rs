//! The config as a text that people edit.

use super::*;
use crate::client::EditFault;

fn edited(
    bundle: &Bundle,
    group: Option<&str>,
    change: impl FnOnce(&str) -> String,
) -> Result<PlannedIntent, Box<EditFault>> {
    let document = EditedConfig::new(bundle, None, group).unwrap();
    document.plan(&change(document.text()), bundle, &MspId::new(OWN))
}

#[test]
fn what_is_edited_is_proposed_and_no_more() {
    let bundle = raft();
    let error = edited(&bundle, None, str::to_owned).unwrap_err().error;
    assert_eq!(error.symbol, "NOTHING_TO_CHANGE");
    let error = edited(&bundle, None, |_| String::new()).unwrap_err().error;
    assert_eq!(error.symbol, "NOTHING_TO_CHANGE");
    // the same as by hand
    let by_edit = |group, from: &'static str, to: &'static str| {
        let planned = edited(&bundle, group, |text| {
            assert!(text.contains(from), "{text}");
            text.replacen(from, to, 1)
        });
        planned.unwrap_or_else(|fault| panic!("{fault:?}"))
    };
    let same = |planned: PlannedIntent, intent: AskedIntent| {
        let intended = after(&bundle, &[intent]);
        assert!(
            applied(&bundle, &planned)
                .tree()
                .same_content(intended.tree())
        );
        planned
    };
    let one = same(
        by_edit(
            None,
            "\"max_message_count\": 100",
            "\"max_message_count\": 77",
        ),
        set(COUNT, "77"),
    );
    assert_eq!(
        one.description("x").unwrap(),
        "edit of /Channel/Orderer/BatchSize"
    );
    same(
        by_edit(
            Some("/Channel/Orderer"),
            "\"max_message_count\": 100",
            "\"max_message_count\": 77",
        ),
        set(COUNT, "77"),
    );
    same(
        by_edit(
            Some("/Channel/Application/Org1MSP/"),
            "\"OR('Org1MSP.admin')\"",
            "\"OR('Org1MSP.admin', 'Org1MSP.peer')\"",
        ),
        rule(
            "/Channel/Application/Org1MSP/Admins",
            "OR('Org1MSP.admin', 'Org1MSP.peer')",
            false,
        ),
    );
    // an organisation that is taken out, and one that is put in
    let text = edited(&bundle, Some("/Channel/Application"), |text| {
        text.replace("\"Org2MSP\": {", "\"Org9MSP\": {")
    });
    let planned = text.unwrap();
    let next = applied(&bundle, &planned);
    assert!(next.tree().group(&["Application", "Org9MSP"]).is_some());
    assert!(next.tree().group(&["Application", "Org2MSP"]).is_none());
}

#[test]
fn wrong_edits_come_back_with_their_place() {
    let bundle = raft();
    let fault = |from: &str, to: &str| {
        let document = EditedConfig::new(&bundle, None, None).unwrap();
        let typed = document.text().replacen(from, to, 1);
        assert_ne!(typed, document.text(), "{from}");
        let fault = *document
            .plan(&typed, &bundle, &MspId::new(OWN))
            .unwrap_err();
        let line = fault
            .line
            .map(|line| typed.lines().nth(line - 1).unwrap_or("").trim().to_owned());
        let marked = fault.marked(&typed);
        assert!(marked.starts_with("//! "), "{marked}");
        // marks are no part of the text, and what was typed is there
        assert!(typed.lines().all(|line| marked.contains(line)));
        let again = *document
            .plan(&marked, &bundle, &MspId::new(OWN))
            .unwrap_err();
        assert_eq!((again.line, &again.error), (fault.line, &fault.error));
        (line.unwrap_or_default(), fault.error.message)
    };
    let count = "\"max_message_count\": 100";
    let at = |from: &str, to: &str, line: &str, words: &str| {
        let (found, message) = fault(from, to);
        assert!(found.contains(line), "{found}: {message}");
        assert!(message.contains(words), "{message}");
    };
    at(
        count,
        "\"max_message_count\": \"many\"",
        "max_message_count",
        "",
    );
    at(
        count,
        "\"max_messages\": 100",
        "max_messages",
        "max_messages",
    );
    at(
        count,
        "\"max_message_count\": 100,,",
        "max_message_count",
        "no JSON",
    );
    at(
        count,
        "\"max_message_count\": 0",
        "BatchSize",
        "would refuse",
    );
    at(
        "\"timeout\": \"",
        "\"timeout\": \"x",
        "BatchTimeout",
        "would refuse",
    );
    at(
        "\"policy\": \"MAJORITY Admins\"",
        "\"policy\": \"MOST Admins\"",
        "MOST Admins",
        "MAJORITY",
    );
    at(
        "\"BatchTimeout\": {",
        "\"Batch/Timeout\": {",
        "Batch/Timeout",
        "letters",
    );
    at(
        "\"values\": {",
        "\"valuse\": {",
        "valuse",
        "did you mean `values`",
    );
    at("\"mod_policy\": \"Admins\",", "", "", "mod_policy");
    // what was meant
    at(
        count,
        "\"max_mesage_count\": 100",
        "max_mesage_count",
        "did you mean `max_message_count`?",
    );
    at(
        count,
        "\"most\": 100",
        "most",
        "there are absolute_max_bytes, max_message_count, preferred_max_bytes",
    );
    at(
        "\"BatchSize\": {",
        "\"BatchSzie\": {",
        "BatchSzie",
        "did you mean `BatchSize`?",
    );
    at(
        count,
        "\"max_message_count\": many",
        "max_message_count",
        "a text stands in quotes",
    );
    at(
        "\"groups\": {",
        "\"values\": {}, \"groups\": {",
        "values",
        "twice",
    );
    assert_eq!(
        EditedConfig::new(&bundle, None, Some("/Channel/Ordere"))
            .unwrap_err()
            .symbol,
        "UNKNOWN_PATH"
    );
    assert_eq!(
        EditedConfig::new(&bundle, None, Some(TIMEOUT))
            .unwrap_err()
            .symbol,
        "UNKNOWN_PATH"
    );
}

#[test]
fn an_edit_starts_with_another_proposal() {
    let bundle = raft();
    let first = planned(&bundle, &[set(TIMEOUT, "3s")]).unwrap();
    let from = OtherIntent::read("Org2MSP.x", "", &text_of(&first.change)).unwrap();
    let document = EditedConfig::new(&bundle, Some(&from), None).unwrap();
    let planned = document
        .plan(document.text(), &bundle, &MspId::new(OWN))
        .unwrap();
    let both = applied(&bundle, &planned);
    assert!(
        both.tree()
            .same_content(after(&bundle, &[set(TIMEOUT, "3s")]).tree())
    );
}

#[test]
fn what_others_wrote_moves_nothing_in_an_editor() {
    let mut config = form(raft().tree());
    let org = &mut config["channel_group"]["groups"]["Application"]["groups"]["Org1MSP"];
    org["values"]["AnchorPeers"]["value"]["anchor_peers"][0]["host"] = json!("a\u{202e}\u{1b}[2Jb");
    let bundle = Bundle::new(raft().channel(), tree(&config)).unwrap();
    let document = EditedConfig::new(&bundle, None, None).unwrap();
    assert!(!document.text().contains(['\u{202e}', '\u{1b}']));
    assert!(document.text().contains(r"a\u202e\u001b[2Jb"));
    let typed =
        document
            .text()
            .replacen("\"max_message_count\": 100", "\"max_message_count\": 77", 1);
    let planned = document.plan(&typed, &bundle, &MspId::new(OWN)).unwrap();
    assert_eq!(
        planned.description("x").unwrap(),
        "edit of /Channel/Orderer/BatchSize"
    );
}
