#!/usr/bin/env bash
# Runs every attack, each on a fresh server, and prints what happened:
#
#   cargo build --release && cargo build --release --example shim-attack
#   examples/shim-attack/all.sh target/release/cmscc target/release/examples/shim-attack [NAME..]
#
# NAMEs are those of the first column below; without any, all are run. Everything stays on 127.0.0.1.
# Variables: PORT (9999), OPS (9443), JSON=1 for rows as JSON.
set -euo pipefail

cmscc=$1 attack=$2
shift 2
port=${PORT:-9999} ops=${OPS:-9443}
work=$(mktemp -d)
server='' reader=''
trap 'kill -9 $server $reader 2>/dev/null || true; rm -rf "$work"' EXIT
"$attack" certificates "$work/tls"

# name, descriptors of the server, its port: plain, tls or mutual, or plain with logs to a full disk, into
# a closed pipe, into one that nobody reads; the attack and its options
attacks='
nothing          - plain  nothing --lasting 10
silent-300       - plain  silent --count 300 --lasting 60
silent-2000      - plain  silent --count 2000 --lasting 60
silent-256       256 plain  silent --count 300 --lasting 60
half-preface     - plain  half-preface --lasting 60
half-tls         - mutual half-tls --lasting 60
half-request     - plain  half-request --count 50 --lasting 60
half-request-256 256 plain  half-request --count 300 --lasting 60
no-window        - plain  no-window --count 256 --lasting 90
pings            - plain  pings --lasting 120
unready          - plain  unready --count 256 --lasting 60
half-http        - plain  half-http --count 50 --lasting 60
connects         - plain  connects
streams          - plain  streams --count 300 --lasting 20
rapid-reset      - plain  rapid-reset
large            - plain  large --settling 30
waiting-1023     - plain  waiting --count 1023 --lasting 60
waiting          - plain  waiting --count 1024 --lasting 60
stray            - plain  stray
log-full         - full   stray
log-closed       - closed stray
log-unread       - unread stray
names            - plain  names --settling 30
channels         - plain  channels
fuzz             - plain  fuzz
wrong-id         - plain  wrong-id --count 1 --lasting 15
plain-at-tls     - tls    plain-at-tls
tls-at-plain     - plain  tls-at-plain
no-client-cert   - mutual no-client-cert
'

# start DESCRIPTORS PORT
start() {
    local tls=() limit=$1 log=$work/log
    touch "$work/log"
    case $2 in
    tls) tls=(--tls-disabled false --tls-cert "$work/tls/server.pem" --tls-key "$work/tls/server.key") ;;
    mutual) tls=(--tls-disabled false --tls-cert "$work/tls/server.pem" --tls-key "$work/tls/server.key"
        --client-ca "$work/tls/ca.pem") ;;
    full) log=/dev/full ;;
    closed | unread)
        log=$work/pipe
        rm -f "$log"
        mkfifo "$log"
        # opens it; then goes, or does not read
        if [ "$2" = closed ]; then : <"$log" & else sleep 120 <"$log" & fi
        reader=$!
        ;;
    esac
    (
        [ "$limit" = - ] || ulimit -n "$limit"
        exec "$cmscc" serve --address "127.0.0.1:$port" --ops-address "127.0.0.1:$ops" \
            --chaincode-id x:0000 --allow-unanchored true "${tls[@]}" 2>"$log"
    ) &
    server=$!
    for _ in $(seq 100); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        sleep 0.05
    done
    echo "  did not start"
    tail -n 3 "$work/log" >&2
}

# stop: how long SIGTERM takes
stop() {
    local began=$EPOCHREALTIME
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null && status=0 || status=$?
    LC_ALL=C awk -v a="$began" -v b="$EPOCHREALTIME" -v s="$status" \
        'BEGIN { printf "  SIGTERM: ended with %d after %.1f s\n", s, b - a }'
}

wanted() {
    local name=$1
    shift
    [ $# = 0 ] && return
    for one in "$@"; do [ "$one" = "$name" ] && return; done
    return 1
}

ulimit -n "$(ulimit -Hn)"
while read -r name limit kind command; do
    [ -n "$name" ] && wanted "$name" "$@" || continue
    echo "== $name"
    rm -f "$work/log"
    start "$limit" "$kind"
    peer=()
    case $kind in tls | mutual) peer=(--ca "$work/tls/ca.pem" --cert "$work/tls/peer.pem" --key "$work/tls/peer.key") ;; esac
    # shellcheck disable=SC2086
    "$attack" --address "127.0.0.1:$port" --ops "127.0.0.1:$ops" --pid "$server" --log "$work/log" \
        ${JSON:+--json} "${peer[@]}" $command </dev/null || true
    stop
    kill $reader 2>/dev/null || true
    reader=
    grep -ahE ' (WARN|ERROR) ' "$work/log" | cut -c1-200 | tail -n 2 | sed 's/^/  log: /' | tr -d '\033' || true
done <<<"$attacks"

# half requests at the operations listener, and SIGTERM while they are there
if wanted half-http-term "$@"; then
    echo "== half-http-term"
    rm -f "$work/log"
    start - plain
    "$attack" --address "127.0.0.1:$port" --ops "127.0.0.1:$ops" --pid "$server" half-http --count 50 \
        --lasting 60 </dev/null >"$work/row" 2>&1 &
    attacker=$!
    sleep 5
    stop
    kill "$attacker" 2>/dev/null || true
    wait "$attacker" 2>/dev/null || true
fi
server=''
