# syntax=docker/dockerfile:1
#
#   docker build -t cmscc .                                              # cmscc serve
#   docker build -t cmscc-agent --build-arg FEATURES=serve,agent .       # cmscc agent run
#
# deploy/image.sh builds the same without an engine.

# Stage 1: one static program. ring has some C in it, which musl-gcc compiles.
FROM docker.io/library/rust:1-slim-bookworm AS build
ARG FEATURES=serve
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools \
    && rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /src
COPY . .
RUN CC="musl-gcc" cargo build --locked --target "$(uname -m)-unknown-linux-musl" --profile dist \
        --no-default-features --features "$FEATURES" \
    && install -D "target/$(uname -m)-unknown-linux-musl/dist/cmscc" /out/usr/local/bin/cmscc \
    && install -d -m 0700 -o 65532 -g 65532 /out/var/lib/cmscc

# Stage 2: the program, and nothing else: no C library, no shell, no package manager.
FROM scratch
COPY --from=build /out /
# A number, so that an orchestrator can tell it is not root.
USER 65532:65532
ENV CHAINCODE_SERVER_ADDRESS=0.0.0.0:9999 \
    CMSCC_OPS_ADDRESS=0.0.0.0:9443 \
    CMSCC_AGENT_OPS_ADDRESS=0.0.0.0:9445 \
    CMSCC_LOG_FORMAT=json
EXPOSE 9999 9443 9445
# Of a server. An agent's: cmscc health --ops-address 127.0.0.1:9445
HEALTHCHECK CMD ["/usr/local/bin/cmscc", "health"]
ENTRYPOINT ["/usr/local/bin/cmscc"]
CMD ["serve"]
