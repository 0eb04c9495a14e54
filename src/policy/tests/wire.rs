//! Bytes that compile, and bytes that do not.

use super::*;

/// A `SignaturePolicy` that names a principal.
pub(super) fn signed_by(index: u64) -> Vec<u8> {
    let mut out = vec![8];
    write::varint(&mut out, index);
    out
}

/// A `SignaturePolicy` that is a gate.
pub(super) fn gate(n: u64, rules: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    write::uint(&mut body, 1, n);
    for rule in rules {
        write::message(&mut body, 2, rule);
    }
    let mut out = Vec::new();
    write::message(&mut out, 2, &body);
    out
}

/// An envelope from its rule, in pieces, and the principals A.member, B.member.
fn envelope(rule: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in rule {
        write::message(&mut out, 2, piece);
    }
    for msp_id in ["A", "B"] {
        write::message(
            &mut out,
            3,
            &principal_bytes(&principal(msp_id, Role::Member)),
        );
    }
    out
}

pub(super) fn compile(envelope: &[u8]) -> Result<String, RuleProblem> {
    print_policy(envelope, usize::MAX)
}

#[test]
fn decoding_merges_as_protobuf_does() {
    let two = gate(2, &[signed_by(0)]);
    let more = gate(0, &[signed_by(1)]);
    let joined = |a: &[u8], b: &[u8]| [a, b].concat();
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("plain", envelope(&[&two]), "OutOf(2, 'A.member')"),
        (
            "a rule in two pieces",
            envelope(&[&two, &more]),
            "AND('A.member', 'B.member')",
        ),
        (
            "a gate in two pieces",
            envelope(&[&joined(&two, &more)]),
            "AND('A.member', 'B.member')",
        ),
        (
            "the other type wins",
            envelope(&[&joined(&two, &signed_by(1))]),
            "'B.member'",
        ),
        (
            "and starts anew",
            envelope(&[&[&*two, &signed_by(1), &more].concat()]),
            "OutOf(0, 'B.member')",
        ),
        (
            "the last index wins",
            envelope(&[&joined(&signed_by(0), &signed_by(1))]),
            "'B.member'",
        ),
        (
            "a dropped rule may be empty",
            envelope(&[&joined(&gate(1, &[vec![]]), &signed_by(0))]),
            "'A.member'",
        ),
        (
            "a negative threshold",
            envelope(&[&gate(u64::MAX, &[signed_by(0)])]),
            "OutOf(-1, 'A.member')",
        ),
        (
            "an index in 33 bits",
            envelope(&[&signed_by(1 << 32)]),
            "'A.member'",
        ),
        (
            "unknown fields",
            envelope(&[&joined(&signed_by(0), &[0x1d, 1, 2, 3, 4])]),
            "'A.member'",
        ),
        (
            "an index of another wire type",
            envelope(&[&joined(&signed_by(0), &[0x0d, 1, 0, 0, 0])]),
            "'A.member'",
        ),
        ("an empty gate", envelope(&[&gate(0, &[])]), "OutOf(0)"),
    ];
    for (name, bytes, want) in cases {
        assert_eq!(compile(bytes).as_deref(), Ok(*want), "{name}");
    }
}

#[test]
fn what_does_not_compile() {
    let mut version = envelope(&[&signed_by(0)]);
    write::uint(&mut version, 1, 1);
    let mut bad_principal = envelope(&[&signed_by(0)]);
    write::message(&mut bad_principal, 3, &[0x08]);
    let joined = |a: &[u8], b: &[u8]| [a, b].concat();
    let index = |index, count| RuleProblem::PrincipalIndex { index, count };
    let truncated = RuleProblem::Undecodable(crate::proto::scan::ScanError::Truncated);
    let cases: &[(&str, Vec<u8>, RuleProblem)] = &[
        ("nothing", Vec::new(), RuleProblem::Empty),
        ("no rule", envelope(&[]), RuleProblem::Empty),
        ("an empty rule", envelope(&[&[]]), RuleProblem::Empty),
        (
            "an empty rule below",
            envelope(&[&gate(0, &[vec![]])]),
            RuleProblem::Empty,
        ),
        ("index too high", envelope(&[&signed_by(2)]), index(2, 2)),
        (
            "index below 0",
            envelope(&[&signed_by(u64::MAX)]),
            index(-1, 2),
        ),
        ("another version", version, RuleProblem::Version(1)),
        ("a principal that does not decode", bad_principal, truncated),
        (
            "a dropped rule must decode",
            envelope(&[&joined(&gate(1, &[vec![8]]), &signed_by(0))]),
            truncated,
        ),
        ("cut off", vec![0x12, 5, 1], truncated),
    ];
    for (name, bytes, want) in cases {
        assert_eq!(compile(bytes), Err(*want), "{name}");
    }
    assert!(print_implicit_meta(&[0x0a, 1, 0xff]).is_err(), "not utf-8");
    assert_eq!(
        print_implicit_meta(&[0x0a, 1, b'P', 0x10, 2]).as_deref(),
        Ok("MAJORITY P")
    );
    assert_eq!(print_implicit_meta(&[]).as_deref(), Ok("ANY "));
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    let unknown = PolicyError::UnknownKind {
        path: "/Channel/P".to_owned(),
        kind: 2,
    };
    assert_eq!(builder.policy(root, "P", 2, &[]), Err(unknown.clone()));
    assert_eq!(unknown.reason(), "unknown_policy_type");
    let error = builder.policy(root, "P", 1, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "policy `/Channel/P` does not compile: a rule is empty"
    );
    assert_eq!(error.reason(), "bad_policy");
}

/// `depth` gates of one rule inside each other.
fn nested(depth: usize) -> Vec<u8> {
    let mut rule = signed_by(0);
    for _ in 0..depth {
        rule = gate(1, &[rule]);
    }
    envelope(&[&rule])
}

#[test]
fn depth_costs_no_stack() {
    let work = || {
        // the envelope, the rule, then two messages a gate: 10,000 in all
        let deepest = nested(4_999);
        assert_eq!(compile(&nested(5_000)), Err(RuleProblem::TooDeep));
        let text = compile(&deepest).unwrap();
        assert_eq!(text.len(), 4_999 * 4 + "'A.member'".len());
        let again = parse_policy(&text).unwrap();
        assert_eq!(compile(&again).unwrap(), text);
        assert!(parse_policy(&format!("OR({text})")).is_err());
        let (manager, id) = one(&deepest);
        assert!(accepts(&manager, id, &people(&["A.peer"])));
        assert_eq!(smallest(&manager, id, &[]), [["A.member"]]);
        assert_eq!(
            chosen(&manager, &[id], &people(&["B.peer", "A.peer"])),
            Some(vec![1])
        );
        drop(format!("{manager:?}"));

        let mut builder = PolicyManagerBuilder::new();
        let mut group = builder.group(None, "Channel");
        builder.policy(group, "P", 3, &meta("P", 1)).unwrap();
        for _ in 0..10_000 {
            group = builder.group(Some(group), "G");
            builder.policy(group, "P", 3, &meta("P", 1)).unwrap();
        }
        let last = builder.group(Some(group), "G");
        builder.policy(last, "P", 1, &nested(1)).unwrap();
        let manager = builder.finish().unwrap();
        let id = manager.absolute("/Channel/P").unwrap();
        assert!(accepts(&manager, id, &people(&["A.peer"])));
        assert!(!accepts(&manager, id, &people(&["B.peer"])));
        let explanation = manager.explain(&Msps::default(), id, &SignerSet::default());
        assert_eq!(explanation.nodes().len(), 5_000);
        assert_eq!(explanation.to_json()["omitted"], true);
        assert!(!explanation.satisfied() && explanation.missing().is_empty());
        assert_eq!(smallest(&manager, id, &[]), [["A.member"]]);
        let deep = format!("/Channel/{}P", "G/".repeat(10_001));
        assert!(manager.absolute(&deep).is_some());
        assert_eq!(manager.path(manager.absolute(&deep).unwrap()), deep);
    };
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    thread.spawn(work).unwrap().join().unwrap();
}

proptest! {
    #![proptest_config(crate::cases::cases(2_000))]

    #[test]
    fn any_bytes_are_safe(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = print_policy(&bytes, 100);
        let _ = print_implicit_meta(&bytes);
        let _ = parse_policy(&String::from_utf8_lossy(&bytes));
    }
}
