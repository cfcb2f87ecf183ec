# The trainer with XGBoost linked in; `worker` takes queued runs. Build from the repository's root:
#   docker build -f k8s/images/trainer.Dockerfile -t clickleaf-trainer:0.1.0 .
# Tags are pinned by version; pin them by digest too where your registry policy asks for it.
# The first build compiles XGBoost's C++ sources, which takes minutes.

FROM rust:1.95.0-bookworm AS trainer
WORKDIR /source
COPY . .
RUN cargo build --locked --release --package trainer --bin clickleaf-trainer

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=trainer /source/target/release/clickleaf-trainer /usr/local/bin/clickleaf-trainer
WORKDIR /tmp
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/clickleaf-trainer"]
CMD ["worker"]
