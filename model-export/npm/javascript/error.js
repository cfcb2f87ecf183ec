/** What went wrong, by `code`, and where in the rows it did. */
export class ClickleafError extends Error {
  constructor(code, message, { row, column, cause } = {}) {
    const place = [row === undefined ? "" : `row ${row}`, column === undefined ? "" : `column ${column}`];
    const where = place.filter(Boolean).join(", ");
    super(where ? `${where}: ${message}` : message, cause === undefined ? undefined : { cause });
    this.name = "ClickleafError";
    this.code = code;
    this.row = row;
    this.column = column;
  }
}

/** Calls into WebAssembly, whose refusals come as `[code, message, row, column]`. */
export function asked(call) {
  try {
    return call();
  } catch (refusal) {
    if (!Array.isArray(refusal)) throw refusal;
    const [code, message, row, column] = refusal;
    throw new ClickleafError(code, message, { row, column });
  }
}

/** How a value is called in messages. */
export function shown(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value.length > 32 ? `${value.slice(0, 29)}...` : value);
  if (typeof value === "object") return "an object";
  return typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}` : String(value);
}
