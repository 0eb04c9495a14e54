//! What fuzzers were started with and what they found, replayed: `fuzz/corpus/<target>/`.

use std::{fs, path::Path};

#[allow(unreachable_pub, reason = "a library where a fuzzer is built from it")]
#[path = "../../fuzz/src/lib.rs"]
pub(crate) mod targets;

/// Every target has inputs, and all of them keep its laws.
#[test]
fn every_input_of_the_corpus_keeps_the_laws() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> = fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, targets::TARGETS.map(|(name, _)| name));
    let mut broken = Vec::new();
    for (name, target) in targets::TARGETS {
        let mut replayed = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::read(&path).unwrap();
            if std::panic::catch_unwind(|| target(&data)).is_err() {
                broken.push(path);
            }
            replayed += 1;
        }
        assert!(replayed > 0, "{name}");
    }
    assert!(broken.is_empty(), "{broken:?}");
}
