//! Fabric's policy language, both ways.

use super::{
    wire::{compile, gate, signed_by},
    *,
};

/// One organisation alone can write such a rule, and everybody's server prints it.
#[test]
fn a_rule_that_repeats_a_long_name_is_cut() {
    let (name, times) = ("M".repeat(100_000), 10_000);
    let mut envelope = Vec::new();
    write::message(&mut envelope, 2, &gate(1, &vec![signed_by(0); times]));
    let long = principal_bytes(&principal(&name, Role::Member));
    write::message(&mut envelope, 3, &long);
    for limit in [0, 1, 100, 100_000, 300_000] {
        let text = print_policy(&envelope, limit).unwrap();
        assert!(
            (limit..limit + 8).contains(&text.len()),
            "{limit}: {}",
            text.len()
        );
        assert!(text.starts_with("OR(") && text.ends_with(".."));
    }
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    builder.policy(root, "Admins", 1, &envelope).unwrap();
    let manager = builder.finish().unwrap();
    let id = manager.lookup(root, "Admins").unwrap();
    let nobody = SignerSet::from_identities(Vec::new());
    let explanation = manager.explain(&Msps::default(), id, &nobody);
    let texts = explanation.nodes().iter().map(|node| node.rule.len());
    assert!(texts.max().unwrap() < 2_000);
    assert!(explanation.to_json().to_string().len() < 10_000_000);
}

#[test]
fn the_language_gives_fabrics_bytes() {
    // inner gates list their principals first
    let bytes = parse_policy("OR('A.member', AND('B.member', 'C.admin'))").unwrap();
    let mut want = Vec::new();
    write::message(
        &mut want,
        2,
        &gate(1, &[signed_by(2), gate(2, &[signed_by(0), signed_by(1)])]),
    );
    for (msp_id, role) in [("B", Role::Member), ("C", Role::Admin), ("A", Role::Member)] {
        write::message(&mut want, 3, &principal_bytes(&principal(msp_id, role)));
    }
    assert_eq!(bytes, want);
    let same = [
        ("and('A.client', \"B.peer\")", "AND('A.client', 'B.peer')"),
        (" Or ( 'A.member' ) ", "OR('A.member')"),
        (
            "OutOf('1', 'A.member', 'B.orderer')",
            "OR('A.member', 'B.orderer')",
        ),
        (
            "outof(2,'A.member','B.member')",
            "AND('A.member', 'B.member')",
        ),
        ("OutOf(0, 'A.member')", "OutOf(0, 'A.member')"),
        (
            "OutOf(3, 'A.member', 'B.member')",
            "OutOf(3, 'A.member', 'B.member')",
        ),
        (
            "AND('MSP.WITH.DOTS.member', 'MSP-1.admin')",
            "AND('MSP.WITH.DOTS.member', 'MSP-1.admin')",
        ),
        ("AND('A.member')", "OR('A.member')"),
    ];
    for (text, want) in same {
        assert_eq!(
            compile(&parse_policy(text).unwrap()).as_deref(),
            Ok(want),
            "{text}"
        );
    }
}

#[test]
fn what_is_not_in_the_language() {
    let cases = [
        (
            "",
            "policy text is wrong at byte 0: a gate: AND, OR or OutOf",
        ),
        (
            "'A.member'",
            "policy text is wrong at byte 0: a gate: AND, OR or OutOf",
        ),
        (
            "XOR('A.member')",
            "policy text is wrong at byte 0: a gate: AND, OR or OutOf",
        ),
        ("AND", "policy text is wrong at byte 3: `(`"),
        (
            "AND()",
            "policy text is wrong at byte 4: a principal or a gate",
        ),
        (
            "AND('A.member'",
            "policy text is wrong at byte 14: `,` or `)`",
        ),
        (
            "AND('A.member',)",
            "policy text is wrong at byte 15: a principal or a gate",
        ),
        (
            "AND('A.member') x",
            "policy text is wrong at byte 16: the end",
        ),
        (
            "AND('A.member'))",
            "policy text is wrong at byte 15: the end",
        ),
        (
            "AND('Amember')",
            "policy text is wrong at byte 4: a principal such as 'Org1MSP.admin'",
        ),
        (
            "AND('A.owner')",
            "policy text is wrong at byte 4: a principal such as 'Org1MSP.admin'",
        ),
        (
            "AND('.member')",
            "policy text is wrong at byte 4: a principal such as 'Org1MSP.admin'",
        ),
        (
            "AND('A B.member')",
            "policy text is wrong at byte 4: a principal such as 'Org1MSP.admin'",
        ),
        (
            "AND('A.member",
            "policy text is wrong at byte 4: a closed quote",
        ),
        (
            "AND(A.member)",
            "policy text is wrong at byte 4: a gate: AND, OR or OutOf",
        ),
        (
            "AND(\u{e9})",
            "policy text is wrong at byte 4: a gate: AND, OR or OutOf",
        ),
        ("OutOf(1)", "policy text is wrong at byte 7: `,`"),
        (
            "OutOf(true, 'A.member')",
            "policy text is wrong at byte 6: a number",
        ),
        (
            "OutOf(99999999999999999999, 'A.member')",
            "policy text is wrong at byte 6: a number",
        ),
        (
            "OutOf(-1, 'A.member')",
            "policy text asks for -1 of 1 rules",
        ),
        ("OutOf(3, 'A.member')", "policy text asks for 3 of 1 rules"),
    ];
    for (text, want) in cases {
        let error = parse_policy(text).unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
        assert_eq!(error.code(), "POLICY_SYNTAX");
    }
}

proptest! {
    #![proptest_config(crate::cases::cases(2_000))]

    #[test]
    fn prints_what_it_parses(tree in tree()) {
        let text = compile(&tree.envelope()).unwrap();
        if let Ok(bytes) = parse_policy(&text) {
            prop_assert_eq!(compile(&bytes).unwrap(), text);
            let people = people(&["A.admin", "B.peer", "C.peer"]);
            let (manager, id) = one(&bytes);
            prop_assert_eq!(accepts(&manager, id, &people), Model::Signature(tree).holds(&people));
        }
    }

    #[test]
    fn any_text_is_safe(text in "(AND|OR|OutOf|[(),'0-9\\\\]|'A.member'|\\PC){0,20}") {
        let _ = parse_policy(&text);
    }
}
