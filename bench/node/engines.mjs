// Engines in WebAssembly, the same in Node and in a browser: from the bytes of code and model to
// { batch(rows, count), single(row) }. Rows are a Float32Array, row-major, NaN = missing. What comes out is a margin
// (ours, hessboost) or the probability of class 1 (the others).

export const FEATURES = 39;

export const ENGINES = {
  "ours-wasm": exported,
  "ours-wasm-plain": exported,
  "hessboost-wasm": exported,
  "gbdt-wasm": exported,
  "onnxruntime-web": onnx,
  "ydf-inference": ydf,
};

// What `bench/wasm/exports` exports.
async function exported(code, model) {
  const { instance } = await WebAssembly.instantiate(code, {});
  const { memory, allocate, load, batch, single } = instance.exports;
  const file = allocate(model.length);
  new Uint8Array(memory.buffer, file, model.length).set(model);
  if (load(file, model.length) !== FEATURES) throw new Error("the model is refused");

  const views = (count) => {
    const [rows, out] = [allocate(4 * FEATURES * count), allocate(4 * count)];
    let [input, output] = [new Float32Array(0), new Float32Array(0)];
    return {
      rows,
      out,
      // A memory that grew has another buffer.
      put(values) {
        if (input.buffer !== memory.buffer) {
          input = new Float32Array(memory.buffer, rows, FEATURES * count);
        }
        input.set(values);
      },
      get() {
        if (output.buffer !== memory.buffer) output = new Float32Array(memory.buffer, out, count);
        return output;
      },
    };
  };
  const one = views(1);
  let many = { count: 0 };
  return {
    batch(values, count) {
      if (many.count !== count) many = { count, ...views(count) };
      many.put(values);
      batch(many.rows, count, many.out);
      return many.get();
    },
    single(row) {
      one.put(row);
      return single(one.rows);
    },
  };
}

async function onnx(code, model, ort) {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = code;
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const run = async (values, count) => {
    const rows = new ort.Tensor("float32", values, [count, FEATURES]);
    const { probabilities } = await session.run({ rows }, ["probabilities"]);
    return probabilities.data;
  };
  return {
    async batch(values, count) {
      // Two columns: the probabilities of class 0 and of class 1.
      return (await run(values, count)).filter((_, index) => index % 2 === 1);
    },
    async single(row) {
      return (await run(row, 1))[1];
    },
  };
}

async function ydf(code, model, YDFInference) {
  const library = await YDFInference({ wasmBinary: code });
  const loaded = await library.loadModelFromZipBlob(model);
  const names = Array.from({ length: FEATURES }, (_, index) => `f${index}`);
  const run = (values, count) => {
    const columns = {};
    names.forEach((name, feature) => {
      const column = new Array(count);
      for (let row = 0; row < count; row++) {
        const value = values[row * FEATURES + feature];
        column[row] = Number.isNaN(value) ? null : value;
      }
      columns[name] = column;
    });
    return loaded.predict(columns);
  };
  return {
    batch: (values, count) => Float32Array.from(run(values, count)),
    single: (row) => run(row, 1)[0],
  };
}
