// The whole API as TypeScript sees it; `tsc` checks it and nothing runs it.
import {
  type BatchPrediction,
  type ClicksModel,
  ClickleafError,
  type ErrorCode,
  type Explanation,
  type FeaturesModel,
  type Model,
  type ProbabilityPrediction,
  type ValuesPrediction,
  init,
  load,
} from "clickleaf";

const bytes = new Uint8Array(8);
const { simd }: { readonly simd: boolean } = await init();
await init({ simd: false, wasm: new WebAssembly.Module(bytes) });
await init({ wasm: fetch("clickleaf_plain.wasm") });

const sources = [bytes, bytes.buffer, "model.leaf", new URL("https://localhost/model.leaf"), await fetch("model.leaf")];
for (const source of sources) {
  const model: Model = await load(source, { sha256: "00" });
  model.free();
}
using disposed = await load(fetch("model.leaf"));

const clicks: ClicksModel = await load(bytes, { kind: "clicks" });
const { probability, margin }: ProbabilityPrediction = clicks.predict({ I1: 1, I2: 2n, I3: "3", I4: null, C1: "68fd1e64" });
clicks.predict({ label: 1, I1: NaN });
clicks.predict("1\t2");
clicks.predict([1, null, "68fd1e64", undefined]);
const outputs: Float32Array = clicks.predictBatch([{ I1: 1 }, "1\t2", [1, 2]]);
const both: BatchPrediction = clicks.predictBatch({ I1: Int32Array.of(1), C1: ["68fd1e64"] }, { margins: true });
clicks.predictBatch({ I1: BigInt64Array.of(1n), I2: [1, "2", 3n, null], C26: [null] });
clicks.predictBatch("1\t2\n");

const features: FeaturesModel = await load(bytes, { kind: "features" });
features.predict({ age: 31, income: null, height: undefined });
features.predict([1, null, undefined, NaN]);
features.predict(Float32Array.of(1, 2));
features.predictBatch(Float64Array.of(1, 2));
features.predictBatch([{ age: 31 }, [1, 2], Float32Array.of(1, 2)]);
features.predictBatch({ age: Int8Array.of(31), income: [1, null] }, { margins: true }).margins.at(0);

const explanation: Explanation = clicks.explain({ C1: "68fd1e64" });
const sum: number = explanation.contributions.reduce((sum, value) => sum + value, explanation.bias) - explanation.margin;
features.explain([1, null], { group: 2 }).contributions.at(-1);

// Kind and output tell the forms of rows and predictions apart.
const model: Model = await load("model.leaf");
if (model.kind === "clicks") {
  model.predict({ C1: "68fd1e64" }).probability.toFixed(3);
} else if (model.output === "probability") {
  model.predict({ age: 31 }).probability.toFixed(3);
} else {
  const { outputs, margins }: ValuesPrediction = model.predict({ age: 31 });
  console.log(outputs.length, margins.length);
}

const { run_id, metrics, params, trained_at_ms } = model.provenance;
console.log(run_id.length, metrics["logloss"]?.toFixed(5), params["eta"]?.length, trained_at_ms + 1);
console.log(model.features.join(), model.objective, model.trees, model.outputsPerRow, model.marginsPerRow, model.explains);
console.log(simd, probability, margin, outputs, both.outputs, disposed.kind, sum);

try {
  clicks.predict({});
} catch (error) {
  if (error instanceof ClickleafError) {
    const code: ErrorCode = error.code;
    console.log(code, error.message, error.row?.toFixed(0), error.column?.length, error.cause);
    // @ts-expect-error no such code
    if (error.code === "nonsense") throw error;
  }
}

// @ts-expect-error a number is no source
await load(7);
// @ts-expect-error bytes must have come
await load(Promise.resolve("model.leaf"));
// @ts-expect-error no such kind
await load(bytes, { kind: "images" });
// @ts-expect-error no such column
clicks.predict({ I14: 1 });
// @ts-expect-error categories are text
clicks.predict({ C1: 12345678 });
// @ts-expect-error neither are truths integers
clicks.predict({ I1: true });
// @ts-expect-error click rows hold text
clicks.predict(Float32Array.of(1));
// @ts-expect-error a batch isn't one row
clicks.predictBatch({ I1: 1 });
// @ts-expect-error text is no feature
features.predict({ age: "31" });
// @ts-expect-error nor are lines
features.predict("1\t2");
// @ts-expect-error a model of features may give values
features.predict([1]).probability;
// @ts-expect-error without margins there is only one array
clicks.predictBatch("").margins;
// @ts-expect-error groups are numbered
features.explain([1], { group: "setosa" });
// @ts-expect-error until its kind is known, a model takes no row
model.predict({ C1: "68fd1e64" });
// @ts-expect-error what a model says of itself doesn't change
model.provenance.run_id = "";
// @ts-expect-error nor do its names
model.features.push("I40");
// @ts-expect-error only the package makes them
new ClickleafError("row", "made up");
