#!/usr/bin/env bash
# Measures every workload (or those that match the first argument, a regular expression) and prints
# the tables of docs/performance.md: the machine, one row for each workload, growth over the number of
# organisations, and calls of a server with 1,000 open proposals. Some minutes.
#
# Times are the least of three rounds over all workloads, PASS_SECONDS each (0.3). Instructions are
# counted by callgrind, in operations behind a first one; without valgrind that column is empty.
#
# Targets and the figures of Go are of another machine. Both machines have their calibration
# (signature_check/1): what is compared is the time that is printed, divided by this machine's
# calibration and multiplied by the other's. Where the bare time would decide otherwise, that is said.
set -euo pipefail
cd "$(dirname "$0")/.."
match=${1:-.}
seconds=${PASS_SECONDS:-0.3}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cargo bench --locked --bench figures --bench heap --no-run --message-format json 2>"$work/log" \
  >"$work/built" || { cat "$work/log" >&2; exit 1; }
binary() { sed -n "s/.*\"name\":\"$1\".*\"executable\":\"\([^\"]*\)\".*/\1/p" "$work/built"; }
figures=$(binary figures)
heap=$(binary heap)

"$figures" list | grep -E "$match" >"$work/names" || true
"$figures" crowded | grep -E "$match" >"$work/crowded" || true
# what ratios are made of is always measured
{ cat "$work/names"; echo signature_check/1; grep -o 'certificate_checks/[0-9]*' benches/targets.txt; } |
  sort -u >"$work/timed"

for pass in 1 2 3; do
  # shellcheck disable=SC2046 # names are words
  "$figures" time "$seconds" $(cat "$work/timed") >>"$work/times"
done
while read -r name; do
  "$figures" time 1 "$name" >>"$work/times"
done <"$work/crowded"

: >"$work/instructions"
if command -v valgrind >/dev/null; then
  while read -r name; do
    case $name in *1000) n=1 ;; *100) n=4 ;; *) n=20 ;; esac
    counted=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
      --toggle-collect='figures::counted*' "$figures" run "$name" "$n" 2>&1 |
      sed -n 's/.*Collected : //p')
    echo "$name $((counted / n))"
  done <"$work/names" >"$work/instructions"
fi

# shellcheck disable=SC2046
[ ! -s "$work/names" ] || "$heap" $(cat "$work/names") >"$work/heap"
touch "$work/heap"

awk -v work="$work" '
  function lines(file, f) { return (getline line < file) > 0 ? split(line, f) : 0 }
  function us(ns) { return sprintf(ns < 100000 ? "%.1f" : "%.0f", ns / 1000) }
  function grouped(n,  s, out) {
    for (s = sprintf("%.0f", n); length(s) > 3; s = substr(s, 1, length(s) - 3))
      out = "," substr(s, length(s) - 2) out
    return s out
  }
  # a time as it would be on the machine of the targets
  function there(name) { return least[name] * go["signature_check/1"] / least["signature_check/1"] }
  function met(calibrated, bare) {
    return (calibrated ? "yes" : "**no**") (calibrated == bare ? "" : bare ? ", bare: yes" : ", bare: no")
  }
  function verdict(name,  kind, ratio) {
    kind = target[name]
    if (kind == "") return " | "
    if (kind == "go")
      return bound[name] " times | " met(go[name] >= bound[name] * there(name), go[name] >= bound[name] * least[name])
    if (kind == "us") {
      ratio = bound[name] >= 1000 ? bound[name] / 1000 " ms" : bound[name] " us"
      return ratio " | " met(there(name) <= bound[name] * 1000, least[name] <= bound[name] * 1000)
    }
    # both sides are of this machine
    ratio = least[name] / (least[of[name]] * times[name])
    return sprintf("%d checks + %d %% | %s, + %.0f %%", times[name] * checks[of[name]],
      (bound[name] - 1) * 100 + 0.5, ratio <= bound[name] ? "yes" : "**no**", (ratio - 1) * 100)
  }
  BEGIN {
    while (lines(work "/times", f)) {
      if (!(f[1] in least) || f[2] < least[f[1]]) least[f[1]] = f[2]
      if (f[3] > most[f[1]]) most[f[1]] = f[3]
    }
    while (lines(work "/instructions", f)) instructions[f[1]] = f[2]
    while (lines(work "/heap", f)) { peak[f[1]] = f[2]; output[f[1]] = f[3]; blocks[f[1]] = f[4] }
    while (lines("benches/go-minimum.txt", f)) go[f[1]] = f[2]
    while (lines("benches/targets.txt", f)) if (f[1] != "#" && f[2] != "text") {
      target[f[1]] = f[2]; bound[f[1]] = f[3]; of[f[1]] = f[4]; times[f[1]] = f[5]
    } else if (f[2] == "text") text[f[1]] = f[3]
    checks["signature_check/1"] = 1
    for (name in least) if (split(name, part, "/") && part[1] == "certificate_checks")
      checks[name] = name in output ? output[name] : part[2] + 1

    while ((getline line < "/proc/cpuinfo") > 0) if (line ~ /^model name/ && !model) {
      model = line; sub(/.*: /, "", model)
    }
    printf "%s. One bare P-256 check took %s us: %s in a second; %s us on the machine of Go'"'"'s figures.\n", model,
      us(least["signature_check/1"]), grouped(1e9 / least["signature_check/1"]), us(go["signature_check/1"])
    printf "Times are as measured; what is compared with Go and with targets is their %.3f fold.\n\n",
      go["signature_check/1"] / least["signature_check/1"]

    print "| workload | least time, us | Go minimum, us | faster | target | met | instructions | heap peak, B | allocations |"
    print "|---|---:|---:|---:|---|---|---:|---:|---:|"
    while ((getline name < (work "/names")) > 0) {
      if (name == "signature_check/1") continue
      printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", name, us(least[name]),
        name in go ? us(go[name]) : "", name in go ? sprintf("%.1f", go[name] / there(name)) : "",
        verdict(name), name in instructions ? grouped(instructions[name]) : "",
        name in peak ? grouped(peak[name]) : "", name in blocks ? grouped(blocks[name]) : ""
      split(name, part, "/")
      if (part[2] ~ /^[0-9]+$/ && part[2] > 1) { grows[part[1]] = 1; if (!(part[1] in place)) { order[++kinds] = part[1]; place[part[1]] = kinds } }
    }

    print "\nGrowth, in microseconds for each organisation (heap: bytes of the peak for each):\n"
    print "| workload | 2 | 10 | 100 | 1000 | heap 10 | heap 100 | heap 1000 |"
    print "|---|---:|---:|---:|---:|---:|---:|---:|"
    for (kind = 1; kind <= kinds; kind++) {
      row = order[kind]
      if (!((row "/1000") in least)) continue
      printf "| %s", row
      split("2 10 100 1000", sizes, " ")
      for (i = 1; i <= 4; i++) {
        name = row "/" sizes[i]
        printf " | %s", name in least ? sprintf("%.2f", least[name] / 1000 / sizes[i]) : ""
      }
      for (i = 2; i <= 4; i++) {
        name = row "/" sizes[i]
        printf " | %s", name in peak ? grouped(peak[name] / sizes[i]) : ""
      }
      print " |"
    }

    print "\n| heap of JSON | peak, B | text, B | peak for each byte | target |"
    print "|---|---:|---:|---:|---:|"
    for (name in text) if (name in peak) {
      size = output["json_encode/" substr(name, index(name, "/") + 1)]
      if (size) printf "| %s | %s | %s | %.2f | %s |\n", name, grouped(peak[name]), grouped(size), peak[name] / size, text[name]
    }

    print "\n| call, 1,000 open proposals | least time, ms | longest, ms | target | met |"
    print "|---|---:|---:|---|---|"
    while ((getline name < (work "/crowded")) > 0)
      printf "| %s | %.2f | %.2f | %s |\n", name, least[name] / 1e6, most[name] / 1e6, verdict(name)
  }'
