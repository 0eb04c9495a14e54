//! Updates in files, as they are drawn: of the captures of a real network.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;

use super::{super::*, look, snapshots, text};
use crate::{
    client::{
        update::{
            CheckedUpdate, ComputedUpdate, FileConfig, FileUpdate, GivenContent, GivenFile, Meant,
            MergedSignatures, against_view, checked_view, compiled, computed_view, config_view,
            file_view, merged_view, update_view,
        },
        view::{CheckedView, InspectedFileView, InspectedView, Remark},
    },
    config::{Bundle, ConfigSignature, Update},
    ids::{ChannelId, UnixTime},
};

const NOW: UnixTime = UnixTime {
    seconds: 1_800_000_000,
    nanos: 0,
};

/// A file of the capture, named as people name it.
fn file(name: &str, capture: &str) -> GivenFile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    let content = fs::read(folder.join("fabric-3.1.5-caps-v2").join(capture)).unwrap();
    GivenFile::read(name, content).unwrap()
}

fn block(capture: &str) -> (FileConfig, Bundle) {
    let config = file("config_block.pb", capture).into_config().unwrap();
    let channel = ChannelId::from("mychannel");
    let bundle = compiled("config_block.pb", &channel, &config.tree).unwrap();
    (config, bundle)
}

fn before() -> (FileConfig, Bundle) {
    block("add-orgx/config_block_before.pb")
}

fn orgx() -> FileUpdate {
    let file = file("signed.pb", "add-orgx/envelope_signed.pb");
    file.into_update().unwrap()
}

fn view(of: &(FileConfig, Bundle), update: &Update, signed: &[ConfigSignature]) -> CheckedView {
    let (config, bundle) = of;
    let mut checked = CheckedUpdate::new(bundle, update, signed, &BTreeSet::new(), NOW);
    if signed.is_empty() {
        let text =
            "`edited.json` has sequence 3, `config_block.pb` has 0. Sequences are not compared";
        checked
            .remarks
            .push(Remark::named("SEQUENCE_DIFFERS", text));
    }
    checked_view(bundle, against_view(config), &checked).unwrap()
}

#[test]
fn verdicts_of_updates_in_files() {
    let (before, signed) = (before(), orgx());
    for (name, count) in [("none", 0), ("one", 1), ("accepted", 2)] {
        let view = view(&before, &signed.update, &signed.signatures[..count]);
        snapshots(&format!("update-check-{name}"), |look| checked(&view, look));
    }
    let orgy = file("orgy.pb", "add-orgy/envelope_signed.pb");
    let orgy = orgy.into_update().unwrap();
    let view = view(&before, &orgy.update, &orgy.signatures);
    snapshots("update-check-stale", |look| checked(&view, look));
}

#[test]
fn updates_that_were_computed() {
    let (original, bundle) = before();
    let modified = file("modified.pb", "add-orgx/modified_config.pb");
    let modified = modified.into_config().unwrap();
    let computed = ComputedUpdate::new(None, &original, &modified, Meant::Config).unwrap();
    let checked = CheckedUpdate::new(&bundle, &computed.update, &[], &BTreeSet::new(), NOW);
    let judged = Some((&bundle, &checked));
    let view = computed_view(&original, &computed, judged, None).unwrap();
    snapshots("update-compute", |look| super::super::computed(&view, look));
}

#[test]
fn what_is_in_files() {
    let (config, bundle) = before();
    let signed = file("signed.pb", "add-orgx/envelope_signed.pb");
    let whole = file("config_block.pb", "add-orgx/config_block_before.pb");
    let seen = |file: &GivenFile, checked: Option<CheckedView>| InspectedFileView {
        config: match &file.content {
            GivenContent::Config(config) => Some(config_view(config)),
            _ => None,
        },
        file: file_view(file),
        request: file.request.clone(),
        update: match &file.content {
            GivenContent::Update(update) => Some(update_view(update, checked).unwrap()),
            _ => None,
        },
    };
    let update = orgx();
    let judged = view(&(config, bundle), &update.update, &update.signatures);
    let files = InspectedView {
        files: vec![
            seen(&whole, None),
            seen(&signed, None),
            seen(&signed, Some(judged)),
        ],
    };
    snapshots("update-inspect", |look| inspected(&files, look));

    let (_, bundle) = before();
    let kept = MergedSignatures::of(&[orgx(), orgx()]).unwrap();
    let checked = CheckedUpdate::new(&bundle, &kept.update, &kept.kept, &BTreeSet::new(), NOW);
    let all = merged_view(&kept, 1, Some((&bundle, &checked)), "all.pb".to_owned());
    snapshots("update-merge", |look| merged(&all, look));
}

#[test]
fn names_of_files_do_not_rule_the_terminal() {
    let name = "x\u{1b}[2J\u{202e}.json";
    let document = json!({"channel_group": {"groups": {"App\u{1b}[31m": {"version": "1"}}}});
    let file = GivenFile::read(name, document.to_string().into_bytes());
    let shown = match file {
        Ok(file) => {
            let one = InspectedFileView {
                config: None,
                file: file_view(&file),
                request: None,
                update: None,
            };
            text(&inspected(&InspectedView { files: vec![one] }, look(80)))
        }
        Err(error) => text(&problem(&error, look(80))),
    };
    assert!(
        !shown.contains('\u{1b}') && !shown.contains('\u{202e}'),
        "{shown}"
    );
    assert!(shown.contains("\\u{1b}[2J"), "{shown}");
}
