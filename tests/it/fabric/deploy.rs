//! `cmscc deploy` on a real network: from a fresh channel of two organisations to four, and an upgrade. Each
//! does what `deploy status` tells it to do next, and nothing else; what must be refused is refused.

use super::stage::Stage;

/// Who acts, the network, and how each follows what it is told.
const HANDS: &str = r#"
net=$REPOSITORY/tests/fabric/net.sh
export CHANNEL=mychannel
as() {
  eval "$($net env "$1")"
  export CHANNEL_NAME=$CHANNEL CMSCC_ANCHOR=$PWD/$CHANNEL.block CMSCC_STATE_DIR=$PWD/state/$1
}
address() { (as "$1"; echo 127.0.0.1:$((${CORE_PEER_ADDRESS##*:} + 4))); }
ops() { (as "$1"; echo 127.0.0.1:$((${CORE_PEER_ADDRESS##*:} + 5))); }
start() { # ORG, and a command that serves: `net.sh down` ends it, too
  local name=server-$1 ops; ops=$(ops "$1"); shift
  mkdir -p "$NET_DIR/run/$name"
  (
    cd "$NET_DIR/run/$name"
    CMSCC_TRUST_ANCHORS=$anchors CMSCC_OPS_ADDRESS=$ops nohup "$@" > "$NET_DIR/run/$name.log" 2>&1 < /dev/null &
    echo $! > "$NET_DIR/run/$name.pid"
  )
  until_done cmscc health --ops-address "$ops"
}
# Runs something again until it succeeds; half a minute is the end of patience.
until_done() {
  local i
  for i in $(seq 150); do "$@" > tried.log 2>&1 && return; sleep 0.2; done
  cat tried.log; echo "gave up: $*"; exit 1
}
knows_channel() { cmscc deploy status || [ $? = 3 ]; }
is_server() { [ "$(server "$1")" = "$2" ]; }
# Who is told something does it; until nobody is, and nothing is missing.
follow() {
  local org next left end=$((SECONDS + 150))
  while [ $SECONDS -lt $end ]; do
    left=0
    for org in "$@"; do
      as "$org"
      cmscc deploy status --json > status.json || [ $? = 3 ]
      if [ "$(jq .is_complete status.json)" = false ]; then left=1; fi
      next=$(jq -r '.next // empty' status.json)
      if [ -z "$next" ]; then continue; fi
      echo "$org: $next"
      case $next in
        'cmscc serve '*) start "$org" ${next/FOLDER/$anchors};;
        # peers hear of each other's chaincodes within some seconds
        'cmscc init-consortium') $next || true;;
        *) ${next/HOST:PORT/$(address "$org")};;
      esac
    done
    if [ $left = 0 ]; then echo "complete: $*"; return; fi
  done
  cmscc deploy status || true
  exit 1
}
refused() { # EXIT SYMBOL COMMAND..
  local exit=$1 symbol=$2 got=0; shift 2
  "$@" --json > refused.json 2>&1 || got=$?
  if [ $got != "$exit" ] || ! grep -q "\"$symbol\"" refused.json; then
    echo "not $exit $symbol but $got of: $*"; cat refused.json; exit 1
  fi
  echo "refused: $symbol"
}
server() { # MSP: what its peer says of its server
  { cmscc deploy status --json || true; } | jq -r --arg id "$1" '.members[] | select(.msp_id == $id).server'
}
is_away() { case $(server "$1") in peer_away|no_peer) ;; *) return 1;; esac; }
is_gone() { ! kill -0 "$1" 2> /dev/null; }
stop() { local pid; pid=$(cat "$NET_DIR/run/server-$1.pid"); kill "$pid"; until_done is_gone "$pid"; }
agree() { # ID ORG..: all of them sign it
  local id=$1 org; shift
  for org in "$@"; do
    as "$org"
    cmscc sign "$id" --yes --digest "$(cmscc show "$id" --json | jq -r .config_update_sha256)"
  done
}
joined() { # ORG: its peer follows the channel
  $net start-peer "$1"; $net join "$1"
  as "$1"; until_done knows_channel
}
# Without an anchor peers of other late members do not find its own; configtxgen of 3.1 prints it.
anchored() { # ORG
  as "$1"
  if [ -z "$(cmscc members --json | jq -r '.members[] | select(.is_own).anchor_peers[]')" ]; then
    cmscc propose anchor-peers "$CORE_PEER_ADDRESS" --id "anchor-$1" --description "where others find us"
    agree "anchor-$1" "$1"
    cmscc submit "anchor-$1"
  fi
}
org() { FABRIC_CFG_PATH=$NET_DIR/cfg "$FABRIC_BIN/configtxgen" -printOrg "$1" > "$1.json" 2> printed.log; }
committed() { as org1; "$FABRIC_BIN/peer" lifecycle chaincode querycommitted -C $CHANNEL -n cmscc -O json 2> peer.log; }

$net up
anchors=$PWD/anchors
mkdir -p anchors; cp "$NET_DIR/$CHANNEL.genesis.block" anchors/$CHANNEL.block; cp anchors/$CHANNEL.block $CHANNEL.block
"#;

#[test]
fn two_and_then_four_organisations_follow_what_the_status_says() {
    let Some(stage) = Stage::new(1700, &[]) else {
        return;
    };
    let printed = stage.run(&format!("{HANDS}{}", r#"
        follow org1 org2
        [ "$(committed | jq -c '[.sequence, .approvals]')" = '[1,{"Org1MSP":true,"Org2MSP":true}]' ]

        for name in OrgX OrgY; do
          org ${name}MSP; as org1
          cmscc propose add-org ${name}MSP.json --id add-$name --description "bring in $name"
          agree add-$name org1 org2
          cmscc submit add-$name
          joined ${name,,}
          follow org1 org2 $(case $name in OrgX) echo orgx;; *) echo orgx orgy;; esac)
          anchored ${name,,}
        done
        [ "$(committed | jq '.approvals | length')" = 4 ]

        # another endorsement policy: agreed, then defined
        rule="OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'OrgXMSP.peer', 'OrgYMSP.peer')"
        as org1
        refused 3 NOTHING_TO_CHANGE cmscc deploy upgrade
        refused 7 DEFINITION_CONCERN cmscc deploy upgrade --signature-policy "OR('Org1MSP.peer', 'Org2MSP.peer')"
        cmscc settings propose --endorsement-policy "$rule" --id two --description "two endorse"
        agree two org1 org2 orgx
        cmscc settings apply two
        as org1; cmscc deploy upgrade --version 2.0
        follow org1 org2 orgx orgy
        [ "$(committed | jq -c '[.sequence, .version, (.approvals | length)]')" = '[2,"2.0",4]' ]
        as orgy; [ "$(cmscc settings show --json | jq .definition.matches)" = true ]
        cmscc members
        "#));
    for line in [
        "complete: org1 org2\n",
        "complete: org1 org2 orgx\n",
        "complete: org1 org2 orgx orgy\n",
        "orgx: cmscc deploy approve\n",
        ": cmscc deploy commit\n",
    ] {
        assert!(printed.contains(line), "{line}{printed}");
    }
    println!("{printed}");
}

#[test]
fn what_is_wrong_with_a_deployment_is_said_by_name() {
    let Some(stage) = Stage::new(1750, &[]) else {
        return;
    };
    let printed = stage.run(&format!("{HANDS}{}", r#"
        as org1
        refused 3 NOTHING_APPROVED cmscc deploy commit
        refused 3 NOT_COMMITTED cmscc deploy upgrade
        refused 2 NOT_INSTALLED cmscc deploy approve
        refused 2 BAD_PACKAGE cmscc deploy install $CHANNEL.block
        refused 2 BAD_POLICY cmscc deploy approve --signature-policy "OutOf(2"

        # a peer that has no builder for such packages
        mv "$NET_DIR/builder/bin/detect" "$NET_DIR/builder/bin/away"
        refused 1 NO_BUILDER cmscc deploy install --address $(address org1)
        mv "$NET_DIR/builder/bin/away" "$NET_DIR/builder/bin/detect"
        cmscc deploy install --address $(address org1) | grep 'installed on'
        cmscc deploy install --address $(address org1) | grep 'has the package already'
        refused 2 NOT_INSTALLED cmscc deploy approve --package-id cmscc:beef
        refused 2 BAD_DEFINITION cmscc deploy approve --version 'a b'
        refused 2 SEQUENCE_AHEAD cmscc deploy approve --sequence 3

        # not an admin of the peer's organisation
        admin=$CORE_PEER_MSPCONFIGPATH
        export CORE_PEER_MSPCONFIGPATH=${admin/Admin@/User1@}
        refused 4 NOT_LOCAL_ADMIN cmscc deploy install --address $(address org1)
        refused 4 NOT_LOCAL_ADMIN cmscc deploy approve
        export CORE_PEER_MSPCONFIGPATH=$admin

        cmscc deploy approve
        cmscc deploy approve | grep already
        refused 3 TOO_FEW_APPROVALS cmscc deploy commit
        as org2
        cmscc deploy install --address $(address org2)
        refused 3 APPROVALS_DIFFER cmscc deploy approve --version 9
        cmscc deploy approve --version 9 --may-differ
        refused 3 TOO_FEW_APPROVALS cmscc deploy commit
        { cmscc deploy status || true; } | grep 'Org1MSP approved another sequence 1 than you'
        cmscc deploy approve --as Org1MSP
        cmscc deploy commit
        cmscc deploy commit | grep 'is committed'
        refused 6 SEQUENCE_TAKEN cmscc deploy approve --sequence 1 --version 2
        follow org1 org2

        # the same bytes as those of `peer`: one organisation approves with each
        as org1; cmscc deploy upgrade --version 2 --signature-policy "AND('Org1MSP.peer', 'Org2MSP.peer')"
        as org2
        "$FABRIC_BIN/peer" lifecycle chaincode approveformyorg -o $ORDERER_ADDR --tls --cafile $ORDERER_CA -C $CHANNEL -n cmscc \
          --version 2 --sequence 2 --signature-policy "AND('Org1MSP.peer','Org2MSP.peer')" --package-id \
          $({ cmscc deploy status --json || true; } | jq -r '.members[] | select(.is_own).package_id')
        cmscc deploy commit
        follow org1 org2

        # a package that no peer has: Fabric takes the approval without a word
        as org1
        "$FABRIC_BIN/peer" lifecycle chaincode approveformyorg -o $ORDERER_ADDR --tls --cafile $ORDERER_CA -C $CHANNEL -n cmscc \
          --version 2 --sequence 2 --signature-policy "AND('Org1MSP.peer','Org2MSP.peer')" --package-id cmscc:beef
        until_done is_server Org1MSP not_installed
        follow org1 org2

        # servers: away, of another id, at an address that there is not
        as org1
        stop org1; until_done is_server Org1MSP not_running
        id=$({ cmscc deploy status --json || true; } | jq -r '.members[] | select(.is_own).package_id')
        start org1 cmscc serve --chaincode-id cmscc:$(printf '%064d' 0) --address $(address org1)
        until_done is_server Org1MSP other_id
        as org2; until_done is_server Org1MSP other_id; as org1
        stop org1
        # a server that hangs, and one that speaks TLS where the package says none: peers wait for both alike
        start org1 cmscc serve --chaincode-id $id --address $(address org1)
        kill -STOP $(cat "$NET_DIR/run/server-org1.pid"); until_done is_server Org1MSP silent
        { cmscc doctor --json --only CONTRACT || true; } | jq -r '.findings[].text' | grep 'says nothing to your peer'
        as org2; until_done is_server Org1MSP silent; as org1
        kill -CONT $(cat "$NET_DIR/run/server-org1.pid"); stop org1
        tls=$NET_DIR/crypto/peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls
        start org1 cmscc serve --chaincode-id $id --address $(address org1) --tls-disabled false \
          --tls-cert $tls/server.crt --tls-key $tls/server.key
        until_done is_server Org1MSP silent
        { cmscc deploy status || true; } | grep 'Next: look for `connection refused` in the log of your server'
        grep 'connection refused' "$NET_DIR/run/server-org1.log"
        stop org1
        # a peer that is away is no server that is; soon the others forget it
        $net stop-peer org2; until_done is_away Org2MSP; $net start-peer org2
        cmscc deploy install --address nowhere.invalid:9999
        other=$(cmscc deploy package --address nowhere.invalid:9999 --output other.tar.gz)
        cmscc deploy approve --package-id $other
        until_done is_server Org1MSP address_unknown
        { cmscc deploy status || true; } | grep -e "Next: cmscc deploy approve --package-id $id"
        cmscc deploy approve --package-id $id
        follow org1 org2
        "#));
    assert!(printed.ends_with("complete: org1 org2\n"), "{printed}");
    println!("{printed}");
}
