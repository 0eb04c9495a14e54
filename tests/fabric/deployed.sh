#!/usr/bin/env bash
# deployed.sh - the network of net.sh with the contract on it, as an administrator with the client finds
# one: Org1 and Org2 run servers, and the contract knows its first config.
#
# Environment: that of net.sh; NET_DIR is required, FABRIC_BIN and FABRIC_CFG are, too. CMSCC is the
# program (default: cmscc).
#
# Commands
#   up         starts the network, deploys, and calls InitConsortium
#   env ORG    prints the exports with which `peer` and `cmscc` act as the admin of ORG: org1, org2, orgx,
#              orgy, orderer
#   join ORG   lets an organisation follow that has become a member: peer, package, approval, server
#   org ORG    prints what `configtxgen -printOrg` says of orgx or orgy
#   down       stops what this NET_DIR started
#
#   export NET_DIR=$(mktemp -d) FABRIC_BIN=.. FABRIC_CFG=..; d=tests/fabric/deployed.sh
#   $d up; $d org orgx > x.json; $d org orgy > y.json
#   AS="$d env" JOIN="$d join" ORGX=x.json ORGY=y.json deploy/scenario.sh
set -euo pipefail

die() { echo "deployed: ERROR: $*" >&2; exit 1; }
[ -n "${NET_DIR:-}" ] || die "NET_DIR is not set"
net=$(cd "$(dirname "$0")" && pwd)/net.sh
CHANNEL=${CHANNEL:-mychannel}; export CHANNEL
CMSCC=${CMSCC:-cmscc}

environment() { # ORG
  "$net" env "$1"
  if [ "$1" = orderer ]; then echo "unset CORE_PEER_ADDRESS"; fi # its organisation has no peer
  cat <<E
export CHANNEL_NAME=$CHANNEL
export CMSCC_ANCHOR="$NET_DIR/anchors/$CHANNEL.block"
export CMSCC_STATE_DIR="$NET_DIR/state/$1"
export CMSCC_ORDERER="\$ORDERER_ADDR" CMSCC_ORDERER_CA="\$ORDERER_CA"
E
}
# Runs something again until it succeeds; half a minute is the end of patience.
until_done() {
  local i
  for i in $(seq 1 150); do "$@" >"$NET_DIR/run/tried.log" 2>&1 && return; sleep 0.2; done
  cat "$NET_DIR/run/tried.log" >&2; die "gave up: $*"
}
port() { eval "$("$net" env "$1")"; echo $((${CORE_PEER_ADDRESS##*:} + 4)); }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

package() { "$CMSCC" package --address "127.0.0.1:$(port "$1")" --output "$NET_DIR/cc/$1.tar.gz" >"$NET_DIR/cc/$1.id"; }
serve() { # ORG; `net.sh down` stops it, too
  local p name=server-$1; p=$(port "$1"); mkdir -p "$NET_DIR/run/$name"
  (
    cd "$NET_DIR/run/$name"
    export CHAINCODE_ID; CHAINCODE_ID=$(cat "$NET_DIR/cc/$1.id")
    export CHAINCODE_SERVER_ADDRESS=127.0.0.1:$p CMSCC_OPS_ADDRESS=127.0.0.1:$((p + 1)) CMSCC_TRUST_ANCHORS=$NET_DIR/anchors
    nohup "$CMSCC" serve >"$NET_DIR/run/$name.log" 2>&1 </dev/null &
    echo $! >"$NET_DIR/run/$name.pid"
  )
  until_done listens "$p"
}
definition=(-C "$CHANNEL" -n cmscc --version 1 --sequence 1)
approve() {
  "$net" peer "$1" lifecycle chaincode install "$NET_DIR/cc/$1.tar.gz"
  "$net" peer "$1" lifecycle chaincode approveformyorg @ORDERER "${definition[@]}" --package-id "$(cat "$NET_DIR/cc/$1.id")"
}
as() { (eval "$(environment "$1")"; shift; exec "$@"); }

cmd_up() {
  "$net" up
  rm -rf "$NET_DIR/anchors" "$NET_DIR/state"  # of an older network
  mkdir -p "$NET_DIR/anchors" "$NET_DIR/state"
  cp "$NET_DIR/$CHANNEL.genesis.block" "$NET_DIR/anchors/$CHANNEL.block"
  local o
  for o in org1 org2; do package $o; serve $o; approve $o; done
  # a peer that is a block behind the other answers otherwise
  until_done "$net" peer org1 lifecycle chaincode commit @ORDERER @PEERS "${definition[@]}"
  # and the gateway plans for a definition once it has heard of it from both
  until_done as org1 "$CMSCC" init-consortium
}
cmd_join() {
  "$net" start-peer "$1"; "$net" join "$1"
  # until its peer has read the block that takes it in, it is nobody on the channel
  until_done "$net" peer "$1" channel getinfo -c "$CHANNEL"
  package "$1"; serve "$1"; approve "$1"
  until_done as "$1" "$CMSCC" status --no-input
}
cmd_org() {
  local name; case $1 in orgx) name=OrgXMSP;; orgy) name=OrgYMSP;; *) die "org: orgx or orgy";; esac
  FABRIC_CFG_PATH="$NET_DIR/cfg" "$FABRIC_BIN/configtxgen" -printOrg $name 2>/dev/null
}

case "${1:-}" in
  up) cmd_up;;
  env) environment "$2";;
  join) cmd_join "$2";;
  org) cmd_org "$2";;
  down) "$net" down;;
  *) sed -n '2,/^set -euo/p' "$0" | sed -e '/^set -euo/d' -e 's/^# \{0,1\}//'; [ -z "${1:-}" ] || exit 1;;
esac
