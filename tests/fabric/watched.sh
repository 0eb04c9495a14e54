#!/usr/bin/env bash
# watched.sh - a real Prometheus with the rules of deploy/watching watches servers and agents on a real
# network, while faults are made. Every alert must fire and clear, every panel of the dashboard must answer.
#
# Environment: that of deployed.sh (NET_DIR, FABRIC_BIN, FABRIC_CFG, CMSCC, PORT_BASE). ATTACK is the
# program examples/shim-attack. It needs prometheus, promtool, curl, jq, openssl and python3.
#
#   export NET_DIR=$(mktemp -d) FABRIC_BIN=.. FABRIC_CFG=.. CMSCC=.. ATTACK=..
#   tests/fabric/watched.sh
#
# STEPS="people behind" plays these parts alone.
#
# So that it takes minutes and not days, windows of rules are 15 s and waits 2 s here; prometheus scrapes
# each second. What no fault can bring about (a defect, a second chain, an unknown capability, dead
# letters, certificates of members that end) is played by a stand-in: a page with the metrics of the real
# process, in which one number was changed.
set -euo pipefail

die() { echo "watched: ERROR: $*" >&2; exit 1; }
say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }
here=$(cd "$(dirname "$0")" && pwd) watching=$(cd "$(dirname "$0")/../../deploy/watching" && pwd)
deployed=$here/deployed.sh net=$here/net.sh
: "${NET_DIR:?}" "${CMSCC:=cmscc}" "${ATTACK:?}" "${PORT_BASE:=17050}"
export NET_DIR CMSCC PORT_BASE CHANNEL=mychannel
work=$NET_DIR-watched prometheus=127.0.0.1:$((PORT_BASE + 60))
rm -rf "$work"; mkdir -p "$work/targets" "$work/page-server" "$work/page-agent"

pids=()
finish() {
  local status=$?
  kill "${pids[@]}" 2>/dev/null || true
  for f in "$work"/*.pid; do [ ! -e "$f" ] || kill "$(cat "$f")" 2>/dev/null || true; done
  "$deployed" down >/dev/null 2>&1 || true
  [ $status = 0 ] || { tail -n 5 "$work"/*.log >&2 || true; }
}
trap finish EXIT
trap "exit 1" INT TERM

# ---- the cast ----------------------------------------------------------------------------
as() { # USER ORG command..
  (
    user=$1 org=$2; shift 2
    vars=$(FABRIC_USER=$user "$deployed" env "$org"); eval "$vars"
    export CMSCC_STATE_DIR=$NET_DIR/state/$org-$user
    "$@"
  )
}
admin() { as Admin "$@"; }
server_port() { case $1 in org1) echo $((PORT_BASE + 15));; org2) echo $((PORT_BASE + 25));; esac; }
server_pid() { cat "$NET_DIR/run/server-$1.pid"; }
stop_server() { kill -9 "$(server_pid "$1")"; }
start_server() { # in its folder, by which `net.sh down` knows it
  (
    cd "$NET_DIR/run/server-$1"
    export CHAINCODE_ID; CHAINCODE_ID=$(cat "$NET_DIR/cc/$1.id")
    export CHAINCODE_SERVER_ADDRESS=127.0.0.1:$(server_port "$1") CMSCC_OPS_ADDRESS=127.0.0.1:$(($(server_port "$1") + 1))
    export CMSCC_TRUST_ANCHORS=$NET_DIR/anchors
    "$CMSCC" serve >>"$NET_DIR/run/server-$1.log" 2>&1 </dev/null &
    echo $! >"$NET_DIR/run/server-$1.pid"
  )
}
agent_port() { case $1 in org1) echo $((PORT_BASE + 61));; org2) echo $((PORT_BASE + 62));; esac; }
agent_file() {
  mkdir -p "$work/carry-$1"
  cat >"$work/agent-$1.toml" <<T
every = "2s"
degraded_after = "4s"
ops_address = "127.0.0.1:$(agent_port "$1")"

[[channels]]
submit = false
carry = "carry-$1"

[[hooks]]
name = "chat"
exec = ["$work/hook"]
T
}
start_agent() {
  as User1 "$1" bash -c "exec '$CMSCC' agent run --config '$work/agent-$1.toml' >>'$work/agent-$1.log' 2>&1 & echo \$! >'$work/agent-$1.pid'"
}
stop_agent() { kill -9 "$(cat "$work/agent-$1.pid")"; }
targets() { # servers|agents ADDRESS..
  local name=$1; shift
  jq -cn '[{targets: $ARGS.positional}]' --args -- "$@" >"$work/targets/.new"
  mv "$work/targets/.new" "$work/targets/$name.json"
}
ops1=127.0.0.1:$(($(server_port org1) + 1)) ops2=127.0.0.1:$(($(server_port org2) + 1)) ops3=127.0.0.1:$((PORT_BASE + 64))
agent1=127.0.0.1:$(agent_port org1) agent2=127.0.0.1:$(agent_port org2)
page_server=127.0.0.1:$((PORT_BASE + 65)) page_agent=127.0.0.1:$((PORT_BASE + 66))
all_servers() { targets servers "$ops1" "$ops2" "$ops3" "$@"; }
all_agents() { targets agents "$agent1" "$agent2" "$@"; }

# A server of its own, with TLS and without a peer: certificate, key, and a log to a full disk.
certificate() { # DAYS
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$1" -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/key.new" -out "$work/cert.new" 2>/dev/null
  mv "$work/key.new" "$work/tls.key"; mv "$work/cert.new" "$work/tls.crt"
}
start_tls_server() {
  CMSCC_ALLOW_UNANCHORED=true "$CMSCC" serve --address "127.0.0.1:$((PORT_BASE + 63))" --ops-address "$ops3" --chaincode-id x:0000 \
    --tls-disabled false --tls-cert "$work/tls.crt" --tls-key "$work/tls.key" >/dev/null 2>/dev/full &
  tls_pid=$!; pids+=($!)
}

# ---- what prometheus says ----------------------------------------------------------------
query() { curl -sfG "http://$prometheus/api/v1/$1" "${@:2}"; }
# firing NAME LABELS: how many are, of those whose labels contain the given ones
firing() {
  query alerts | jq --arg name "$1" --argjson labels "$2" \
    '[.data.alerts[] | select(.state == "firing" and .labels.alertname == $name and (.labels | contains($labels)))] | length'
}
seen=()
fires() { # NAME [LABELS as JSON]
  local i labels=${2:-'{}'}
  for i in $(seq 450); do [ "$(firing "$1" "$labels")" -gt 0 ] && { say "fires   $1"; return; }; sleep 0.2; done
  query alerts | jq -c '.data.alerts[] | [.labels.alertname, .state]' >&2
  die "$1 does not fire"
}
clears() {
  local i labels=${2:-'{}'}
  for i in $(seq 450); do [ "$(firing "$1" "$labels")" = 0 ] && { say "clears  $1"; seen+=("$1"); return; }; sleep 0.2; done
  die "$1 does not clear"
}
answers() { local i; for i in $(seq 150); do curl -sf "http://$1" >/dev/null && return; sleep 0.2; done; die "$1 does not answer"; }

# stand_in server|agent SED: the page of the real process, changed
stand_in() {
  local of=$ops1; [ "$1" = agent ] && of=$agent1
  curl -sf -H 'Accept: text/plain' "http://$of/metrics" | sed -E "$2" >"$work/page-$1/.new"
  grep -q . "$work/page-$1/.new" || die "no metrics for a stand-in"
  mv "$work/page-$1/.new" "$work/page-$1/metrics"
}
# played server|agent NAME SED [SECOND NAME]
played() {
  stand_in "$1" ''
  if [ "$1" = server ]; then all_servers "$page_server"; else all_agents "$page_agent"; fi
  sleep 4 # two scrapes of what is well, so that there is something to rise from
  stand_in "$1" "$3"
  local one; for one in $2; do fires "$one"; done
  stand_in "$1" ''
  for one in $2; do clears "$one"; done
  all_servers; all_agents
}

# ---- the stage ---------------------------------------------------------------------------
say "a network with the contract"
"$deployed" up >"$work/up.log" 2>&1
printf '#!/bin/sh\ncat >/dev/null\n[ ! -e %s/deaf ]\n' "$work" >"$work/hook"; chmod +x "$work/hook"
sed -E -e 's/\[(5m|10m|30m|1h)\]/[15s]/g' -e 's/offset 1h/offset 15s/' -e 's/for: [0-9]+[mhd]/for: 2s/' "$watching/rules.yaml" >"$work/rules.yaml"
sed -E -e 's/interval: (15s|1m)/interval: 1s/' -e '/^alerting:/,$d' "$watching/prometheus.yaml" >"$work/prometheus.yaml"
targets servers; targets agents
promtool check config "$work/prometheus.yaml" >/dev/null
prometheus --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/data" --web.listen-address="$prometheus" >"$work/prometheus.log" 2>&1 &
pids+=($!)
for of in server agent; do
  page=page_$of
  python3 -m http.server --bind 127.0.0.1 --directory "$work/page-$of" "${!page##*:}" >/dev/null 2>&1 &
  pids+=($!)
done
answers "$prometheus/-/ready"
began=$(date +%s)

fires CmsccServerMissing; fires CmsccAgentMissing
certificate 1; start_tls_server
# servers that nobody has called yet
for org in org1 org2; do kill "$(server_pid $org)"; done
for org in org1 org2; do while kill -0 "$(server_pid $org)" 2>/dev/null; do sleep 0.1; done; start_server $org; done
all_servers
clears CmsccServerMissing
fires CmsccNoPeer
for org in org1 org2; do agent_file $org; start_agent $org; done
all_agents
clears CmsccAgentMissing
clears CmsccNoPeer

certificates() {
  say "certificates, logs"
  fires CmsccTlsEnds; fires CmsccTlsEndsSoon
  certificate 300
  clears CmsccTlsEndsSoon; clears CmsccTlsEnds
  cp "$work/tls.key" "$work/kept"; echo garbage >"$work/tls.key"
  fires CmsccTlsNotTaken
  cp "$work/kept" "$work/tls.key"
  clears CmsccTlsNotTaken
  (while :; do kill -HUP $tls_pid; sleep 0.5; done) & hups=$!; pids+=($!)
  fires CmsccLogLost
  kill $hups
  clears CmsccLogLost
}
clients() {
  say "what clients do to a server"
  attack() { "$ATTACK" --address "127.0.0.1:$(server_port org1)" --ops "$ops1" --pid "$(server_pid org1)" --settling 1 "$@" >>"$work/attack.log" 2>&1 || true; }
  attack --lasting 10 wrong-id --count 1 & pids+=($!)
  fires CmsccWrongPackageId; clears CmsccWrongPackageId
  attack --lasting 30 silent --count 300 & pids+=($!)
  fires CmsccConnectionsFull; fires CmsccConnectionsRefused '{"reason":"silent"}'
  clears CmsccConnectionsFull; clears CmsccConnectionsRefused
  # twice: the first calls of a function show in no histogram before them, so that they are no increase
  (for _ in 1 2; do attack --lasting 30 waiting --count 1024; done) & pids+=($!)
  fires CmsccCallsFail; fires CmsccCallsSlow
  clears CmsccCallsFail; clears CmsccCallsSlow
}
endings() {
  say "processes that end"
  stop_server org2; fires CmsccServerDown "{\"instance\":\"$ops2\"}"; start_server org2; clears CmsccServerDown
  stop_agent org2; fires CmsccAgentDown; start_agent org2; clears CmsccAgentDown
  "$net" stop-peer org2 >/dev/null; fires CmsccAgentStuck '{"channel":"mychannel"}'; "$net" start-peer org2 >/dev/null; clears CmsccAgentStuck
}
people() {
  say "what people do"
  as User1 org1 "$CMSCC" agent hold --config "$work/agent-org1.toml" --reason "a change of hardware" >/dev/null
  fires CmsccAgentHeld
  as User1 org1 "$CMSCC" agent resume --config "$work/agent-org1.toml" >/dev/null
  clears CmsccAgentHeld
  echo garbage >"$work/carry-org1/garbage.sig"; fires CmsccCarryRefused; clears CmsccCarryRefused
  # a signature that is missing, and a hook that does not listen
  touch "$work/deaf"
  "$deployed" org orgx >"$work/orgx.json"
  admin org1 "$CMSCC" propose add-org "$work/orgx.json" --id add_orgx --description "bring in OrgX" >>"$work/people.log" 2>&1
  sign() { admin "$1" "$CMSCC" sign add_orgx --yes --digest "$(admin "$1" "$CMSCC" show add_orgx --json | jq -r .config_update_sha256)" >>"$work/people.log" 2>&1; }
  sign org1
  fires CmsccAwaiting "{\"instance\":\"$agent2\"}"; fires CmsccHookWaiting
  sign org2; rm "$work/deaf"
  clears CmsccAwaiting; clears CmsccHookWaiting
}
behind() {
  say "a config that the contract does not learn"
  stop_server org2 # one of two cannot endorse alone
  admin org1 "$CMSCC" submit add_orgx --no-sync >>"$work/people.log" 2>&1 || die "not submitted"
  fires CmsccContractBehind; fires CmsccSyncFails
  start_server org2
  clears CmsccContractBehind; clears CmsccSyncFails
}
lie() {
  say "a false block: the genesis block of another network for this channel"
  mkdir -p "$work/other"
  cp "$NET_DIR"/cfg/*.yaml "$work/other/"
  sed -i -E 's/BatchTimeout: .*/BatchTimeout: 3s/' "$work/other/configtx.yaml"
  FABRIC_CFG_PATH=$work/other "$FABRIC_BIN/configtxgen" -profile AppChannel -channelID $CHANNEL -outputBlock "$work/other.block" >"$work/other.log" 2>&1
  (while :; do admin org1 "$CMSCC" api SyncConfig "$(base64 -w0 "$work/other.block")" >>"$work/people.log" 2>&1 || true; sleep 1; done) & liar=$!; pids+=($!)
  fires CmsccFalseBlocks
  kill $liar
  clears CmsccFalseBlocks
}
stand_ins() {
  say "what a stand-in plays"
  soon=$(($(date +%s) + 86400))
  fork='s/^(cmscc_config_forks_total\{.*\}) .*/\1 1/'
  played server CmsccFork "$fork"
  played server CmsccUnsupported 's/^(cmscc_config_unsupported\{.*\}) .*/\1 1/'
  played server CmsccDefect 's/^(cmscc_panics_total) .*/\1 1/'
  played agent CmsccAgentFork 's/^(cmscc_agent_config_fork\{.*\}) .*/\1 1/'
  played agent CmsccSubmitRefused 's/^(cmscc_agent_submits_total\{.*result="refused"\}) .*/\1 1/'
  played agent CmsccHookDead 's/^(cmscc_agent_hook_deliveries_total\{.*result="dead"\}) .*/\1 1/'
  played agent "CmsccMemberCertificateEnds CmsccMemberCertificateEndsSoon" \
    "\$a cmscc_agent_certificate_not_after_seconds{profile=\"default\",channel=\"$CHANNEL\",use=\"root ca of Org2MSP\",fingerprint=\"ab\"} $soon"
}
for step in ${STEPS:-certificates clients endings people behind lie stand_ins}; do $step; done
[ -z "${STEPS:-}" ] || exit 0

# ---- was that everything -----------------------------------------------------------------
missing=$(comm -23 <(sed -nE 's/.*- alert: //p' "$watching/rules.yaml" | sort) <(printf '%s\n' "${seen[@]}" | sort -u))
[ -z "$missing" ] || die "alerts that nobody made fire: $missing"
say "every alert fired and cleared: $(printf '%s\n' "${seen[@]}" | sort -u | wc -l)"

# the queries of the dashboard, over the time of all this
silent=0 count=0
while IFS=$'\t' read -r title expr; do
  expr=${expr//'$server'/cmscc-server} expr=${expr//'$instance'/.+} expr=${expr//'$channel'/.+} expr=${expr//'$profile'/.+}
  count=$((count + 1))
  found=$(query query_range --data-urlencode "query=$expr" -d "start=$began" -d "end=$(date +%s)" -d step=2 | jq '.data.result | length') || found=refused
  case $found in 0 | refused) silent=$((silent + 1)); say "SILENT  $title: $expr ($found)" ;; esac
done < <(jq -r '.panels[] | .title as $t | .targets[]? | [$t, .expr] | @tsv' "$watching/dashboard.json")
[ $silent = 0 ] || die "$silent of $count queries answer nothing"
say "every query of the dashboard answered: $count"
# and its variables
for name in $(jq -r '.templating.list[] | select(.type == "query") | .query' "$watching/dashboard.json" | sed -nE 's/.*, (\w+)\)$/\1/p' | sort -u); do
  [ "$(query "label/$name/values" | jq '.data | length')" -gt 0 ] || die "variable $name has no values"
done
say done
