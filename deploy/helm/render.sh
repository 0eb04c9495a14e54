#!/usr/bin/env bash
# Writes deploy/kubernetes from the chart, for those who do without helm. `--check` says whether they are the same.
#
# HELM is the program (default: helm).
set -euo pipefail
cd "$(dirname "$0")"
helm=${HELM:-helm}
render() { # NAME HEADER options..
  local name=$1 header=$2; shift 2
  { printf '%s\n' "$header"; "$helm" template cmscc cmscc --namespace fabric "$@" 2>/dev/null; } >"$into/$name.yaml"
}
into=../kubernetes
[ "${1:-}" != --check ] || into=$(mktemp -d)

render server '# One organisation'"'"'s chaincode servers, with mutual TLS between them and the peer. Made by deploy/helm/render.sh
# from the chart in deploy/helm/cmscc.
#
#   cmscc deploy install --address cmscc.fabric.svc:9999 --server-ca ca.pem --peer-cert peer.pem --peer-key peer.key
#   kubectl -n fabric create configmap cmscc --from-literal=chaincode-id=cmscc:..    # what it printed
#   kubectl -n fabric create configmap cmscc-anchors --from-file=mychannel.block
#   kubectl -n fabric create secret generic cmscc-tls --from-file=tls.crt --from-file=tls.key --from-file=client-ca.crt
#   kubectl -n fabric apply -f deploy/kubernetes/server.yaml
#
# What to fit: who may connect (the NetworkPolicy names pods by `app.kubernetes.io/name: fabric-peer`), and the image.'
render agent '# One organisation'"'"'s agent. Made by deploy/helm/render.sh from the chart in deploy/helm/cmscc.
#
#   kubectl -n fabric create configmap cmscc-anchors --from-file=mychannel.block      # unless the server has it
#   kubectl -n fabric create secret generic cmscc-agent --from-file=cert.pem --from-file=key.pem --from-file=peer-ca.crt
#   kubectl -n fabric apply -f deploy/kubernetes/agent.yaml
#
# What to fit: channel, CMSCC_MSP_ID, CMSCC_PEER_ADDRESS, agent.toml, and the image.' \
  --set server.enabled=false --set agent.enabled=true

if [ "$into" != ../kubernetes ]; then
  diff -r "$into" ../kubernetes && echo "deploy/kubernetes is what the chart gives"
  rm -rf "$into"
fi
