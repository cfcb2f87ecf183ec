import simd from "./clickleaf_simd.wasm";

import { platform } from "./load.js";

export { ClickleafError } from "./error.js";

// Workers compile no code at run time, and all have SIMD: the module comes with the worker.
export const { init, load } = platform({
  engine: () => simd,
  read: (source) => fetch(source),
});
