//! Calls written down and played back: what a build answers, reads and writes is what an earlier one
//! did.
//!
//! ```sh
//! CMSCC_RECORD=directory CMSCC_TEST_CASES=40 cargo test --test it contract::record
//! CMSCC_REPLAY=directory cargo test --test it contract::record -- --nocapture
//! ```

mod format;
mod intents;
mod kept;
mod questions;
mod recorder;
mod replay;
mod trips;

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
    path::PathBuf,
};

use cmscc::{
    ids::BlockNumber,
    stub::{Event, Response, memory::Version},
};
use serde_json::{Map, Value};

use self::{
    format::{Exchange, Reader},
    questions::Questions,
    recorder::Recorder,
    replay::{Kind, Replay},
};
use super::{
    captures::CAPTURES,
    walk::{Game, cases},
    world::{TestAnchors, World},
};

/// Steps of a walk, and after how many of them everything is asked.
const STEPS: usize = 80;
const BETWEEN: usize = 16;

#[expect(clippy::disallowed_methods, reason = "longer runs by hand")]
fn directory(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// Walks and writes down every call.
async fn record<W: Write>(seed: u64, steps: usize, out: W) -> W {
    let anchors = TestAnchors::of(&CAPTURES[0].genesis());
    let recorder = Recorder::new(&anchors, out);
    let mut questions = Questions::new(seed, &anchors);
    let world = World::new(recorder);
    questions.before(&world).await;
    let mut game = Game::start(seed, world, &anchors).await;
    for step in 1..=steps {
        game.step().await;
        if step.is_multiple_of(BETWEEN) {
            questions.ask(game.world()).await;
        }
    }
    game.into_world().server.into_inner()
}

#[tokio::test]
async fn a_record_is_made_where_one_is_wanted() {
    let Some(directory) = directory("CMSCC_RECORD") else {
        eprintln!("CMSCC_RECORD is not set: nothing is recorded");
        return;
    };
    fs::create_dir_all(&directory).unwrap();
    for seed in 0..cases() {
        let path = directory.join(format!("seed-{seed:04}.jsonl"));
        let out = BufWriter::new(File::create(path).unwrap());
        record(seed, STEPS, out).await.flush().unwrap();
    }
}

#[tokio::test]
async fn a_record_that_is_there_is_replayed() {
    let Some(directory) = directory("CMSCC_REPLAY") else {
        eprintln!("CMSCC_REPLAY is not set: nothing is replayed");
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no record in {}", directory.display());
    let mut replay = Replay::new(5);
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy();
        let file = BufReader::new(File::open(&path).unwrap());
        replay.play(&name, Reader::new(file)).await;
    }
    eprintln!("{}", replay.report);
    let missing = replay.report.missing();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(replay.report.differences().is_empty(), "see above");
}

/// Takes the first member of an answer away, as if it had come later.
fn less(response: &mut Response) {
    let mut answer: Map<String, Value> = serde_json::from_slice(&response.payload).unwrap();
    let first = answer.keys().next().cloned().unwrap();
    answer.remove(&first);
    response.payload = serde_json::to_vec(&answer).unwrap().into();
}

/// Whether a call is one that a case is about, and what the case alters.
type Fits = fn(&Exchange) -> bool;
type Alter = fn(&mut Exchange);

#[tokio::test]
async fn what_is_recorded_replays_and_what_is_altered_is_noticed() {
    let written = record(19, BETWEEN, Vec::new()).await;
    let mut replay = Replay::new(20);
    replay.play("seed 19", Reader::new(&written[..])).await;
    let report = &replay.report;
    assert!(report.differences().is_empty(), "{report}");
    assert!(report.missing().is_empty(), "{:?}", report.missing());

    let first = |fits: Fits| {
        let found = Reader::new(&written[..]).find(fits);
        found.expect("a call of every kind is in the record")
    };
    let refused = |it: &Exchange| it.outcome.response.status == 404;
    let wrote = |it: &Exchange| !it.outcome.set.writes.is_empty();
    let listed = |it: &Exchange| {
        let ranges = &it.outcome.set.ranges;
        ranges.iter().any(|range| !range.reads.is_empty())
    };
    let read = |it: &Exchange| {
        let reads = &it.outcome.set.reads;
        reads.values().any(Option::is_some)
    };
    let config = |it: &Exchange| it.call.args == ["GetConfig"] && it.outcome.response.is_success();
    let cases: [(&str, Fits, Alter, Kind); 11] = [
        (
            "status",
            refused,
            |it| it.outcome.response.status = 403,
            Kind::Decision,
        ),
        (
            "message",
            refused,
            |it| it.outcome.response.message.push_str(" indeed"),
            Kind::Text,
        ),
        (
            "read",
            read,
            |it| {
                let version = Version {
                    block: BlockNumber(99_999),
                    tx: 0,
                };
                *it.outcome.set.reads.values_mut().next().unwrap() = Some(version);
            },
            Kind::Decision,
        ),
        (
            "range",
            listed,
            |it| {
                let ranges = &mut it.outcome.set.ranges;
                let filled = ranges.iter_mut().find(|range| !range.reads.is_empty());
                filled.unwrap().reads.pop();
            },
            Kind::Decision,
        ),
        (
            "write",
            wrote,
            |it| *it.outcome.set.writes.values_mut().next().unwrap() = None,
            Kind::Decision,
        ),
        (
            "event",
            wrote,
            |it| {
                it.outcome.set.event = Some(Event {
                    name: "Other".to_owned(),
                    payload: Default::default(),
                });
            },
            Kind::Decision,
        ),
        (
            "answer",
            config,
            |it| it.outcome.response.payload = "[]".into(),
            Kind::Answer,
        ),
        (
            "member",
            config,
            |it| less(&mut it.outcome.response),
            Kind::More,
        ),
        (
            "member of what a call answers that writes",
            wrote,
            |it| less(&mut it.outcome.response),
            Kind::Answer,
        ),
        (
            "argument",
            config,
            |it| it.call.args.push("[".into()),
            Kind::Decision,
        ),
        (
            "state",
            config,
            |it| it.ledger = Default::default(),
            Kind::Decision,
        ),
    ];
    for (name, fits, alter, kind) in cases {
        let mut exchange = first(fits);
        alter(&mut exchange);
        let mut replay = Replay::new(1);
        replay.check(name, &exchange).await;
        let found = replay.report.differences();
        let worst = found.first().map(|difference| difference.kind);
        assert_eq!(worst, Some(kind), "{name}: {}", replay.report);
    }
}
