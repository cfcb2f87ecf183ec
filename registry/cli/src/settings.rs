//! Which registry a command is about.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use registry::{Actor, ConfigError, Registry, StoreConfig, StoreOptions, load_options};

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

    /// Opens the registry for whoever runs the program, and leaves its tables as they are.
    pub(crate) async fn connect(&self) -> Result<Registry> {
        let config = self.resolve()?;
        let registry = Registry::connect(&config)
            .await
            .context("can't open the registry")?;
        Ok(registry.acting_as(Actor::command_line(&user())))
    }
}

fn user() -> String {
    let name = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
