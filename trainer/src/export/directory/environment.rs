//! What MLflow keeps beside a model of XGBoost: the packages that load it, the columns that it takes, and an example.
//!
//! The booster takes what the encoder makes of a row, so the columns are the encoder's features.

use serde_json::{Value, json};

use super::ModelFile;
use crate::export::Exported;
use crate::train::Trained;

const INPUT_EXAMPLE: &str = "input_example.json";
const SERVING_EXAMPLE: &str = "serving_input_example.json";
const PYTHON: &str = "3.11";
/// Rows of the example.
const EXAMPLES: usize = 3;

/// `requirements.txt`, `conda.yaml`, `python_env.yaml` and the examples.
pub(super) fn files(exported: &Exported, trained: &Trained) -> Vec<ModelFile> {
    let packages = packages(trained);
    let listed: String = packages
        .iter()
        .map(|package| format!("  - {package}\n"))
        .collect();
    let conda = format!(
        "channels:\n- conda-forge\ndependencies:\n- python={PYTHON}\n- pip\n- pip:\n{listed}name: mlflow-env\n"
    );
    let python_env = format!(
        "python: '{PYTHON}'\nbuild_dependencies:\n- pip\n- setuptools\n- wheel\ndependencies:\n- -r requirements.txt\n"
    );
    let example = example(exported);
    let file = |name: &str, text: String| ModelFile {
        name: name.to_owned(),
        bytes: text.into_bytes(),
    };
    vec![
        file("requirements.txt", packages.join("\n") + "\n"),
        file("conda.yaml", conda),
        file("python_env.yaml", python_env),
        file(SERVING_EXAMPLE, format!("{{\"dataframe_split\": {example}}}")),
        file(INPUT_EXAMPLE, example),
    ]
}

/// The lines of `MLmodel` about columns and examples.
pub(super) fn signature(exported: &Exported) -> String {
    let names = exported.model.encoder().feature_names();
    let column = |name: &String| json!({"type": "float", "name": name, "required": false});
    let inputs: Vec<Value> = names.iter().map(column).collect();
    let outputs = json!([{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}}]);
    // JSON in single quotes of YAML, where one within is written twice.
    format!(
        "saved_input_example_info:\n  artifact_path: {INPUT_EXAMPLE}\n  pandas_orient: split\n  \
         serving_input_path: {SERVING_EXAMPLE}\n  type: dataframe\n\
         signature:\n  inputs: '{}'\n  outputs: '{outputs}'\n  params: null\n",
        Value::from(inputs).to_string().replace('\'', "''")
    )
}

/// A time as `MLmodel` has it: `2026-11-23 06:24:05.287000`, in UTC.
pub(super) fn utc(at_ms: i64) -> String {
    let (days, in_day) = (at_ms.div_euclid(86_400_000), at_ms.rem_euclid(86_400_000));
    // Years from March count leap days at their end (Howard Hinnant, `civil_from_days`).
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, thousandths) = (in_day / 1000, in_day % 1000);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{thousandths:03}000",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// What loads the booster; the file of one version of XGBoost is read by the others with its first number.
fn packages(trained: &Trained) -> Vec<String> {
    let version = trained.engine_version.trim_start_matches("xgboost ");
    let major: Option<u32> = version.split('.').next().and_then(|major| major.parse().ok());
    let xgboost = match major {
        Some(major) => format!("xgboost>={major},<{}", major + 1),
        None => "xgboost".to_owned(),
    };
    [
        "mlflow>=2.22".to_owned(),
        "numpy".to_owned(),
        "pandas".to_owned(),
        "scipy".to_owned(),
        xgboost,
    ]
    .into()
}

/// Encoded rows as MLflow writes data frames: split, with a bare `NaN` for what is missing.
fn example(exported: &Exported) -> String {
    let encoder = exported.model.encoder();
    let examples = exported.model.examples(EXAMPLES);
    let rows: Vec<String> = examples
        .iter()
        .map(|features| {
            let values: Vec<String> = features.iter().map(f32::to_string).collect();
            format!("[{}]", values.join(", "))
        })
        .collect();
    format!(
        "{{\"columns\": {}, \"data\": [{}]}}",
        Value::from(encoder.feature_names()),
        rows.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn times_are_of_the_calendar() {
        for (at_ms, text) in [
            (0, "1970-01-01 00:00:00.000000"),
            (951_825_600_250, "2000-02-29 12:00:00.250000"),
            (1_795_415_041_865, "2026-11-23 06:24:01.865000"),
            (-1, "1969-12-31 23:59:59.999000"),
        ] {
            assert_eq!(utc(at_ms), text);
        }
    }
}
