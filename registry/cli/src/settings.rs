//! Which registry a command is about.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use registry::{ConfigError, Registry, StoreConfig, StoreOptions, load_options};

/// Where database and store are, by flag, environment or file.
#[derive(Args)]
pub(crate) struct Settings {
    /// TOML file with these settings, by their long names in snake_case [default: clickleaf.toml if there is one]
    #[arg(long, env = "CLICKLEAF_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    store: StoreOptions,
}

impl Settings {
    /// What the settings mean.
    pub(crate) fn resolve(&self) -> Result<StoreConfig, ConfigError> {
        load_options(&self.store, self.config.as_deref())?.resolve()
    }

    /// Opens the registry, and leaves its tables as they are.
    pub(crate) async fn connect(&self) -> Result<Registry> {
        let config = self.resolve()?;
        Registry::connect(&config)
            .await
            .context("can't open the registry")
    }
}
