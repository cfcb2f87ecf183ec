use proptest::prelude::*;

use super::*;

fn line_with(column: usize, value: &str) -> String {
    let mut columns = vec![""; 40];
    columns[0] = "0";
    columns[column - 1] = value;
    columns.join("\t")
}

#[test]
fn refusals_name_line_and_column() {
    let cases: [(usize, &str, &str); 16] = [
        (
            1,
            "",
            "line 7, column 1, label: the label is missing; it is 0 or 1",
        ),
        (1, "2", "line 7, column 1, label: the label is 0 or 1, not \"2\""),
        (
            1,
            "01",
            "line 7, column 1, label: the label is 0 or 1, not \"01\"",
        ),
        (
            2,
            "+1",
            "line 7, column 2, I1: expected a decimal 64-bit integer or nothing, found \"+1\"",
        ),
        (
            2,
            " 1",
            "line 7, column 2, I1: expected a decimal 64-bit integer or nothing, found \" 1\"",
        ),
        (
            3,
            "1.5",
            "line 7, column 3, I2: expected a decimal 64-bit integer or nothing, found \"1.5\"",
        ),
        (
            4,
            "-",
            "line 7, column 4, I3: expected a decimal 64-bit integer or nothing, found \"-\"",
        ),
        (
            4,
            "--1",
            "line 7, column 4, I3: expected a decimal 64-bit integer or nothing, found \"--1\"",
        ),
        (
            5,
            "1e3",
            "line 7, column 5, I4: expected a decimal 64-bit integer or nothing, found \"1e3\"",
        ),
        (
            14,
            "NaN",
            "line 7, column 14, I13: expected a decimal 64-bit integer or nothing, found \"NaN\"",
        ),
        (
            6,
            "9223372036854775808",
            "line 7, column 6, I5: expected a decimal 64-bit integer or nothing, found \"9223372036854775808\"",
        ),
        (
            15,
            "68fd1e6",
            "line 7, column 15, C1: expected exactly 8 hex digits or nothing, found \"68fd1e6\"",
        ),
        (
            15,
            "068fd1e64",
            "line 7, column 15, C1: expected exactly 8 hex digits or nothing, found \"068fd1e64\"",
        ),
        (
            40,
            "68fd1e6g",
            "line 7, column 40, C26: expected exactly 8 hex digits or nothing, found \"68fd1e6g\"",
        ),
        (
            40,
            "+8fd1e64",
            "line 7, column 40, C26: expected exactly 8 hex digits or nothing, found \"+8fd1e64\"",
        ),
        (
            40,
            "\u{1}",
            "line 7, column 40, C26: expected exactly 8 hex digits or nothing, found \"\\x01\"",
        ),
    ];
    for (column, value, message) in cases {
        let error = parse_row(line_with(column, value).as_bytes(), 7).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!((error.line, error.column), (7, column));
    }
}

#[test]
fn column_counts_are_exact() {
    let error = parse_row("\t".repeat(38).as_bytes(), 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: expected 40 tab-separated columns, found 39"
    );
    assert_eq!(error.column, 0);
    assert_eq!(
        parse_row(b"", 1).unwrap_err().kind,
        RowErrorKind::ColumnCount {
            expected: "40",
            found: 1
        }
    );
    assert!(parse_features("\t".repeat(37).as_bytes(), 1).is_err());
    assert!(parse_features("\t".repeat(40).as_bytes(), 1).is_err());
    assert_eq!(parse_features("\t".repeat(38).as_bytes(), 1), Ok(Row::default()));
    assert_eq!(parse_features("\t".repeat(39).as_bytes(), 1), Ok(Row::default()));
}

#[test]
fn reads_extremes_and_either_case() {
    let row = parse_row(line_with(2, "-9223372036854775808").as_bytes(), 1).unwrap();
    assert_eq!(row.integers[0], Some(i64::MIN));
    assert_eq!(
        parse_row(line_with(2, "-007").as_bytes(), 1).unwrap().integers[0],
        Some(-7)
    );
    let row = parse_row(format!("{}\r", line_with(40, "ABCDEF09")).as_bytes(), 1).unwrap();
    assert_eq!(row.categories[25], Some(0xabcd_ef09));
    assert_eq!(row.label, Some(false));
}

#[test]
fn a_long_value_is_cut() {
    let long = "\u{0}".repeat(1000);
    let error = parse_row(line_with(2, &long).as_bytes(), 1).unwrap_err();
    let RowErrorKind::Integer(excerpt) = &error.kind else {
        panic!("{error}")
    };
    assert_eq!(excerpt.len(), 32);
    assert!(excerpt.ends_with("..."));
    let mut row = Row::default();
    assert!(row.set(&"x".repeat(100), "1").unwrap_err().to_string().len() < 120);
}

#[test]
fn set_takes_names_and_leaves_the_row_alone_on_error() {
    let mut row = Row::default();
    row.set("I13", "-5").unwrap();
    row.set("C26", "0000000A").unwrap();
    row.set("label", "1").unwrap();
    assert_eq!(
        (row.integers[12], row.categories[25], row.label),
        (Some(-5), Some(10), Some(true))
    );
    let error = row.set("C26", "zz").unwrap_err();
    assert_eq!(
        error.to_string(),
        "column 39, C26: expected exactly 8 hex digits or nothing, found \"zz\"".to_owned()
    );
    assert_eq!(row.categories[25], Some(10));
    row.set("C26", "").unwrap();
    assert_eq!(row.categories[25], None);
    assert_eq!(row.set("I14", "1").unwrap_err().column, 0);
}

fn any_row() -> impl Strategy<Value = Row> {
    (
        any::<Option<bool>>(),
        prop::array::uniform13(any::<Option<i64>>()),
        prop::array::uniform26(any::<Option<u32>>()),
    )
        .prop_map(|(label, integers, categories)| Row {
            label,
            integers,
            categories,
        })
}

proptest! {
    #[test]
    fn every_row_survives_its_text(row in any_row()) {
        let line = row.to_tsv();
        prop_assert_eq!(parse_features(line.as_bytes(), 1).unwrap(), row.clone());
        prop_assert_eq!(parse_row(line.as_bytes(), 1).is_ok(), row.label.is_some());
        let mut by_name = Row { label: row.label, ..Row::default() };
        let columns: Vec<&str> = line.split('\t').collect();
        for (name, value) in column_names().iter().zip(&columns[columns.len() - 39..]) {
            by_name.set(name, value).unwrap();
        }
        prop_assert_eq!(by_name, row);
    }

    #[test]
    fn bytes_never_panic_and_accepted_lines_round_trip(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_features(&line, 1);
        if let Ok(row) = parse_row(&line, 1) {
            prop_assert_eq!(parse_row(row.to_tsv().as_bytes(), 1).unwrap(), row);
        }
    }

    #[test]
    fn near_lines_never_panic(row in any_row(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut line = row.to_tsv().into_bytes();
        let at = at.index(line.len());
        line[at] = byte;
        if let Ok(row) = parse_features(&line, 3) {
            prop_assert_eq!(parse_features(row.to_tsv().as_bytes(), 1).unwrap(), row);
        }
    }
}
