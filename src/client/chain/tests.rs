//! Chains from real config blocks, and what is no chain.

use std::{fs, path::Path};

use bytes::Bytes;

use super::{ChainStore, ConfigTrail, VerifiedChain, VerifiedLink, stored};
use crate::{
    client::Exit,
    ids::{ChannelId, Digest, Sequence},
};

fn block(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(folder.join("fabric-3.1.5-caps-v3").join(name))
        .unwrap()
        .into()
}

fn channel() -> ChannelId {
    ChannelId::new("mychannel")
}

fn grown() -> VerifiedChain {
    let mut chain = VerifiedChain::start(&channel(), block("genesis.block")).unwrap();
    chain.take(block("add-orgx/config_block_after.pb")).unwrap();
    chain
}

#[test]
fn a_chain_grows_by_what_proves_itself() {
    let chain = grown();
    assert_eq!(chain.sequence(), Sequence(1));
    assert_eq!(chain.pin().unwrap().0, Sequence(0));
    assert_eq!(chain.links().count(), 2);
    // again, the same is no news
    let mut again = grown();
    again.take(block("add-orgx/config_block_after.pb")).unwrap();
    assert_eq!(again.links().count(), 2);
}

#[test]
fn what_does_not_follow_is_no_part_of_it() {
    let mut chain = VerifiedChain::start(&channel(), block("genesis.block")).unwrap();
    let error = chain
        .take(block("add-orgy/config_block_after.pb"))
        .unwrap_err();
    assert_eq!((error.exit, &*error.symbol), (Exit::Failed, "NOT_NEXT"));

    // another network's second config: nobody of this one signed it
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    let foreign =
        fs::read(folder.join("fabric-3.1.5-caps-v2/add-orgx/config_block_after.pb")).unwrap();
    let error = chain.take(foreign.clone().into()).unwrap_err();
    assert_eq!(
        (error.exit, &*error.symbol),
        (Exit::Unsafe, "BLOCK_NOT_PROVEN")
    );

    // of a sequence that is known already it is a fork
    let mut chain = grown();
    let error = chain.take(foreign.into()).unwrap_err();
    assert_eq!((error.exit, &*error.symbol), (Exit::Unsafe, "FORK"));
    assert_eq!(error.details.len(), 2);

    let other = ChannelId::new("other");
    let error = VerifiedChain::start(&other, block("genesis.block")).unwrap_err();
    assert_eq!(error.symbol, "WRONG_CHANNEL");
    let error = VerifiedChain::start(&channel(), Bytes::from_static(b"\x0a\x01")).unwrap_err();
    assert_eq!(error.symbol, "BAD_BLOCK");
}

#[test]
fn others_agree_or_there_is_a_fork() {
    let chain = grown();
    let (sequence, head) = chain.head().unwrap();
    assert!(chain.agrees(sequence, head, "the contract").unwrap());
    assert!(!chain.agrees(Sequence(7), head, "the contract").unwrap());
    // the same config in another block that somebody signed
    let forged = VerifiedLink {
        block_number: crate::ids::BlockNumber(head.block_number.0 + 1_000),
        block_hash: Digest::of(b"another header"),
        config_sha256: head.config_sha256,
        config_update_sha256: Some(Digest::of(b"another update")),
    };
    assert!(chain.agrees(sequence, &forged, "the contract").unwrap());
    let lie = VerifiedLink {
        config_sha256: Digest::of(b"something else"),
        ..head.clone()
    };
    let error = chain.agrees(sequence, &lie, "the contract").unwrap_err();
    assert_eq!((error.exit, &*error.symbol), (Exit::Unsafe, "FORK"));
}

#[test]
fn a_chain_is_the_same_after_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let store = ChainStore::new(folder.path(), None, &channel());
    assert!(store.load().unwrap().is_none());
    store.save(&grown()).unwrap();
    let kept = store.load().unwrap().unwrap();
    assert_eq!(kept.links, grown().links);
    assert_eq!(kept.head, grown().head);

    // one that is behind does not replace it, one that does not agree is refused
    let behind = VerifiedChain::start(&channel(), block("genesis.block")).unwrap();
    store.save(&behind).unwrap();
    assert_eq!(store.load().unwrap().unwrap().sequence(), Sequence(1));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fabric-data/fabric-3.1.5-caps-v2/genesis.block");
    let foreign = VerifiedChain::start(&channel(), fs::read(path).unwrap().into()).unwrap();
    assert_eq!(store.save(&foreign).unwrap_err().symbol, "FORK");
    store.replace(&foreign).unwrap();
    assert_eq!(store.load().unwrap().unwrap().links, foreign.links);
}

#[test]
fn what_others_may_change_is_not_trusted() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = ChainStore::new(folder.path(), None, &channel());
    store.save(&grown()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = folder.path().join("default");
    assert_eq!((mode(&store.path()), mode(&place)), (0o600, 0o700));
    for (path, wrong, right) in [(store.path(), 0o620, 0o600), (place, 0o702, 0o700)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(wrong)).unwrap();
        let error = store.load().unwrap_err();
        assert_eq!(
            (error.exit, &*error.symbol),
            (Exit::Unsafe, "STATE_OF_OTHERS")
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(right)).unwrap();
        assert!(store.load().unwrap().is_some());
    }
}

/// As root, who would leave files that their owner cannot open.
#[test]
fn in_a_folder_of_another_user_nothing_is_made() {
    use crate::client::StateFolder;
    use std::os::unix::fs::{PermissionsExt, chown};
    let state = tempfile::tempdir().unwrap();
    let folder = StateFolder::new(state.path(), None);
    let place = state.path().join("default");
    let refused = |said: &str| {
        for error in [
            folder.lock("lock").unwrap_err(),
            folder.try_lock("lock").unwrap_err(),
        ] {
            let seen = (error.exit, &*error.symbol);
            assert_eq!(seen, (Exit::Unsafe, "STATE_OF_OTHERS"));
            assert!(error.message.contains(said), "{error}");
        }
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    };
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
    refused("others may change");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
    // others than root may give nothing away
    if chown(&place, Some(4_002), None).is_ok() {
        refused("belongs to user 4002");
    }
}

/// Whoever may write into the folder above moves one's own away, with what is trusted and held.
#[test]
fn a_state_folder_that_others_may_empty_is_refused() {
    use crate::client::StateFolder;
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let above = home.path().join("above");
    let state = above.join("state");
    let folder = StateFolder::new(&state, None);
    folder.replace("file", b"x").unwrap();
    for place in [&above, &state] {
        let right = |mode: u32| {
            fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
        };
        right(0o777);
        for error in [
            folder.read("file", 9).unwrap_err(),
            folder.read("none", 9).unwrap_err(),
            folder.replace("file", b"y").unwrap_err(),
            folder.append("file", b"y").unwrap_err(),
            folder.lock("lock").unwrap_err(),
            folder.try_lock("lock").unwrap_err(),
        ] {
            let seen = (error.exit, &*error.symbol);
            assert_eq!(seen, (Exit::Unsafe, "STATE_OF_OTHERS"));
            let remedy = format!("chmod go-w {}", place.display());
            assert!(error.hint.unwrap().starts_with(&remedy));
        }
        let store = ChainStore::new(&state, None, &channel());
        assert_eq!(store.condition().open.first(), Some(place));
        right(0o755);
        assert_eq!(folder.read("file", 9).unwrap().unwrap(), b"x");
        assert!(store.condition().open.is_empty());
    }
}

#[test]
fn a_damaged_file_is_no_chain() {
    let content = String::from_utf8(stored::write(&grown()).unwrap()).unwrap();
    for (from, to) in [
        ("cmscc.chain.v1", "cmscc.chain.v0"),
        ("mychannel", "yourchannel"),
        ("\"sequence\":1", "\"sequence\":2"),
        ("\"head\":\"", "\"head\":\"AAAA"),
        ("}", ""),
    ] {
        assert!(content.contains(from), "{from}");
        let damaged = content.replacen(from, to, 1);
        let error = stored::parse(&channel(), damaged.as_bytes()).unwrap_err();
        let known = ["STATE_UNREADABLE", "BAD_BLOCK"].contains(&&*error.symbol);
        assert!(known, "{from}: {error:?}");
    }
}

#[test]
fn a_trail_tells_what_changed_and_from_where_it_is_proven() {
    let (genesis, first, second) = TRAIL;

    // twice the same is once
    let trail = trail_of(&[], &[genesis, first, first]);
    let configs = trail.configs();
    assert_eq!(configs.len(), 2);
    assert!(!configs[0].follows && configs[0].diff.is_none());
    assert!(configs[1].follows);
    let diff = configs[1].diff.as_ref().unwrap();
    assert!(diff.changes[0].text.contains("OrgXMSP"), "{diff:?}");
    let signers: Vec<&str> = configs[1]
        .signers
        .iter()
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(signers, ["Org2MSP", "Org1MSP"], "in the order of the block");
    assert_eq!((proven(&trail), believed(&trail)), (vec![], vec![0]));

    let trail = trail_of(&[genesis], &[genesis, first]);
    assert_eq!((proven(&trail), believed(&trail)), (vec![(0, 1)], vec![]));
    // an anchor right before the first one proves that, and is none of them
    let trail = trail_of(&[genesis], &[first]);
    assert_eq!((proven(&trail), believed(&trail)), (vec![(0, 1)], vec![]));
    assert_eq!(trail.configs().len(), 1);
    assert!(trail.configs()[0].follows);
    // one in the middle proves what is behind it alone
    let trail = trail_of(&[first], &[genesis, first]);
    assert_eq!((proven(&trail), believed(&trail)), (vec![(1, 1)], vec![0]));
    // one that is elsewhere proves nothing
    let trail = trail_of(&[second], &[genesis, first]);
    assert_eq!((proven(&trail), believed(&trail)), (vec![], vec![0]));
    assert_eq!(trail.anchors().collect::<Vec<_>>(), [Sequence(2)]);
    // two are one where nothing lies between
    let trail = trail_of(&[first, genesis, first], &[genesis, first, second]);
    assert_eq!((proven(&trail), believed(&trail)), (vec![(0, 2)], vec![]));
    // and behind a gap the second one goes on, also where it is not among the blocks
    let trail = trail_of(&[genesis, second], &[genesis, second]);
    assert_eq!(
        (proven(&trail), believed(&trail)),
        (vec![(0, 0), (2, 2)], vec![])
    );
    let trail = trail_of(&[first], &[second]);
    assert_eq!((proven(&trail), believed(&trail)), (vec![(1, 2)], vec![]));
}

#[test]
fn a_trail_takes_nothing_that_does_not_follow() {
    let (genesis, first, second) = TRAIL;
    let mut trail = trail_of(&[], &[genesis]);
    let error = trail.take(foreign()).unwrap_err();
    assert_eq!(
        (error.exit, &*error.symbol),
        (Exit::Unsafe, "BLOCK_NOT_PROVEN")
    );
    // what was there stays
    trail.take(block(first)).unwrap();
    assert_eq!(trail.configs().len(), 2);
    assert_eq!(trail.take(foreign()).unwrap_err().symbol, "FORK");
    // behind a gap it is believed
    let mut trail = trail_of(&[], &[genesis]);
    trail.take(block(second)).unwrap();
    assert_eq!(believed(&trail), [0, 2]);
    // what is before all that is there was not compared with anything
    let mut trail = trail_of(&[], &[second]);
    assert_eq!(trail.take(block(first)).unwrap_err().symbol, "NOT_NEXT");
}

#[test]
fn an_anchor_proves_nothing_that_does_not_follow_from_it() {
    let (genesis, first, second) = TRAIL;
    let mut trail = ConfigTrail::new(&channel(), [foreign()]).unwrap();
    assert_eq!(trail.take(block(first)).unwrap_err().symbol, "FORK");
    assert_eq!((proven(&trail), trail.configs().len()), (vec![], 0));
    // what begins right behind it and does not follow is no part of the trail
    assert_eq!(
        trail.take(block(second)).unwrap_err().symbol,
        "BLOCK_NOT_PROVEN"
    );
    assert_eq!((proven(&trail), trail.configs().len()), (vec![], 0));

    // where nothing proves what is before, an anchor that does not follow from that is no way out of it
    let mut trail = ConfigTrail::new(&channel(), [block(first)]).unwrap();
    trail.take(foreign_genesis()).unwrap();
    assert_eq!(
        trail.take(block(first)).unwrap_err().symbol,
        "BLOCK_NOT_PROVEN"
    );
    assert_eq!((proven(&trail), believed(&trail)), (vec![], vec![0]));
    // between two anchors a recovery may lie
    let anchors = [foreign_genesis(), block(first)];
    let mut trail = ConfigTrail::new(&channel(), anchors).unwrap();
    trail.take(foreign_genesis()).unwrap();
    trail.take(block(first)).unwrap();
    trail.take(block(second)).unwrap();
    assert_eq!(
        (proven(&trail), believed(&trail)),
        (vec![(0, 0), (1, 2)], vec![])
    );
    assert!(!trail.configs()[1].follows);

    // anchors of one sequence that differ are a fork by themselves
    let error = ConfigTrail::new(&channel(), [block(genesis), foreign_genesis()]).unwrap_err();
    assert_eq!((error.exit, &*error.symbol), (Exit::Unsafe, "FORK"));
}

/// Blocks of one channel: configs 0, 1 and 2.
const TRAIL: (&str, &str, &str) = (
    "genesis.block",
    "add-orgx/config_block_after.pb",
    "add-orgy/config_block_after.pb",
);

fn trail_of(anchors: &[&str], blocks: &[&str]) -> ConfigTrail {
    let anchors = anchors.iter().map(|&name| block(name));
    let mut trail = ConfigTrail::new(&channel(), anchors).unwrap();
    for name in blocks {
        trail.take(block(name)).unwrap();
    }
    trail
}

fn believed(trail: &ConfigTrail) -> Vec<u64> {
    trail.believed().map(|one| one.sequence.0).collect()
}

fn proven(trail: &ConfigTrail) -> Vec<(u64, u64)> {
    let proven = trail.proven().iter();
    proven.map(|one| (one.anchor.0, one.to.0)).collect()
}

/// Config 1 of another network with the same channel name.
fn foreign() -> Bytes {
    of_others("add-orgx/config_block_after.pb")
}

/// Its config 0.
fn foreign_genesis() -> Bytes {
    of_others("genesis.block")
}

fn of_others(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    let file = folder.join("fabric-3.1.5-caps-v2").join(name);
    fs::read(file).unwrap().into()
}
