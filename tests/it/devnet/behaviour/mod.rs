//! The same calls of every service, accepted and refused, of the embedded network and of a real one:
//! the answers are the same.
//!
//! What real networks answered stands in `answers-3.1.txt` and `answers-2.5.txt`. They are compared
//! with it when `FABRIC_BIN` is set (`fabric/behaviour.rs`); with `CMSCC_KEEP_ANSWERS` set that
//! writes the files. Addresses, times, ids and digests are left out. `differs-bft.txt` is what BFT
//! orderers change of it.

mod calls;
mod nodes;
mod script;

use std::path::Path;

use cmscc::{
    devnet::NetworkOptions,
    stub::memory::{PeerManner, PeerRelease},
};

use super::services::Served;

pub(crate) use script::play;

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_network_answers_as_a_real_one_of_3_1_does() {
    answers_as(PeerRelease::V3_1, "3.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_network_answers_as_a_real_one_of_2_5_does() {
    answers_as(PeerRelease::V2_5, "2.5").await;
}

async fn answers_as(release: PeerRelease, name: &str) {
    let options = NetworkOptions {
        manner: PeerManner::default().of_release(release),
        ..NetworkOptions::default()
    };
    let served = Served::new(&["Org1", "Org2"], options).await;
    let answers = play(&served.place).await;
    compare(&answers, name);
}

/// Compares with what a real network of this release answered.
pub(crate) fn compare(answers: &str, release: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/it/devnet/behaviour/answers-{release}.txt"));
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    let mut wrong = String::new();
    let (ours, theirs) = (steps(answers), steps(&expected));
    for (name, answer) in &ours {
        let real = theirs.iter().find(|(known, _)| known == name);
        let real = real.map_or("(no such step)", |(_, real)| *real);
        if *answer != real {
            wrong += &format!("\n== {name}\n   here: {answer}\n   real: {real}\n");
        }
    }
    assert!(wrong.is_empty(), "{release}:{wrong}");
    assert_eq!(ours.len(), theirs.len());
}

/// The steps of a play: a name, and what was answered.
fn steps(answers: &str) -> Vec<(&str, &str)> {
    let steps = answers
        .split("\n== ")
        .map(|step| step.trim_start_matches("== "));
    steps
        .filter_map(|step| step.split_once('\n'))
        .map(|(name, answer)| (name, answer.trim_end()))
        .collect()
}

/// The steps that another network answered otherwise than what is kept of a release: their names and what
/// it answered.
pub(crate) fn differing(answers: &str, release: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/it/devnet/behaviour/answers-{release}.txt"));
    let kept = std::fs::read_to_string(file).unwrap();
    let (ours, theirs) = (steps(answers), steps(&kept));
    assert_eq!(ours.len(), theirs.len());
    let differ = ours.iter().filter(|step| !theirs.contains(step));
    differ
        .map(|(name, answer)| format!("== {name}\n{}\n", nodes_alike(answer)))
        .collect()
}

/// An answer of several nodes: which ones said a thing, how many of them, and in which order, is left out.
fn nodes_alike(answer: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in answer.lines() {
        let node = line.trim_start().split_once(" OrdererMSP: ");
        let line = match node {
            Some((_, words)) => format!("    <orderer> OrdererMSP: {words}"),
            None => line.to_owned(),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}
