# syntax=docker/dockerfile:1

# Stage 1: build the server, without the embedded network. Needs a C compiler for ring, which the image has.
FROM docker.io/library/rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist --no-default-features --features serve

# Stage 2: the C library, the program, and nothing else: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/dist/cmscc /usr/local/bin/cmscc
# The user of the base image; written as a number so that an orchestrator can tell it is not root.
USER 65532:65532
ENV CHAINCODE_SERVER_ADDRESS=0.0.0.0:9999 \
    CMSCC_OPS_ADDRESS=0.0.0.0:9443 \
    CMSCC_LOG_FORMAT=json
EXPOSE 9999 9443
HEALTHCHECK CMD ["/usr/local/bin/cmscc", "health"]
ENTRYPOINT ["/usr/local/bin/cmscc"]
CMD ["serve"]
