#!/usr/bin/env bash
# agent.sh - an agent on 20 channels of a development network that nobody uses: what it takes of the machine.
#
# Prints a line each interval: minutes, resident memory (KiB), threads, open files, connections to the peer, CPU
# (seconds so far, and percent of one core since the line before). Ends with a line that says whether memory
# stayed flat, whether there was one connection, and whether it took less than 1 % of a core; exit 1 where not.
#
# Environment
#   CMSCC     the program (default: cmscc)
#   CHANNELS  how many (default 20)
#   MINUTES   how long (default 30); EVERY: minutes between two lines (default 5)
set -euo pipefail

CMSCC=${CMSCC:-cmscc} CHANNELS=${CHANNELS:-20} MINUTES=${MINUTES:-30} EVERY=${EVERY:-5}
dir=$(mktemp -d)
export CMSCC_DEVNET_DIR=$dir/net
agent=
end() {
  [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
  "$CMSCC" devnet down >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap end EXIT

"$CMSCC" devnet up --background --port-base 0 --channels "$CHANNELS" >/dev/null
names='"mychannel"'
for n in $(seq 2 "$CHANNELS"); do names="$names, \"channel$n\""; done
printf '[[channels]]\nchannels = [%s]\n' "$names" >"$dir/agent.toml"
eval "$("$CMSCC" devnet env org1 --user agent)"
unset CHANNEL_NAME
"$CMSCC" agent run --config "$dir/agent.toml" >"$dir/agent.log" 2>&1 &
agent=$!

ticks() { awk '{ print $14 + $15 }' "/proc/$agent/stat"; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$agent/status"; }
connections() { ss -Htnp state established dst "$CORE_PEER_ADDRESS" | grep -c "pid=$agent," || true; }
hz=$(getconf CLK_TCK)
is_well=yes first= before=$(ticks)
for minute in $(seq "$EVERY" "$EVERY" "$MINUTES"); do
  for _ in $(seq $((EVERY * 60))); do
    sleep 1
    kill -0 "$agent" 2>/dev/null || { cat "$dir/agent.log"; echo "the agent ended"; exit 1; }
  done
  now=$(ticks) memory=$(rss) count=$(connections)
  used=$(awk -v a="$before" -v b="$now" -v hz="$hz" -v s=$((EVERY * 60)) 'BEGIN { printf "%.2f", (b - a) / hz / s * 100 }')
  printf '%3d min  %7d KiB  %2d threads  %3d files  %d connections  %6.1f s CPU  %s %%\n' "$minute" "$memory" \
    "$(ls "/proc/$agent/task" | wc -l)" "$(ls "/proc/$agent/fd" | wc -l)" "$count" \
    "$(awk -v t="$now" -v hz="$hz" 'BEGIN { print t / hz }')" "$used"
  # the first interval has the start in it
  if [ -n "$first" ]; then
    [ "$count" = 1 ] || { echo "not one connection: $count"; is_well=no; }
    awk -v u="$used" 'BEGIN { exit !(u < 1) }' || { echo "more than 1 % of a core"; is_well=no; }
    [ "$memory" -le $((first + first / 20)) ] || { echo "memory grows: $first KiB, then $memory"; is_well=no; }
  else
    first=$memory
  fi
  before=$now
done
grep -c 'could not be done' "$dir/agent.log" | sed 's/^/rounds that could not be done: /' || true
echo "well: $is_well"
[ $is_well = yes ]
