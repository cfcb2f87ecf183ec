import { isNamed, rowsOfColumns } from "./columns.js";
import { ClickleafError, asked, shown } from "./error.js";
import { Model, groupOf, prediction } from "./model.js";

/** Predicts from features, which are written straight into WebAssembly's memory. */
export class FeaturesModel extends Model {
  #scratch;
  #index;

  constructor(scratch, features) {
    super(scratch, "features", features);
    this.#scratch = scratch;
    this.#index = new Map(features.map((name, index) => [name, index]));
  }

  predict(row) {
    const scratch = this.#scratch;
    const { handle } = scratch;
    this.#write(row, scratch.views.features, 0);
    handle.predict(1);
    return prediction(this, scratch);
  }

  explain(row, options) {
    const scratch = this.#scratch;
    const { handle } = scratch;
    const group = groupOf(this, options);
    this.#write(row, scratch.views.features, 0);
    asked(() => handle.explain(group));
    return scratch.explanation(group);
  }

  predictBatch(batch, options) {
    const scratch = this.#scratch;
    const { handle } = scratch;
    const [rows, write] = this.#batch(batch);
    const predict = (first, count) => {
      write(first, count, scratch.views.features);
      handle.predict(count);
    };
    return scratch.batch(rows, predict, options);
  }

  /** Number of rows, and what writes a block of them. */
  #batch(batch) {
    const { length: width } = this.features;
    if (isNumbers(batch)) {
      if (batch.length % width !== 0) {
        throw new ClickleafError("batch", `${batch.length} values are no multiple of ${width} features`);
      }
      const write = (first, count, features) => features.set(batch.subarray(first * width, (first + count) * width));
      return [batch.length / width, write];
    }
    if (Array.isArray(batch)) {
      const write = (first, count, features) => {
        for (let row = first; row < first + count; row += 1) this.#write(batch[row], features, (row - first) * width, row);
      };
      return [batch.length, write];
    }
    if (!isNamed(batch)) {
      throw new ClickleafError("batch", `expected rows, columns or a Float32Array, found ${shown(batch)}`);
    }
    const rows = rowsOfColumns(batch, (name) => this.#index.has(name));
    return [rows, (first, count, features) => this.#writeColumns(batch, first, count, features)];
  }

  #writeColumns(columns, first, count, features) {
    const { length: width } = this.features;
    features.fill(NaN, 0, count * width);
    for (const name of Object.keys(columns)) {
      const column = columns[name];
      const index = this.#index.get(name);
      for (let row = first, at = index; row < first + count; row += 1, at += width) {
        const value = column[row];
        features[at] = typeof value === "number" ? value : this.#missing(value, index, row);
      }
    }
  }

  #write(row, features, start, number) {
    const { length: width } = this.features;
    if (isNumbers(row) || Array.isArray(row)) {
      if (row.length !== width) {
        throw new ClickleafError("row", `expected ${width} values, found ${row.length}`, { row: number });
      }
      for (let index = 0; index < width; index += 1) {
        const value = row[index];
        features[start + index] = typeof value === "number" ? value : this.#missing(value, index, number);
      }
      return;
    }
    if (!isNamed(row)) {
      throw new ClickleafError("row", `expected an array or an object, found ${shown(row)}`, { row: number });
    }
    features.fill(NaN, start, start + width);
    for (const name of Object.keys(row)) {
      const index = this.#index.get(name);
      if (index === undefined) {
        throw new ClickleafError("row", `no feature is called ${shown(name)}`, { row: number });
      }
      const value = row[name];
      features[start + index] = typeof value === "number" ? value : this.#missing(value, index, number);
    }
  }

  #missing(value, index, row) {
    if (value === undefined || value === null) return NaN;
    const message = `expected a number or nothing, found ${shown(value)}`;
    throw new ClickleafError("row", message, { row, column: this.features[index] });
  }
}

/** By tag, since arrays may come from another realm. */
function isNumbers(value) {
  const tag = ArrayBuffer.isView(value) ? value[Symbol.toStringTag] : undefined;
  return tag === "Float32Array" || tag === "Float64Array";
}
