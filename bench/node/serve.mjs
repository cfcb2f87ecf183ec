// Evaluates models with the engines in WebAssembly, on request: `node serve.mjs NODE_MODULES`.
//
// One JSON request per line of standard input, one JSON answer per line of standard output; the requests are those of
// `../python/serve.py`, and `open` names the file of the code too. A request that fails is answered with { error }.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { ENGINES, FEATURES } from "./engines.mjs";

const BLOCK = 10;
const packages = createRequire(`${process.argv[2]}/`);
const LIBRARIES = { "onnxruntime-web": "onnxruntime-web", "ydf-inference": "ydf-inference" };

let rows = new Float32Array(0);
const opened = new Map();
const count = () => rows.length / FEATURES;
const row = (index) => rows.subarray(index * FEATURES, (index + 1) * FEATURES);

const answers = {
  rows({ file }) {
    const bytes = readFileSync(file);
    rows = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).slice();
    return {};
  },
  async open({ engine, file, code }) {
    const library = LIBRARIES[engine] ? packages(LIBRARIES[engine]) : null;
    opened.set(engine, await ENGINES[engine](readFileSync(code), readFileSync(file), library));
    return { nodes: null };
  },
  async predict({ engine, batch, single, singles }) {
    const loaded = opened.get(engine);
    write(batch, await loaded.batch(rows, count()));
    const values = new Float32Array(singles);
    for (let index = 0; index < singles; index++) values[index] = await loaded.single(row(index));
    write(single, values);
    return {};
  },
  async batch({ engine, seconds }) {
    const loaded = opened.get(engine);
    const nanoseconds = [];
    const until = performance.now() + seconds * 1000;
    while (nanoseconds.length === 0 || performance.now() < until) {
      const start = process.cpuUsage();
      const result = loaded.batch(rows, count());
      if (result instanceof Promise) await result;
      const { user, system } = process.cpuUsage(start);
      nanoseconds.push((user + system) * 1000);
    }
    return { nanoseconds };
  },
  async single({ engine, seconds }) {
    const loaded = opened.get(engine);
    const nanoseconds = [];
    const until = performance.now() + seconds * 1000;
    let first = 0;
    while (nanoseconds.length < 3 || performance.now() < until) {
      const start = process.hrtime.bigint();
      for (let index = first; index < first + BLOCK; index++) {
        const result = loaded.single(row(index));
        // Only an engine that answers later is waited for: waiting costs.
        if (result instanceof Promise) await result;
      }
      nanoseconds.push(Number(process.hrtime.bigint() - start) / BLOCK);
      first = (first + BLOCK) % (count() - BLOCK);
    }
    return { nanoseconds };
  },
  close({ engine }) {
    opened.delete(engine);
    return {};
  },
};

function write(file, values) {
  writeFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

// Libraries print where they like; answers go to the real standard output alone.
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = await answers[what](request);
  } catch (error) {
    answer = { error: String(error).replace(/\s+/g, " ").slice(0, 300) };
  }
  print(`${JSON.stringify(answer)}\n`);
}
