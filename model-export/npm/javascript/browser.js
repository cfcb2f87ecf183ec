import { platform } from "./load.js";

export { ClickleafError } from "./error.js";

// Bundlers look for these two addresses as they are written here.
const plain = () => new URL("./clickleaf_plain.wasm", import.meta.url);
const simd = () => new URL("./clickleaf_simd.wasm", import.meta.url);

export const { init, load } = platform({
  engine: async (vectors) => {
    const address = vectors ? simd() : plain();
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address}: status ${response.status}`);
    return response;
  },
  read: (source) => fetch(source),
});
