//! `explain`: contributions are XGBoost's `pred_contribs` within 1e-5 and add up to the margin.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

#[path = "support/parquet.rs"]
mod parquet_files;
mod support;

use support::{Folder, converted, hex, json, json_lines, library, line, printed, refusal, run, run_with};

/// Rows, and of each group what each feature contributes and the bias.
fn explained(name: &str) -> Vec<(Vec<f32>, Vec<f32>)> {
    let text = std::fs::read_to_string(library(&format!("fixtures/{name}.tsv"))).unwrap();
    let row = |line: &str| {
        let (features, expected) = line.split_once('\t').unwrap();
        (hex(features), hex(expected))
    };
    text.lines().map(row).collect()
}

fn assert_near(found: &[f32], expected: &[f32], place: &str) {
    assert_eq!(found.len(), expected.len(), "{place}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 1e-5,
            "{place}: {found} instead of {expected}"
        );
    }
}

#[test]
fn contributions_are_xgboosts() {
    let folder = Folder::new();
    for kind in [
        "numeric",
        "missing",
        "onehot",
        "categorical",
        "dart",
        "regression",
        "multiclass",
    ] {
        for version in ["1_7", "3_2"] {
            let name = format!("contributions_{version}_{kind}");
            let model = converted(&folder, &format!("{name}.ubj"), &["--covers"]);
            let rows = explained(&name);
            let input: String = rows.iter().map(|(features, _)| line(features, "\t")).collect();
            let output = printed(run_with(
                &["explain", &model, "--format", "tsv", "--output-header", "no"],
                input.as_bytes(),
            ));
            assert_eq!(output.lines().count(), rows.len(), "{name}");
            let width = rows[0].0.len();
            for (line, (_, expected)) in output.lines().zip(&rows) {
                let found: Vec<f32> = line.split('\t').map(|number| number.parse().unwrap()).collect();
                for (found, expected) in found.chunks(width + 2).zip(expected.chunks(width + 1)) {
                    assert_near(&found[..=width], expected, &name);
                    let sum: f32 = found[..=width].iter().sum();
                    assert!(
                        (sum - found[width + 1]).abs() <= 1e-5,
                        "{name}: {sum}, {}",
                        found[width + 1]
                    );
                }
            }
        }
    }
}

#[test]
fn columns_are_called_by_their_features() {
    let folder = Folder::new();
    let model = converted(&folder, "contributions_3_2_multiclass.ubj", &["--covers"]);
    let shown = json(run(&["inspect", &model, "--json"]));
    let groups = shown["groups"].as_u64().unwrap() as usize;
    let (features, _) = explained("contributions_3_2_multiclass").remove(0);
    let row = line(&features, ",");
    let csv = printed(run_with(
        &["explain", &model, "--output-format", "csv"],
        row.as_bytes(),
    ));
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(head.len(), groups * (features.len() + 2));
    assert_eq!(&head[features.len()..features.len() + 2], ["bias_0", "margin_0"]);
    let object = json_lines(&printed(run_with(&["explain", &model, "--json"], row.as_bytes()))).remove(0);
    assert_eq!(object["line"], 1);
    assert_eq!(
        object["contributions_1"].as_object().unwrap().len(),
        features.len()
    );

    let path = folder.path("contributions.parquet");
    printed(run_with(&["explain", &model, "--output", &path], row.as_bytes()));
    let written = parquet_files::read_floats(&path);
    let numbers: Vec<String> = csv
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    assert_eq!(
        written.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        head
    );
    assert_eq!(
        written
            .iter()
            .map(|(_, values)| values[0].to_string())
            .collect::<Vec<_>>(),
        numbers
    );
}

#[test]
fn a_model_without_covers_is_refused() {
    let folder = Folder::new();
    let model = converted(&folder, "contributions_3_2_numeric.ubj", &[]);
    let output = run_with(&["explain", &model], b"");
    assert!(
        refusal(&output).contains("has no covers, which explanations need; convert keeps them with --covers")
    );
}
