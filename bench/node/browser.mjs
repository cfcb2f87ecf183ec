// Loads engines in a browser that is started anew for each: `node browser.mjs NODE_MODULES CHROMIUM`.
//
// One JSON request per line of standard input, one JSON answer per line of standard output:
//
// {"do": "rows", "file": F, "columns": N}                  the first of these rows is predicted
// {"do": "load", "engine": E, "file": F, "code": F}        {"value", "nanoseconds": [from the bytes of code and model
//                                                          to the first prediction], "navigation": from the start
//                                                          of the navigation}

import { createReadStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [, , modules, executablePath] = process.argv;
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const TYPES = { html: "text/html", js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };

let row = Buffer.alloc(0);
let served = {};
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const file = served[pathname] ?? (/^\/packages\/[\w./-]+$/.test(pathname) && `${modules}${pathname.slice(9)}`);
  // Isolated from other sites, a page has a clock of 5 µs instead of 100 µs.
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  response.setHeader("Cache-Control", "no-store");
  if (pathname === "/row") return response.end(row);
  if (!file || pathname.includes("..")) return response.writeHead(404).end();
  response.setHeader("Content-Type", TYPES[pathname.split(".").pop()] ?? "application/octet-stream");
  createReadStream(file)
    .on("error", () => response.writeHead(404).end())
    .pipe(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const answers = {
  rows({ file, columns }) {
    row = readFileSync(file).subarray(0, 4 * columns);
    return {};
  },
  async load({ engine, file, code }) {
    const beside = (name) => new URL(name, import.meta.url).pathname;
    served = { "/model": file, "/code": code };
    for (const name of ["load.html", "load.mjs", "engines.mjs"]) served[`/${name}`] = beside(name);
    return withBrowser(async (browser) => {
      const page = await browser.newPage();
      const address = `http://127.0.0.1:${server.address().port}/load.html?engine=${engine}`;
      await page.goto(address, { waitUntil: "commit" });
      await page.waitForFunction(() => window.loaded, undefined, { timeout: 120_000 });
      const { error, value, fromBytes, fromNavigation } = await page.evaluate(() => window.loaded);
      if (error) throw new Error(error);
      return { value, nanoseconds: [fromBytes * 1e6], navigation: fromNavigation * 1e6 };
    });
  },
};

async function withBrowser(use) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = await answers[what](request);
  } catch (error) {
    answer = { error: String(error).replace(/\s+/g, " ").slice(0, 300) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
server.close();
