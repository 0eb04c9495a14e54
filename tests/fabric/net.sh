#!/usr/bin/env bash
# net.sh - a small real Hyperledger Fabric network on 127.0.0.1, without docker.
#
# 1 etcdraft orderer, or 4 BFT ones (OrdererMSP), peer0 of Org1 and Org2 on one channel, TLS everywhere,
# LevelDB state (or CouchDB), gateway service on, chaincode-as-a-service external builder registered.
# Crypto material (but no membership) is also made for OrgX and OrgY.
#
# Environment
#   FABRIC_BIN   (required) directory with peer, orderer, configtxgen, configtxlator,
#                cryptogen, osnadmin
#   FABRIC_CFG   (required) a Fabric "sampleconfig" directory (core.yaml, orderer.yaml) of
#                the same Fabric version as FABRIC_BIN
#   NET_DIR      work directory; default for `up`: a new mktemp directory (printed). All
#                other commands need it.
#   CHANNEL      channel name (default mychannel)
#   CAPS         v2 (default: channel V2_0, orderer V2_0, application V2_5) or
#                v3 (channel V3_0, the others unchanged)
#   APP_CAPS     application capability (default V2_5)
#   CONSENSUS    raft (default) or bft (needs CAPS=v3)
#   ORDERERS     how many raft orderers: 1 (default) to 4
#   PORT_BASE    first port of the range that is used (default 17050, 50 ports)
#   BATCH_TIMEOUT  orderer batch timeout (default 250ms)
#   LOG_SPEC     FABRIC_LOGGING_SPEC of the nodes (default info:grpc=warn)
#   FABRIC_USER  identity for `peer` and `env`: Admin (default) or User1
#   CRYPTO_FROM  `up` copies this directory (an older NET_DIR/crypto) in place of running cryptogen
#   GOSSIP_WAIT  seconds that `up` waits for gossip membership (default 15; needs info logs)
#   STATE_DATABASE  goleveldb (default) or CouchDB, which needs curl and one server for each peer:
#   COUCHDB_ORG1, COUCHDB_ORG2, COUCHDB_ORGX, COUCHDB_ORGY   host:port of the server of this organisation's
#                peer; X and Y only where their peers are started. `up` deletes all databases there.
#   COUCHDB_USER, COUCHDB_PASSWORD   an admin of these servers (default admin, adminpw)
#   EXTRA_ENV    file of VAR=VALUE lines that are exported to the nodes (CORE_*, ORDERER_*)
#
# Commands
#   up                                   make everything and start it (stops and wipes an older net in NET_DIR)
#   deploy NAME ADDR1 ADDR2 [options]    ccaas chaincode: package per org, install, approve, commit
#        --init-required                 definition requires Init
#        --policy EXPR                   endorsement policy (default: channel default, MAJORITY)
#        --version V  --sequence N       default: V = sequence, N = committed sequence + 1
#        --dial-timeout T                default 3s
#        --tls-ca FILE                   the servers speak TLS; FILE is their CA certificate
#        --client-cert FILE --client-key FILE   the peer authenticates to the servers
#        --collections FILE              private data collections (JSON) of the definition
#        --meta-inf DIR                  packed as META-INF: indexes for CouchDB
#        --package-only                  only package; print the package ids
#   invoke NAME JSON [peer flags]        endorse on both peers, order, wait for the commit
#   query ORG NAME JSON [peer flags]     evaluate on one peer
#   peer ORG args...                     peer CLI as Admin of that org. The words @ORDERER and @PEERS
#                                        expand to the flags for the orderer / for both peers
#   env ORG                              print the exports behind `peer ORG`
#   add-org ORG                          add OrgX/OrgY to the channel with configtxlator; keeps all artifacts
#                                        in NET_DIR/update-ORG; SIGNERS="org1 org2" says who signs (the
#                                        first one submits)
#   start-peer ORG | stop-peer ORG       start/stop one peer (start-peer orgx after add-org, then join)
#   join ORG                             join ORG's peer to the channel
#   new-channel NAME                     one more channel with both peers; use it with CHANNEL=NAME
#   start-orderer | stop-orderer         all of them
#   status                               what runs
#   down                                 stop what this NET_DIR started (by pid file)
#
# ORG is one of org1 org2 orgx orgy (and orderer for peer/env).
set -euo pipefail

die() { echo "net: ERROR: $*" >&2; exit 1; }
T0=$(date +%s%3N)
say() { printf '[%6.1fs] %s\n' "$(awk -v a="$(date +%s%3N)" -v b="$T0" 'BEGIN{print (a-b)/1000}')" "$*" >&2; }

CHANNEL_ENV=${CHANNEL:-}
CHANNEL=${CHANNEL:-mychannel}
CAPS=${CAPS:-v2}
APP_CAPS=${APP_CAPS:-V2_5}
CONSENSUS=${CONSENSUS:-raft}
ORDERERS=${ORDERERS:-1}
PORT_BASE=${PORT_BASE:-17050}
BATCH_TIMEOUT=${BATCH_TIMEOUT:-250ms}
LOG_SPEC=${LOG_SPEC:-info:grpc=warn}
FABRIC_USER=${FABRIC_USER:-Admin}
STATE_DATABASE=${STATE_DATABASE:-goleveldb}
COUCHDB_USER=${COUCHDB_USER:-admin}
COUCHDB_PASSWORD=${COUCHDB_PASSWORD:-adminpw}
EXTRA_ENV=${EXTRA_ENV:-}
HOST=127.0.0.1

need_tools() {
  [ -n "${FABRIC_BIN:-}" ] || die "FABRIC_BIN is not set"
  [ -n "${FABRIC_CFG:-}" ] || die "FABRIC_CFG is not set (a sampleconfig directory)"
  FABRIC_BIN=$(cd "$FABRIC_BIN" && pwd); FABRIC_CFG=$(cd "$FABRIC_CFG" && pwd)
  local t
  for t in peer orderer configtxgen configtxlator cryptogen osnadmin; do
    [ -x "$FABRIC_BIN/$t" ] || die "$FABRIC_BIN/$t is missing"
  done
  [ -f "$FABRIC_CFG/core.yaml" ] || die "$FABRIC_CFG/core.yaml is missing"
}
need_net() {
  [ -n "${NET_DIR:-}" ] || die "NET_DIR is not set"
  [ -d "$NET_DIR" ] || die "NET_DIR $NET_DIR does not exist"
  NET_DIR=$(cd "$NET_DIR" && pwd)
  # the settings of `up` hold for all later commands; CHANNEL may name another channel
  if [ -f "$NET_DIR/net.env" ] && [ "${1:-}" != fresh ]; then . "$NET_DIR/net.env"; fi
  if [ -n "$CHANNEL_ENV" ]; then CHANNEL=$CHANNEL_ENV; fi
}

# ---- the organisations -------------------------------------------------------------------
org_lc() { echo "$1" | tr 'A-Z' 'a-z'; }
org_name() { case "$(org_lc "$1")" in org1) echo Org1;; org2) echo Org2;; orgx) echo OrgX;; orgy) echo OrgY;; orderer) echo Orderer;; *) die "unknown org '$1'";; esac; }
org_dir() { case "$(org_lc "$1")" in orderer) echo "$NET_DIR/crypto/ordererOrganizations/example.com";; *) echo "$NET_DIR/crypto/peerOrganizations/$(org_lc "$1").example.com";; esac; }
org_domain() { case "$(org_lc "$1")" in orderer) echo example.com;; *) echo "$(org_lc "$1").example.com";; esac; }
org_port() { case "$(org_lc "$1")" in org1) echo $((PORT_BASE+11));; org2) echo $((PORT_BASE+21));; orgx) echo $((PORT_BASE+31));; orgy) echo $((PORT_BASE+41));; orderer) echo "$PORT_BASE";; esac; }
# the ordering nodes; each has three ports: broadcast and deliver, admin, operations
orderers() { if [ "$CONSENSUS" = bft ]; then echo orderer orderer2 orderer3 orderer4; else echo orderer orderer2 orderer3 orderer4 | cut -d' ' -f"1-$ORDERERS"; fi; }
orderer_port() { case "$1" in orderer) echo "$PORT_BASE";; orderer2) echo $((PORT_BASE+3));; orderer3) echo $((PORT_BASE+6));; orderer4) echo $((PORT_BASE+47));; esac; }
orderer_dir() { echo "$NET_DIR/crypto/ordererOrganizations/example.com/orderers/$1.example.com"; }
ORD_CA() { echo "$NET_DIR/crypto/ordererOrganizations/example.com/tlsca/tlsca.example.com-cert.pem"; }

# ---- state databases ---------------------------------------------------------------------
couchdb_of() { # ORG -> host:port
  case "$(org_lc "$1")" in org1) echo "${COUCHDB_ORG1:-}";; org2) echo "${COUCHDB_ORG2:-}";; orgx) echo "${COUCHDB_ORGX:-}";; orgy) echo "${COUCHDB_ORGY:-}";; esac
}
couchdb_ask() { # METHOD HOST:PORT/PATH
  curl -sS -f -m 60 -u "$COUCHDB_USER:$COUCHDB_PASSWORD" -X "$1" "http://$2" || die "CouchDB does not answer: $1 $2"
}
wipe_state_databases() { # the peers of a new network must find nothing of an older one
  local o a list db
  if [ "$STATE_DATABASE" != CouchDB ]; then return; fi
  command -v curl >/dev/null || die "STATE_DATABASE=CouchDB needs curl"
  for o in org1 org2 orgx orgy; do
    a=$(couchdb_of $o)
    if [ -z "$a" ]; then
      case $o in org1|org2) die "STATE_DATABASE=CouchDB needs COUCHDB_$(echo $o | tr a-z A-Z)";; *) continue;; esac
    fi
    list=$(couchdb_ask GET "$a/_all_dbs")
    for db in $(echo "$list" | tr -d '[]" ' | tr ',' ' '); do
      case $db in _*) ;; *) couchdb_ask DELETE "$a/$(echo "$db" | sed 's/[$]/%24/g; s/[+]/%2B/g; s,/,%2F,g')" >/dev/null;; esac
    done
  done
}

# ---- processes ---------------------------------------------------------------------------
alive() { # NAME: the process of the pid file runs and is ours (its cwd is our run directory)
  local f="$NET_DIR/run/$1.pid" p
  [ -f "$f" ] || return 1
  p=$(cat "$f"); [ -n "$p" ] && kill -0 "$p" 2>/dev/null || return 1
  [ ! -e "/proc/$p/cwd" ] || [ "$(readlink "/proc/$p/cwd")" = "$NET_DIR/run/$1" ]
}
stop_one() { # NAME
  local f="$NET_DIR/run/$1.pid" p i
  if alive "$1"; then
    p=$(cat "$f"); kill "$p" 2>/dev/null || true
    for i in $(seq 1 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
    if kill -0 "$p" 2>/dev/null; then kill -9 "$p" 2>/dev/null || true; sleep 0.2; fi
    say "stopped $1 (pid $p)"
  fi
  rm -f "$f"
}
port_open() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }
wait_port() { # PORT NAME
  local i
  for i in $(seq 1 300); do
    if port_open "$1"; then return 0; fi
    alive "$2" || { tail -20 "$NET_DIR/run/$2.log" >&2; die "$2 ended; log: $NET_DIR/run/$2.log"; }
    sleep 0.1
  done
  die "$2 does not listen on $1 after 30 s; log: $NET_DIR/run/$2.log"
}
spawn() { # NAME program args... (environment already exported in this subshell)
  local name=$1; shift
  mkdir -p "$NET_DIR/run/$name"
  cd "$NET_DIR/run/$name"
  if [ -n "$EXTRA_ENV" ]; then set -a; . "$EXTRA_ENV"; set +a; fi
  nohup "$@" >>"$NET_DIR/run/$name.log" 2>&1 </dev/null &
  echo $! >"$NET_DIR/run/$name.pid"
}

launch_orderer() { # NAME, without waiting
  local o=$1 port; port=$(orderer_port "$o")
  alive "$o" && { say "$o already runs"; return; }
  if port_open "$port"; then die "port $port is taken"; fi
  local tls; tls="$(orderer_dir "$o")/tls"
  (
    export FABRIC_CFG_PATH="$NET_DIR/cfg" FABRIC_LOGGING_SPEC="$LOG_SPEC"
    export ORDERER_GENERAL_LISTENADDRESS=$HOST ORDERER_GENERAL_LISTENPORT=$port
    export ORDERER_GENERAL_LOCALMSPID=OrdererMSP
    export ORDERER_GENERAL_LOCALMSPDIR="$(orderer_dir "$o")/msp"
    export ORDERER_GENERAL_TLS_ENABLED=true ORDERER_GENERAL_TLS_PRIVATEKEY="$tls/server.key"
    export ORDERER_GENERAL_TLS_CERTIFICATE="$tls/server.crt" ORDERER_GENERAL_TLS_ROOTCAS="[$tls/ca.crt]"
    export ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE="$tls/server.crt" ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY="$tls/server.key"
    export ORDERER_GENERAL_CLUSTER_ROOTCAS="[$tls/ca.crt]"
    export ORDERER_GENERAL_BOOTSTRAPMETHOD=none          # read by 2.x only
    export ORDERER_CHANNELPARTICIPATION_ENABLED=true
    export ORDERER_ADMIN_LISTENADDRESS=$HOST:$((port+1)) ORDERER_ADMIN_TLS_ENABLED=true
    export ORDERER_ADMIN_TLS_CERTIFICATE="$tls/server.crt" ORDERER_ADMIN_TLS_PRIVATEKEY="$tls/server.key"
    export ORDERER_ADMIN_TLS_ROOTCAS="[$tls/ca.crt]" ORDERER_ADMIN_TLS_CLIENTROOTCAS="[$tls/ca.crt]"
    export ORDERER_OPERATIONS_LISTENADDRESS=$HOST:$((port+2))
    export ORDERER_FILELEDGER_LOCATION="$NET_DIR/run/$o/ledger"
    export ORDERER_CONSENSUS_WALDIR="$NET_DIR/run/$o/wal" ORDERER_CONSENSUS_SNAPDIR="$NET_DIR/run/$o/snap"
    spawn "$o" "$FABRIC_BIN/orderer"
  )
}
start_orderer() { # all of them
  local o port
  for o in $(orderers); do launch_orderer "$o"; done
  for o in $(orderers); do
    port=$(orderer_port "$o")
    wait_port "$port" "$o"
    wait_port "$((port+1))" "$o"
    say "$o up on $HOST:$port (admin $((port+1)), pid $(cat "$NET_DIR/run/$o.pid"))"
  done
}

launch_peer() { # ORG, without waiting
  local o; o=$(org_lc "$1"); local port; port=$(org_port "$o")
  alive "peer-$o" && return
  if port_open "$port"; then die "port $port is taken"; fi
  local pd; pd="$(org_dir "$o")/peers/peer0.$(org_domain "$o")"
  (
    export FABRIC_CFG_PATH="$NET_DIR/cfg" FABRIC_LOGGING_SPEC="$LOG_SPEC"
    export CORE_PEER_ID="peer0.$(org_domain "$o")" CORE_PEER_LOCALMSPID="$(org_name "$o")MSP"
    export CORE_PEER_MSPCONFIGPATH="$pd/msp"
    export CORE_PEER_LISTENADDRESS=$HOST:$port CORE_PEER_ADDRESS=$HOST:$port
    export CORE_PEER_CHAINCODELISTENADDRESS=$HOST:$((port+1)) CORE_PEER_CHAINCODEADDRESS=$HOST:$((port+1))
    export CORE_PEER_GOSSIP_BOOTSTRAP=$HOST:$port CORE_PEER_GOSSIP_EXTERNALENDPOINT=$HOST:$port CORE_PEER_GOSSIP_ENDPOINT=$HOST:$port
    # peers that met too early (before both had joined) try again after 1 s in place of 25 s
    export CORE_PEER_GOSSIP_RECONNECTINTERVAL=1s CORE_PEER_GOSSIP_MEMBERSHIPTRACKERINTERVAL=1s
    export CORE_PEER_GOSSIP_PUBLISHSTATEINFOINTERVAL=1s CORE_PEER_GOSSIP_REQUESTSTATEINFOINTERVAL=1s CORE_PEER_GOSSIP_ALIVETIMEINTERVAL=1s
    export CORE_PEER_TLS_ENABLED=true CORE_PEER_TLS_CERT_FILE="$pd/tls/server.crt" CORE_PEER_TLS_KEY_FILE="$pd/tls/server.key" CORE_PEER_TLS_ROOTCERT_FILE="$pd/tls/ca.crt"
    export CORE_PEER_FILESYSTEMPATH="$NET_DIR/run/peer-$o/data" CORE_LEDGER_SNAPSHOTS_ROOTDIR="$NET_DIR/run/peer-$o/data/snapshots"
    export CORE_PEER_GATEWAY_ENABLED=true CORE_LEDGER_STATE_STATEDATABASE=$STATE_DATABASE
    if [ "$STATE_DATABASE" = CouchDB ]; then
      local couch; couch=$(couchdb_of "$o")
      [ -n "$couch" ] || die "peer0.$(org_domain "$o") has no COUCHDB_$(echo "$o" | tr a-z A-Z)"
      export CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS=$couch
      export CORE_LEDGER_STATE_COUCHDBCONFIG_USERNAME=$COUCHDB_USER CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD=$COUCHDB_PASSWORD
    fi
    export CORE_OPERATIONS_LISTENADDRESS=$HOST:$((port+2))
    spawn "peer-$o" "$FABRIC_BIN/peer" node start
  )
}
start_peer() { # ORG
  local o; o=$(org_lc "$1"); launch_peer "$o"; wait_port "$(org_port "$o")" "peer-$o"
  say "peer0.$(org_domain "$o") up on $HOST:$(org_port "$o") (pid $(cat "$NET_DIR/run/peer-$o.pid"))"
}

# ---- peer CLI ----------------------------------------------------------------------------
peer_env() { # ORG -> exports on stdout
  local o; o=$(org_lc "$1"); local d; d=$(org_dir "$o")
  cat <<E
export FABRIC_CFG_PATH="$NET_DIR/cfg"
export FABRIC_LOGGING_SPEC="${CLI_LOG_SPEC:-warn:grpc=error}"
export CORE_PEER_LOCALMSPID="$(org_name "$o")MSP"
export CORE_PEER_MSPCONFIGPATH="$d/users/$FABRIC_USER@$(org_domain "$o")/msp"
export CORE_PEER_ADDRESS="$HOST:$(org_port "$o")"
export CORE_PEER_TLS_ENABLED=true
export CORE_PEER_TLS_ROOTCERT_FILE="$d/tlsca/tlsca.$(org_domain "$o")-cert.pem"
export CORE_PEER_CLIENT_CONNTIMEOUT=10s
export ORDERER_ADDR="$HOST:$PORT_BASE"
export ORDERER_CA="$(ORD_CA)"
E
}
peer_tls() { echo "$(org_dir "$1")/tlsca/tlsca.$(org_domain "$1")-cert.pem"; }
peer_cli() { # ORG args...
  local o=$1; shift
  local a=() x
  for x in "$@"; do
    case "$x" in
      @ORDERER) a+=(-o "$HOST:$PORT_BASE" --tls --cafile "$(ORD_CA)");;
      @PEERS) a+=(--peerAddresses "$HOST:$(org_port org1)" --tlsRootCertFiles "$(peer_tls org1)" --peerAddresses "$HOST:$(org_port org2)" --tlsRootCertFiles "$(peer_tls org2)");;
      *) a+=("$x");;
    esac
  done
  ( eval "$(peer_env "$o")"; exec "$FABRIC_BIN/peer" "${a[@]}" )
}

# ---- generated configuration --------------------------------------------------------------
write_crypto_config() {
  {
    cat <<E
OrdererOrgs:
  - Name: Orderer
    Domain: example.com
    EnableNodeOUs: true
    Specs:
E
    local n
    for n in $(orderers); do
      printf '      - Hostname: %s\n        SANS: [localhost, %s]\n' "$n" "$HOST"
    done
    echo "PeerOrgs:"
    for n in Org1 Org2 OrgX OrgY; do
      cat <<E
  - Name: $n
    Domain: $(org_domain "$n")
    EnableNodeOUs: true
    Template:
      Count: 1
      SANS: [localhost, $HOST]
    Users:
      Count: 1
E
    done
  } >"$NET_DIR/cfg/crypto-config.yaml"
}
write_configtx() {
  local chcap=V2_0; [ "$CAPS" = v3 ] && chcap=V3_0
  local o tls endpoints="" id=0
  for o in $(orderers); do endpoints="$endpoints${endpoints:+, }\"$HOST:$(orderer_port "$o")\""; done
  {
    cat <<E
Organizations:
  - &OrdererOrg
    Name: OrdererOrg
    ID: OrdererMSP
    MSPDir: $(org_dir orderer)/msp
    Policies:
      Readers: { Type: Signature, Rule: "OR('OrdererMSP.member')" }
      Writers: { Type: Signature, Rule: "OR('OrdererMSP.member')" }
      Admins:  { Type: Signature, Rule: "OR('OrdererMSP.admin')" }
    OrdererEndpoints: [$endpoints]
E
    local n m
    for n in Org1 Org2 OrgX OrgY; do
      m=${n}MSP
      cat <<E
  - &$n
    Name: $m
    ID: $m
    MSPDir: $(org_dir "$n")/msp
    Policies:
      Readers:     { Type: Signature, Rule: "OR('$m.admin', '$m.peer', '$m.client')" }
      Writers:     { Type: Signature, Rule: "OR('$m.admin', '$m.client')" }
      Admins:      { Type: Signature, Rule: "OR('$m.admin')" }
      Endorsement: { Type: Signature, Rule: "OR('$m.peer')" }
    AnchorPeers:
      - { Host: $HOST, Port: $(org_port "$n") }
E
    done
    cat <<E
Profiles:
  AppChannel:
    Policies:
      Readers: { Type: ImplicitMeta, Rule: "ANY Readers" }
      Writers: { Type: ImplicitMeta, Rule: "ANY Writers" }
      Admins:  { Type: ImplicitMeta, Rule: "MAJORITY Admins" }
    Capabilities: { $chcap: true }
    Orderer:
      Addresses: []
      BatchTimeout: $BATCH_TIMEOUT
      BatchSize: { MaxMessageCount: 100, AbsoluteMaxBytes: 99 MB, PreferredMaxBytes: 2 MB }
E
    if [ "$CONSENSUS" = bft ]; then
      printf '      OrdererType: BFT\n      ConsenterMapping:\n'
      for o in $(orderers); do
        id=$((id+1)); tls="$(orderer_dir "$o")/tls/server.crt"
        echo "        - { ID: $id, Host: $HOST, Port: $(orderer_port "$o"), MSPID: OrdererMSP, Identity: $(orderer_dir "$o")/msp/signcerts/$o.example.com-cert.pem, ClientTLSCert: $tls, ServerTLSCert: $tls }"
      done
      cat <<E
      SmartBFT:
        { RequestBatchMaxCount: 100, RequestBatchMaxBytes: 10485760, RequestBatchMaxInterval: $BATCH_TIMEOUT,
          IncomingMessageBufferSize: 200, RequestPoolSize: 1000, RequestForwardTimeout: 2s, RequestComplainTimeout: 20s,
          RequestAutoRemoveTimeout: 3m, RequestMaxBytes: 10485760, ViewChangeResendInterval: 5s, ViewChangeTimeout: 20s,
          LeaderHeartbeatTimeout: 1m, LeaderHeartbeatCount: 10, CollectTimeout: 1s }
E
    else
      printf '      OrdererType: etcdraft\n      EtcdRaft:\n        Consenters:\n'
      for o in $(orderers); do
        tls="$(orderer_dir "$o")/tls/server.crt"
        echo "          - { Host: $HOST, Port: $(orderer_port "$o"), ClientTLSCert: $tls, ServerTLSCert: $tls }"
      done
      cat <<E
        Options: { TickInterval: 100ms, ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: 16 MB }
E
    fi
    cat <<E
      Organizations: [*OrdererOrg]
      Policies:
        Readers: { Type: ImplicitMeta, Rule: "ANY Readers" }
        Writers: { Type: ImplicitMeta, Rule: "ANY Writers" }
        Admins:  { Type: ImplicitMeta, Rule: "MAJORITY Admins" }
        BlockValidation: { Type: ImplicitMeta, Rule: "ANY Writers" }
      Capabilities: { V2_0: true }
    Application:
      Organizations: [*Org1, *Org2]
      Policies:
        Readers: { Type: ImplicitMeta, Rule: "ANY Readers" }
        Writers: { Type: ImplicitMeta, Rule: "ANY Writers" }
        Admins:  { Type: ImplicitMeta, Rule: "MAJORITY Admins" }
        LifecycleEndorsement: { Type: ImplicitMeta, Rule: "MAJORITY Endorsement" }
        Endorsement: { Type: ImplicitMeta, Rule: "MAJORITY Endorsement" }
      Capabilities: { $APP_CAPS: true }
E
  } >"$NET_DIR/cfg/configtx.yaml"
}
write_node_config() {
  cp "$FABRIC_CFG/orderer.yaml" "$NET_DIR/cfg/orderer.yaml"
  # no docker; our ccaas builder in place of the one of the peer image
  sed -e "s#path: /opt/hyperledger/ccaas_builder#path: $NET_DIR/builder#" \
      -e 's#endpoint: unix:///var/run/docker.sock#endpoint:#' \
      "$FABRIC_CFG/core.yaml" >"$NET_DIR/cfg/core.yaml"
  grep -q "path: $NET_DIR/builder" "$NET_DIR/cfg/core.yaml" || die "this core.yaml has no ccaas_builder entry in externalBuilders"
  mkdir -p "$NET_DIR/builder/bin"
  cat >"$NET_DIR/builder/bin/detect" <<'E'
#!/bin/sh
# detect SOURCE METADATA
tr -d ' \t\r\n' <"$2/metadata.json" | grep -qi '"type":"ccaas"'
E
  cat >"$NET_DIR/builder/bin/build" <<'E'
#!/bin/sh
# build SOURCE METADATA OUTPUT
set -e
[ -f "$1/connection.json" ] || { echo "connection.json not found" >&2; exit 1; }
cp "$1/connection.json" "$3/connection.json"
cp -R "$2/." "$3/"
if [ -d "$1/META-INF" ]; then cp -R "$1/META-INF" "$3/META-INF"; fi
E
  cat >"$NET_DIR/builder/bin/release" <<'E'
#!/bin/sh
# release BUILD_OUTPUT RELEASE
set -e
mkdir -p "$2/chaincode/server"
cp "$1/connection.json" "$2/chaincode/server/connection.json"
if [ -d "$1/META-INF/statedb" ]; then cp -R "$1/META-INF/statedb" "$2/statedb"; fi
E
  chmod +x "$NET_DIR"/builder/bin/*
}

make_genesis() {
  FABRIC_CFG_PATH="$NET_DIR/cfg" "$FABRIC_BIN/configtxgen" -profile AppChannel -channelID "$CHANNEL" -outputBlock "$NET_DIR/$CHANNEL.genesis.block" >"$NET_DIR/run/configtxgen.log" 2>&1 || { cat "$NET_DIR/run/configtxgen.log" >&2; die configtxgen; }
  say "genesis block of $CHANNEL made"
}
osn_join() {
  local o tls out
  for o in $(orderers); do
    tls="$(orderer_dir "$o")/tls"
    out=$("$FABRIC_BIN/osnadmin" channel join -o "$HOST:$(($(orderer_port "$o")+1))" --ca-file "$tls/ca.crt" --client-cert "$tls/server.crt" --client-key "$tls/server.key" \
      --channelID "$CHANNEL" --config-block "$NET_DIR/$CHANNEL.genesis.block" 2>&1) || { echo "$out" >&2; die "osnadmin join"; }
    case "$out" in *"Status: 201"*) say "$o joined $CHANNEL";; *) echo "$out" >&2; die "osnadmin join";; esac
  done
}

# ---- commands ----------------------------------------------------------------------------
cmd_up() {
  need_tools
  NET_DIR=${NET_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/net.XXXXXX")}
  mkdir -p "$NET_DIR"; need_net fresh
  [ -f "$NET_DIR/net.env" ] || [ -z "$(ls -A "$NET_DIR")" ] || die "NET_DIR $NET_DIR is neither empty nor an older net"
  local f
  for f in "$NET_DIR"/run/*.pid; do [ -e "$f" ] && stop_one "$(basename "$f" .pid)"; done
  rm -rf "$NET_DIR"/{cfg,crypto,run,cc,builder,net.env} "$NET_DIR"/*.genesis.block "$NET_DIR"/update-*
  mkdir -p "$NET_DIR"/{cfg,run,cc}
  cat >"$NET_DIR/net.env" <<E
CHANNEL=$CHANNEL
CAPS=$CAPS
CONSENSUS=$CONSENSUS
ORDERERS=$ORDERERS
PORT_BASE=$PORT_BASE
STATE_DATABASE=$STATE_DATABASE
COUCHDB_ORG1=${COUCHDB_ORG1:-}
COUCHDB_ORG2=${COUCHDB_ORG2:-}
COUCHDB_ORGX=${COUCHDB_ORGX:-}
COUCHDB_ORGY=${COUCHDB_ORGY:-}
COUCHDB_USER=$(printf %q "$COUCHDB_USER")
COUCHDB_PASSWORD=$(printf %q "$COUCHDB_PASSWORD")
E
  say "NET_DIR=$NET_DIR  caps=$CAPS  channel=$CHANNEL  ports from $PORT_BASE  state $STATE_DATABASE"
  wipe_state_databases
  write_crypto_config
  if [ -n "${CRYPTO_FROM:-}" ]; then
    cp -R "$CRYPTO_FROM" "$NET_DIR/crypto"; say "crypto material copied from $CRYPTO_FROM"
  else
    "$FABRIC_BIN/cryptogen" generate --config "$NET_DIR/cfg/crypto-config.yaml" --output "$NET_DIR/crypto" >"$NET_DIR/run/cryptogen.log" 2>&1 || { cat "$NET_DIR/run/cryptogen.log" >&2; die cryptogen; }
    say "crypto material made (OrdererOrg, Org1, Org2; OrgX and OrgY outside the channel)"
  fi
  write_configtx; write_node_config
  make_genesis
  launch_peer org1; launch_peer org2
  start_orderer
  osn_join
  local o
  for o in org1 org2; do start_peer "$o"; done
  for o in org1 org2; do cmd_join "$o"; done
  wait_height
  wait_gossip
  say "UP. Use it with: export NET_DIR=$NET_DIR"
  echo "$NET_DIR"
}
wait_height() { # the orderer delivers: the config block can be fetched through it
  local i
  for i in $(seq 1 50); do
    if peer_cli org1 channel fetch config "$NET_DIR/run/probe.block" -c "$CHANNEL" @ORDERER >"$NET_DIR/run/probe.log" 2>&1; then say "orderer serves $CHANNEL"; return; fi
    sleep 0.2
  done
  cat "$NET_DIR/run/probe.log" >&2; die "the orderer does not serve $CHANNEL"
}
wait_gossip() { # the gateway can find the other org's peer only after gossip has seen it
  local i o seen
  for i in $(seq 1 ${GOSSIP_WAIT:-15}0); do
    seen=0
    for o in org1 org2; do grep -q 'Membership view has changed. peers went online' "$NET_DIR/run/peer-$o.log" && seen=$((seen+1)); done
    if [ $seen = 2 ]; then say "the two peers see each other (gossip)"; return; fi
    sleep 0.1
  done
  say "WARNING: no gossip membership seen in the logs yet; the gateway may not find the other org's peer"
}
cmd_join() {
  local o i; o=$(org_lc "$1")
  for i in $(seq 1 25); do
    if peer_cli "$o" channel join -b "$NET_DIR/$CHANNEL.genesis.block" >"$NET_DIR/run/join-$o.log" 2>&1; then say "peer0.$(org_domain "$o") joined $CHANNEL"; return; fi
    sleep 0.2
  done
  cat "$NET_DIR/run/join-$o.log" >&2; die "join of $o"
}

json_pem() { awk 'BEGIN{ORS="\\n"}{gsub(/\r/,"");print}' "$1"; }
cmd_deploy() {
  [ $# -ge 3 ] || die "deploy NAME HOST:PORT_ORG1 HOST:PORT_ORG2 [options]"
  local name=$1 a1=$2 a2=$3; shift 3
  local initreq=() policy=() collections=() version="" seq="" dial=3s tlsca="" ccert="" ckey="" metainf="" ponly=no
  while [ $# -gt 0 ]; do
    case "$1" in
      --init-required) initreq=(--init-required);;
      --policy) policy=(--signature-policy "$2"); shift;;
      --version) version=$2; shift;;
      --sequence) seq=$2; shift;;
      --dial-timeout) dial=$2; shift;;
      --tls-ca) tlsca=$2; shift;;
      --client-cert) ccert=$2; shift;;
      --client-key) ckey=$2; shift;;
      --collections) collections=(--collections-config "$2"); shift;;
      --meta-inf) metainf=$2; shift;;
      --package-only) ponly=yes;;
      *) die "deploy: unknown option $1";;
    esac
    shift
  done
  if [ -z "$seq" ]; then
    seq=$(peer_cli org1 lifecycle chaincode querycommitted -C "$CHANNEL" -n "$name" 2>/dev/null | sed -n 's/.*Sequence: \([0-9]*\).*/\1/p' | head -1 || true)
    seq=$(( ${seq:-0} + 1 ))
  fi
  version=${version:-$seq}
  local o addr d ids=() id
  for o in org1 org2; do
    if [ $o = org1 ]; then addr=$a1; else addr=$a2; fi
    d="$NET_DIR/cc/$name-$seq-$o"; rm -rf "$d"; mkdir -p "$d"
    {
      printf '{"address":"%s","dial_timeout":"%s","tls_required":%s' "$addr" "$dial" "$([ -n "$tlsca" ] && echo true || echo false)"
      if [ -n "$tlsca" ]; then printf ',"root_cert":"%s"' "$(json_pem "$tlsca")"; fi
      if [ -n "$ccert" ]; then printf ',"client_auth_required":true,"client_cert":"%s","client_key":"%s"' "$(json_pem "$ccert")" "$(json_pem "$ckey")"; fi
      printf '}\n'
    } >"$d/connection.json"
    local code=(connection.json)
    if [ -n "$metainf" ]; then cp -R "$metainf" "$d/META-INF"; code+=(META-INF); fi
    printf '{"type":"ccaas","label":"%s_%s"}\n' "$name" "$version" >"$d/metadata.json"
    # fixed times and owners: the same input always gives the same package id
    tar --sort=name --mtime='2020-01-01 00:00Z' --owner=0 --group=0 --numeric-owner -C "$d" -cf - "${code[@]}" | gzip -n >"$d/code.tar.gz"
    tar --sort=name --mtime='2020-01-01 00:00Z' --owner=0 --group=0 --numeric-owner -C "$d" -cf - code.tar.gz metadata.json | gzip -n >"$d/package.tar.gz"
    id=$(peer_cli $o lifecycle chaincode calculatepackageid "$d/package.tar.gz")
    ids+=("$id")
  done
  printf 'CHAINCODE_NAME=%s\nCHAINCODE_SEQUENCE=%s\nCHAINCODE_VERSION=%s\nORG1_CHAINCODE_ID=%s\nORG1_ADDRESS=%s\nORG2_CHAINCODE_ID=%s\nORG2_ADDRESS=%s\n' \
    "$name" "$seq" "$version" "${ids[0]}" "$a1" "${ids[1]}" "$a2" >"$NET_DIR/cc/$name.env"
  if [ $ponly = yes ]; then cat "$NET_DIR/cc/$name.env"; return; fi
  local i=0 out
  for o in org1 org2; do
    id=${ids[$i]}; i=$((i+1)); d="$NET_DIR/cc/$name-$seq-$o"
    if out=$(peer_cli $o lifecycle chaincode install "$d/package.tar.gz" 2>&1); then say "$o installed $id"
    else case "$out" in *"already successfully installed"*) say "$o had $id already";; *) echo "$out" >&2; die "install on $o";; esac; fi
    out=$(peer_cli $o lifecycle chaincode approveformyorg @ORDERER -C "$CHANNEL" -n "$name" -v "$version" --sequence "$seq" --package-id "$id" "${initreq[@]}" "${policy[@]}" "${collections[@]}" 2>&1) || { echo "$out" >&2; die "approve by $o"; }
    say "$o approved $name version $version sequence $seq"
  done
  # a peer that is still a block behind the other answers otherwise: tried again
  local tries=50
  until out=$(peer_cli org1 lifecycle chaincode commit @ORDERER @PEERS -C "$CHANNEL" -n "$name" -v "$version" --sequence "$seq" "${initreq[@]}" "${policy[@]}" "${collections[@]}" 2>&1); do
    case "$out" in *"do not match"*) ;; *) tries=0;; esac
    tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "$out" >&2; die commit; }
    sleep 0.2
  done
  say "committed $name version $version sequence $seq"
  cat "$NET_DIR/cc/$name.env"
}

cmd_add_org() {
  local o; o=$(org_lc "$1"); local n; n=$(org_name "$o"); local m=${n}MSP
  command -v jq >/dev/null || die "add-org needs jq"
  local d="$NET_DIR/update-$o" L="$FABRIC_BIN/configtxlator"; rm -rf "$d"; mkdir -p "$d"
  FABRIC_CFG_PATH="$NET_DIR/cfg" "$FABRIC_BIN/configtxgen" -printOrg "$m" >"$d/org.json" 2>"$d/configtxgen.log" || { cat "$d/configtxgen.log" >&2; die printOrg; }
  peer_cli org1 channel fetch config "$d/config_block_before.pb" -c "$CHANNEL" @ORDERER >"$d/fetch.log" 2>&1 || { cat "$d/fetch.log" >&2; die fetch; }
  "$L" proto_decode --type common.Block --input "$d/config_block_before.pb" --output "$d/config_block_before.json"
  jq .data.data[0].payload.data.config "$d/config_block_before.json" >"$d/config.json"
  jq --slurpfile g "$d/org.json" ".channel_group.groups.Application.groups.$m = \$g[0]" "$d/config.json" >"$d/modified_config.json"
  "$L" proto_encode --type common.Config --input "$d/config.json" --output "$d/config.pb"
  "$L" proto_encode --type common.Config --input "$d/modified_config.json" --output "$d/modified_config.pb"
  "$L" compute_update --channel_id "$CHANNEL" --original "$d/config.pb" --updated "$d/modified_config.pb" --output "$d/config_update.pb"
  "$L" proto_decode --type common.ConfigUpdate --input "$d/config_update.pb" --output "$d/config_update.json"
  printf '{"payload":{"header":{"channel_header":{"channel_id":"%s","type":2}},"data":{"config_update":%s}}}' "$CHANNEL" "$(cat "$d/config_update.json")" >"$d/envelope.json"
  "$L" proto_encode --type common.Envelope --input "$d/envelope.json" --output "$d/envelope_unsigned.pb"
  say "config update for $n computed ($(wc -c <"$d/config_update.pb") bytes)"
  # envelope_signed.pb: signconfigtx by all signers in turn. `peer channel update` always adds the
  # submitter's own signature, so what the first signer submits carries only the others' signatures.
  local s signers=(${SIGNERS:-org1 org2})
  cp "$d/envelope_unsigned.pb" "$d/envelope_signed.pb"; cp "$d/envelope_unsigned.pb" "$d/envelope_to_submit.pb"
  for s in "${signers[@]}"; do
    peer_cli $s channel signconfigtx -f "$d/envelope_signed.pb" >"$d/sign-$s.log" 2>&1 || { cat "$d/sign-$s.log" >&2; die "sign $s"; }
    if [ $s != "${signers[0]}" ]; then peer_cli $s channel signconfigtx -f "$d/envelope_to_submit.pb" >>"$d/sign-$s.log" 2>&1; fi
  done
  say "signed by the admins of ${signers[*]}"
  peer_cli "${signers[0]}" channel update -f "$d/envelope_to_submit.pb" -c "$CHANNEL" @ORDERER >"$d/update.log" 2>&1 || { cat "$d/update.log" >&2; die "channel update"; }
  local i before after
  before=$(jq -r .header.number "$d/config_block_before.json")
  for i in $(seq 1 50); do
    peer_cli org1 channel fetch config "$d/config_block_after.pb" -c "$CHANNEL" @ORDERER >"$d/fetch.log" 2>&1 || true
    "$L" proto_decode --type common.Block --input "$d/config_block_after.pb" --output "$d/config_block_after.json"
    after=$(jq -r .header.number "$d/config_block_after.json")
    if [ "$after" != "$before" ]; then break; fi
    sleep 0.2
  done
  [ "$after" != "$before" ] || die "no new config block"
  say "$n added: config block $after (was $before); artifacts in $d"
}

case "${1:-}" in
  up) cmd_up;;
  down)
    need_net
    for f in "$NET_DIR"/run/*.pid; do [ -e "$f" ] && stop_one "$(basename "$f" .pid)"; done
    say "down (data kept in $NET_DIR)";;
  status)
    need_net
    for f in "$NET_DIR"/run/*.pid; do [ -e "$f" ] || continue; n=$(basename "$f" .pid); if alive "$n"; then echo "$n running pid $(cat "$f")"; else echo "$n NOT running"; fi; done;;
  deploy) need_tools; need_net; shift; cmd_deploy "$@";;
  invoke)
    need_tools; need_net; shift; [ $# -ge 2 ] || die "invoke NAME JSON"
    n=$1 j=$2; shift 2
    CLI_LOG_SPEC=${CLI_LOG_SPEC:-info:grpc=error} peer_cli org1 chaincode invoke @ORDERER @PEERS -C "$CHANNEL" -n "$n" -c "$j" --waitForEvent "$@";;
  query)
    need_tools; need_net; shift; [ $# -ge 3 ] || die "query ORG NAME JSON"
    o=$1 n=$2 j=$3; shift 3
    peer_cli "$o" chaincode query -C "$CHANNEL" -n "$n" -c "$j" "$@";;
  peer) need_tools; need_net; shift; peer_cli "$@";;
  env) need_net; shift; peer_env "$1";;
  add-org) need_tools; need_net; shift; cmd_add_org "$1";;
  start-peer) need_tools; need_net; start_peer "$2";;
  stop-peer) need_net; stop_one "peer-$(org_lc "$2")";;
  start-orderer) need_tools; need_net; start_orderer;;
  stop-orderer) need_net; for o in $(orderers); do stop_one "$o"; done;;
  join) need_tools; need_net; cmd_join "$2";;
  new-channel) need_tools; need_net; CHANNEL=$2; make_genesis; osn_join; cmd_join org1; cmd_join org2; wait_height;;
  *) sed -n '2,/^set -euo/p' "$0" | sed -e '/^set -euo/d' -e 's/^# \{0,1\}//'; [ -z "${1:-}" ] || exit 1;;
esac
