import { isNamed, rowsOfColumns } from "./columns.js";
import { ClickleafError, asked, shown } from "./error.js";
import { Model, groupOf, prediction } from "./model.js";

/** `I1` to `I13`; categories follow. */
const INTEGER_COLUMNS = 13;
const LABEL = "label";

/** Predicts from the 39 columns of a click row. Rows go to WebAssembly as lines, where their one parser is. */
export class ClicksModel extends Model {
  #scratch;
  #index;

  constructor(scratch, features) {
    super(scratch, "clicks", features);
    this.#scratch = scratch;
    this.#index = new Map(features.map((name, index) => [name, index]));
  }

  predict(row) {
    const { handle } = this.#scratch;
    asked(() => handle.predict_line(this.#line(row)));
    return prediction(this, this.#scratch);
  }

  explain(row, options) {
    const { handle } = this.#scratch;
    const group = groupOf(this, options);
    asked(() => handle.explain_line(this.#line(row)));
    return this.#scratch.explanation(group);
  }

  predictBatch(batch, options) {
    const { handle } = this.#scratch;
    const [rows, line] = this.#batch(batch);
    const predict = (first, count) => {
      const lines = Array.from({ length: count }, (_, offset) => line(first + offset));
      asked(() => handle.predict_lines(lines.join("\n"), first));
    };
    return this.#scratch.batch(rows, predict, options);
  }

  /** Number of rows, and what makes a row's line. */
  #batch(batch) {
    const lines = typeof batch === "string" ? linesOf(batch) : batch;
    if (Array.isArray(lines)) return [lines.length, (row) => this.#line(lines[row], row)];
    if (!isNamed(batch)) {
      throw new ClickleafError("batch", `expected rows, columns or lines, found ${shown(batch)}`);
    }
    const rows = rowsOfColumns(batch, (name) => this.#index.has(name) || name === LABEL);
    const columns = this.features.map((name) => (Object.hasOwn(batch, name) ? batch[name] : undefined));
    return [rows, (row) => this.#join((index) => columns[index]?.[row], row)];
  }

  #line(row, number) {
    if (typeof row === "string") {
      const line = row.replace(/\r?\n$/, "");
      if (!line.includes("\n")) return line;
      throw new ClickleafError("row", "expected one line", { row: number });
    }
    if (Array.isArray(row)) {
      const { length } = this.features;
      if (row.length === length) return this.#join((index) => row[index], number);
      throw new ClickleafError("row", `expected ${length} values, found ${row.length}`, { row: number });
    }
    if (!isNamed(row)) {
      const message = `expected a line, an array or an object, found ${shown(row)}`;
      throw new ClickleafError("row", message, { row: number });
    }
    for (const name of Object.keys(row)) {
      if (this.#index.has(name) || name === LABEL) continue;
      const message = `no column is called ${shown(name)}; they are I1 to I13 and C1 to C26`;
      throw new ClickleafError("row", message, { row: number });
    }
    return this.#join((index) => {
      const name = this.features[index];
      return Object.hasOwn(row, name) ? row[name] : undefined;
    }, number);
  }

  #join(value, row) {
    let line = "";
    for (let index = 0; index < this.features.length; index += 1) {
      if (index > 0) line += "\t";
      line += this.#text(value(index), index, row);
    }
    return line;
  }

  #text(value, index, row) {
    if (value === undefined || value === null || Number.isNaN(value)) return "";
    if (typeof value === "string" && !/[\t\n\r]/.test(value)) return value;
    if (typeof value === "bigint" || typeof value === "number") {
      if (index < INTEGER_COLUMNS) return String(value);
    }
    const wanted = index < INTEGER_COLUMNS ? "a whole number" : "a string of 8 hex digits";
    const message = `expected ${wanted} or nothing, found ${shown(value)}`;
    throw new ClickleafError("row", message, { row, column: this.features[index] });
  }
}

function linesOf(text) {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
