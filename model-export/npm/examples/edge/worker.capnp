# workerd serve worker.capnp, after
# esbuild worker.js --bundle --format=esm --conditions=workerd --outdir=dist --loader:.wasm=copy --asset-names=[name] --external:*.leaf
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "predict", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "predict")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "dist/worker.js"),
    (name = "clickleaf_simd.wasm", wasm = embed "dist/clickleaf_simd.wasm"),
    (name = "model.leaf", data = embed "model.leaf"),
  ],
  compatibilityDate = "2026-11-01",
);
