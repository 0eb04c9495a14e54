#!/usr/bin/env bash
# Runs every workload (or those that match the first argument, a regular expression) and prints
# one row for each: instructions per operation (callgrind, from N and 2N operations), the least
# time, the Go minimum where there is one and how many times faster that is, the peak of the heap
# above the input, the output, and allocations. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
match=${1:-.}
seconds=${SECONDS_EACH:-2}

binary() {
  cargo bench --bench "$1" --no-run --message-format json 2>/dev/null |
    sed -n "s/.*\"name\":\"$1\".*\"executable\":\"\([^\"]*\)\".*/\1/p"
}
figures=$(binary figures)
heap=$(binary heap)

instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$figures" run "$1" "$2" 2>&1 |
    sed -n 's/.*Collected : //p'
}

echo "| workload | instructions | least time, us | Go minimum, us | faster | heap peak, B | output, B | allocations |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|"
"$figures" list | grep -E "$match" | while read -r name; do
  case $name in *1000) n=1 ;; *100) n=3 ;; *) n=10 ;; esac
  once=$(instructions "$name" $n)
  twice=$(instructions "$name" $((2 * n)))
  nanoseconds=$("$figures" time "$name" "$seconds")
  go=$(awk -v name="$name" '$1 == name { print $2 }' benches/go-minimum.txt)
  read -r _ peak output allocations < <("$heap" "$name")
  awk -v name="$name" -v each=$(((twice - once) / n)) -v ns="$nanoseconds" -v go="${go:-0}" \
    -v peak="$peak" -v output="$output" -v allocations="$allocations" 'BEGIN {
      printf "| %s | %d | %.1f | %s | %s | %d | %d | %d |\n", name, each, ns / 1000,
        go ? sprintf("%.1f", go / 1000) : "", go ? sprintf("%.1f", go / ns) : "",
        peak, output, allocations }'
done
