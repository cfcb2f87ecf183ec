import { ClickleafError, shown } from "./error.js";

/** What models of both kinds have. */
export class Model {
  #scratch;

  constructor(scratch, kind, features) {
    const { handle } = scratch;
    this.#scratch = scratch;
    this.kind = kind;
    this.features = Object.freeze(features);
    this.objective = handle.objective();
    this.output = this.objective === "binary:logistic" ? "probability" : "values";
    this.outputsPerRow = scratch.outputs;
    this.marginsPerRow = scratch.groups;
    this.trees = handle.trees();
    this.explains = handle.explains();
    this.provenance = frozen(handle.provenance());
    Object.freeze(this);
  }

  free() {
    this.#scratch.free();
  }
}

if (Symbol.dispose) Model.prototype[Symbol.dispose] = Model.prototype.free;

/** The prediction of the first row of the scratch. */
export function prediction(model, scratch) {
  const { margins, outputs } = scratch.views;
  if (model.output === "probability") return { probability: outputs[0], margin: margins[0] };
  return { outputs: outputs.slice(0, scratch.outputs), margins: margins.slice(0, scratch.groups) };
}

/** Which margin is to be explained. */
export function groupOf(model, { group = 0 } = {}) {
  if (Number.isInteger(group) && group >= 0 && group < model.marginsPerRow) return group;
  throw new ClickleafError("argument", `there is no group ${shown(group)}; a row has ${model.marginsPerRow} of them`);
}

function frozen(value) {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
