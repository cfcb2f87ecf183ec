// deno run --allow-read predict.ts MODEL.leaf ROWS.tsv: a line of JSON for each row.
import { load } from "clickleaf";

const [modelPath, rowsPath] = Deno.args;
const model = await load(modelPath, { kind: "clicks" });
for (const line of (await Deno.readTextFile(rowsPath)).split("\n").filter(Boolean)) {
  console.log(JSON.stringify(model.predict(line)));
}
