// Whatever is refused is refused by a ClickleafError with a code, and with a place where there is one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { ClickleafError, load } from "clickleaf";

import { bytes, path } from "./support/golden.js";
import { site } from "./support/site.js";

const file = bytes("golden/v0.leaf");
const model = await load(file, { kind: "clicks" });

function refused(call, code, message, place = {}) {
  return assert.rejects(
    async () => call(),
    (error) => {
      assert.ok(error instanceof ClickleafError && error instanceof Error, String(error));
      assert.equal(error.name, "ClickleafError");
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.deepEqual({ row: error.row, column: error.column }, { row: undefined, column: undefined, ...place });
      return true;
    },
  );
}

test("bytes that are no model", async () => {
  await refused(() => load(new Uint8Array()), "format", /not a CLICKLEAF model file/);
  await refused(() => load(new TextEncoder().encode("<!doctype html>")), "format", /not a CLICKLEAF model file/);
  for (const at of [20, file.length - 1]) {
    const damaged = Uint8Array.from(file);
    damaged[at] ^= 1;
    await refused(() => load(damaged), "format", /checksum/);
  }
  await refused(() => load(file.subarray(0, 1000)), "format", /./);
  const other = Uint8Array.from(file);
  other[9] = 77;
  await refused(() => load(other), "version", /version 77/);
});

test("another file than the one that was asked for", async () => {
  const sha256 = createHash("sha256").update(file).digest("hex");
  (await load(file, { sha256 })).free();
  (await load(file, { sha256: sha256.toUpperCase() })).free();
  const wrong = sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  await refused(() => load(file, { sha256: wrong }), "digest", new RegExp(`is ${sha256}, not ${wrong}`));
  await refused(() => load(file, { sha256: "abc" }), "argument", /64 hex digits/);
  await refused(() => load(file, { kind: "features" }), "kind", /is of kind "clicks", not "features"/);
});

test("files that can't be had", async () => {
  const { url, stop } = await site(path("golden"));
  try {
    const loaded = await load(`${url}v0.leaf`);
    assert.equal(loaded.trees, model.trees);
    await refused(() => load(`${url}absent.leaf`), "fetch", /absent\.leaf: status 404/);
    await refused(() => load(new URL(`${url}absent.leaf`)), "fetch", /status 404/);
    await refused(async () => load(await fetch(`${url}absent.leaf`)), "fetch", /status 404/);
  } finally {
    await stop();
  }
  await refused(() => load(`${url}v0.leaf`), "fetch", /v0\.leaf: fetch failed/);
  await refused(() => load(path("golden/absent.leaf")), "fetch", /ENOENT/);
  for (const source of [undefined, null, 7, {}, [1, 2]]) {
    await refused(() => load(source), "argument", /expected bytes, an address or a Response/);
  }
});

test("bad rows, with their column", async () => {
  const one = (row, message, column) => refused(() => model.predict(row), "row", message, { column });
  await one({ I3: 1.5 }, /^column I3: expected a decimal 64-bit integer or nothing, found "1\.5"$/, "I3");
  await one({ I3: "12a" }, /^column I3: expected a decimal/, "I3");
  await one({ I13: 2 ** 63 }, /^column I13: expected a decimal 64-bit integer/, "I13");
  await one({ I3: true }, /^column I3: expected a whole number or nothing, found true$/, "I3");
  await one({ C1: "68fd1e6" }, /^column C1: expected exactly 8 hex digits or nothing, found "68fd1e6"$/, "C1");
  await one({ C26: "68fd1e6g" }, /^column C26: expected exactly 8 hex digits/, "C26");
  await one({ C1: 12345678 }, /^column C1: expected a string of 8 hex digits or nothing, found 12345678$/, "C1");
  await one({ C1: "1\t2" }, /^column C1: expected a string of 8 hex digits or nothing, found "1\\t2"$/, "C1");
  await one({ I14: 1 }, /^no column is called "I14"; they are I1 to I13 and C1 to C26$/);
  await one({ toString: 1 }, /^no column is called "toString"/);
  await one([1, 2], /^expected 39 values, found 2$/);
  await one("1\t2", /^expected 39 or 40 tab-separated columns, found 2$/);
  await one(`${"\t".repeat(38)}\n${"\t".repeat(38)}`, /^expected one line$/);
  for (const row of [undefined, null, 7, new Float32Array(39)]) {
    await one(row, /^expected a line, an array or an object, found /);
  }
});

test("bad rows of a batch, with their index", async () => {
  const many = (batch, message, place) => refused(() => model.predictBatch(batch), "row", message, place);
  await many([{ I1: 1 }, { I1: 2 }, { I2: "x" }], /^row 2, column I2: expected a decimal/, { row: 2, column: "I2" });
  await many([{}, { X: 1 }], /^row 1: no column is called "X"/, { row: 1 });
  await many([{}, null], /^row 1: expected a line, an array or an object, found null$/, { row: 1 });
  await many(`${"\t".repeat(38)}\n\n`, /^row 1: expected 39 or 40 tab-separated columns/, { row: 1 });
  const categories = Array.from({ length: 9000 }, () => "0000000a");
  categories[8765] = "zz";
  await many({ C9: categories }, /^row 8765, column C9: expected exactly 8 hex/, { row: 8765, column: "C9" });
  await many({ C9: ["0000000a", 5] }, /^row 1, column C9: expected a string/, { row: 1, column: "C9" });
});

test("batches that are none", async () => {
  const bad = (batch, message, place) => refused(() => model.predictBatch(batch), "batch", message, place);
  await bad({ I1: [1, 2], C1: ["0000000a"] }, /^column C1: 1 rows, but 2 in column I1$/, { column: "C1" });
  await bad({ I1: [1], X: [1] }, /^no column is called "X"$/);
  await bad({ I1: 5 }, /^column I1: expected an array, found 5$/, { column: "I1" });
  await bad({}, /^no column, so the number of rows is unknown$/);
  for (const batch of [undefined, null, 7, new Float32Array(39)]) {
    await bad(batch, /^expected rows, columns or lines, found /);
  }
});

test("a refusal leaves the model as it was", async () => {
  const row = { I1: 3, C2: "0000000a" };
  const before = model.predict(row);
  await refused(() => model.predictBatch([row, { I1: "x" }]), "row", /./, { row: 1, column: "I1" });
  await refused(() => model.predict({ C1: "x" }), "row", /./, { column: "C1" });
  assert.deepEqual(model.predict(row), before);
});

test("a freed model", async () => {
  const other = await load(file);
  other.free();
  other.free();
  await refused(() => other.predict({}), "freed", /the model was freed/);
  await refused(() => other.predictBatch([{}]), "freed", /the model was freed/);
  assert.equal(other.provenance.run_id, model.provenance.run_id);
});

test("explanations of a file without what they take", async () => {
  assert.equal(model.explains, false);
  await refused(() => model.explain({ I1: 1 }), "explain", /^the model has no covers, which explanations need$/);
  for (const group of [1, -1, 0.5, "0", null]) {
    await refused(() => model.explain({}, { group }), "argument", /^there is no group .*; a row has 1 of them$/);
  }
});
