#!/usr/bin/env bash
# Makes the files of this folder again: a config block of a development network, an edit of its config, and
# a signature. Needs `cmscc` and `jq` on the path. Keys here are of a network that is gone: they protect
# nothing.
set -euo pipefail
cd "$(dirname "$0")"
net=$(mktemp -d)
export CMSCC_DEVNET_DIR=$net/net
cmscc devnet up --port-base 0 > "$net/log" 2>&1 &
trap 'cmscc devnet down > "$net/log" 2>&1 || true; wait; rm -rf "$net"' EXIT
until grep -q 'Ctrl-C ends' "$net/log"; do
  kill -0 $! || { cat "$net/log"; exit 1; }
  sleep 0.1
done
organizations=$net/net/organizations
admin() { echo "$organizations/peerOrganizations/$1.example.com/users/Admin@$1.example.com/msp"; }

# what `peer channel fetch config config_block.pb` writes
cp "$net/net/anchors/mychannel.block" config_block.pb

# the config in it, as JSON, with one more organisation; what everybody does with jq
eval "$(cmscc devnet env org1)"
cmscc update inspect config_block.pb --decode > "$net/config.json"
jq -s '.[0] * {"channel_group":{"groups":{"Application":{"groups":{"OrgXMSP":.[1]}}}}}' \
  "$net/config.json" "$organizations/orgx.json" > modified_config.json

# an edit that nobody should make: afterwards no admin of the members can change anything
jq '.channel_group.groups.Application.policies.Admins.policy =
  {"type":1,"value":{"version":0,"rule":{"n_out_of":{"n":1,"rules":[{"signed_by":0}]}},
   "identities":[{"principal_classification":"ROLE","principal":{"msp_identifier":"Org9MSP","role":"ADMIN"}}]}}' \
  "$net/config.json" > lockout.json

# what the admin of Org1 signed and mailed
rm -rf org2-admin && mkdir org2-admin
cmscc update compute config_block.pb modified_config.json -o "$net/update.pb" > "$net/log2"
digest=$(cmscc update inspect "$net/update.pb" --json | jq -r '.files[0].update.config_update_sha256')
cmscc update sign "$net/update.pb" --against config_block.pb -o org1.pb --yes --digest "$digest" > "$net/log2"

# the MSP folder of Org2's admin
cp -r "$(admin org2)/signcerts" "$(admin org2)/keystore" "$(admin org2)/config.yaml" org2-admin
ls -l
