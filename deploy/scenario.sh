#!/usr/bin/env bash
# The story of a consortium, told with the client's commands alone: two organisations add a third and a
# fourth, and what happens behind that. It checks every outcome, and stops at the first that is wrong.
#
#   cmscc devnet up --background && deploy/scenario.sh
#
# On another network, with the contract deployed for org1 and org2 and nothing proposed yet
# (tests/fabric/deployed.sh makes a real one):
#
#   AS      a command that prints the exports for an organisation: org1 org2 orgx orgy orderer
#           (default: cmscc devnet env)
#   JOIN    a command that lets an organisation's peer and server follow, once it is a member
#           (default: cmscc devnet start-server)
#   ORGX, ORGY   what `configtxgen -printOrg` printed of OrgXMSP and OrgYMSP
#           (default: those of the development network)
#   ELSEWHERE    the genesis block of another network with a channel of the same name, for a false pin
#           (default: one of the repository's captures)
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
AS=${AS:-cmscc devnet env}
JOIN=${JOIN:-cmscc devnet start-server}
ELSEWHERE=${ELSEWHERE:-$here/tests/fabric-data/fabric-3.1.5-caps-v3/genesis.block}
work=$(mktemp -d)
watcher=
trap '[ -z "$watcher" ] || kill "$watcher"; rm -rf "$work"' EXIT

say() { printf '\n%s\n' "$*"; }
fail() { printf 'scenario: %s\n' "$*" >&2; exit 1; }
as() { eval "$($AS "$1")"; }

# Runs a command that is to end with this exit code; what it printed is in $out.
ends() {
  local want=$1 got=0; shift
  out=$("$@" 2>&1) || got=$?
  [ "$got" = "$want" ] || fail "\`$*\` ended with $got, not with $want:
$out"
  printf '  %s  [%s]\n' "$*" "$got"
}
says() { case $out in *"$1"*) ;; *) fail "nothing says \`$1\`:
$out" ;; esac; }
field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" <<< "$(cmscc show "$1" --json="$2")" | head -1; }
status_is() { local got; got=$(field "$1" status); [ "$got" = "$2" ] || fail "$1 is $got, not $2"; }
# An admin compares the digest with what the proposer told, then signs.
sign() { as "$1"; ends 0 cmscc sign "$2" --yes --digest "$(field "$2" config_update_sha256)"; }

as org1
ORGX=${ORGX:-${CMSCC_DEVNET_DIR:-}/organizations/orgx.json}
ORGY=${ORGY:-${CMSCC_DEVNET_DIR:-}/organizations/orgy.json}

say " 0. Everybody sees the same config"
ends 0 cmscc status; says "has the config of your peer"

say " 1. Org1 proposes to add OrgX; a dry run writes nothing"
ends 0 cmscc propose add-org "$ORGX" --id add_orgx --description "bring in OrgX" --dry-run; says "2 of 2 -> 2 of 3"
ends 1 cmscc show add_orgx; says UNKNOWN_PROPOSAL
ends 0 cmscc propose add-org "$ORGX" --id add_orgx --description "bring in OrgX"
say " 2. Org1 signs it"
sign org1 add_orgx; says "recorded in block"
ends 0 cmscc sign add_orgx --yes --digest "$(field add_orgx config_update_sha256)"; says "already"
say " 3. Org2 proposes to add OrgY"
as org2; ends 0 cmscc propose add-org "$ORGY" --id add_orgy --description "bring in OrgY" --deadline 7d
say " 4. Org2 signs it"
sign org2 add_orgy
say " 5. Org2 finds add_orgx in its list, and signs it"
ends 0 cmscc list --awaiting-me; says add_orgx
ends 0 cmscc diff add_orgx; says OrgXMSP
ends 3 cmscc diff add_orgx --exit-code
ends 0 cmscc explain add_orgx; says "Org1MSP"
ends 7 cmscc sign add_orgx --yes --digest "$(printf '0%.0s' {1..64})"; says DIGEST_DIFFERS
ends 3 cmscc submit add_orgx; says NOT_READY
sign org2 add_orgx
say " 6. It is signed enough"
ends 0 cmscc wait add_orgx --for ready --within 30s
say " 7. Org1 submits it"
as org1; ends 0 cmscc submit add_orgx; says "in effect: config 1"
ends 0 cmscc submit add_orgx; says "already"
say " 8. OrgX is a member, and the contract knows it"
ends 0 cmscc config show; says OrgXMSP
status_is add_orgx Submitted
say " 9. Org2's proposal was made for another config"
as org2; status_is add_orgy Outofdate
ends 6 cmscc sign add_orgy --yes --digest "$(field add_orgy config_update_sha256)"; says "cmscc rebase add_orgy"
$JOIN orgx
say "10. Org2 computes it again, and the first one goes to the archive"
ends 0 cmscc rebase; says "revision 2"
as org1; ends 0 cmscc archive; says add_orgx
ends 0 cmscc history; says add_orgx
say "11. A majority of three signs it, and it is submitted"
sign org1 add_orgy; sign orgx add_orgy
# to an orderer itself, where the environment names one; otherwise by the peer
as org2; ends 0 cmscc submit add_orgy ${CMSCC_ORDERER:+--via orderer}; says "in effect: config 2"
$JOIN orgy

say "12. An organisation leaves"
as org1; ends 0 cmscc propose remove-org OrgYMSP --id bye_orgy --description "OrgY leaves"
sign org1 bye_orgy; sign org2 bye_orgy; sign orgx bye_orgy
as org1; ends 0 cmscc submit bye_orgy; says "in effect: config 3"

say "13. Two changes take effect in one update"
patch() { printf '{"channel_group":{"groups":{"Application":{"policies":{"%s":{"mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}}' "$1"; }
patch One > "$work/one.json"; patch Two > "$work/two.json"
patch Three > "$work/three.json"; patch Four > "$work/four.json"; patch Five > "$work/five.json"
as org1; ends 0 cmscc propose patch "$work/one.json" --id one --description "policy one"
as org2; ends 0 cmscc propose patch "$work/two.json" --id two --description "policy two"
as org1; ends 0 cmscc combine both one two --description "both at once"
sign org1 both; sign org2 both
ends 0 cmscc submit both; says "in effect: config 4"
status_is one Submitted; status_is two Submitted

say "14. One is rejected, by more than can be missing"
as org1; ends 0 cmscc propose patch "$work/three.json" --id three --description "policy three"
as org1; cmscc watch > "$work/watched" 2>&1 & watcher=$!
seen() { for _ in $(seq 300); do grep -q "$1" "$work/watched" && return; sleep 0.1; done; fail "watch does not say \`$1\`"; }
seen watching
as org2; ends 0 cmscc reject three --reason "not before the audit"
as orgx; ends 0 cmscc reject three --reason "nor by us"
status_is three Rejected
seen "three  rejected by Org2MSP"; seen "three  rejected by OrgXMSP"; kill $watcher; watcher=
as org1; ends 3 cmscc submit three; says "rejected"
ends 0 cmscc withdraw three; status_is three Withdrawn

say "15. A key that lies on a machine without a network signs"
ends 0 cmscc propose patch "$work/four.json" --id four --description "policy four"
ends 0 cmscc sign four --out "$work/four.signreq"
digest=$(field four config_update_sha256)
(
  as org2; unset CORE_PEER_ADDRESS; export CMSCC_STATE_DIR=$work/vault
  ends 0 cmscc sign --in "$work/four.signreq" --out "$work/four.sig" --yes --digest "$digest"; says "judged on this machine"
  unset CMSCC_ANCHOR; export CMSCC_STATE_DIR=$work/empty
  ends 7 cmscc sign --in "$work/four.signreq" --out "$work/no.sig" --yes --digest "$digest"; says NOT_PINNED
)
ends 0 cmscc sign --in "$work/four.sig"; says "CN=Admin@org2"
sign orgx four
as org1; ends 0 cmscc submit four; says "in effect: config 5"

say "16. An admin of the orderer organisation signs, who cannot ask the contract"
printf '{"channel_group":{"groups":{"Orderer":{"values":{"BatchTimeout":{"value":{"timeout":"300ms"}}}}}}}' > "$work/timeout.json"
ends 0 cmscc propose patch "$work/timeout.json" --id timeout --description "policy timeout"
ends 0 cmscc explain timeout; says OrdererMSP
ends 4 cmscc sign timeout --yes --digest "$(field timeout config_update_sha256)"; says NOT_CONCERNED
ends 0 cmscc sign timeout --out "$work/timeout.signreq"
digest=$(field timeout config_update_sha256)
(
  as orderer; export CMSCC_STATE_DIR=$work/orderer
  ends 0 cmscc sign --in "$work/timeout.signreq" --out "$work/timeout.sig" --yes --digest "$digest"
)
ends 0 cmscc sign --in "$work/timeout.sig"; says "OrdererMSP"
ends 0 cmscc submit timeout; says "in effect: config 6"

say "17. Somebody updates the channel outside of the contract, twice in a row"
for name in One Two; do
  id=outside_$name
  printf '{"channel_group":{"groups":{"Application":{"policies":{"%s":{"policy":{"type":3,"value":{"rule":"ALL","sub_policy":"Admins"}}}}}}}}' $name > "$work/$id.json"
  as org1; ends 0 cmscc propose patch "$work/$id.json" --id $id --description "policy $id"
  sign org1 $id; sign org2 $id
  ends 0 cmscc submit $id --via file --out "$work/$id.pb"
done
as org1
ends 0 cmscc submit --in "$work/outside_One.pb" --no-sync; says "in effect: config 7"
ends 0 cmscc submit --in "$work/outside_Two.pb" --no-sync; says "in effect: config 8"
ends 0 cmscc status; says "cmscc sync"

say "18. The contract is two configs behind, and is told both"
ends 6 cmscc propose patch "$work/five.json" --id five --description "policy five"; says "cmscc sync"
as org2; ends 0 cmscc sync; says "config 8"
status_is outside_One Submitted
ends 0 cmscc status; says "has the config of your peer"

say "19. An organisation proposes that it leaves"
as orgx; ends 0 cmscc propose remove-org OrgXMSP --description "we leave"
sign orgx OrgXMSP.remove-OrgXMSP; sign org1 OrgXMSP.remove-OrgXMSP
as org1; ends 0 cmscc submit OrgXMSP.remove-OrgXMSP; says "in effect: config 9"

say "20. An auditor is given all that is over, with the blocks, and believes one of them"
as org1
ends 0 cmscc audit export --all --out "$work/audit"; says "verified: each ended as its bundle says"
ends 0 cmscc audit verify "$work/audit" --anchor "$CMSCC_ANCHOR"; says "Proven from your anchor, config 0, up to config 9."
says "in effect"; says "withdrawn"
ends 0 cmscc audit verify "$work/audit" --anchor "$CMSCC_ANCHOR" --strict
ends 3 cmscc audit verify "$work/audit" --strict; says "believing config 0"
ends 7 cmscc audit verify "$work/audit" --anchor "$ELSEWHERE"; says "FORK"
numbers=$(ls "$work/audit/blocks" | sort -n)
rm "$work/audit/blocks/$(sed -n 3p <<< "$numbers")"
ends 3 cmscc audit verify "$work/audit"; says "GAP"
rm "$work/audit/blocks/$(tail -1 <<< "$numbers")"
ends 3 cmscc audit verify "$work/audit"; says "the folder ends with config 8"
cp "$ELSEWHERE" "$work/audit/blocks/0.block"
ends 0 cmscc audit export --all --out "$work/audit"
ends 0 cmscc audit verify "$work/audit" --anchor "$CMSCC_ANCHOR" --strict --json
ends 0 cmscc audit export --all --since 2099-01-01 --out "$work/none"; says "0 proposals"
ends 0 cmscc audit verify "$work/none" --anchor "$CMSCC_ANCHOR" --strict; says "10 configs"
ends 2 cmscc audit export add_orgx --since 2026-01-01
ends 0 cmscc audit export add_orgx --out "$work/one"
ends 0 cmscc audit verify "$work/one"; says "add_orgx"

say "21. A machine whose pin is another network's refuses to act, until it is pinned again"
anchor=$CMSCC_ANCHOR
export CMSCC_STATE_DIR=$work/false CMSCC_ANCHOR=$ELSEWHERE
ends 7 cmscc sync
export CMSCC_ANCHOR=$anchor
ends 7 cmscc sync; says "FORK"
ends 0 cmscc pin --reset; says "config 9"
ends 0 cmscc sync; says "config 9"

say "Everything was as expected."
