//! Every key of a recipe.

use super::kind::{Kind, MOST};

/// The seed of a recipe that has none.
pub(super) const SEED: u64 = 1;
/// Bad rows that may be left out when the recipe doesn't say.
pub(super) const MAX_BAD_ROWS: u64 = 1000;

/// A table of the file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name; empty for the keys above all tables.
    pub name: &'static str,
    /// What it is for.
    pub what: &'static str,
}

/// A key of the file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The table it is in.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// Type and domain.
    pub kind: Kind,
    /// Whether `tune` may search it.
    pub searched: bool,
    /// For a key without a default: a value in TOML, to show how it is written.
    pub example: Option<&'static str>,
    /// What it does.
    pub what: &'static str,
}

/// The tables, in the order they are printed.
pub const SECTIONS: &[Section] = &[
    section("", "What everything shares"),
    section("data", "Where the rows come from"),
    section(
        "split",
        "Which rows are for what, in the order of time: training, early stopping, test",
    ),
    section("encoder", "How columns become features"),
    section("booster", "How the trees are grown; defaults suit the engine"),
    section("calibration", "How margins become probabilities"),
    section("register", "What the run and its version are called"),
    section("search", "What `clickleaf-trainer tune` tries"),
];

/// The keys, in the order they are printed.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("", "seed", SEEDS, "Seed of the generator, the encoder's folds and the trainer"),
    key("data", "sources", Kind::Texts, "Criteo rows: paths (from the folder the program runs in), - , https:// or s3://, in order")
        .example(r#"["train.txt.gz"]"#),
    key("data", "schema", Kind::Text, "Schema file of a table that isn't Criteo's; sources are its rows then").example(r#""table.toml""#),
    key("data", "generate", Kind::Integer(1, MOST), "So many generated rows instead of sources").example("20000"),
    key("data", "seed", SEEDS, "The generator's own seed").example("1"),
    key("data", "bad_rows", Kind::Choice(&["fail", "skip"]), "What a bad row does: fail the run, or be left out and counted"),
    key("data", "max_bad_rows", Kind::Integer(0, MOST), "With skip: more than this many fail the run"),
    key("split", "stop_from", Kind::RowOrShare, "First row for early stopping: a row from 1, or the share of the rows before it"),
    key("split", "test_from", Kind::RowOrShare, "First test row, likewise"),
    key("encoder", "prior_weight", Kind::Positive(1e12), "Rows the prior click rate counts for in a category's mean").searched(),
    key("encoder", "min_count", Kind::Integer(1, u32::MAX as u64), "Categories seen less often in training count as rare").searched(),
    key("encoder", "folds", Kind::Integer(2, u8::MAX as u64), "Folds of the out-of-fold encoding").searched(),
    key("encoder", "crosses", Kind::Crosses, "Pairs of columns that are encoded as one: how many are chosen on the training rows, or which").searched(),
    key("encoder", "seed", SEEDS, "The folds' own seed").example("1"),
    key("booster", "engine", Kind::Choice(&["xgboost", "gbdt"]), "Who grows the trees"),
    key("booster", "eta", Kind::Share, "Learning rate").searched(),
    key("booster", "max_depth", Kind::Integer(1, 16), "Levels of a tree").searched(),
    key("booster", "min_child_weight", Kind::Weight, "Least sum of hessians in a leaf (gbdt: rows)").searched(),
    key("booster", "subsample", Kind::Share, "Share of the rows each tree sees").searched(),
    key("booster", "colsample_bytree", Kind::Share, "Share of the features each tree sees (not gbdt)").searched(),
    key("booster", "lambda", Kind::Weight, "L2 regularisation (not gbdt)").searched(),
    key("booster", "max_bin", Kind::Integer(2, 65_536), "Bins a feature is cut into (not gbdt)").searched(),
    key("booster", "num_parallel_tree", Kind::Integer(1, 1000), "Trees of a round (gbdt: 1)").searched(),
    key("booster", "rounds", Kind::Integer(1, 100_000), "At most this many rounds"),
    key("booster", "early_stopping_rounds", Kind::Integer(1, u32::MAX as u64), "Stop after this many rounds without a better validation logloss"),
    key("booster", "refit", Kind::Switch, "Train once more with the early-stopping rows; a budget of bytes prevents it (not gbdt)"),
    key("booster", "nthread", Kind::Integer(0, 10_000), "Threads; 0 for all cores (not gbdt)"),
    key("booster", "seed", SEEDS, "The trainer's own seed").example("1"),
    key("booster", "other", Kind::Params, "Any other param of XGBoost by its name").example("{ gamma = 0.5 }"),
    key("calibration", "method", Kind::Choice(&["auto", "none", "platt", "isotonic"]), "By the early-stopping rows: a line through the log-odds, steps joined by lines, or auto: whichever is better, if any"),
    key("calibration", "negative_sampling_rate", Kind::Share, "Share of the rows without a click that the data have, after negative downsampling"),
    key("register", "model_name", Kind::Text, "Registered model; without it the settings' one").example(r#""criteo_ctr_model""#),
    key("register", "experiment", Kind::Text, "Experiment"),
    key("register", "max_bytes", Kind::Integer(1, MOST), "Most bytes of the exported file as served; without it the settings' budget, if any")
        .example("460800"),
    key("search", "trials", Kind::Integer(1, 100_000), "How many trials; the first is the recipe as it stands"),
    key("search", "seed", SEEDS, "Seed of the values that are tried"),
    key("search", "reduction", Kind::Integer(2, 100), "One of so many trials goes on to so many times the rounds"),
    key("search", "min_rounds", Kind::Integer(1, 100_000), "At least this many rounds for every trial"),
    key("search", "ranges", Kind::Ranges, "What is tried, for each key: log, range, integers (all from the first to the second) or choices"),
];

const SEEDS: Kind = Kind::Integer(0, MOST);

/// The key of a path such as `booster.eta`.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path() == path)
}

impl Key {
    /// The key as errors and documents write it, such as `booster.eta`.
    pub fn path(&self) -> String {
        match self.section {
            "" => self.name.to_owned(),
            section => format!("{section}.{}", self.name),
        }
    }

    const fn searched(self) -> Self {
        Self {
            searched: true,
            ..self
        }
    }

    pub(super) const fn example(self, example: &'static str) -> Self {
        Self {
            example: Some(example),
            ..self
        }
    }
}

const fn section(name: &'static str, what: &'static str) -> Section {
    Section { name, what }
}

pub(super) const fn key(section: &'static str, name: &'static str, kind: Kind, what: &'static str) -> Key {
    Key {
        section,
        name,
        kind,
        searched: false,
        example: None,
        what,
    }
}
