//! Recipes without training.

use std::io::Write;

use anyhow::Result;
use trainer::recipe::{Recipe, json_schema};
use trainer::train::engine_name;

use super::super::args::{EngineArg, RecipeCommand};

pub(in crate::cli) fn recipe(command: RecipeCommand) -> Result<()> {
    let text = match command {
        RecipeCommand::Print { engine } => {
            let recipe = Recipe::default();
            match engine.map(EngineArg::engine) {
                Some(engine) => recipe
                    .with("booster.engine", engine_name(engine).into())
                    .explained()?,
                None => recipe.explained()?,
            }
        }
        RecipeCommand::Check { file } => Recipe::read(&file)?.resolved()?.to_toml(),
        RecipeCommand::Schema => serde_json::to_string_pretty(&json_schema()?)? + "\n",
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
