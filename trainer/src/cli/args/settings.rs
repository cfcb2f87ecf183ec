//! What commands share: the run's names, folders, output, and where things are kept.

use std::path::PathBuf;

use clap::Args;
use registry::StoreOptions;
use serde::{Deserialize, Serialize};

/// The run in the registry.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Run")]
pub(crate) struct IdentityArgs {
    /// The run's name [default: a nickname such as brisk-otter-417]
    #[arg(long, value_name = "NAME")]
    pub(crate) run_name: Option<String>,
    /// Experiment [default: criteo_ctr]
    #[arg(long, env = "CLICKLEAF_EXPERIMENT", value_name = "NAME")]
    pub(crate) experiment: Option<String>,
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
    /// Seed of the generator, the encoder's folds and the trainer [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
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
