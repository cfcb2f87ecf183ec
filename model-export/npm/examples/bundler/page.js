import { load } from "clickleaf";

// The bundler gives the file a name with its digest in it.
import address from "./model.leaf?url";

const element = (id) => document.getElementById(id);
const model = await load(address, { kind: "clicks" });
element("model").textContent = `${model.trees} trees of run ${model.provenance.run_id}`;
for (const id of ["I1", "C1"]) {
  element(id).addEventListener("input", () => {
    try {
      const row = { I1: element("I1").value, C1: element("C1").value };
      element("probability").value = model.predict(row).probability;
    } catch (error) {
      element("probability").value = error.message;
    }
  });
}
