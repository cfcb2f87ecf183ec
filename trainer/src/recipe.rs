//! A recipe: what is trained, as a TOML file.
//!
//! A recipe says rows, split, encoder, booster, registration and search; where things are kept is the settings file's to
//! say. Every key has a default that suits the engine, and one line in [`KEYS`], from which the checks, the printed
//! default, the JSON Schema and the search's bounds all come.
//!
//! Invariant: a [`Recipe`] holds known keys with values of their domain only; anything else is refused with file, line
//! and column.

mod check;
mod error;
mod keys;
mod kind;
mod print;
mod resolve;
mod schema;
mod search;
mod table;

use std::path::Path;

use registry::Engine;
use toml::{Table, Value};

pub use error::{Position, RecipeError};
pub use keys::{KEYS, Key, SECTIONS, Section, find};
pub use kind::Kind;
pub use schema::json_schema;
pub use search::{Range, SearchConfig, SearchRange};
pub use table::{TABLE_KEYS, TableSchema};

use crate::calibrate::CalibrationConfig;
use crate::crosses::Crosses;
use crate::ingest::{BadRowPolicy, Data};
use crate::process::ProcessConfig;
use crate::source::Source;
use crate::split::SplitAt;
use crate::train::TrainParams;

/// What a recipe file gives; the rest are defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipe {
    given: Table,
}

impl Recipe {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &file),
            Err(source) => Err(RecipeError::Read { file, source }),
        }
    }

    /// Checks a recipe's text; errors call it `file`.
    pub fn parse(text: &str, file: &str) -> Result<Self, RecipeError> {
        let given = check::parse(text, file)?;
        Ok(Self { given })
    }

    /// The seed of whatever has none of its own.
    pub fn seed(&self) -> u64 {
        let seed = self.given.get("seed").and_then(Value::as_integer);
        seed.and_then(|seed| u64::try_from(seed).ok())
            .unwrap_or(keys::SEED)
    }

    /// Who grows the trees, where the recipe says it.
    pub fn engine(&self) -> Option<Engine> {
        match self.text("booster", "engine") {
            Some("gbdt") => Some(Engine::Gbdt),
            Some(_) => Some(Engine::Xgboost),
            None => None,
        }
    }

    /// Where the rows come from, where the recipe says it. A schema file that it names is read.
    pub fn data(&self) -> Result<Option<Data>, RecipeError> {
        if let Some(rows) = self.integer("data", "generate") {
            let seed = self.generator_seed();
            return Ok(Some(Data::Generated { rows, seed }));
        }
        let Some(sources) = self.value("data", "sources").and_then(Value::as_array) else {
            return Ok(None);
        };
        let sources = sources.iter().filter_map(Value::as_str).map(Source::parse);
        Ok(Some(Data::of(sources.collect(), self.schema()?)))
    }

    /// The schema file that the recipe names, read.
    pub fn schema(&self) -> Result<Option<TableSchema>, RecipeError> {
        let path = self.text("data", "schema").map(Path::new);
        path.map(TableSchema::read).transpose()
    }

    /// Whether the recipe gives a key such as `crosses` of `encoder`.
    pub fn gives(&self, section: &str, name: &str) -> bool {
        self.value(section, name).is_some()
    }

    /// The seed of generated rows.
    pub fn generator_seed(&self) -> u64 {
        self.integer("data", "seed").unwrap_or(self.seed())
    }

    /// Whether bad rows are left out, and how many at most.
    pub fn bad_rows(&self) -> BadRowPolicy {
        match self.text("data", "bad_rows") {
            Some("skip") => BadRowPolicy::Skip {
                cap: self.max_bad_rows(),
            },
            _ => BadRowPolicy::Fail,
        }
    }

    /// How many bad rows may be left out.
    pub fn max_bad_rows(&self) -> u64 {
        self.integer("data", "max_bad_rows").unwrap_or(keys::MAX_BAD_ROWS)
    }

    /// Split and encoder.
    pub fn process(&self) -> Result<ProcessConfig, RecipeError> {
        let mut default = ProcessConfig {
            split: self.split(),
            seed: self.seed(),
            ..ProcessConfig::default()
        };
        if self.gives("data", "schema") {
            // A table's columns can't be crossed.
            default.crosses = Crosses::None;
        }
        resolve::overlaid("encoder", &default, self.given.get("encoder"))
    }

    /// The params of training, over those that suit the engine.
    pub fn params(&self, engine: Engine) -> Result<TrainParams, RecipeError> {
        let default = TrainParams {
            seed: self.seed(),
            ..TrainParams::for_engine(engine)
        };
        resolve::overlaid("booster", &default, self.given.get("booster"))
    }

    /// How margins become probabilities.
    pub fn calibration(&self) -> Result<CalibrationConfig, RecipeError> {
        let default = CalibrationConfig::default();
        resolve::overlaid("calibration", &default, self.given.get("calibration"))
    }

    /// The registered model, where the recipe says it.
    pub fn model_name(&self) -> Option<&str> {
        self.text("register", "model_name")
    }

    /// The experiment, where the recipe says it.
    pub fn experiment(&self) -> Option<&str> {
        self.text("register", "experiment")
    }

    /// The budget of bytes, where the recipe has one.
    pub fn max_bytes(&self) -> Option<u64> {
        self.integer("register", "max_bytes")
    }

    /// What is searched, and how.
    pub fn search(&self) -> SearchConfig {
        SearchConfig::read(self.given.get("search").and_then(Value::as_table))
    }

    /// The recipe with another value for a key such as `booster.eta`; the value must be of the key's domain.
    pub fn with(&self, path: &str, value: Value) -> Self {
        let mut recipe = self.clone();
        let mut names: Vec<&str> = path.splitn(3, '.').collect();
        let Some(last) = names.pop() else { return recipe };
        let mut table = &mut recipe.given;
        for name in names {
            let entry = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            match entry {
                Value::Table(inner) => table = inner,
                _ => return self.clone(),
            }
        }
        table.insert(last.to_owned(), value);
        recipe
    }

    fn split(&self) -> SplitAt {
        let bounds = ["stop_from", "test_from"].map(|name| self.value("split", name));
        match bounds {
            [Some(Value::Integer(stop)), Some(Value::Integer(test))] => SplitAt::Rows {
                stop_from: u64::try_from(*stop).unwrap_or_default(),
                test_from: u64::try_from(*test).unwrap_or_default(),
            },
            [Some(Value::Float(stop)), Some(Value::Float(test))] => SplitAt::Shares {
                stop_from: *stop,
                test_from: *test,
            },
            _ => SplitAt::default(),
        }
    }

    fn value(&self, section: &str, name: &str) -> Option<&Value> {
        self.given.get(section)?.get(name)
    }

    fn text(&self, section: &str, name: &str) -> Option<&str> {
        self.value(section, name)?.as_str()
    }

    fn integer(&self, section: &str, name: &str) -> Option<u64> {
        u64::try_from(self.value(section, name)?.as_integer()?).ok()
    }
}
