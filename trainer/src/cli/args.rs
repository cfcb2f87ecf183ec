//! What can be typed.

mod calibration;
mod data;
mod engine;
mod recipe;
mod settings;
mod steps;

use clap::{Args, Parser, Subcommand};
use model_export::{Cross, MAX_CROSSES};
use trainer::crosses::Crosses;
use trainer::process::ProcessConfig;
use trainer::recipe::{Recipe, RecipeError};
use trainer::split::SplitAt;
use trainer::train::{TrainConfig, TrainParams};

use calibration::CalibrationArgs;
pub(crate) use data::{DataArgs, NoData, QueueOfTables};
pub(crate) use engine::{DEFAULT_ENGINE, EngineArg};
pub(crate) use recipe::{RecipeArgs, RecipeCommand};
pub(crate) use settings::{
    FolderArgs, IdentityArgs, OutputArgs, PromotionArgs, SeedArgs, Settings, SettingsArgs,
};
pub(crate) use steps::{
    GenerateArgs, IngestArgs, KeygenArgs, MigrateArgs, ProcessCommandArgs, PromoteArgs, RegisterArgs,
    RunArgs, TrainCommandArgs, TrainingArgs, TuneArgs, WorkerArgs,
};

const EXAMPLES: &str = "\
Examples:
  Train on the first 80 % of a file, stop early on the next 10 %, test on the rest, and promote:
    clickleaf-trainer run --data train.txt.gz --promote
  Several files in order, split at given rows (counted from 1):
    clickleaf-trainer run --data day_0.gz day_1.gz --stop-from 88001 --test-from 99001
  No data at hand:
    clickleaf-trainer run --generate 20000 --promote --json
  The same, step by step:
    clickleaf-trainer ingest --generate 20000 --work-dir w
    clickleaf-trainer process --work-dir w
    clickleaf-trainer train --work-dir w --eta 0.1
    clickleaf-trainer register --work-dir w
    clickleaf-trainer promote --version-number 1 --reason \"better logloss\"

  By a recipe, whose defaults `recipe print` shows:
    clickleaf-trainer run --recipe recipe.toml --data train.txt.gz

What to train: a flag wins over the recipe, that over the default.
Where to keep it: a flag wins over its CLICKLEAF_* variable, that over the TOML file, that over the default.
Exit codes: 0 done, 1 failure, 2 usage, 3 refused data or model, 130 interrupted.";

/// Trains Criteo CTR models and registers them.
#[derive(Parser)]
#[command(name = "clickleaf-trainer", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Do everything: rows to a registered version
    #[command(after_help = EXAMPLES)]
    Run(Box<RunArgs>),
    /// Step 1: read and check rows
    Ingest(Box<IngestArgs>),
    /// Step 2: split the rows, fit the encoder on the training part, encode
    Process(ProcessCommandArgs),
    /// Step 3: grow the trees
    Train(TrainCommandArgs),
    /// Step 4: export, check, judge, sign and register as a new version
    Register(Box<RegisterArgs>),
    /// Step 5: put a version into Production
    Promote(Box<PromoteArgs>),
    /// Write generated rows as TSV
    Generate(GenerateArgs),
    /// Take training runs from the queue until interrupted
    Worker(Box<WorkerArgs>),
    /// Search a recipe's ranges for a better one; the same command goes on after an interruption
    Tune(Box<TuneArgs>),
    /// Print, check and describe recipes
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// Make a key pair for signing models
    Keygen(KeygenArgs),
    /// Create or update the registry's tables
    Migrate(Box<MigrateArgs>),
}

/// Split and encoder.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Split and encoder")]
pub(crate) struct ProcessArgs {
    /// First row for early stopping, from 1 [default: after 80 %]
    #[arg(long, value_name = "ROW", requires = "test_from")]
    stop_from: Option<u64>,
    /// First test row, from 1 [default: after 90 %]
    #[arg(long, value_name = "ROW", requires = "stop_from")]
    test_from: Option<u64>,
    /// Rows the prior click rate counts for in a category's mean
    #[arg(long, value_name = "ROWS")]
    prior_weight: Option<f64>,
    /// Categories seen less often in training count as rare
    #[arg(long, value_name = "N")]
    min_count: Option<u32>,
    /// Folds of the out-of-fold encoding
    #[arg(long, value_name = "N")]
    folds: Option<u8>,
    /// Encode this many pairs of columns as one column each, chosen by their gain on the training rows
    #[arg(long, value_name = "N", conflicts_with = "cross", value_parser = clap::value_parser!(u64).range(..=MAX_CROSSES as u64))]
    crosses: Option<u64>,
    /// Encode this pair of columns as one column, such as C23xC6 or I2xC26; may be repeated
    #[arg(long, value_name = "PAIR")]
    cross: Vec<Cross>,
}

impl ProcessArgs {
    /// The flags over the recipe.
    pub(crate) fn config(
        &self,
        recipe: &Recipe,
        seed: Option<u64>,
        is_table: bool,
    ) -> Result<ProcessConfig, RecipeError> {
        let default = recipe.process()?;
        let rows = self.stop_from.zip(self.test_from);
        Ok(ProcessConfig {
            split: rows.map_or(default.split, |(stop_from, test_from)| SplitAt::Rows {
                stop_from,
                test_from,
            }),
            prior_weight: self.prior_weight.unwrap_or(default.prior_weight),
            min_count: self.min_count.unwrap_or(default.min_count),
            folds: self.folds.unwrap_or(default.folds),
            seed: seed.unwrap_or(default.seed),
            crosses: match self.crosses {
                Some(count) => Crosses::Count(count as usize),
                None if self.cross.is_empty() && recipe.gives("encoder", "crosses") => default.crosses,
                None if self.cross.is_empty() && is_table => Crosses::None,
                None if self.cross.is_empty() => ProcessConfig::default().crosses,
                None => Crosses::Listed(self.cross.clone()),
            },
        })
    }
}

/// Training; what isn't given has a default that suits the engine.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainArgs {
    /// Who grows the trees [default: xgboost, where it is built in]
    #[arg(long, value_enum)]
    engine: Option<EngineArg>,
    /// Learning rate
    #[arg(long)]
    eta: Option<f64>,
    /// Levels of a tree
    #[arg(long, value_name = "N")]
    max_depth: Option<u32>,
    /// Least sum of hessians in a leaf (gbdt: rows)
    #[arg(long, value_name = "WEIGHT")]
    min_child_weight: Option<f64>,
    /// Share of the rows each tree sees
    #[arg(long, value_name = "SHARE")]
    subsample: Option<f64>,
    /// Share of the features each tree sees (not gbdt)
    #[arg(long, value_name = "SHARE")]
    colsample_bytree: Option<f64>,
    /// L2 regularisation (not gbdt)
    #[arg(long)]
    lambda: Option<f64>,
    /// Bins a feature is cut into (not gbdt)
    #[arg(long, value_name = "N")]
    max_bin: Option<u32>,
    /// Trees of a round (not gbdt)
    #[arg(long, value_name = "N")]
    num_parallel_tree: Option<u32>,
    /// At most this many rounds
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Stop after this many rounds without a better validation logloss
    #[arg(long, value_name = "N")]
    early_stopping_rounds: Option<u32>,
    /// Keep the early-stopping rows out of training for good; a budget of bytes implies it
    #[arg(long)]
    no_refit: bool,
    /// Threads; 0 for all cores (not gbdt)
    #[arg(long, value_name = "N")]
    nthread: Option<u32>,
    #[command(flatten)]
    calibration: CalibrationArgs,
    /// Any other param of XGBoost, such as gamma=0.5; may be repeated
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = key_value)]
    params: Vec<(String, String)>,
}

impl TrainArgs {
    /// The flags over the recipe.
    pub(crate) fn config(&self, recipe: &Recipe, seed: Option<u64>) -> Result<TrainConfig, RecipeError> {
        let engine = self.engine.map(EngineArg::engine).or(recipe.engine());
        let engine = engine.unwrap_or(DEFAULT_ENGINE);
        let default = recipe.params(engine)?;
        let params = TrainParams {
            eta: self.eta.unwrap_or(default.eta),
            max_depth: self.max_depth.unwrap_or(default.max_depth),
            min_child_weight: self.min_child_weight.unwrap_or(default.min_child_weight),
            subsample: self.subsample.unwrap_or(default.subsample),
            colsample_bytree: self.colsample_bytree.unwrap_or(default.colsample_bytree),
            lambda: self.lambda.unwrap_or(default.lambda),
            max_bin: self.max_bin.unwrap_or(default.max_bin),
            num_parallel_tree: self.num_parallel_tree.unwrap_or(default.num_parallel_tree),
            rounds: self.rounds.unwrap_or(default.rounds),
            early_stopping_rounds: self
                .early_stopping_rounds
                .unwrap_or(default.early_stopping_rounds),
            refit: default.refit && !self.no_refit,
            nthread: self.nthread.unwrap_or(default.nthread),
            seed: seed.unwrap_or(default.seed),
            other: default
                .other
                .into_iter()
                .chain(self.params.iter().cloned())
                .collect(),
        };
        let calibration = self.calibration.config(recipe)?;
        Ok(TrainConfig {
            engine,
            params,
            calibration,
        })
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
