//! `docs/tasks` on real networks: the blocks of each page run as they stand, and every config update that
//! they lead to is the one that `configtxlator` computes.

use super::stage::Stage;
use crate::client::tasks::{
    AGENT, CAPABILITIES, CONSENTER, END_ALL, FALSE_BRANCH, FORGED_BEFORE, HANDED_IN, LEAVE,
    MEMBERS, ORDERER_SETTINGS, POLICIES, PREPARED, ROTATE_CA, TaskPage, UNREACHABLE, forge,
    has_openssl,
};

/// The words of the pages, here.
const WORDS: &str = r#"
as() { eval "$($deployed env "$1")"; }
follow() { $deployed join "$1"; }
restart() {
  case $1 in
    orderer) "$net" stop-orderer; "$net" start-orderer;;
    *) "$net" stop-peer "$1"; "$net" start-peer "$1";;
  esac
}
NET=$NET_DIR/crypto ORGX=$PWD/orgx.json ANCHORS=$NET_DIR/anchors
"#;

/// Every config of the channel: the update in its block says the same as the one that `configtxlator`
/// computes between the two configs, as people do it by hand.
const COMPARED: &str = r#"
as org1
before=
count=0
for n in $(cmscc config history --json | jq '.chain[].block_number'); do
  cmscc_block=block_$n.pb
  "$FABRIC_BIN/peer" channel fetch "$n" "$cmscc_block" -c mychannel > /dev/null 2>&1
  configtxlator proto_decode --type common.Block --input "$cmscc_block" | jq '.data.data[0].payload.data' > "$n.json"
  jq .config "$n.json" | configtxlator proto_encode --type common.Config --output "$n.config"
  if [ -n "$before" ]; then
    configtxlator compute_update --channel_id mychannel --original "$before.config" --updated "$n.config" --output "$n.update"
    configtxlator proto_decode --type common.ConfigUpdate --input "$n.update" | jq -S . > "$n.by_hand"
    jq -S .last_update.payload.data.config_update "$n.json" > "$n.by_cmscc"
    diff "$n.by_hand" "$n.by_cmscc"
    count=$((count + 1))
  fi
  before=$n
done
echo "compared $count updates"
"#;

#[test]
fn members_come_and_go() {
    run(&MEMBERS, 1300, &[]);
}

#[test]
fn a_member_leaves() {
    run(&LEAVE, 1350, &[]);
}

#[test]
fn who_may_sign_is_changed() {
    run(&POLICIES, 1400, &[]);
}

#[test]
fn orderer_settings_are_changed() {
    run(&ORDERER_SETTINGS, 1800, &[]);
}

#[test]
fn one_goes_on_without_a_member_that_cannot_be_reached() {
    run(&UNREACHABLE, 1450, &[]);
}

#[test]
fn capabilities_are_raised() {
    run(&CAPABILITIES, 1500, &[("APP_CAPS", "V2_0")]);
}

#[test]
fn an_agent_is_run() {
    run(&AGENT, 1700, &[]);
}

#[test]
fn a_ca_is_rotated() {
    if has_openssl() {
        run(&ROTATE_CA, 1550, &[]);
    }
}

#[test]
fn a_consenter_gets_another_certificate() {
    if has_openssl() {
        run(&CONSENTER, 1600, &[("ORDERERS", "3")]);
    }
}

#[test]
fn one_comes_back_from_a_false_branch() {
    let Some(stage) = Stage::new(1650, &[]) else {
        return;
    };
    let first = FALSE_BRANCH.commands(Some((FORGED_BEFORE, true)));
    let mut printed = stage.run(&format!("{UP}{WORDS}{first}{PREPARED}"));
    let orderers = stage.at("net/crypto/ordererOrganizations/example.com");
    let genesis = stage.at("net/anchors/mychannel.block");
    let forged = stage.at("forged.block");
    forge(&genesis, &stage.at("first.pb"), &orderers, &forged);
    let second = FALSE_BRANCH.commands(Some((FORGED_BEFORE, false)));
    printed += &stage.run(&format!("{WORDS}{HANDED_IN}{second}"));
    FALSE_BRANCH.shows(&printed);
}

const UP: &str = "$deployed up\n$deployed org orgx > orgx.json\n";

fn run(page: &TaskPage, offset: u16, settings: &[(&'static str, &'static str)]) {
    let Some(stage) = Stage::new(offset, settings) else {
        return;
    };
    let commands = page.commands(None);
    let printed = stage.run(&format!("{END_ALL}{UP}{WORDS}{commands}{COMPARED}"));
    page.shows(&printed);
    let (_, compared) = printed.rsplit_once("compared ").unwrap();
    assert_ne!(compared.split(' ').next(), Some("0"), "{printed}");
    println!("{}: compared {compared}", page.name);
}
