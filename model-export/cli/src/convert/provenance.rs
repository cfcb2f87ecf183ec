//! Provenance of a converted model: what is known of the booster, and what the caller says.

use std::collections::BTreeSet;

use model_export::{Provenance, XgboostModel};
use serde_json::{Value, json};

/// What the caller says of where the model comes from.
#[derive(clap::Args)]
#[command(next_help_heading = "Provenance")]
#[group(skip)]
pub(crate) struct Options {
    /// Name of the model [default: the booster's file name, or that of the --like model].
    #[arg(long, value_name = "NAME")]
    model_name: Option<String>,
    /// Run that made the booster.
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// A field of the provenance as inspect shows it, such as dataset_name=clicks, params.eta=0.1, metrics.auc=0.79 or
    /// trained_at_ms=1700000000000; may be given several times.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = Assignment::parse)]
    set: Vec<Assignment>,
}

/// A field of the provenance and its value, known to fit.
#[derive(Clone, Debug, PartialEq)]
struct Assignment {
    /// The outermost name, then for params and metrics the name in them.
    path: Vec<String>,
    value: Value,
}

impl Assignment {
    fn parse(text: &str) -> Result<Self, String> {
        let (field, value) = text.split_once('=').ok_or("expected FIELD=VALUE")?;
        let fields = json!(Provenance::default());
        let names = || {
            let fields = fields.as_object().into_iter().flatten();
            // Whether serde_json keeps fields in their order depends on the features of the build.
            let names: BTreeSet<&str> = fields.map(|(name, _)| name.as_str()).collect();
            Vec::from_iter(names).join(", ")
        };
        let (name, inner) = field
            .split_once('.')
            .map_or((field, None), |(name, inner)| (name, Some(inner)));
        let value = match (&fields[name], inner) {
            _ if name == "booster_sha256" => {
                return Err("booster_sha256 is computed from the booster".to_owned());
            }
            (Value::String(_), None) => json!(value),
            (Value::Number(_), None) => {
                json!(value.parse::<i64>().map_err(|error| format!("{name}: {error}"))?)
            }
            (Value::Object(_), Some(_)) if name == "params" => json!(value),
            (Value::Object(_), Some(_)) => match value.parse::<f64>() {
                Ok(value) if value.is_finite() => json!(value),
                _ => return Err(format!("{field}: expected a finite number")),
            },
            (Value::Object(_), None) => {
                return Err(format!("{name} has names of its own: {name}.NAME=VALUE"));
            }
            _ => {
                return Err(format!("there is no field {field:?}; they are {}", names()));
            }
        };
        let path = std::iter::once(name).chain(inner).map(str::to_owned).collect();
        let assignment = Self { path, value };
        assignment.apply(&Provenance::default())?;
        Ok(assignment)
    }

    fn apply(&self, provenance: &Provenance) -> Result<Provenance, String> {
        let mut fields = json!(provenance);
        let mut field = &mut fields;
        for name in &self.path {
            field = &mut field[name.as_str()];
        }
        *field = self.value.clone();
        let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.join("."));
        let json = serde_json::to_vec(&fields).map_err(|error| refused(&error))?;
        Provenance::from_json(&json).map_err(|error| refused(&error))
    }
}

impl Options {
    /// `provenance` with what the caller says instead.
    pub(super) fn apply(&self, mut provenance: Provenance) -> Result<Provenance, String> {
        if let Some(name) = &self.model_name {
            provenance.model_name.clone_from(name);
        }
        if let Some(run) = &self.run_id {
            provenance.run_id.clone_from(run);
        }
        self.set
            .iter()
            .try_fold(provenance, |provenance, assignment| assignment.apply(&provenance))
    }
}

/// What a booster's file says of where it comes from. It knows neither data nor most parameters of its training.
pub(super) fn of_booster(booster: &XgboostModel, name: &str, sha256: String) -> Provenance {
    let [major, minor, patch] = booster.version;
    let mut params = vec![
        ("booster", booster.booster.clone()),
        ("objective", booster.ensemble.objective().name().to_owned()),
        ("num_boost_round", booster.rounds_taken.to_string()),
    ];
    if let Some(best) = booster.best_iteration {
        params.push(("best_iteration", best.to_string()));
    }
    Provenance {
        model_name: name.to_owned(),
        booster_sha256: sha256,
        engine: format!("xgboost {major}.{minor}.{patch}"),
        params: params
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..Provenance::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Result<Provenance, String> {
        Assignment::parse(text)?.apply(&Provenance::default())
    }

    #[test]
    fn fields_are_set_by_name() {
        assert_eq!(set("dataset_name=a=b").unwrap().dataset_name, "a=b");
        assert_eq!(set("trained_at_ms=-5").unwrap().trained_at_ms, -5);
        assert_eq!(set("training_rows=7").unwrap().training_rows, 7);
        assert_eq!(set("params.max.depth=8").unwrap().params["max.depth"], "8");
        assert_eq!(set("metrics.auc=0.75").unwrap().metrics["auc"], 0.75);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        for (text, expected) in [
            ("dataset_name", "expected FIELD=VALUE"),
            (
                "color=red",
                "there is no field \"color\"; they are artifact_uri, ",
            ),
            ("run_id.x=1", "there is no field \"run_id.x\""),
            ("booster_sha256=00", "booster_sha256 is computed"),
            ("training_rows=-1", "training_rows: "),
            ("training_rows=many", "training_rows: invalid digit"),
            ("metrics.auc=inf", "metrics.auc: expected a finite number"),
            ("params=1", "params has names of its own: params.NAME=VALUE"),
        ] {
            let refusal = set(text).unwrap_err();
            assert!(refusal.starts_with(expected), "{text}: {refusal}");
        }
    }
}
