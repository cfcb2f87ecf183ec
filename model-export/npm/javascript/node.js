import { readFile } from "node:fs/promises";

import { platform } from "./load.js";

export { ClickleafError } from "./error.js";

export const { init, load } = platform({
  engine: (vectors) => readFile(new URL(`./clickleaf_${vectors ? "simd" : "plain"}.wasm`, import.meta.url)),
  read: (source) => {
    const address = String(source);
    if (/^(https?|data|blob):/i.test(address)) return fetch(address);
    return readFile(/^file:/i.test(address) ? new URL(address) : address);
  },
});
