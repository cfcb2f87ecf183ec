# The server with the page. Build from the repository's root:
#   docker build -f k8s/images/server.Dockerfile -t clickleaf-server:0.1.0 .
# Tags are pinned by version; pin them by digest too where your registry policy asks for it.

FROM node:20.20.2-bookworm-slim AS node

FROM rust:1.95.0-bookworm AS page
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
RUN rustup target add wasm32-unknown-unknown \
    && cargo install --locked --no-default-features --version 0.21.14 trunk \
    && cargo install --locked --version 0.2.129 wasm-bindgen-cli
COPY xtask/npm /tools
RUN npm ci --prefix /tools
ENV PATH=/tools/node_modules/.bin:$PATH
WORKDIR /source
COPY . .
RUN cargo fetch --locked
RUN cd app && trunk build --release

FROM rust:1.95.0-bookworm AS server
WORKDIR /source
COPY . .
RUN cargo build --locked --release --package server --package clickleaf-registry \
    --bin clickleaf-server --bin clickleaf-registry

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=server /source/target/release/clickleaf-server /usr/local/bin/clickleaf-server
COPY --from=server /source/target/release/clickleaf-registry /usr/local/bin/clickleaf-registry
COPY --from=page /source/app/dist /usr/share/clickleaf/app
ENV CLICKLEAF_APP_DIR=/usr/share/clickleaf/app \
    CLICKLEAF_LISTEN=0.0.0.0:8080
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/clickleaf-server"]
CMD ["serve"]
