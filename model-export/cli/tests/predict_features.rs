//! `predict` with boosters of every kind: the margins are XGBoost's bit for bit.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

#[path = "support/parquet.rs"]
mod parquet_files;
mod support;

use model_export::Objective;
use parquet::basic::Compression;
use parquet_files::Column;
use support::{
    Folder, bits, converted, json, json_lines, line, predicted, printed, refusal, run, run_with, text,
};

fn to_bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn margins_are_xgboosts_for_every_kind_of_booster() {
    let folder = Folder::new();
    let mut count = 0;
    for kind in [
        "softprob",
        "dart",
        "forest",
        "ndcg",
        "onehot",
        "partition",
        "poisson",
        "multitarget",
        "early_stopped",
    ] {
        for version in ["1_7", "3_2"] {
            let name = format!("xgboost_{version}_{kind}");
            let model = converted(&folder, &format!("{name}.ubj"), &["--rounds", "all"]);
            let rows = predicted(&name);
            let shown = json(run(&["inspect", &model, "--json"]));
            let names: Vec<String> = match shown["feature_names"].as_array().unwrap().as_slice() {
                [] => (0..rows[0].features.len())
                    .map(|feature| format!("f{feature}"))
                    .collect(),
                names => names
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned())
                    .collect(),
            };
            let lines: String = rows.iter().map(|row| line(&row.features, ",")).collect();
            let csv = names.join(",") + "\n" + &lines;
            let tsv = lines.replace(',', "\t");
            let input = folder.write("rows.csv", &csv);
            let by_name = printed(run(&["predict", &model, "--input", &input]));
            assert_eq!(
                by_name,
                printed(run_with(&["predict", &model, "--format", "tsv"], tsv.as_bytes())),
                "{name}"
            );
            let groups = rows[0].margins.len();
            for (line, row) in by_name.lines().zip(&rows) {
                let mut outputs = vec![0.0; groups];
                let objective = Objective::from_name(shown["objective"].as_str().unwrap()).unwrap();
                objective.apply(&row.margins, &mut outputs);
                outputs.truncate(objective.outputs(groups));
                outputs.extend(&row.margins);
                assert_eq!(bits(line, '\t'), to_bits(&outputs), "{name}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 18 * 40);
}

#[test]
fn several_classes_have_a_column_each() {
    let folder = Folder::new();
    let model = converted(&folder, "xgboost_3_2_softprob.ubj", &[]);
    let rows = predicted("xgboost_3_2_softprob");
    let input = folder.write(
        "rows.tsv",
        rows.iter()
            .map(|row| line(&row.features, "\t"))
            .collect::<String>(),
    );
    let written = printed(run(&[
        "predict",
        &model,
        "--input",
        &input,
        "--output-header",
        "yes",
    ]));
    let head = "probability_0\tprobability_1\tprobability_2\tmargin_0\tmargin_1\tmargin_2";
    assert_eq!(written.lines().next(), Some(head));
    let objects = json_lines(&printed(run(&["predict", &model, "--input", &input, "--json"])));
    assert_eq!(objects.len(), rows.len());
    for (index, (object, row)) in objects.iter().zip(&rows).enumerate() {
        assert_eq!(object["line"], index + 1);
        let numbers = |name: &str| -> Vec<f32> {
            object[name]
                .as_array()
                .unwrap()
                .iter()
                .map(|number| number.as_f64().unwrap() as f32)
                .collect()
        };
        assert_eq!(to_bits(&numbers("margins")), to_bits(&row.margins));
        assert!((numbers("probabilities").iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
    let only = printed(run(&[
        "predict", &model, "--input", &input, "--values", "outputs",
    ]));
    assert_eq!(only.lines().next().unwrap().split('\t').count(), 3);
}

#[test]
fn parquet_columns_become_features() {
    let folder = Folder::new();
    let model = converted(&folder, "xgboost_3_2_softprob.ubj", &[]);
    let rows = predicted("xgboost_3_2_softprob");
    let shown = json(run(&["inspect", &model, "--json"]));
    let features = shown["features"].as_u64().unwrap() as usize;
    let given = shown["feature_names"].as_array().unwrap();
    let names: Vec<String> = (0..features)
        .map(|feature| {
            given
                .get(feature)
                .map_or(format!("f{feature}"), |name| name.as_str().unwrap().to_owned())
        })
        .collect();
    let column = |feature: usize| {
        let values = rows.iter().map(|row| row.features[feature]);
        match feature % 3 {
            0 => Column::Float(values.map(Some).collect()),
            1 => Column::Double(
                values
                    .map(|value| (!value.is_nan()).then_some(f64::from(value)))
                    .collect(),
            ),
            _ => Column::Text(
                values
                    .map(|value| {
                        Some(if value.is_nan() {
                            String::new()
                        } else {
                            value.to_string()
                        })
                    })
                    .collect(),
            ),
        }
    };
    let columns: Vec<(&str, Column)> = names
        .iter()
        .enumerate()
        .rev()
        .map(|(feature, name)| (name.as_str(), column(feature)))
        .collect();
    let input = folder.path("rows.parquet");
    parquet_files::write(&input, &columns, 9, Compression::SNAPPY);
    let written = printed(run(&[
        "predict", &model, "--input", &input, "--values", "margins",
    ]));
    for (line, row) in written.lines().zip(&rows) {
        assert_eq!(bits(line, '\t'), to_bits(&row.margins));
    }
    assert_eq!(written.lines().count(), rows.len());

    let mut columns = columns;
    let last = columns.len() - 1;
    for (values, problem) in [
        (Column::Double(vec![Some(1e39); 9]), "row 1, column 4, f0: 1000"),
        (
            Column::Text(vec![Some("red".to_owned()); 9]),
            "row 1, column 4, f0: expected a number or nothing, found \"red\"",
        ),
    ] {
        let values = std::mem::replace(&mut columns[last].1, values);
        let few: Vec<(&str, Column)> = columns
            .iter()
            .map(|(name, column)| (*name, column.head(9)))
            .collect();
        columns[last].1 = values;
        parquet_files::write(&input, &few, 9, Compression::SNAPPY);
        let output = run(&["predict", &model, "--input", &input]);
        assert!(
            refusal(&output).contains(
                &problem
                    .replace("f0", &names[0])
                    .replace("column 4", &format!("column {}", last + 1))
            ),
            "{}",
            refusal(&output)
        );
    }
    columns[last].1 = Column::Bool(vec![Some(true); 40]);
    parquet_files::write(&input, &columns, 9, Compression::SNAPPY);
    let ones = printed(run(&["predict", &model, "--input", &input]));
    columns[last].1 = Column::Int(vec![Some(1); 40]);
    parquet_files::write(&input, &columns, 9, Compression::SNAPPY);
    assert_eq!(ones, printed(run(&["predict", &model, "--input", &input])));
    columns[last].1 = Column::Int(vec![None; 40]);
    parquet_files::write(&input, &columns, 9, Compression::SNAPPY);
    let nothing = printed(run(&["predict", &model, "--input", &input]));
    columns[last].1 = Column::Int(vec![Some(-999); 40]);
    parquet_files::write(&input, &columns, 9, Compression::SNAPPY);
    assert_eq!(
        nothing,
        printed(run(&["predict", &model, "--input", &input, "--missing", "-999"]))
    );
}

#[test]
fn bad_rows_are_refused_after_the_rows_before_them() {
    let folder = Folder::new();
    let model = converted(&folder, "xgboost_3_2_softprob.ubj", &[]);
    let cases = [
        (
            "f0,f1,f2,f3\n1,2,3,4\n\n1,2,3,4\n",
            1,
            "line 3: the line is empty",
        ),
        (
            "f0,f1,f2,f3\n\"1\n\",2,3,4\n1,two,3,4\n",
            1,
            "line 4, column 2, f1: expected a number or nothing, found \"two\"",
        ),
        ("f0,f1,f2,f3\n1,2,3\n", 0, "line 2: expected 4 columns, found 3"),
        (
            "f3,id,f1,f0,f2\n1,x,2,3,1e99\n",
            0,
            "line 2, column 5, f2: \"1e99\" is not a finite 32-bit number",
        ),
        (
            "1\t2\t3\t4\n1\t2\t3\t4\t5\n",
            1,
            "line 2: expected 4 columns, found 5",
        ),
        (
            "1,2,3,inf\n",
            0,
            "line 1, column 4, f3: \"inf\" is not a finite 32-bit number",
        ),
        (
            "a,b,c,d\n1,2,3,4\n",
            0,
            "line 1, column 1, f0: expected a number or nothing, found \"a\"",
        ),
        (
            "f0,f1,f3\n1,2,3\n",
            0,
            "no column for 1 of the model's 4 features: f2",
        ),
        (
            "f0,f1,f2,f3,f1\n",
            0,
            "column 5, f1: the input has two columns of this name",
        ),
    ];
    for (rows, before, problem) in cases {
        let output = run_with(&["predict", &model], rows.as_bytes());
        assert!(
            refusal(&output).contains(problem),
            "{rows:?}: {}",
            refusal(&output)
        );
        assert_eq!(text(&output.stdout).lines().count(), before, "{rows:?}");
    }
    for marked in [
        "\u{feff}f0,f1,f2,f3\r\n1,2,3,4\r\n",
        "\u{feff}f0\tf1\tf2\tf3\n1\t2\t3\t4",
    ] {
        assert_eq!(
            printed(run_with(&["predict", &model], marked.as_bytes()))
                .lines()
                .count(),
            1,
            "{marked:?}"
        );
    }
    let to_a_pipe = run_with(&["predict", &model, "--output-format", "parquet"], b"");
    assert_eq!(to_a_pipe.status.code(), Some(2), "{}", text(&to_a_pipe.stderr));
    let absent = run(&["predict", &model, "--input", &folder.path("absent.csv")]);
    assert_eq!(absent.status.code(), Some(1), "{}", text(&absent.stderr));
    for empty in ["", "f0,f1,f2,f3\n"] {
        assert_eq!(
            printed(run_with(&["predict", &model], empty.as_bytes())),
            "",
            "{empty:?}"
        );
    }
    let names = printed(run_with(&["predict", &model, "--output-format", "csv"], b""));
    assert_eq!(
        names,
        "probability_0,probability_1,probability_2,margin_0,margin_1,margin_2\n"
    );
}

#[test]
fn values_that_stand_for_missing_ones_are_left_out() {
    let folder = Folder::new();
    let model = converted(&folder, "xgboost_3_2_softprob.ubj", &[]);
    let predict = |rows: &str, options: &[&str]| {
        printed(run_with(
            &[&["predict", model.as_str()], options].concat(),
            rows.as_bytes(),
        ))
    };
    let expected = predict("1,,3,\n", &[]);
    assert_eq!(expected, predict("1,nan,3,NaN\n", &[]));
    assert_eq!(
        expected,
        predict("1,999,3,NA\n", &["--missing", "999", "--missing", "NA"])
    );
    assert_eq!(expected, predict("1,999.0,3,9.99e2\n", &["--missing=999"]));
    assert_eq!(expected, predict("f2,f0\n3,1\n", &["--allow-absent"]));
    assert_ne!(expected, predict("1,999,3,999\n", &[]));
}
