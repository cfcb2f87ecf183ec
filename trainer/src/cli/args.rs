//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model_export::{Cross, MAX_CROSSES};
use registry::{Engine, StoreOptions};
use serde::{Deserialize, Serialize};
use trainer::calibrate::{CalibrationConfig, Method};
use trainer::crosses::Crosses;
use trainer::ingest::{BadRowPolicy, Data};
use trainer::process::ProcessConfig;
use trainer::source::Source;
use trainer::train::{TrainConfig, TrainParams};

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

Configuration: a flag wins over its CLICKLEAF_* variable, that over the TOML file, that over the default.
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
    /// Make a key pair for signing models
    Keygen(KeygenArgs),
    /// Create or update the registry's tables
    Migrate(Box<MigrateArgs>),
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) register: IdentityArgs,
    #[command(flatten)]
    pub(crate) promote: PromotionArgs,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
    /// Keep intermediate files in this folder [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) work_dir: Option<PathBuf>,
    /// Store the rows in the data bucket (held compressed in memory)
    #[arg(long)]
    pub(crate) keep_data: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Args)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Args)]
pub(crate) struct ProcessCommandArgs {
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
}

#[derive(Args)]
pub(crate) struct TrainCommandArgs {
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
}

#[derive(Args)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    pub(crate) register: IdentityArgs,
    #[command(flatten)]
    pub(crate) promote: PromotionArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Args)]
pub(crate) struct PromoteArgs {
    /// The version to promote [default: the newest]
    #[arg(long, value_name = "N")]
    pub(crate) version_number: Option<i64>,
    /// Why; kept in the registry
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who promotes [default: the user]
    #[arg(long, env = "CLICKLEAF_ACTOR", value_name = "NAME")]
    pub(crate) actor: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Args)]
pub(crate) struct GenerateArgs {
    /// How many rows
    #[arg(long, value_name = "ROWS")]
    pub(crate) rows: u64,
    /// Where to write them [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
}

#[derive(Args)]
pub(crate) struct WorkerArgs {
    /// Rows for requests that name none: files or URLs, in order
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "generate_rows")]
    pub(crate) data: Vec<String>,
    /// Generated rows for requests that name none
    #[arg(long, value_name = "ROWS", default_value_t = 20_000)]
    pub(crate) generate_rows: u64,
    /// A worker silent for this long is taken for dead
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lease_seconds: u64,
    /// The worker's name in the queue [default: host and process]
    #[arg(long, env = "CLICKLEAF_WORKER_NAME", value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// Folder for signing.pem (keep it secret) and verification.pem; existing files are never overwritten
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}

#[derive(Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// Where the rows come from.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// Criteo rows (TSV; plain, gzip, xz or zstd): paths, -, https:// or s3:// URLs, in order
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "generate", conflicts_with = "generate")]
    data: Vec<String>,
    /// Generate this many rows instead
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    generate: Option<u64>,
    /// What to do with a bad row
    #[arg(long, value_enum, default_value_t = BadRowsArg::Fail)]
    bad_rows: BadRowsArg,
    /// With --bad-rows skip: more than this many fail the run
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_bad_rows: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum BadRowsArg {
    /// Refuse the data
    Fail,
    /// Leave it out and count it
    Skip,
}

impl DataArgs {
    pub(crate) fn data(&self, seed: u64) -> Data {
        match self.generate {
            Some(rows) => Data::Generated { rows, seed },
            None => Data::Sources(self.data.iter().map(|text| Source::parse(text)).collect()),
        }
    }

    pub(crate) fn bad_rows(&self) -> BadRowPolicy {
        match self.bad_rows {
            BadRowsArg::Fail => BadRowPolicy::Fail,
            BadRowsArg::Skip => BadRowPolicy::Skip {
                cap: self.max_bad_rows,
            },
        }
    }
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
    pub(crate) fn config(&self, seed: u64) -> ProcessConfig {
        let default = ProcessConfig::default();
        ProcessConfig {
            split_from: self.stop_from.zip(self.test_from),
            prior_weight: self.prior_weight.unwrap_or(default.prior_weight),
            min_count: self.min_count.unwrap_or(default.min_count),
            folds: self.folds.unwrap_or(default.folds),
            seed,
            crosses: match self.crosses {
                Some(count) => Crosses::Count(count as usize),
                None if self.cross.is_empty() => default.crosses,
                None => Crosses::Listed(self.cross.clone()),
            },
        }
    }
}

/// Training; what isn't given has a default that suits the engine.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainArgs {
    /// Who grows the trees
    #[arg(long, value_enum, default_value_t = EngineArg::DEFAULT)]
    engine: EngineArg,
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
    /// How margins become probabilities, by the early-stopping rows
    #[arg(long, value_name = "METHOD", default_value = "auto")]
    calibration: CalibrationArg,
    /// Share of the rows without a click that the data have, after negative downsampling; probabilities are corrected
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    negative_sampling_rate: f64,
    /// Any other param of XGBoost, such as gamma=0.5; may be repeated
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = key_value)]
    params: Vec<(String, String)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum CalibrationArg {
    /// Whichever lowers calibration error and logloss most, if any does
    Auto,
    /// The sigmoid of the margin
    None,
    /// A line through the log-odds
    Platt,
    /// Steps joined by lines
    Isotonic,
}

impl From<CalibrationArg> for Method {
    fn from(argument: CalibrationArg) -> Self {
        match argument {
            CalibrationArg::Auto => Method::Auto,
            CalibrationArg::None => Method::None,
            CalibrationArg::Platt => Method::Platt,
            CalibrationArg::Isotonic => Method::Isotonic,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineArg {
    /// XGBoost, from its C++ sources
    #[cfg(feature = "xgboost")]
    Xgboost,
    /// The pure-Rust crate gbdt
    Gbdt,
}

impl EngineArg {
    #[cfg(feature = "xgboost")]
    const DEFAULT: Self = EngineArg::Xgboost;
    #[cfg(not(feature = "xgboost"))]
    const DEFAULT: Self = EngineArg::Gbdt;
}

impl TrainArgs {
    pub(crate) fn config(&self, seed: u64) -> TrainConfig {
        let engine = match self.engine {
            #[cfg(feature = "xgboost")]
            EngineArg::Xgboost => Engine::Xgboost,
            EngineArg::Gbdt => Engine::Gbdt,
        };
        let default = TrainParams::for_engine(engine);
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
            seed,
            other: self.params.iter().cloned().collect(),
        };
        let calibration = CalibrationConfig {
            method: self.calibration.into(),
            negative_sampling_rate: self.negative_sampling_rate,
        };
        TrainConfig {
            engine,
            params,
            calibration,
        }
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// The run in the registry.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Run")]
pub(crate) struct IdentityArgs {
    /// The run's name [default: a nickname such as brisk-otter-417]
    #[arg(long, value_name = "NAME")]
    pub(crate) run_name: Option<String>,
    /// Experiment
    #[arg(long, env = "CLICKLEAF_EXPERIMENT", default_value = trainer::pipeline::EXPERIMENT_NAME, value_name = "NAME")]
    pub(crate) experiment: String,
}

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Promotion")]
pub(crate) struct PromotionArgs {
    /// Put the new version into Production
    #[arg(long)]
    pub(crate) promote: bool,
    /// Why; kept in the registry
    #[arg(long, default_value = "asked for with --promote", value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who promotes [default: the user]
    #[arg(long, env = "CLICKLEAF_ACTOR", value_name = "NAME")]
    pub(crate) actor: Option<String>,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct SeedArgs {
    /// Seed of the generator, the encoder's folds and the trainer
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct FolderArgs {
    /// The folder that each step leaves its files in
    #[arg(long, value_name = "FOLDER")]
    pub(crate) work_dir: PathBuf,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct OutputArgs {
    /// Print the outcome as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Registry, store and keys, with the file they may come from.
#[derive(Args)]
#[group(skip)]
pub(crate) struct SettingsArgs {
    /// TOML file with these settings, by their long names in snake_case [default: clickleaf.toml if there is one]
    #[arg(long, env = "CLICKLEAF_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What flags, environment and file may all set.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[group(skip)]
#[serde(default)]
pub(crate) struct Settings {
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) store: StoreOptions,
    /// P-256 private key (PKCS#8 PEM) to sign models with [default: models are not signed]
    #[arg(long, env = "CLICKLEAF_SIGNING_KEY", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_key: Option<PathBuf>,
    /// Most bytes of the exported file as served, brotli or not; what it takes is given up and reported
    #[arg(long, env = "CLICKLEAF_MAX_BYTES", value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_bytes: Option<u64>,
    /// Registered model [default: criteo_ctr_model]
    #[arg(long, env = "CLICKLEAF_MODEL", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
