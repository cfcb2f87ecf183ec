//! `predict` with a model of clicks: every way to write the same rows down gives the same bits.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

#[path = "support/parquet.rs"]
mod parquet_files;
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use model_export::column_names;
use parquet::basic::{Compression, ZstdLevel};
use parquet_files::Column;
use support::{
    Folder, bits, command, golden, golden_rows, json_lines, printed, refusal, run, run_with, text,
};

/// The golden rows as cells without label, and what each must give.
fn cells() -> (Vec<Vec<String>>, Vec<(u32, u32)>) {
    let (rows, expected) = golden_rows();
    let cells = |row: &String| {
        let cells: Vec<String> = row.split('\t').map(str::to_owned).collect();
        cells[cells.len() - 39..].to_vec()
    };
    (rows.iter().map(cells).collect(), expected)
}

fn assert_golden(output: &str, separator: char) {
    let (_, expected) = golden_rows();
    assert_eq!(output.lines().count(), expected.len());
    for (line, (probability, margin)) in output.lines().zip(expected) {
        assert_eq!(bits(line, separator), [probability, margin], "{line}");
    }
}

#[test]
fn compressed_rows_are_told_from_their_first_bytes() {
    let (rows, _) = golden_rows();
    let plain = rows.join("\n");
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let (start, end) = plain.split_at(plain.len() / 2);
    let mut xz = Vec::new();
    liblzma::read::XzEncoder::new(plain.as_bytes(), 1)
        .read_to_end(&mut xz)
        .unwrap();
    let cases = [
        ("plain", plain.clone().into_bytes()),
        ("gzip in two members", [gzip(start), gzip(end)].concat()),
        ("xz", xz),
        ("zstd", zstd::encode_all(plain.as_bytes(), 1).unwrap()),
    ];
    let folder = Folder::new();
    for (name, bytes) in cases {
        let input = folder.write("rows.bin", &bytes);
        let output = run(&["predict", &golden(), "--input", &input]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        assert_golden(text(&output.stdout), '\t');
        assert_golden(&printed(run_with(&["predict", &golden()], &bytes)), '\t');
    }
    let cut = &gzip(&plain)[..500];
    let output = run_with(&["predict", &golden()], cut);
    assert!(
        refusal(&output).contains("standard input: "),
        "{}",
        refusal(&output)
    );
}

#[test]
fn a_header_names_columns_in_any_order() {
    let (rows, _) = cells();
    let names = column_names();
    let order: Vec<usize> = (0..39).map(|index| index * 17 % 39).collect();
    let line = |cells: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = order.iter().map(|index| cells(*index)).collect();
        format!("\"7,5\",{}\r\n", cells.join(","))
    };
    let mut csv = line(&|index| names[index].to_owned()).replacen("7,5", "id", 1);
    for row in &rows {
        csv += &line(&|index| row[index].clone());
    }
    let folder = Folder::new();
    let input = folder.write("rows.csv", &csv);
    let output = run(&["predict", &golden(), "--input", &input]);
    assert_golden(text(&output.stdout), '\t');
    assert_eq!(
        text(&output.stderr),
        "note: 1 columns of the input are no features: id\n"
    );
    let written = printed(run(&[
        "predict",
        &golden(),
        "--input",
        &input,
        "--output-format",
        "csv",
    ]));
    assert_eq!(written.lines().next(), Some("probability,margin"));
    assert_golden(written.split_once('\n').unwrap().1, ',');

    let misspelt = folder.write(
        "misspelt.csv",
        csv.replacen("C26", "C27", 1).replacen("I3", "i3", 1),
    );
    let output = run(&["predict", &golden(), "--input", &misspelt]);
    assert!(
        refusal(&output).contains("no column for 2 of the model's 39 features: I3, C26"),
        "{}",
        refusal(&output)
    );
    let twice = folder.write("twice.csv", csv.replacen("C26", "C25", 1));
    let output = run(&["predict", &golden(), "--input", &twice]);
    assert!(
        refusal(&output).contains("C25: the input has two columns of this name"),
        "{}",
        refusal(&output)
    );
    // A column that is absent is as one that is empty everywhere.
    let output = printed(run(&[
        "predict",
        &golden(),
        "--input",
        &misspelt,
        "--allow-absent",
    ]));
    let emptied: String = rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            (row[2], row[38]) = (String::new(), String::new());
            row.join("\t") + "\n"
        })
        .collect();
    assert_eq!(
        output,
        printed(run_with(&["predict", &golden()], emptied.as_bytes()))
    );
}

#[test]
fn parquet_rows_give_the_same_bits() {
    let (rows, _) = cells();
    let names = column_names();
    let column = |index: usize| {
        let values = rows
            .iter()
            .map(|row| Some(row[index].clone()).filter(|cell| !cell.is_empty()));
        let key = |cell: String| u32::from_str_radix(&cell, 16).unwrap();
        let number = |cell: String| cell.parse::<i64>().unwrap();
        match index {
            0..4 => Column::Long(values.map(|cell| cell.map(number)).collect()),
            4..8 => Column::Int(values.map(|cell| cell.map(|cell| number(cell) as i32)).collect()),
            8..11 => Column::Double(
                values
                    .map(|cell| Some(cell.map_or(f64::NAN, |cell| number(cell) as f64)))
                    .collect(),
            ),
            11..13 => Column::Float(values.map(|cell| cell.map(|cell| number(cell) as f32)).collect()),
            13..30 => Column::Text(values.collect()),
            30..34 => Column::Long(values.map(|cell| cell.map(|cell| i64::from(key(cell)))).collect()),
            _ => Column::Unsigned(values.map(|cell| cell.map(key)).collect()),
        }
    };
    let mut columns: Vec<(&str, Column)> = (0..39).map(|index| (names[index], column(index))).collect();
    columns.reverse();
    columns.push((
        "shown_at",
        Column::Text(vec![Some("today".to_owned()); rows.len()]),
    ));
    let folder = Folder::new();
    let input = folder.path("rows.parquet");
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for (group, compression) in [
        (7, Compression::UNCOMPRESSED),
        (50, Compression::SNAPPY),
        (1000, zstd),
        (60, Compression::LZ4_RAW),
    ] {
        parquet_files::write(&input, &columns, group, compression);
        let output = run(&["predict", &golden(), "--input", &input]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_golden(text(&output.stdout), '\t');
    }
    let output = folder.path("predictions.parquet");
    printed(run(&[
        "predict",
        &golden(),
        "--input",
        &input,
        "--output",
        &output,
    ]));
    let written = parquet_files::read_floats(&output);
    let (_, expected) = golden_rows();
    let bits = |column: usize| {
        written[column]
            .1
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (written[0].0.as_str(), written[1].0.as_str()),
        ("probability", "margin")
    );
    assert_eq!(
        bits(0),
        expected
            .iter()
            .map(|(probability, _)| *probability)
            .collect::<Vec<_>>()
    );
    assert_eq!(
        bits(1),
        expected.iter().map(|(_, margin)| *margin).collect::<Vec<_>>()
    );
}

#[test]
fn a_bad_parquet_row_is_named_after_the_rows_before_it() {
    let names = column_names();
    let mut columns: Vec<(&str, Column)> = names
        .iter()
        .map(|name| (*name, Column::Long(vec![None; 10])))
        .collect();
    columns[4].1 = Column::Double(
        (0..10)
            .map(|row| Some(if row == 8 { 1.5 } else { f64::from(row) }))
            .collect(),
    );
    columns[20].1 = Column::Text(
        (0..10)
            .map(|row| (row >= 6).then(|| format!("{row:07x}{}", if row > 6 { "" } else { "0" })))
            .collect(),
    );
    let folder = Folder::new();
    let input = folder.path("rows.parquet");
    parquet_files::write(&input, &columns, 5, Compression::SNAPPY);
    let output = run(&["predict", &golden(), "--input", &input, "--json"]);
    let expected = "row 8, column 21, C8: expected exactly 8 hex digits or nothing, found \"0000007\"";
    assert!(refusal(&output).contains(expected), "{}", refusal(&output));
    let rows: Vec<u64> = json_lines(text(&output.stdout))
        .iter()
        .map(|line| line["row"].as_u64().unwrap())
        .collect();
    assert_eq!(rows, (1..=7).collect::<Vec<_>>());

    columns[20].1 = Column::Long(vec![Some(1 << 32); 10]);
    parquet_files::write(&input, &columns, 5, Compression::SNAPPY);
    assert!(
        refusal(&run(&["predict", &golden(), "--input", &input]))
            .contains("C8 is a number of 32 bits or 8 hex digits, not 4294967296")
    );
    let whole = std::fs::read(&input).unwrap();
    let cut = folder.write("cut.parquet", &whole[..whole.len() - 20]);
    assert_eq!(
        run(&["predict", &golden(), "--input", &cut]).status.code(),
        Some(3)
    );
    let output = run_with(&["predict", &golden()], &whole);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("Parquet is read from a file"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn many_rows_keep_their_order_with_any_number_of_threads() {
    let (rows, expected) = golden_rows();
    let count = 30_000;
    let input: String = (0..count)
        .map(|index| rows[index * 31 % rows.len()].clone() + "\n")
        .collect();
    let folder = Folder::new();
    let path = folder.write("rows.tsv", &input);
    for threads in ["1", "2", "5"] {
        let output = printed(run(&[
            "predict",
            &golden(),
            "--input",
            &path,
            "--threads",
            threads,
        ]));
        assert_eq!(output.lines().count(), count);
        for (index, line) in output.lines().enumerate() {
            let (probability, margin) = expected[index * 31 % rows.len()];
            assert_eq!(bits(line, '\t'), [probability, margin], "row {index}");
        }
    }
    let bad = input + &rows[0].replace('\t', " ") + "\n" + &rows[0] + "\n";
    let output = run_with(&["predict", &golden(), "--values", "margins"], bad.as_bytes());
    assert!(
        refusal(&output).contains("line 30001: expected 39 or 40 columns, found 1"),
        "{}",
        refusal(&output)
    );
    assert_eq!(text(&output.stdout).lines().count(), count);
}

#[test]
fn rows_are_answered_before_the_input_ends() {
    let (rows, expected) = golden_rows();
    let mut child = command(&["predict", &golden()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for (row, (probability, margin)) in rows.iter().zip(expected).take(5) {
        stdin.write_all(format!("{row}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(bits(answer.trim_end(), '\t'), [probability, margin]);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program() {
    let (rows, _) = golden_rows();
    let folder = Folder::new();
    let input = folder.write("rows.tsv", (rows.join("\n") + "\n").repeat(400));
    let mut child = command(&["predict", &golden(), "--input", &input])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert_eq!(bits(first.trim_end(), '\t').len(), 2);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn damaged_parquet_files_are_refused_or_read() {
    let names = column_names();
    let columns: Vec<(&str, Column)> = names
        .iter()
        .map(|name| {
            (
                *name,
                Column::Long((0..20).map(|row| (row % 3 > 0).then_some(row / 4)).collect()),
            )
        })
        .collect();
    let folder = Folder::new();
    let input = folder.path("rows.parquet");
    parquet_files::write(&input, &columns, 12, Compression::SNAPPY);
    let whole = std::fs::read(&input).unwrap();
    let (mut state, mut refused) = (1_u64, 0);
    for _ in 0..120 {
        let mut damaged = whole.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (state >> 33) as usize % damaged.len();
            damaged[at] = (state >> 25) as u8;
        }
        std::fs::write(&input, &damaged).unwrap();
        let output = run(&["predict", &golden(), "--input", &input]);
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{:?}: {}",
            output.status,
            text(&output.stderr)
        );
        refused += usize::from(!output.status.success());
    }
    assert!(refused > 20, "{refused}");
}
