import { load } from "clickleaf";

const element = (id) => document.getElementById(id);
const model = await load("model.leaf", { kind: "clicks" });
element("model").textContent = `${model.trees} trees of run ${model.provenance.run_id}`;
element("row").addEventListener("input", () => {
  try {
    element("probability").value = model.predict(element("row").value).probability;
  } catch (error) {
    element("probability").value = error.message;
  }
});
