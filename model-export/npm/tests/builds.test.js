// The builds with and without SIMD: chosen by what the platform can, and equal bit for bit.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";

import { clickRows, path } from "./support/golden.js";
import { output } from "./support/programs.js";

const BUDGET_BYTES = 75 * 1024;
const require = createRequire(import.meta.url);
const wasm = (build) => readFileSync(require.resolve(`clickleaf/clickleaf_${build}.wasm`));

/** Predicts in a process of its own, since a process has one build; gives what it took and all bits. */
async function predict(before) {
  const script = `
    import { readFileSync } from "node:fs";
    ${before}
    const { init, load } = await import("clickleaf");
    const { simd } = await init(options);
    const model = await load(${JSON.stringify(path("golden/v0.leaf"))});
    const lines = readFileSync(${JSON.stringify(path("golden/v0.predictions.tsv"))}, "utf8").split("\\n").filter(Boolean)
      .map((line) => line.split("\\t").slice(2).join("\\t"));
    const { outputs, margins } = model.predictBatch(lines, { margins: true });
    const hex = (values) => Buffer.from(values.buffer).toString("hex");
    console.log(JSON.stringify({ simd, outputs: hex(outputs), margins: hex(margins) }));`;
  return JSON.parse(await output("node", ["--input-type=module", "--eval", script]));
}

test("both builds give the recorded bits", async () => {
  const [vectors, plain, chosen] = await Promise.all(
    ["{ simd: true }", "{ simd: false }", "undefined"].map((options) => predict(`const options = ${options};`)),
  );
  assert.deepEqual([vectors.simd, plain.simd, chosen.simd], [true, false, true]);
  const bytes = Buffer.from(vectors.margins, "hex");
  const rows = clickRows("golden/v0.predictions.tsv");
  assert.equal(bytes.length, rows.length * 4);
  rows.forEach(({ margin }, row) => assert.equal(bytes.readUInt32LE(row * 4).toString(16).padStart(8, "0"), margin));
  for (const other of [plain, chosen]) {
    assert.deepEqual([other.outputs, other.margins], [vectors.outputs, vectors.margins]);
  }
});

test("a platform without SIMD gets the plain build", async () => {
  const found = await predict("WebAssembly.validate = () => false; const options = undefined;");
  assert.equal(found.simd, false);
});

test("WebAssembly may be given, and a start that failed may be tried again", async () => {
  const found = await predict(`
    import { createRequire } from "node:module";
    const engine = await import("clickleaf");
    let code;
    try { await engine.init({ wasm: new Uint8Array(3) }); } catch (error) { ({ code } = error); }
    if (code !== "engine") throw new Error("the code is " + code);
    const file = createRequire(import.meta.url).resolve("clickleaf/clickleaf_plain.wasm");
    const options = { simd: false, wasm: new WebAssembly.Module(readFileSync(file)) };`);
  assert.equal(found.simd, false);
});

test("only one build has SIMD, and both are within the budget", () => {
  for (const build of ["simd", "plain"]) {
    const bytes = wasm(build);
    const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
    assert.ok(packed.length <= BUDGET_BYTES, `${build}: ${packed.length} bytes`);
    assert.ok(WebAssembly.validate(bytes));
  }
  assert.notDeepEqual(wasm("simd"), wasm("plain"));
});

test("no file of the machine that built it is named", () => {
  for (const build of ["simd", "plain"]) {
    assert.doesNotMatch(wasm(build).toString("latin1"), /\/(home|root|tmp|work|Users)\//);
  }
});
