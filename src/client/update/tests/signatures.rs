//! Who signed, and the signatures of several files in one.

use super::*;

fn envelope_file(name: &str, update: &[u8], signatures: &[ConfigSignature]) -> FileUpdate {
    let channel = ChannelId::from("mychannel");
    let bytes = envelope::update_envelope(&channel, update, signatures);
    GivenFile::read(name, bytes).unwrap().into_update().unwrap()
}

#[test]
fn signatures_of_several_files_become_one_file() {
    let signed = update("add-orgx/envelope_signed.pb");
    let bytes = signed.update.bytes();
    let [one, two] = signed.signatures.as_slice() else {
        panic!("{}", signed.signatures.len());
    };
    let file = |name: &str, signatures: &[ConfigSignature]| envelope_file(name, bytes, signatures);
    let a = file("a.pb", std::slice::from_ref(one));
    let b = file("b.pb", std::slice::from_ref(two));
    let both = file("c.pb", &[two.clone(), one.clone()]);
    let merged = MergedSignatures::of(&[a.clone(), b, both]).unwrap();
    assert_eq!(
        (merged.kept.as_slice(), merged.duplicates),
        (&signed.signatures[..], 2)
    );
    // what comes out is a file like the others
    let written = SignedUpdate {
        channel: ChannelId::from("mychannel"),
        config_update: bytes.clone(),
        signatures: merged.kept.clone(),
    };
    assert_eq!(update_of(&written).signatures, signed.signatures);
    // one that does not fit gives its place to one that does
    let bent = ConfigSignature {
        signature: two.signature.clone(),
        ..one.clone()
    };
    let merged = MergedSignatures::of(&[file("bent.pb", &[bent]), a.clone()]).unwrap();
    assert_eq!((merged.kept, merged.duplicates), (vec![one.clone()], 1));

    // another update, and the same in other bytes
    let orgy = update("add-orgy/envelope_signed.pb");
    let error = MergedSignatures::of(&[a.clone(), orgy]).unwrap_err();
    assert_eq!(error.symbol, "OTHER_UPDATE");
    assert!(
        error.message.contains("add-orgy/envelope_signed.pb"),
        "{error}"
    );
    let other = update("add-orgx/config_update.pb");
    assert_ne!(other.update.bytes(), bytes);
    let error = MergedSignatures::of(&[a, other]).unwrap_err();
    assert_eq!(error.symbol, "OTHER_ENCODING");
}

fn update_of(signed: &SignedUpdate) -> FileUpdate {
    GivenFile::read("w", signed.write())
        .unwrap()
        .into_update()
        .unwrap()
}

#[test]
fn all_files_of_a_folder_may_be_named_for_their_signatures() {
    let signed = update("add-orgx/envelope_signed.pb");
    let computed = computed(&config("add-orgx/modified_config.pb")).update;
    // in an envelope that was made of JSON, configtxlator writes the very bytes of `compute`
    assert!(computed.bytes() == signed.update.bytes());
    let other = update("add-orgx/config_update.pb").update;
    assert!(other.bytes() != signed.update.bytes());
    let all = || {
        vec![
            Ok(given("genesis.block")),
            Ok(given("add-orgx/envelope_unsigned.pb")),
            Ok(given("add-orgy/envelope_signed.pb")),
            GivenFile::read("junk", b"junk".to_vec()),
            Ok(given("add-orgx/envelope_signed.pb")),
        ]
    };
    // what people signed is what counts, whatever bytes are computed here
    let collected = CollectedSignatures::of(&other, "edited.json", true, all());
    assert!(collected.update.bytes() == signed.update.bytes());
    assert_eq!(collected.signatures, signed.signatures);
    let left_out = [
        "NO_SIGNATURES",
        "NO_SIGNATURES",
        "NO_SIGNATURES",
        "OTHER_UPDATE",
    ];
    assert_eq!(ids(&collected.remarks), left_out);
    // a next command names none but these
    let unsigned = update("add-orgx/envelope_unsigned.pb").update.bytes() == signed.update.bytes();
    let mut files = vec![("add-orgx/envelope_signed.pb".to_owned(), true)];
    if unsigned {
        files.insert(0, ("add-orgx/envelope_unsigned.pb".to_owned(), false));
    }
    assert_eq!(collected.files, files);
    assert!(
        collected.remarks[3]
            .text
            .contains("add-orgy/envelope_signed.pb")
    );
    // what nobody has signed is told to be of another update, too
    let mut envelope = given("add-orgy/envelope_signed.pb").into_update().unwrap();
    envelope.signatures.clear();
    let stranger = GivenFile::read(
        "orgy.pb",
        SignedUpdate {
            channel: envelope.update.channel_id().into(),
            config_update: envelope.update.bytes().clone(),
            signatures: Vec::new(),
        }
        .write(),
    );
    let collected = CollectedSignatures::of(&other, "edited.json", true, vec![stranger]);
    assert_eq!(ids(&collected.remarks), ["OTHER_UPDATE"]);
    assert_eq!(collected.files, []);
    // an update that somebody has is not exchanged for another one
    let collected = CollectedSignatures::of(&other, "update.pb", false, all());
    assert!(collected.update.bytes() == other.bytes());
    assert_eq!(collected.signatures, []);
    assert_eq!(ids(&collected.remarks)[4], "OTHER_ENCODING");
}

#[test]
fn only_what_counts_is_chosen_by_a_config() {
    let signed = update("add-orgx/envelope_signed.pb");
    // OrgX itself is no member yet
    let orgy = update("add-orgy/envelope_signed.pb");
    let all: Vec<_> = orgy
        .signatures
        .iter()
        .chain(&signed.signatures)
        .cloned()
        .collect();
    let file = envelope_file("all.pb", signed.update.bytes(), &all);
    let merged = MergedSignatures::of(&[file]).unwrap();
    let before = bundle("genesis.block");
    let chosen = merged.chosen(&before);
    assert_eq!(chosen.kept, signed.signatures);
}

#[test]
fn who_signed_is_told_without_a_config() {
    let signed = update("add-orgx/envelope_signed.pb");
    let seen = claimed_signatures(&signed.update, &signed.signatures);
    let msps: Vec<_> = seen
        .iter()
        .map(|one| one.msp_id.as_deref().unwrap())
        .collect();
    assert_eq!(msps, ["Org1MSP", "Org2MSP"]);
    assert!(seen.iter().all(|one| one.standing == SignerStanding::Fits));
    let before = bundle("genesis.block");
    let judged = judged_signatures(&before, &signed.update, &signed.signatures);
    assert!(
        judged
            .iter()
            .all(|one| one.standing == SignerStanding::Counts)
    );
    let same = |a: &SignerView, b: &SignerView| a.fingerprint == b.fingerprint;
    assert!(judged.iter().zip(&seen).all(|(a, b)| same(a, b)));
    // on other bytes nobody signed
    let other = update("add-orgx/config_update.pb").update;
    let seen = claimed_signatures(&other, &signed.signatures);
    assert!(
        seen.iter()
            .all(|one| one.standing == SignerStanding::DoesNotCount)
    );
    let junk = ConfigSignature {
        signature_header: Bytes::from_static(b"\xff\xff"),
        signature: Bytes::from_static(b"x"),
    };
    assert_eq!(claimed_signatures(&other, &[junk])[0].msp_id, None);
}
