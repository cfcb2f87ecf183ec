//! The flags of each step.

use std::path::PathBuf;

use clap::Args;

use super::{
    DataArgs, FolderArgs, IdentityArgs, OutputArgs, ProcessArgs, PromotionArgs, RecipeArgs, SeedArgs,
    SettingsArgs, TrainArgs,
};

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    #[command(flatten)]
    pub(crate) promote: PromotionArgs,
    /// Keep intermediate files in this folder [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) work_dir: Option<PathBuf>,
    /// Store the rows in the data bucket (held compressed in memory)
    #[arg(long)]
    pub(crate) keep_data: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What is trained, from the rows on.
#[derive(Args)]
#[group(skip)]
pub(crate) struct TrainingArgs {
    #[command(flatten)]
    pub(crate) recipe: RecipeArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) register: IdentityArgs,
    #[command(flatten)]
    pub(crate) seed: SeedArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Args)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) recipe: RecipeArgs,
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
    pub(crate) recipe: RecipeArgs,
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
    pub(crate) recipe: RecipeArgs,
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
    /// Generated rows for requests that name none [default: the recipe's rows, else 20000]
    #[arg(long, value_name = "ROWS")]
    pub(crate) generate_rows: Option<u64>,
    /// A worker silent for this long is taken for dead
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lease_seconds: u64,
    /// The worker's name in the queue [default: host and process]
    #[arg(long, env = "CLICKLEAF_WORKER_NAME", value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) recipe: RecipeArgs,
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
