//! Recipe files.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use trainer::recipe::{Recipe, RecipeError};

use super::EngineArg;

#[derive(Args)]
#[group(skip)]
pub(crate) struct RecipeArgs {
    /// TOML file that says what to train; flags win over it
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
}

impl RecipeArgs {
    /// The recipe, or the empty one.
    pub(crate) fn read(&self) -> Result<Recipe, RecipeError> {
        self.recipe
            .as_deref()
            .map_or_else(|| Ok(Recipe::default()), Recipe::read)
    }
}

#[derive(Subcommand)]
pub(crate) enum RecipeCommand {
    /// Print the default recipe, explained
    Print {
        /// Whose defaults [default: xgboost]
        #[arg(long, value_enum)]
        engine: Option<EngineArg>,
    },
    /// Check a recipe and print it with every default in its place
    Check {
        /// The recipe
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the JSON Schema of recipes
    Schema,
}
