import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where models and their recorded predictions are. */
const FOLDER = required("CLICKLEAF_MODELS");

export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; \`cargo xtask test --only package\` sets it`);
  return value;
}

/** A file beside the golden ones, by its path. */
export function path(name) {
  return join(FOLDER, name);
}

export function bytes(name) {
  return readFileSync(path(name));
}

/** Recorded predictions of click rows: bits of margin and probability, then the line, most with a label. */
export function clickRows(name) {
  return readFileSync(path(name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((text) => {
      const [margin, probability, ...columns] = text.split("\t");
      return { margin, probability, line: columns.join("\t"), values: columns.slice(-39) };
    });
}

/** The bits of a 32-bit float, as 8 hex digits. */
export function bits(value) {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  if (!Object.is(view.getFloat32(0), value)) throw new Error(`${value} is no 32-bit float`);
  return view.getUint32(0).toString(16).padStart(8, "0");
}
