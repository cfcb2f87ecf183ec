/** The bytes of a model file, or where they are. */
export type ModelSource =
  /** The bytes themselves. */
  | ArrayBuffer
  | ArrayBufferView
  /** An address to fetch. In Node and Deno a string without `http:`, `https:`, `data:`, `blob:` or `file:` is a path. */
  | string
  | URL
  /** An answer whose body is the file. */
  | Response;

export interface LoadOptions {
  /** 64 hex digits: refuses every other file with the code `digest`. */
  readonly sha256?: string;
  /** Refuses models of the other kind with the code `kind`, and narrows the type of the result. */
  readonly kind?: "clicks" | "features";
}

/** Loads a model file and checks all of it; predicting from a loaded model fails only for bad rows. */
export function load(
  source: ModelSource | Promise<Response>,
  options: LoadOptions & { readonly kind: "clicks" },
): Promise<ClicksModel>;
export function load(
  source: ModelSource | Promise<Response>,
  options: LoadOptions & { readonly kind: "features" },
): Promise<FeaturesModel>;
export function load(source: ModelSource | Promise<Response>, options?: LoadOptions): Promise<Model>;

export interface InitOptions {
  /** Takes the build with or without SIMD; by default what the platform can. */
  readonly simd?: boolean;
  /** The WebAssembly itself, where the package can't find its own files. */
  readonly wasm?: WebAssembly.Module | BufferSource | Response | Promise<Response>;
}

/**
 * Starts WebAssembly, which `load` does by itself. Only the first call's options count; after a failure the next call
 * tries again.
 */
export function init(options?: InitOptions): Promise<{ readonly simd: boolean }>;

export type Model = ClicksModel | FeaturesModel;

/** Predicts a click probability from the 39 columns of a row. */
export type ClicksModel = ModelOf<"clicks", "probability", ClickRow, ClickBatch, ProbabilityPrediction>;

/** Predicts from features, as any XGBoost model does. */
export type FeaturesModel =
  | ModelOf<"features", "probability", FeatureRow, FeatureBatch, ProbabilityPrediction>
  | ModelOf<"features", "values", FeatureRow, FeatureBatch, ValuesPrediction>;

export interface ModelOf<Kind, Output, Row, Batch, Prediction> {
  /** What rows are: the 39 columns of a click row, or the model's features. */
  readonly kind: Kind;
  /** What predictions are: `probability` for the objective `binary:logistic`, else `values`. */
  readonly output: Output;
  /** Names of what a row holds, in its order; `f0`, `f1`, … where the file has none. */
  readonly features: readonly string[];
  /** XGBoost's name of the objective. */
  readonly objective: string;
  /** Outputs of a row: 1, or one for each class. */
  readonly outputsPerRow: number;
  /** Margins of a row: 1, or one for each class or target. */
  readonly marginsPerRow: number;
  readonly trees: number;
  /** Whether the file holds what `explain` needs. */
  readonly explains: boolean;
  /** Where the model comes from, as its file says. */
  readonly provenance: Provenance;
  /** Predicts one row. */
  predict(row: Row): Prediction;
  /** Predicts many rows; gives `outputsPerRow` values a row, row after row. */
  predictBatch(batch: Batch, options?: { readonly margins?: false }): Float32Array;
  /** Predicts many rows; gives `outputsPerRow` and `marginsPerRow` values a row, row after row. */
  predictBatch(batch: Batch, options: { readonly margins: true }): BatchPrediction;
  /**
   * Says exactly what each feature adds to a margin of a row, as XGBoost's `pred_contribs` does. `group` chooses the
   * margin where a row has several. Fails with the code `explain` where the file lacks what it takes.
   */
  explain(row: Row, options?: { readonly group?: number }): Explanation;
  /** Gives the model's memory back; every later call fails with the code `freed`. */
  free(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

export interface ProbabilityPrediction {
  /** `1 / (1 + exp(-margin))`. */
  readonly probability: number;
  /** Sum of base margin and leaves. */
  readonly margin: number;
}

export interface ValuesPrediction {
  /** `outputsPerRow` values: what XGBoost's `predict` gives. */
  readonly outputs: Float32Array;
  /** `marginsPerRow` values: what it gives with `output_margin=True`. */
  readonly margins: Float32Array;
}

export interface BatchPrediction {
  readonly outputs: Float32Array;
  readonly margins: Float32Array;
}

/** All of it adds up to the margin, but for rounding. */
export interface Explanation {
  /** Of each of the model's `features`, in their order. */
  readonly contributions: Float32Array;
  /** The margin where nothing is known of a row: the mean over the training rows. */
  readonly bias: number;
  readonly margin: number;
}

type Missing = null | undefined;
/** Training rows have one; it is not looked at. */
type Label = { readonly label?: unknown };
type IntegerColumn = `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13}`;
type CategoryColumn = `C${
  | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13
  | 14 | 15 | 16 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 24 | 25 | 26}`;

/** A whole number; as text its decimal digits. NaN is missing. */
export type IntegerValue = number | bigint | string | Missing;
/** 8 hex digits; empty is missing. */
export type CategoryValue = string | Missing;

/** One click row. */
export type ClickRow =
  /** By column, `I1` to `I13` and `C1` to `C26`; what is absent is missing. */
  | ({ readonly [Name in IntegerColumn]?: IntegerValue } & { readonly [Name in CategoryColumn]?: CategoryValue } & Label)
  /** 39 values in the order of `features`. */
  | readonly (IntegerValue | CategoryValue)[]
  /** A tab-separated line of 39 columns, or of 40 with a label first: 0, 1 or empty. */
  | string;

/** Many click rows. */
export type ClickBatch =
  | readonly ClickRow[]
  /** Lines. */
  | string
  /** Columns of one length; those that are absent are missing. */
  | ({ readonly [Name in IntegerColumn]?: NumberColumn | BigInt64Array | readonly IntegerValue[] } & {
      readonly [Name in CategoryColumn]?: readonly CategoryValue[];
    } & Label);

/** Rounded to 32 bits, as XGBoost does; NaN is missing. */
export type FeatureValue = number | Missing;

/** One row of features. */
export type FeatureRow =
  /** By name; what is absent is missing. */
  | { readonly [name: string]: FeatureValue }
  /** All values, in the order of `features`. */
  | readonly FeatureValue[]
  | Float32Array
  | Float64Array;

/** Many rows of features. */
export type FeatureBatch =
  | readonly FeatureRow[]
  /** All values, row after row. */
  | Float32Array
  | Float64Array
  /** Columns of one length; those that are absent are missing. */
  | { readonly [name: string]: NumberColumn | readonly FeatureValue[] };

export type NumberColumn =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** The lineage of a model: which run made it, from which booster and which data set. */
export interface Provenance {
  readonly model_name: string;
  readonly experiment_name: string;
  /** 32 hex digits. */
  readonly run_id: string;
  readonly run_name: string;
  readonly artifact_uri: string;
  /** SHA-256 of the booster the trees were read from. */
  readonly booster_sha256: string;
  readonly dataset_name: string;
  readonly dataset_digest: string;
  readonly training_rows: number;
  /** In milliseconds since 1970. */
  readonly trained_at_ms: number;
  /** Training library and its version. */
  readonly engine: string;
  readonly trainer_version: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

export type ErrorCode =
  /** A parameter is not what it must be. */
  | "argument"
  /** A batch is no batch: its columns differ in length, have unknown names, or are none. */
  | "batch"
  /** The file is not the one that `sha256` names. */
  | "digest"
  /** WebAssembly can't start: it is absent, forbidden, or its file can't be had. */
  | "engine"
  /** The file lacks what `explain` needs. */
  | "explain"
  /** The file can't be had. */
  | "fetch"
  /** The bytes are no model file, or a damaged one. */
  | "format"
  /** The model was freed. */
  | "freed"
  /** The model is of the other kind. */
  | "kind"
  /** A row is refused. */
  | "row"
  /** The file is for another reader. */
  | "version";

/** What every function here throws. */
export class ClickleafError extends Error {
  private constructor();
  readonly name: "ClickleafError";
  readonly code: ErrorCode;
  /** Index of the refused row in its batch. */
  readonly row: number | undefined;
  /** Name of the refused column. */
  readonly column: string | undefined;
}
