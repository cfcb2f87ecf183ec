import { ClicksModel } from "./clicks.js";
import { ClickleafError, asked, shown } from "./error.js";
import { FeaturesModel } from "./features.js";
import { Scratch } from "./scratch.js";
import start, { Handle } from "./glue.js";

/** A module with one function that returns `i8x16.splat(0)`: valid only where there is SIMD. */
const SIMD_MODULE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
);

/**
 * The package's functions for one platform: `engine(simd)` gives a build's module, bytes or response; `read(source)`
 * gives a file's response or bytes.
 */
export function platform({ engine, read }) {
  let started;

  /** Starts WebAssembly once; after a failure it may be tried again. */
  function init(options = {}) {
    started ??= begin(options).catch((cause) => {
      started = undefined;
      throw cause instanceof ClickleafError
        ? cause
        : new ClickleafError("engine", `WebAssembly can't start: ${cause?.message ?? cause}`, { cause });
    });
    return started.then(({ simd }) => ({ simd }));
  }

  async function begin({ simd = WebAssembly.validate(SIMD_MODULE), wasm }) {
    const given = await (wasm ?? engine(simd));
    const { memory } = await start({ module_or_path: given });
    return { simd, memory };
  }

  async function load(source, { sha256, kind } = {}) {
    const digest = digestOf(sha256);
    const [bytes] = await Promise.all([bytesOf(source, read), init()]);
    const { memory } = await started;
    const handle = asked(() => new Handle(bytes, digest));
    const found = handle.clicks() ? "clicks" : "features";
    if (kind !== undefined && kind !== found) {
      handle.free();
      throw new ClickleafError("kind", `the model is of kind "${found}", not ${shown(kind)}`);
    }
    const features = handle.features();
    const scratch = new Scratch(handle, memory, features.length);
    return found === "clicks" ? new ClicksModel(scratch, features) : new FeaturesModel(scratch, features);
  }

  return { init, load };
}

function digestOf(sha256) {
  if (sha256 === undefined) return undefined;
  if (typeof sha256 === "string" && /^[0-9a-f]{64}$/i.test(sha256)) return sha256.toLowerCase();
  throw new ClickleafError("argument", `sha256 takes 64 hex digits, not ${shown(sha256)}`);
}

async function bytesOf(given, read) {
  const source = await given;
  const bytes = asBytes(source);
  if (bytes) return bytes;
  let response = source;
  if (typeof source === "string" || typeof source?.href === "string") {
    try {
      response = await read(source);
    } catch (cause) {
      throw new ClickleafError("fetch", `${source}: ${cause?.message ?? cause}`, { cause });
    }
  }
  if (asBytes(response)) return asBytes(response);
  if (typeof response?.arrayBuffer !== "function") {
    throw new ClickleafError("argument", `expected bytes, an address or a Response, found ${shown(source)}`);
  }
  if (response.ok === false) {
    throw new ClickleafError("fetch", `${response.url || source}: status ${response.status}`);
  }
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new ClickleafError("fetch", `${response.url || source}: ${cause?.message ?? cause}`, { cause });
  }
}

function asBytes(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const tag = Object.prototype.toString.call(value);
  return tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]" ? new Uint8Array(value) : undefined;
}
