#!/usr/bin/env bash
# Builds an image without an engine: an OCI image layout with one static program, and nothing else in it.
# One commit and one toolchain give the same bytes, wherever it is built.
#
#   deploy/image.sh server out/cmscc          # cmscc serve
#   deploy/image.sh agent out/cmscc-agent     # cmscc agent run, and the client's commands
#
#   skopeo copy oci:out/cmscc docker://registry.example.com/cmscc:0.1.0
#
# BINARY=FILE takes a program that was built already. CA_BUNDLE=FILE goes into the image as
# /etc/ssl/certs/ca-certificates.crt: agents need one for webhooks at public addresses, unless `ca_file` names one.
# It needs Rust's target x86_64-unknown-linux-musl (or that of TARGET), musl-gcc for ring's C, jq and GNU tar.
set -euo pipefail

die() { echo "image: ERROR: $*" >&2; exit 1; }
[ $# = 2 ] || die "which image, and where to: image.sh server|agent FOLDER"
kind=$1 out=$2 root=$(cd "$(dirname "$0")/.." && pwd)
case $kind in
server) features=serve args='["serve"]' ports='{"9999/tcp":{},"9443/tcp":{}}' ops=CMSCC_OPS_ADDRESS=0.0.0.0:9443 ;;
agent) features=serve,agent args='["agent","run"]' ports='{"9445/tcp":{}}' ops=CMSCC_AGENT_OPS_ADDRESS=0.0.0.0:9445 ;;
*) die "server or agent" ;;
esac
target=${TARGET:-x86_64-unknown-linux-musl}
case $target in x86_64-*) architecture=amd64 ;; aarch64-*) architecture=arm64 ;; *) die "no architecture for $target" ;; esac
[ ! -e "$out" ] || die "$out is there already"

# ---- the program -------------------------------------------------------------------------
binary=${BINARY:-}
if [ -z "$binary" ]; then
  folder=${CARGO_TARGET_DIR:-$root/target}
  # where it is built must not be seen in it; of several that fit, the last one counts
  export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$root=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$folder=/target"
  compiler=CC_${target//-/_}
  [ -n "${!compiler:-}" ] || export "$compiler=musl-gcc"
  (cd "$root" && cargo build --locked ${CARGO_OPTIONS:-} --target "$target" --profile dist --no-default-features --features "$features")
  binary=$folder/$target/dist/cmscc
fi

# ---- the layer ---------------------------------------------------------------------------
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/usr/local/bin" "$out/blobs/sha256"
install -m 0755 "$binary" "$work/tree/usr/local/bin/cmscc"
if [ -n "${CA_BUNDLE:-}" ]; then
  mkdir -p "$work/tree/etc/ssl/certs"
  install -m 0644 "$CA_BUNDLE" "$work/tree/etc/ssl/certs/ca-certificates.crt"
fi
find "$work/tree" -type d -exec chmod 0755 {} +
# when the commit was made; no other time is in the image
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
tape() { tar --sort=name --mtime="@$epoch" --numeric-owner --format=ustar "$@"; }
tape --owner=0 --group=0 -C "$work/tree" -cf "$work/layer.tar" .
if [ "$kind" = agent ]; then
  # what volumes are put over: a new one takes over its owner
  install -d -m 0700 "$work/own/var/lib/cmscc"
  tape --owner=65532 --group=65532 -C "$work/own" -rf "$work/layer.tar" ./var/lib/cmscc
fi
gzip -9n <"$work/layer.tar" >"$work/layer.gz"

# ---- the documents -----------------------------------------------------------------------
digest() { sha256sum "$1" | cut -d' ' -f1; }
blob() { # FILE: puts it there, and says its digest
  local name; name=$(digest "$1")
  cp "$1" "$out/blobs/sha256/$name"
  echo "$name"
}
version=$(sed -nE 's/^version = "(.*)"/\1/p' "$root/Cargo.toml" | head -1)
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
health='{"Test":["CMD","/usr/local/bin/cmscc","health"],"Interval":10000000000,"Timeout":5000000000}'
[ "$kind" = server ] || health=null
layer=$(blob "$work/layer.gz")
jq -Sn --arg created "$created" --arg architecture $architecture --arg diff "sha256:$(digest "$work/layer.tar")" \
  --arg version "$version" --arg ops "$ops" --argjson args "$args" --argjson ports "$ports" --argjson health "$health" '{
    architecture: $architecture, os: "linux", created: $created,
    config: ({
      User: "65532:65532", Entrypoint: ["/usr/local/bin/cmscc"], Cmd: $args, ExposedPorts: $ports, WorkingDir: "/",
      Env: ([$ops, "CMSCC_LOG_FORMAT=json"] + (if $args[0] == "serve" then ["CHAINCODE_SERVER_ADDRESS=0.0.0.0:9999"] else [] end)),
      Labels: {"org.opencontainers.image.title": "cmscc", "org.opencontainers.image.version": $version,
               "org.opencontainers.image.licenses": "Apache-2.0"}
    } + (if $health then {Healthcheck: $health} else {} end)),
    rootfs: {type: "layers", diff_ids: [$diff]},
    history: [{created: $created, created_by: "deploy/image.sh"}]
  }' >"$work/config.json"
config=$(blob "$work/config.json")
size() { stat -c %s "$1"; }
jq -Sn --arg config "sha256:$config" --argjson config_size "$(size "$work/config.json")" \
  --arg layer "sha256:$layer" --argjson layer_size "$(size "$work/layer.gz")" '{
    schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
    layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: $layer, size: $layer_size}]
  }' >"$work/manifest.json"
manifest=$(blob "$work/manifest.json")
jq -Sn --arg manifest "sha256:$manifest" --argjson size "$(size "$work/manifest.json")" --arg architecture $architecture --arg version "$version" '{
    schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $manifest, size: $size,
      platform: {architecture: $architecture, os: "linux"},
      annotations: {"org.opencontainers.image.ref.name": $version}}]
  }' >"$out/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' >"$out/oci-layout"
printf 'sha256:%s  program %s bytes, compressed %s\n' "$manifest" "$(size "$binary")" "$(size "$work/layer.gz")"
