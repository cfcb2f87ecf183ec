import { execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { required } from "./golden.js";

/** Longer than anything takes, on a busy machine too. */
const PATIENCE_MS = 120_000;

/** Runs a program to its end; gives what it printed and its status. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const settings = { timeout: PATIENCE_MS, maxBuffer: 1 << 28, ...options };
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ status: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** The same for a program that must succeed; gives its standard output. */
export async function output(program, args, options) {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: status ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** One of the pinned tools. */
export function tool(name) {
  return join(required("CLICKLEAF_TOOLS"), name);
}

/** Starts a server, waits until `ready` says yes, and gives what ends it. */
export async function serve(program, args, ready, options = {}) {
  // A group of its own, so that what it started itself ends too.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, ...options });
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (said += data));
  let failure;
  child.on("error", (error) => (failure = error));
  const ended = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const kill = () => {
    if (!ended()) process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", kill);
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    if (ended()) throw new Error(`${program} ended: ${failure ?? said}`);
    if (await ready().catch(() => false)) break;
    if (Date.now() > deadline) {
      kill();
      throw new Error(`${program} is not ready: ${said}`);
    }
  }
  return async () => {
    const gone = new Promise((resolve) => (ended() ? resolve() : child.once("exit", resolve)));
    kill();
    await gone;
  };
}

/** A port of the loopback interface that nothing listened on a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Asks until the answer is true. */
export async function until(what, ask) {
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
  }
}
