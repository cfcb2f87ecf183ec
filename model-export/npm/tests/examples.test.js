// The examples, run as their first lines say; each must give the recorded bits.
import assert from "node:assert/strict";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Chromium } from "./support/chromium.js";
import { bits, clickRows, path, required } from "./support/golden.js";
import { freePort, output, run, serve, tool, until } from "./support/programs.js";
import { site } from "./support/site.js";

const EXAMPLES = fileURLToPath(new URL("../examples/", import.meta.url));
const MODEL = path("golden/v0.leaf");
const rows = clickRows("golden/v0.predictions.tsv");
const ROWS = join(EXAMPLES, "rows.tsv");
const RUN = /trees of run [0-9a-f]{32}/;

before(() => writeFile(ROWS, rows.map(({ line }) => `${line}\n`).join("")));

function expectBits(predictions) {
  assert.equal(predictions.length, rows.length);
  predictions.forEach(({ probability, margin }, row) => {
    assert.equal(bits(probability), rows[row].probability, `row ${row}`);
    if (margin !== undefined) assert.equal(bits(margin), rows[row].margin, `row ${row}`);
  });
}

const fromLines = (text) => text.trim().split("\n").map((line) => JSON.parse(line));

for (const file of ["predict.js", "predict.cjs"]) {
  test(`Node: ${file}`, async () => {
    expectBits(fromLines(await output("node", [file, MODEL, ROWS], { cwd: join(EXAMPLES, "node") })));
  });
}

test("Node says which model predicts, and fails on a bad row", async () => {
  const { stderr } = await run("node", ["predict.js", MODEL, ROWS], { cwd: join(EXAMPLES, "node") });
  assert.match(stderr, RUN);
  const bad = join(EXAMPLES, "bad.tsv");
  await writeFile(bad, `${"\t".repeat(38)}x\n`);
  const { status, stderr: said } = await run("node", ["predict.js", MODEL, bad], { cwd: join(EXAMPLES, "node") });
  assert.notEqual(status, 0);
  assert.match(said, /column C26: expected exactly 8 hex digits or nothing, found "x"/);
});

test("Rust", async () => {
  const text = await output(required("CLICKLEAF_EXAMPLE"), [MODEL, ROWS]);
  const numbers = text.trim().split("\n").map((line) => line.split("\t").map(Number).map(Math.fround));
  expectBits(numbers.map(([probability, margin]) => ({ probability, margin })));
});

test("Deno", async () => {
  const args = ["run", "--quiet", "--no-remote", "--no-prompt", "--allow-read", "predict.ts", MODEL, ROWS];
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(EXAMPLES, "deno-cache") };
  expectBits(fromLines(await output(tool("deno"), args, { cwd: join(EXAMPLES, "deno"), env })));
});

test("an edge worker, in workerd", async () => {
  const cwd = join(EXAMPLES, "edge");
  await copyFile(MODEL, join(cwd, "model.leaf"));
  const [, command] = (await readFile(join(cwd, "worker.capnp"), "utf8")).match(/^# esbuild (.*)$/m);
  await output(tool("esbuild"), command.split(" "), { cwd });
  const base = `http://127.0.0.1:${await freePort()}/`;
  const ready = async () => (await fetch(base)).ok;
  const args = ["serve", "worker.capnp", `--socket-addr=http=${new URL(base).host}`];
  const stop = await serve(tool("workerd"), args, ready, { cwd });
  try {
    const post = (body) => fetch(base, { method: "POST", body });
    const { run_id, model_name } = await (await fetch(base)).json();
    assert.match(run_id, /^[0-9a-f]{32}$/);
    assert.ok(model_name);
    const predictions = [];
    for (const { values } of rows) {
      const answer = await post(JSON.stringify(values));
      assert.equal(answer.status, 200);
      predictions.push(await answer.json());
    }
    expectBits(predictions);
    for (const [body, error] of [
      ['{"C1": "xyz"}', { code: "row", column: "C1", message: /^column C1: expected exactly 8 hex digits/ }],
      ['{"I1": 1, "X": 2}', { code: "row", column: undefined, message: /^no column is called "X"/ }],
      ["[1]", { code: "row", column: undefined, message: /^expected 39 values, found 1$/ }],
      ["{", { code: "json", column: undefined, message: /JSON/ }],
    ]) {
      const answer = await post(body);
      assert.equal(answer.status, 400);
      const { error: found } = await answer.json();
      assert.deepEqual([found.code, found.column], [error.code, error.column]);
      assert.match(found.message, error.message);
    }
    assert.equal((await fetch(base, { method: "PUT" })).status, 405);
  } finally {
    await stop();
  }
});

test("a plain page and a bundled one, in Chromium", async (context) => {
  await copyFile(MODEL, join(EXAMPLES, "browser/model.leaf"));
  await copyFile(MODEL, join(EXAMPLES, "bundler/model.leaf"));
  await output(tool("vite"), ["build", "--logLevel", "warn"], { cwd: join(EXAMPLES, "bundler") });
  const { url, asked, stop: stopSite } = await site(EXAMPLES);
  const chromium = await Chromium.start();
  const open = async (page) => {
    await chromium.open(url + page);
    const text = () => chromium.script("return document.getElementById('model').textContent");
    await until("the page has its model", async () => RUN.test(await text()));
  };
  /** Types into the page's fields and gives what it shows. */
  const typed = (values) =>
    chromium.script(
      `for (const [id, value] of Object.entries(given[0])) {
        const field = document.getElementById(id);
        field.value = value;
        field.dispatchEvent(new Event("input"));
      }
      return document.getElementById("probability").value;`,
      values,
    );
  try {
    await context.test("a plain page predicts what is typed", async () => {
      await open("browser/");
      const shown = [];
      for (const { line } of rows.slice(0, 20)) shown.push(await typed({ row: line }));
      shown.forEach((text, row) => assert.equal(bits(Number(text)), rows[row].probability));
      assert.match(await typed({ row: "1\t2" }), /^expected 39 or 40 tab-separated columns, found 2$/);
    });

    await context.test("the browser took one build, the one with SIMD", () => {
      const builds = asked.filter((path) => path.endsWith(".wasm"));
      assert.equal(builds.length, 1);
      assert.match(builds[0], /clickleaf_simd\.wasm$/);
    });

    await context.test("the page's package gives the recorded bits in both builds", async () => {
      for (const simd of [true, false]) {
        await open("browser/");
        const found = await chromium.script(
          `const [lines, simd] = given;
          const { init, load } = await import(simd ? "clickleaf" : "../node_modules/clickleaf/browser.js?plain");
          const started = await init({ simd });
          const model = await load(new URL("model.leaf", location.href));
          const { outputs, margins } = model.predictBatch(lines, { margins: true });
          return { simd: started.simd, outputs: Array.from(outputs), margins: Array.from(margins) };`,
          rows.map(({ line }) => line),
          simd,
        );
        assert.equal(found.simd, simd);
        expectBits(found.outputs.map((probability, row) => ({ probability, margin: found.margins[row] })));
      }
    });

    await context.test("errors in the page are typed", async () => {
      const codes = await chromium.script(
        `const { ClickleafError, load } = await import("clickleaf");
        const code = (call) => call().then(() => "none", (error) => error instanceof ClickleafError && error.code);
        return Promise.all([
          code(() => load("absent.leaf")),
          code(() => load("index.html")),
          code(() => load("model.leaf", { sha256: "0".repeat(64) })),
          code(() => load("model.leaf", { kind: "features" })),
          code(async () => (await load("model.leaf")).predict({ C1: "x" })),
        ]);`,
      );
      assert.deepEqual(codes, ["fetch", "format", "digest", "kind", "row"]);
      const complaints = await chromium.complaints();
      assert.ok(complaints.length > 0 && complaints.every((message) => message.includes("absent.leaf")), complaints.join("\n"));
    });

    await context.test("a bundled page predicts what is typed", async () => {
      const first = asked.length;
      await open("bundler/dist/");
      const { load } = await import("clickleaf");
      const model = await load(MODEL, { kind: "clicks" });
      for (const row of [{ I1: "", C1: "" }, { I1: "7", C1: "" }, { I1: "-1", C1: rows[0].values[13] }]) {
        assert.equal(bits(Number(await typed(row))), bits(model.predict(row).probability));
      }
      assert.match(await typed({ C1: "x" }), /^column C1: expected exactly 8 hex digits/);
      const builds = asked.slice(first).filter((path) => path.endsWith(".wasm"));
      assert.equal(builds.length, 1);
      assert.match(builds[0], /dist\/assets\/clickleaf_simd-[\w-]+\.wasm$/);
      assert.deepEqual(await chromium.complaints(), []);
    });
  } finally {
    await chromium.stop();
    await stopSite();
  }
});
