//! The tables as an archive has them: in an order in which each may refer to those before it.

use serde_json::{Map, Value};
use sqlx::{Row, any::AnyRow};

use crate::{Artifacts, Bucket, database::Kind};

/// What places in the artifacts bucket are written as.
const PLACE: &str = "clickleaf-artifacts:/";

/// What a column holds; all may be null.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Integer,
    Real,
    /// A text, which follows the store when it is a place in the artifacts bucket.
    Place,
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Type)],
    /// So many of the first columns tell rows apart.
    pub key: usize,
}

use Type::{Integer, Place, Real, Text};

macro_rules! tables {
    ($($name:ident $key:literal: $($column:ident $kind:ident),*;)*) => {
        /// All tables.
        #[doc(hidden)]
        pub const ALL: &[Table] = &[$(Table {
            name: stringify!($name),
            columns: &[$((stringify!($column), $kind)),*],
            key: $key,
        }),*];
    };
}

tables! {
    counters 1: name Text, value Integer;
    experiments 1: experiment_id Text, name Text, artifact_location Place, created_at_ms Integer, lifecycle_stage Text,
        updated_at_ms Integer;
    experiment_tags 2: experiment_id Text, key Text, value Text;
    runs 1: run_id Text, experiment_id Text, run_name Text, user_name Text, status Text, start_time_ms Integer,
        end_time_ms Integer, artifact_uri Place, last_metric Integer, lifecycle_stage Text, deleted_at_ms Integer;
    params 2: run_id Text, key Text, value Text;
    tags 2: run_id Text, key Text, value Text;
    metrics 3: run_id Text, key Text, sequence Integer, value Real, timestamp_ms Integer, step Integer, is_nan Integer;
    latest_metrics 2: run_id Text, key Text, value Real, timestamp_ms Integer, step Integer, is_nan Integer;
    datasets 1: dataset_id Integer, name Text, digest Text, source_type Text, source Text, row_count Integer,
        experiment_id Text, schema Text, profile Text;
    inputs 2: run_id Text, dataset_id Integer;
    input_tags 3: run_id Text, dataset_id Integer, key Text, value Text;
    run_models 4: run_id Text, direction Text, model_id Text, step Integer, position Integer;
    registered_models 1: name Text, created_at_ms Integer, updated_at_ms Integer, last_version Integer, renamed_to Text,
        description Text;
    registered_model_tags 2: model_name Text, key Text, value Text;
    model_versions 2: model_name Text, version Integer, stage Text, run_id Text, source Text, model_file Text,
        model_sha256 Text, model_bytes Integer, bundle_file Text, booster_sha256 Text, dataset_name Text,
        dataset_digest Text, trained_at_ms Integer, created_at_ms Integer, idempotency_key Text, status Text,
        status_message Text, description Text, user_name Text, run_link Text, model_id Text, storage_uri Place,
        updated_at_ms Integer, deleted_at_ms Integer;
    model_version_tags 3: model_name Text, version Integer, key Text, value Text;
    model_version_files 3: model_name Text, version Integer, path Text, sha256 Text, bytes Integer;
    registered_model_aliases 2: model_name Text, alias Text, version Integer;
    transitions 1: sequence Integer, model_name Text, version Integer, from_stage Text, to_stage Text, is_rollback Integer,
        actor Text, reason Text, at_ms Integer;
    logged_models 1: model_id Text, experiment_id Text, name Text, artifact_uri Place, status Text, status_message Text,
        model_type Text, source_run_id Text, created_at_ms Integer, updated_at_ms Integer, deleted_at_ms Integer;
    logged_model_params 2: model_id Text, key Text, value Text;
    logged_model_tags 2: model_id Text, key Text, value Text;
    logged_model_metrics 5: model_id Text, key Text, timestamp_ms Integer, step Integer, run_id Text, value Real,
        is_nan Integer, dataset_name Text, dataset_digest Text;
    training_runs 1: training_run_id Text, state Text, attempts Integer, request Text, progress Text, run_id Text,
        version Integer, error Text, worker Text, lease_until_ms Integer, last_event Integer, queued_at_ms Integer,
        updated_at_ms Integer;
    training_run_events 2: training_run_id Text, sequence Integer, run Text;
}

impl Table {
    /// The table of that name.
    pub(super) fn named(name: &str) -> Option<&'static Table> {
        ALL.iter().find(|table| table.name == name)
    }

    /// Reads all rows, in the same order on every kind of database.
    pub(super) fn select(&self, kind: Kind) -> String {
        let columns: Vec<&str> = self
            .columns
            .iter()
            .map(|(name, _)| match *name {
                // Where the files are; `source` stays what was said when the version was registered.
                "storage_uri" => "coalesce(storage_uri, source) as storage_uri",
                name => name,
            })
            .collect();
        let order: Vec<String> = self.columns[..self.key]
            .iter()
            .map(|(name, of)| match (kind, of) {
                (Kind::Postgres, Text | Place) => format!("{name} collate \"C\""),
                _ => (*name).to_owned(),
            })
            .collect();
        let (columns, order) = (columns.join(", "), order.join(", "));
        format!("select {columns} from {} order by {order}", self.name)
    }

    /// Writes so many rows.
    pub(super) fn insert(&self, rows: usize) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let width = columns.len();
        let rows: Vec<String> = (0..rows)
            .map(|row| {
                let binds: Vec<String> = (1..=width).map(|at| format!("${}", row * width + at)).collect();
                format!("({})", binds.join(", "))
            })
            .collect();
        format!(
            "insert into {} ({}) values {}",
            self.name,
            columns.join(", "),
            rows.join(", ")
        )
    }

    /// A row as a JSON object.
    pub(super) fn line_of(&self, row: &AnyRow, artifacts: &Artifacts) -> Result<Value, sqlx::Error> {
        let root = artifacts.uri(Bucket::Artifacts, "");
        let mut fields = Map::new();
        for (at, (name, of)) in self.columns.iter().enumerate() {
            let value = match of {
                Text => row.try_get::<Option<String>, _>(at)?.map(Value::from),
                Place => row
                    .try_get::<Option<String>, _>(at)?
                    .map(|place| Value::from(neutral(&place, &root))),
                Integer => row.try_get::<Option<i64>, _>(at)?.map(Value::from),
                Real => row.try_get::<Option<f64>, _>(at)?.map(number),
            };
            fields.insert((*name).to_owned(), value.unwrap_or(Value::Null));
        }
        Ok(Value::Object(fields))
    }

    /// A field of a row to be written; `None` of what the column can't hold.
    pub(super) fn bound(&self, at: usize, row: &Value, artifacts: &Artifacts) -> Option<Bound> {
        let (name, of) = self.columns[at];
        let value = row.get(name)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(match (of, value) {
            (Text | Place, Value::Null) => Bound::Text(None),
            (Integer, Value::Null) => Bound::Integer(None),
            (Real, Value::Null) => Bound::Real(None),
            (Text, value) => Bound::Text(Some(text(value)?)),
            (Place, value) => Bound::Text(Some(match text(value)?.strip_prefix(PLACE) {
                Some(key) => artifacts.uri(Bucket::Artifacts, key),
                None => text(value)?,
            })),
            (Integer, value) => Bound::Integer(Some(value.as_i64()?)),
            (Real, Value::String(name)) => Bound::Real(Some(match name.as_str() {
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                "NaN" => f64::NAN,
                _ => return None,
            })),
            (Real, value) => Bound::Real(Some(value.as_f64()?)),
        })
    }
}

/// A value to be bound.
pub(super) enum Bound {
    Text(Option<String>),
    Integer(Option<i64>),
    Real(Option<f64>),
}

fn neutral(place: &str, root: &str) -> String {
    match place.strip_prefix(root) {
        Some(key) => format!("{PLACE}{key}"),
        None => place.to_owned(),
    }
}

/// JSON has no numbers that aren't finite.
fn number(value: f64) -> Value {
    if value.is_finite() {
        Value::from(value)
    } else if value.is_nan() {
        Value::from("NaN")
    } else if value > 0.0 {
        Value::from("Infinity")
    } else {
        Value::from("-Infinity")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_as_the_tables() {
        let table = Table::named("params").unwrap();
        assert_eq!(
            table.select(Kind::Postgres),
            "select run_id, key, value from params order by run_id collate \"C\", key collate \"C\""
        );
        assert_eq!(
            table.insert(2),
            "insert into params (run_id, key, value) values ($1, $2, $3), ($4, $5, $6)"
        );
        assert!(
            Table::named("transitions")
                .unwrap()
                .select(Kind::Postgres)
                .ends_with("order by sequence")
        );
    }

    #[test]
    fn places_follow_the_store_and_other_uris_do_not() {
        assert_eq!(neutral("s3://b/1/r", "s3://b/"), "clickleaf-artifacts:/1/r");
        assert_eq!(neutral("s3://bb/1/r", "s3://b/"), "s3://bb/1/r");
    }

    #[test]
    fn numbers_come_back_with_every_bit() {
        for value in [0.1, -0.0, f64::MIN_POSITIVE / 3.0, f64::MAX, 1e22] {
            let text = number(value).to_string();
            let read: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read.as_f64().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!(number(f64::NEG_INFINITY), "-Infinity");
    }
}
