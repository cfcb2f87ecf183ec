// The page in which an engine is loaded once: it leaves what happened in `window.loaded`.

import { ENGINES } from "./engines.mjs";

const SETTLING_MS = 1000;

const LIBRARIES = {
  "onnxruntime-web": () => import("/packages/onnxruntime-web/dist/ort.wasm.bundle.min.mjs"),
  "ydf-inference": async () => {
    await script("/packages/jszip/dist/jszip.min.js");
    await script("/packages/ydf-inference/dist/inference.js");
    return globalThis.YDFInference;
  },
};

async function load() {
  const engine = new URLSearchParams(location.search).get("engine");
  const [library, code, model, row] = await Promise.all([
    LIBRARIES[engine]?.(),
    bytes("code"),
    bytes("model"),
    bytes("row"),
  ]);
  // By then the browser's own start is over, which takes the same cores.
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const start = performance.now();
  const loaded = await ENGINES[engine](code, model, library);
  const value = await loaded.single(new Float32Array(row.buffer));
  const end = performance.now();
  return { value, fromBytes: end - start, fromNavigation: end - SETTLING_MS };
}

async function bytes(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function script(path) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = path;
    element.onload = resolve;
    element.onerror = () => reject(new Error(path));
    document.head.append(element);
  });
}

window.loaded = await load().catch((error) => ({ error: String(error) }));
