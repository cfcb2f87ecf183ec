//! Models of a table of its own: columns by their names in every kind of file, and the library's predictions.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

#[path = "support/parquet.rs"]
mod parquet_files;
mod support;

use model_export::{TableModel, category_key};
use parquet::basic::Compression;
use parquet_files::Column;
use support::{Folder, bits, json, library, printed, refusal, run, run_with};

const ROWS: usize = 60;

/// A row as text, nothing where a value is missing: two numbers, then three categories.
fn row(index: usize) -> [String; 5] {
    let number = |missing: usize, value: f64| match index % missing {
        0 => String::new(),
        _ => value.to_string(),
    };
    let text = |missing: usize, value: usize| match index % missing {
        0 => String::new(),
        _ => format!("value {value}"),
    };
    [
        number(7, index as f64 * 2.25 - 3.0),
        number(5, 40.5 - index as f64),
        text(4, index % 3),
        text(9, index % 12),
        text(6, index * 7 % 70),
    ]
}

fn model() -> (String, TableModel) {
    let path = library("golden/v1_table.leaf");
    let model = TableModel::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
    (path, model)
}

/// Bits of probability and margin of each row.
fn expected(model: &TableModel) -> Vec<Vec<u32>> {
    let rows = (0..ROWS).map(|index| {
        let row = row(index);
        let numbers = [&row[0], &row[1]].map(|text| text.parse().unwrap_or(f32::NAN));
        let keys = [&row[2], &row[3], &row[4]].map(|text| category_key(text.as_bytes()));
        let prediction = model.predict(&numbers, &keys);
        vec![prediction.probability.to_bits(), prediction.margin.to_bits()]
    });
    rows.collect()
}

fn found(printed: &str) -> Vec<Vec<u32>> {
    printed.lines().map(|line| bits(line, '\t')).collect()
}

#[test]
fn columns_are_found_by_name_and_by_position() {
    let (path, model) = model();
    let folder = Folder::new();
    let expected = expected(&model);
    assert!((1..ROWS).any(|row| expected[row] != expected[0]));
    let tsv: String = (0..ROWS).map(|index| row(index).join("\t") + "\n").collect();
    let by_position = printed(run_with(&["predict", &path, "--format", "tsv"], tsv.as_bytes()));
    assert_eq!(found(&by_position), expected);

    let mut csv = "city,label,größe,age,hours per week,job\n".to_owned();
    for index in 0..ROWS {
        let [age, hours, job, city, size] = row(index);
        csv += &format!("\"{city}\",0,{size},{age},{hours},{job}\n");
    }
    let csv = folder.write("rows.csv", &csv);
    let by_name = printed(run(&["predict", &path, "--input", &csv]));
    assert_eq!(found(&by_name), expected);
    let explained = printed(run(&[
        "explain",
        &path,
        "--input",
        &csv,
        "--output-format",
        "csv",
    ]));
    let mut lines = explained.lines();
    assert_eq!(
        lines.next(),
        Some("age,hours per week,job,city,größe,bias,margin")
    );
    for line in lines {
        let values: Vec<f32> = line.split(',').map(|value| value.parse().unwrap()).collect();
        let (margin, parts) = values.split_last().unwrap();
        assert!((parts.iter().sum::<f32>() - margin).abs() < 1e-5, "{line}");
    }
}

#[test]
fn parquet_has_text_or_numbers_for_categories() {
    let (path, model) = model();
    let folder = Folder::new();
    let number = |place: usize| (0..ROWS).map(|index| row(index)[place].parse().ok()).collect();
    let text = |place: usize| {
        let texts = (0..ROWS).map(|index| Some(row(index)[place].clone()).filter(|text| !text.is_empty()));
        texts.collect()
    };
    let columns = [
        ("größe", Column::Text(text(4))),
        ("age", Column::Double(number(0))),
        ("job", Column::Text(text(2))),
        (
            "hours per week",
            Column::Float((0..ROWS).map(|index| row(index)[1].parse().ok()).collect()),
        ),
        ("city", Column::Text(text(3))),
    ];
    let rows = folder.path("rows.parquet");
    parquet_files::write(&rows, &columns, 25, Compression::SNAPPY);
    let printed_rows = printed(run(&["predict", &path, "--input", &rows]));
    assert_eq!(found(&printed_rows), expected(&model));

    // A number is the category of its text.
    let columns = |city| {
        [
            ("age", Column::Double(vec![Some(1.5); 3])),
            ("hours per week", Column::Double(vec![None; 3])),
            ("job", Column::Text(vec![None; 3])),
            ("city", city),
            ("größe", Column::Text(vec![None; 3])),
        ]
    };
    let numbers = folder.path("numbers.parquet");
    parquet_files::write(
        &numbers,
        &columns(Column::Int(vec![Some(7), None, Some(-1)])),
        3,
        Compression::UNCOMPRESSED,
    );
    let texts = folder.path("texts.parquet");
    let cities = vec![Some("7".to_owned()), Some(String::new()), Some("-1".to_owned())];
    parquet_files::write(
        &texts,
        &columns(Column::Text(cities)),
        3,
        Compression::UNCOMPRESSED,
    );
    assert_eq!(
        printed(run(&["predict", &path, "--input", &numbers])),
        printed(run(&["predict", &path, "--input", &texts]))
    );
}

#[test]
fn bad_numbers_absent_columns_and_other_commands_say_what_is_wrong() {
    let (path, _) = model();
    let csv = "age,hours per week,job,city,größe\n30,40,a,b,c\nold,1,a,b,c\n";
    let output = run_with(&["predict", &path], csv.as_bytes());
    let refused = refusal(&output);
    assert!(refused.contains("line 3") && refused.contains("age"), "{refused}");
    let output = run_with(&["predict", &path], b"age,job\n30,a\n");
    assert!(refusal(&output).contains("no column for 3 of the model's 5 features"));
}

#[test]
fn the_file_is_shown_and_verified() {
    let (path, _) = model();
    let shown = printed(run(&["inspect", &path]));
    for line in [
        ", a model of a table\n",
        "\nnumbers     age, hours per week\n",
        "\ncategories  job, city, größe\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let shown = json(run(&["inspect", &path, "--json"]));
    assert_eq!(shown["schema"]["categories"][2], "größe");
    assert_eq!(shown["encoder"]["rows"], 400);
    assert!(printed(run(&["verify", &path])).contains("checksums and structure hold"));
    let compared = json(run(&["diff", &path, &path, "--json"]));
    assert!(compared.is_object());
}
