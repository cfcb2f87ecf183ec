// node predict.js MODEL.leaf ROWS.tsv: a line of JSON for each row.
import { readFile } from "node:fs/promises";

import { load } from "clickleaf";

const [modelPath, rowsPath] = process.argv.slice(2);
const model = await load(modelPath, { kind: "clicks" });
console.error(`${model.trees} trees of run ${model.provenance.run_id}`);
for (const line of (await readFile(rowsPath, "utf8")).split("\n").filter(Boolean)) {
  console.log(JSON.stringify(model.predict(line)));
}
model.free();
