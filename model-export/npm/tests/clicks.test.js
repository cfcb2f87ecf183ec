// Click models: every form of a row gives the recorded bits.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

import { load } from "clickleaf";

import { bits, bytes, clickRows, path } from "./support/golden.js";

const NAME = "golden/v0.leaf";
const rows = clickRows("golden/v0.predictions.tsv");
const names = [...Array.from({ length: 13 }, (_, index) => `I${index + 1}`), ...Array.from({ length: 26 }, (_, index) => `C${index + 1}`)];
const model = await load(path(NAME), { kind: "clicks" });

/** A value as a program has it: numbers where they are exact, null where it is missing. */
const natural = (text, index) => {
  if (text === "") return null;
  return index < 13 && Number.isSafeInteger(Number(text)) ? Number(text) : text;
};
const named = ({ values }) => Object.fromEntries(values.map((text, index) => [names[index], natural(text, index)]));

function expectBits(prediction, { probability, margin }, what) {
  assert.deepEqual(
    { probability: bits(prediction.probability), margin: bits(prediction.margin) },
    { probability, margin },
    what,
  );
}

test("a model says what it is", () => {
  assert.equal(model.kind, "clicks");
  assert.equal(model.output, "probability");
  assert.equal(model.objective, "binary:logistic");
  assert.deepEqual(model.features, names);
  assert.deepEqual([model.outputsPerRow, model.marginsPerRow], [1, 1]);
  assert.ok(model.trees > 0);
  assert.ok(Object.isFrozen(model) && Object.isFrozen(model.features) && Object.isFrozen(model.provenance.params));
});

test("the provenance is the JSON that the file holds", () => {
  const file = bytes(NAME).toString("latin1");
  const json = file.slice(file.indexOf('{"model_name"'));
  const depth = [...json].findIndex((_, index) => {
    try {
      return Boolean(JSON.parse(json.slice(0, index)));
    } catch {
      return false;
    }
  });
  assert.deepEqual(model.provenance, JSON.parse(json.slice(0, depth)));
  assert.match(model.provenance.booster_sha256, /^[0-9a-f]{64}$/);
});

for (const [form, make] of [
  ["a line", ({ values }) => values.join("\t")],
  ["a line with its label and newline", ({ line }) => `${line}\r\n`],
  ["an array of text", ({ values }) => values],
  ["an array of numbers and text", ({ values }) => values.map(natural)],
  ["an object", named],
  ["an object with only what is there", (row) => JSON.parse(JSON.stringify(named(row), (_, value) => value ?? undefined))],
  ["an object with big integers", (row) => ({ ...named(row), I1: row.values[0] === "" ? undefined : BigInt(row.values[0]) })],
]) {
  test(`${form} gives the recorded bits`, () => {
    rows.forEach((row, index) => expectBits(model.predict(make(row)), row, `row ${index}`));
  });
}

test("every form of a batch gives the recorded bits", () => {
  // More than one block.
  const many = Array.from({ length: 10_000 }, (_, index) => rows[index % rows.length]);
  const integers = (column) => Float64Array.from(many, ({ values }) => (values[column] === "" ? NaN : Number(values[column])));
  const columns = Object.fromEntries(
    names.map((name, column) => [
      name,
      column < 13 && many.every(({ values }) => Number.isSafeInteger(Number(values[column])))
        ? integers(column)
        : many.map(({ values }) => values[column] || null),
    ]),
  );
  for (const [form, batch] of [
    ["lines", many.map(({ line }) => line).join("\n")],
    ["an array of lines", many.map(({ values }) => values.join("\t"))],
    ["an array of objects", many.map(named)],
    ["columns", columns],
  ]) {
    const { outputs, margins } = model.predictBatch(batch, { margins: true });
    assert.equal(outputs.length, many.length, form);
    many.forEach((row, index) => {
      expectBits({ probability: outputs[index], margin: margins[index] }, row, `${form}, row ${index}`);
    });
    assert.deepEqual(model.predictBatch(batch), outputs, form);
  }
});

test("columns may be absent, and a batch empty", () => {
  const one = model.predict({ I1: 7, C3: "68fd1e64" });
  const { outputs, margins } = model.predictBatch({ I1: Int32Array.of(7, 7), C3: ["68fd1e64", null] }, { margins: true });
  assert.deepEqual([outputs[0], margins[0]], [one.probability, one.margin]);
  assert.equal(outputs[1], model.predict({ I1: 7 }).probability);
  assert.equal(model.predictBatch({ I1: BigInt64Array.of(7n) })[0], outputs[1]);
  for (const empty of [[], "", { I1: [] }]) assert.equal(model.predictBatch(empty).length, 0);
});

test("a file loads from bytes, a path, an address, a view and a response alike", async () => {
  const file = bytes(NAME);
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
  const shared = new SharedArrayBuffer(file.length);
  new Uint8Array(shared).set(file);
  const padded = new Uint8Array([1, 2, 3, ...file, 4]);
  for (const source of [
    file,
    buffer,
    shared,
    padded.subarray(3, 3 + file.length),
    new DataView(buffer),
    path(NAME),
    pathToFileURL(path(NAME)),
    pathToFileURL(path(NAME)).href,
    `data:application/octet-stream;base64,${file.toString("base64")}`,
    new Response(file),
    Promise.resolve(new Response(file)),
  ]) {
    const other = await load(source, { kind: "clicks" });
    expectBits(other.predict(rows[0].line), rows[0]);
    other.free();
  }
});

test("models live side by side, and each is freed alone", async () => {
  const models = await Promise.all(Array.from({ length: 20 }, () => load(bytes(NAME))));
  models.forEach((one, index) => {
    expectBits(one.predict(rows[index].line), rows[index]);
    if (index % 2) one.free();
    else one[Symbol.dispose]();
  });
  expectBits(model.predict(rows[5].line), rows[5]);
});
