import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort, serve } from "./programs.js";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium with a fresh profile, driven through chromedriver. */
export class Chromium {
  #session;
  #profile;
  #stop;

  static async start() {
    const chromium = new Chromium();
    chromium.#profile = await mkdtemp(join(tmpdir(), "clickleaf-chromium-"));
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const ready = async () => (await fetch(`${base}/status`)).ok;
    chromium.#stop = await serve("chromedriver", [`--port=${port}`], ready);
    const options = { args: [...FLAGS, `--user-data-dir=${join(chromium.#profile, "profile")}`] };
    const wanted = { "goog:chromeOptions": options, "goog:loggingPrefs": { browser: "ALL" } };
    try {
      const { sessionId } = await ask(`${base}/session`, { capabilities: { alwaysMatch: wanted } });
      chromium.#session = `${base}/session/${sessionId}`;
    } catch (error) {
      await chromium.stop();
      throw error;
    }
    return chromium;
  }

  open(url) {
    return ask(`${this.#session}/url`, { url });
  }

  /** Runs the body of an async function in the page and gives what it returns. */
  script(body, ...args) {
    const script = `const done = arguments[arguments.length - 1];
      (async (...given) => { ${body} })(...Array.from(arguments).slice(0, -1))
        .then((value) => done({ value }), (error) => done({ error: String(error?.stack ?? error) }));`;
    return ask(`${this.#session}/execute/async`, { script, args }).then(({ value, error }) => {
      if (error !== undefined) throw new Error(error);
      return value;
    });
  }

  /** What the console showed since the last look, other than plain messages. */
  async complaints() {
    const log = await ask(`${this.#session}/se/log`, { type: "browser" });
    return log.filter(({ level }) => level === "SEVERE" || level === "WARNING").map(({ message }) => message);
  }

  async stop() {
    if (this.#session) await fetch(this.#session, { method: "DELETE" }).catch(() => {});
    await this.#stop?.();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function ask(url, body) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${url}: ${value.error}: ${value.message}`);
  return value;
}
