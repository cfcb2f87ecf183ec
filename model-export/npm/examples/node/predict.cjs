// node predict.cjs MODEL.leaf ROWS.tsv: the same from CommonJS, which takes modules by `import()`.
const { readFile } = require("node:fs/promises");

async function main() {
  const { load } = await import("clickleaf");
  const [modelPath, rowsPath] = process.argv.slice(2);
  const model = await load(await readFile(modelPath), { kind: "clicks" });
  const { outputs, margins } = model.predictBatch(await readFile(rowsPath, "utf8"), { margins: true });
  outputs.forEach((probability, row) => console.log(JSON.stringify({ probability, margin: margins[row] })));
}

main();
