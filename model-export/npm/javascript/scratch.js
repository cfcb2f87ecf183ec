import { ClickleafError } from "./error.js";

/** Values of a block of rows; a block is worked on at once. */
const BLOCK_VALUES = 1 << 20;
const BLOCK_ROWS = 4096;

/** A model in WebAssembly with its memory for a block of rows. */
export class Scratch {
  #handle;
  #memory;
  #rows = 1;
  #views;

  constructor(handle, memory, width) {
    this.#handle = handle;
    this.#memory = memory;
    this.width = width;
    this.groups = handle.groups();
    this.outputs = handle.outputs();
    this.blockRows = Math.max(1, Math.min(BLOCK_ROWS, Math.floor(BLOCK_VALUES / Math.max(width, this.groups))));
  }

  /** The model; an error once it is freed. */
  get handle() {
    if (this.#handle === undefined) throw new ClickleafError("freed", "the model was freed");
    return this.#handle;
  }

  /** Makes room for this many rows. */
  reserve(rows) {
    if (rows > this.#rows) {
      this.handle.reserve(rows);
      this.#rows = rows;
      this.#views = undefined;
    }
  }

  /** The memory as it is now; it moves whenever WebAssembly asks for more. */
  get views() {
    const { buffer } = this.#memory;
    if (this.#views?.margins.buffer !== buffer) {
      const { handle } = this;
      const view = (address, values) => new Float32Array(buffer, address, values * this.#rows);
      this.#views = {
        features: handle.clicks() ? undefined : view(handle.features_address(), this.width),
        margins: view(handle.margins_address(), this.groups),
        outputs: view(handle.outputs_address(), this.outputs),
        explanation: new Float32Array(buffer, handle.explanation_address(), this.width + 1),
      };
    }
    return this.#views;
  }

  /** Predicts `rows` rows block by block; `predict(first, count)` fills the views for the block. */
  batch(rows, predict, { margins: wanted = false } = {}) {
    const outputs = new Float32Array(rows * this.outputs);
    const margins = wanted ? new Float32Array(rows * this.groups) : undefined;
    this.reserve(Math.min(rows, this.blockRows));
    for (let first = 0; first < rows; first += this.blockRows) {
      const count = Math.min(this.blockRows, rows - first);
      predict(first, count);
      const { views } = this;
      outputs.set(views.outputs.subarray(0, count * this.outputs), first * this.outputs);
      margins?.set(views.margins.subarray(0, count * this.groups), first * this.groups);
    }
    return wanted ? { outputs, margins } : outputs;
  }

  /** What the last explained row's features add to its margin. */
  explanation(group) {
    const { explanation, margins } = this.views;
    return { contributions: explanation.slice(0, this.width), bias: explanation[this.width], margin: margins[group] };
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
    this.#views = undefined;
  }
}
