//! Recipes and what the program runs by, in both directions. A field of [`ProcessConfig`] or
//! [`TrainParams`](crate::train::TrainParams) is a key by its own name; so a new field needs nothing here.

use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{KEYS, Kind, Recipe, RecipeError, keys};
use crate::ingest::{BadRowPolicy, Data};
use crate::pipeline::{EXPERIMENT_NAME, PipelineConfig};
use crate::process::ProcessConfig;
use crate::source::Source;
use crate::split::SplitAt;
use crate::train::{TrainConfig, engine_name};

impl Recipe {
    /// The recipe with every default in its place.
    pub fn resolved(&self) -> Result<Self, RecipeError> {
        let engine = self.engine().unwrap_or_default();
        let params = self.params(engine)?;
        let mut tables = sections(
            &self.process()?,
            &TrainConfig {
                engine,
                params,
                calibration: self.calibration()?,
            },
        )?;
        // The seed of the file stands for those that aren't given.
        for (_, table) in &mut tables {
            table.remove("seed");
        }
        let mut whole = Table::new();
        whole.insert("seed".to_owned(), integer(self.seed()));
        let mut data = Table::new();
        write_bad_rows(&mut data, self.bad_rows(), self.max_bad_rows());
        let register = Table::from_iter([("experiment".to_owned(), EXPERIMENT_NAME.into())]);
        tables.extend([
            ("data", data),
            ("register", register),
            ("search", self.search_table()),
        ]);
        for (name, mut table) in tables {
            if let Some(given) = self.given.get(name).and_then(Value::as_table) {
                table.extend(given.clone());
            }
            whole.insert(name.to_owned(), Value::Table(table));
        }
        Ok(Self { given: whole })
    }

    /// What a run does, as a recipe that does it again.
    pub fn of(config: &PipelineConfig) -> Result<Self, RecipeError> {
        let mut data = Table::new();
        match &config.data {
            Data::Generated { rows, seed } => {
                data.insert("generate".to_owned(), integer(*rows));
                data.insert("seed".to_owned(), integer(*seed));
            }
            Data::Sources(sources) | Data::Table { sources, .. } => {
                let names: Vec<String> = sources.iter().map(source_text).collect();
                data.insert("sources".to_owned(), names.into());
            }
        }
        if let Data::Table { schema, .. } = &config.data {
            data.insert("schema".to_owned(), schema.path.display().to_string().into());
        }
        let cap = match config.bad_rows {
            BadRowPolicy::Fail => keys::MAX_BAD_ROWS,
            BadRowPolicy::Skip { cap } => cap,
        };
        write_bad_rows(&mut data, config.bad_rows, cap);
        let mut register = Table::new();
        register.insert("model_name".to_owned(), config.register.model_name.clone().into());
        let experiment = config.register.identity.experiment_name.clone();
        register.insert("experiment".to_owned(), experiment.into());
        if let Some(bytes) = config.register.max_bytes {
            register.insert("max_bytes".to_owned(), integer(bytes));
        }
        let tables = sections(&config.process, &config.train)?;
        let tables = tables.into_iter().chain([("data", data), ("register", register)]);
        let given = tables.map(|(name, table)| (name.to_owned(), Value::Table(table)));
        Ok(Self {
            given: given.collect(),
        })
    }

    fn search_table(&self) -> Table {
        let search = self.search();
        Table::from_iter([
            ("trials".to_owned(), i64::from(search.trials).into()),
            ("seed".to_owned(), integer(search.seed)),
            ("reduction".to_owned(), i64::from(search.reduction).into()),
            ("min_rounds".to_owned(), i64::from(search.min_rounds).into()),
            ("ranges".to_owned(), Value::Table(search.ranges_table())),
        ])
    }
}

/// A value with what a section gives for its fields.
pub(super) fn overlaid<T: Serialize + DeserializeOwned>(
    section: &'static str,
    default: &T,
    given: Option<&Value>,
) -> Result<T, RecipeError> {
    let refused = |message: String| RecipeError::Section { section, message };
    let mut table = Table::try_from(default).map_err(|error| refused(error.to_string()))?;
    for (name, value) in given.and_then(Value::as_table).into_iter().flatten() {
        let key = KEYS.iter().find(|key| key.section == section && key.name == name);
        let value = match (key.map(|key| key.kind), value) {
            // They go to XGBoost as texts.
            (Some(Kind::Params), Value::Table(params)) => Value::Table(params.iter().map(text).collect()),
            _ => value.clone(),
        };
        // A key such as the engine's is no field.
        if table.contains_key(name) {
            table.insert(name.clone(), value);
        }
    }
    table
        .try_into()
        .map_err(|error: toml::de::Error| refused(error.message().to_owned()))
}

/// The tables of split, encoder and booster.
fn sections(process: &ProcessConfig, train: &TrainConfig) -> Result<Vec<(&'static str, Table)>, RecipeError> {
    let table = |section, value: Result<Table, toml::ser::Error>| {
        value.map_err(|error| RecipeError::Section {
            section,
            message: error.to_string(),
        })
    };
    let mut encoder = table("encoder", Table::try_from(process))?;
    encoder.remove("split");
    let bounds: [(&str, Value); 2] = match process.split {
        SplitAt::Rows { stop_from, test_from } => [
            ("stop_from", integer(stop_from)),
            ("test_from", integer(test_from)),
        ],
        SplitAt::Shares { stop_from, test_from } => {
            [("stop_from", stop_from.into()), ("test_from", test_from.into())]
        }
    };
    let split = bounds.map(|(name, value)| (name.to_owned(), value));
    let mut booster = table("booster", Table::try_from(&train.params))?;
    booster.insert("engine".to_owned(), engine_name(train.engine).into());
    let calibration = table("calibration", Table::try_from(train.calibration))?;
    if train.params.other.is_empty() {
        booster.remove("other");
    }
    Ok(vec![
        ("split", Table::from_iter(split)),
        ("encoder", encoder),
        ("booster", booster),
        ("calibration", calibration),
    ])
}

fn write_bad_rows(data: &mut Table, policy: BadRowPolicy, cap: u64) {
    let policy = match policy {
        BadRowPolicy::Fail => "fail",
        BadRowPolicy::Skip { .. } => "skip",
    };
    data.insert("bad_rows".to_owned(), policy.into());
    data.insert("max_bad_rows".to_owned(), integer(cap));
}

fn text((name, value): (&String, &Value)) -> (String, Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (name.clone(), text.into())
}

/// The source as [`Source::parse`] reads it, without a URL's query, which may hold a secret.
fn source_text(source: &Source) -> String {
    match source {
        Source::Stdin => "-".to_owned(),
        source => source.name(),
    }
}

/// TOML has no integers above the greatest `i64`.
fn integer(value: u64) -> Value {
    i64::try_from(value).unwrap_or(i64::MAX).into()
}
