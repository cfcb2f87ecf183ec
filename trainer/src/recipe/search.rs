//! The part of a recipe that `tune` reads.

use serde::Serialize;
use toml::{Table, Value};

use super::kind::{Kind, number};

/// What is searched, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchConfig {
    /// How many trials; the first is the recipe as it stands.
    pub trials: u32,
    /// Seed of the values that are tried.
    pub seed: u64,
    /// One of so many trials goes on to so many times the rounds.
    pub reduction: u32,
    /// At least this many rounds for every trial.
    pub min_rounds: u32,
    /// What is tried, by key.
    pub ranges: Vec<SearchRange>,
}

/// The values that are tried for a key.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRange {
    /// The key, such as `booster.eta` or `booster.other.gamma`.
    pub key: String,
    /// Its values.
    pub range: Range,
}

/// Values to draw from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Range {
    /// Evenly by the logarithm, between two positive numbers.
    Log(f64, f64),
    /// Evenly between two numbers.
    Range(f64, f64),
    /// Every whole number from the first to the second.
    Integers(i64, i64),
    /// Every one of these.
    Choices(Vec<Value>),
}

impl Default for SearchConfig {
    fn default() -> Self {
        let range = |key: &str, range| SearchRange {
            key: key.to_owned(),
            range,
        };
        Self {
            trials: 27,
            seed: 1,
            reduction: 3,
            min_rounds: 20,
            ranges: vec![
                range("booster.colsample_bytree", Range::Range(0.1, 0.6)),
                range("booster.eta", Range::Log(0.02, 0.2)),
                range("booster.lambda", Range::Log(0.5, 50.0)),
                range("booster.max_depth", Range::Integers(4, 8)),
                range("booster.min_child_weight", Range::Log(1.0, 100.0)),
                range("booster.subsample", Range::Range(0.5, 1.0)),
                range("encoder.prior_weight", Range::Log(10.0, 200.0)),
            ],
        }
    }
}

impl SearchConfig {
    /// Reads a checked table. Ranges that it has are all that are searched.
    pub(super) fn read(given: Option<&Table>) -> Self {
        let mut config = Self::default();
        let Some(given) = given else { return config };
        let integer = |name: &str| given.get(name).and_then(Value::as_integer);
        let small = |name: &str, default: u32| {
            integer(name).map_or(default, |value| u32::try_from(value).unwrap_or(default))
        };
        config.trials = small("trials", config.trials);
        config.reduction = small("reduction", config.reduction);
        config.min_rounds = small("min_rounds", config.min_rounds);
        if let Some(seed) = integer("seed").and_then(|seed| u64::try_from(seed).ok()) {
            config.seed = seed;
        }
        if let Some(ranges) = given.get("ranges").and_then(Value::as_table) {
            let read = |(key, value): (&String, &Value)| {
                let range = Range::read(super::find(key).map(|key| key.kind), value).ok()?;
                Some(SearchRange {
                    key: key.clone(),
                    range,
                })
            };
            config.ranges = ranges.iter().filter_map(read).collect();
        }
        config
    }

    /// The ranges as a recipe writes them.
    pub(super) fn ranges_table(&self) -> Table {
        let ranges = self.ranges.iter();
        ranges
            .map(|range| (range.key.clone(), range.range.to_value()))
            .collect()
    }
}

impl Range {
    /// Reads a range of a key of this kind (`None`: any param of XGBoost). The error says what it must be.
    pub(super) fn read(kind: Option<Kind>, value: &Value) -> Result<Self, String> {
        const FORMS: &str =
            "one of { log = [a, b] }, { range = [a, b] }, { integers = [a, b] }, { choices = [a, b, …] }";
        let form = value.as_table().filter(|table| table.len() == 1);
        let (name, values) = form.and_then(|table| table.iter().next()).ok_or(FORMS)?;
        let values = values.as_array().ok_or(FORMS)?;
        let domain = |value: &Value| match kind {
            Some(kind) if !kind.holds(value) => Err(format!("of values that are {}", kind.expected())),
            None if !super::kind::is_param(value) => Err("of texts, numbers and switches".to_owned()),
            _ => Ok(()),
        };
        if name == "choices" {
            if values.is_empty() {
                return Err("at least one choice".to_owned());
            }
            values.iter().try_for_each(domain)?;
            return Ok(Range::Choices(values.clone()));
        }
        if kind.is_some_and(|kind| !kind.is_numeric()) {
            return Err("{ choices = [a, b, …] }".to_owned());
        }
        let [low, high] = &values[..] else {
            return Err(FORMS.to_owned());
        };
        let (Some(least), Some(most)) = (number(low), number(high)) else {
            return Err("between two numbers".to_owned());
        };
        domain(low)?;
        domain(high)?;
        if least.partial_cmp(&most) != Some(std::cmp::Ordering::Less) {
            return Err("from the lesser to the greater number".to_owned());
        }
        match (name.as_str(), low, high) {
            ("log", ..) if least > 0.0 => Ok(Range::Log(least, most)),
            ("log", ..) => Err("above 0 for a logarithm".to_owned()),
            ("range", ..) => Ok(Range::Range(least, most)),
            ("integers", Value::Integer(low), Value::Integer(high)) => Ok(Range::Integers(*low, *high)),
            ("integers", ..) => Err("between two whole numbers".to_owned()),
            _ => Err(FORMS.to_owned()),
        }
    }

    /// The range as a recipe writes it.
    fn to_value(&self) -> Value {
        let (name, values) = match self {
            Range::Log(low, high) => ("log", vec![(*low).into(), (*high).into()]),
            Range::Range(low, high) => ("range", vec![(*low).into(), (*high).into()]),
            Range::Integers(low, high) => ("integers", vec![(*low).into(), (*high).into()]),
            Range::Choices(values) => ("choices", values.clone()),
        };
        Value::Table([(name.to_owned(), Value::Array(values))].into_iter().collect())
    }
}
