use super::*;
use crate::row_file::RowWriter;
use model_export::Row;

/// Rows of columns with few values. C8 and C3 say nothing of the label one by one, nor do I4 and C20, which decide
/// less; C1 does on its own, C5 tells the same rows apart as C8 does.
fn rows(count: u64, seed: u64) -> Vec<Row> {
    let mut state = seed;
    let mut below = |limit: u64| {
        state += 1;
        sample::mix(state) % limit
    };
    let row = |_| {
        let mut row = Row {
            label: None,
            integers: std::array::from_fn(|_| (below(8) > 0).then(|| below(6) as i64 - 1)),
            categories: std::array::from_fn(|_| (below(8) > 0).then(|| below(6) as u32)),
        };
        row.categories[4] = row.categories[7].map(|key| key + 100);
        let sign = |first: Option<i64>, second: Option<u32>| {
            let pair = (first.unwrap_or(50) + 1) as u64 * 1000 + u64::from(second.unwrap_or(77));
            if sample::mix(pair).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            }
        };
        let mut logit = -1.0;
        logit += 1.6 * sign(row.categories[7].map(i64::from), row.categories[2]);
        logit += 1.0 * sign(row.integers[3], row.categories[19]);
        logit += if row.categories[0] == Some(1) { 2.0 } else { 0.0 };
        row.label = Some((below(1 << 20) as f64) / f64::from(1 << 20) < 1.0 / (1.0 + libm::exp(-logit)));
        row
    };
    (0..count).map(row).collect()
}

fn file(rows: &[Row], folder: &tempfile::TempDir) -> RowFile {
    let mut writer = RowWriter::create(&folder.path().join("rows.bin")).unwrap();
    rows.iter().for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap()
}

#[test]
fn pairs_that_decide_together_are_found_once_each_and_the_same_ones_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&rows(6_000, 1), &folder);
    let found = |seed| {
        Crosses::Count(2)
            .resolved(&file, file.rows, seed, &CancelToken::new())
            .unwrap()
    };
    let first = found(1);
    let names: Vec<String> = first.iter().map(ToString::to_string).collect();
    // C5 and C8 are the same, so either may stand for both.
    assert!(["C8xC3", "C5xC3"].contains(&names[0].as_str()), "{names:?}");
    assert_eq!(names[1], "I4xC20");
    assert_eq!(found(1), first);
    let other_halves = found(9);
    assert_eq!(other_halves.len(), 2);
    assert_eq!(other_halves[1], first[1]);
}

#[test]
fn only_training_rows_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = rows(3_000, 2);
    let found = |rows: &[Row]| {
        let file = file(rows, &folder);
        let crosses = Crosses::Count(3).resolved(&file, 2_500, 1, &CancelToken::new());
        crosses.unwrap()
    };
    let before = found(&rows);
    for (index, row) in rows.iter_mut().enumerate().skip(2_500) {
        row.label = Some(index % 2 == 0);
        row.categories = [Some(index as u32 % 2); CATEGORY_COLUMNS];
    }
    assert_eq!(found(&rows), before);
    assert!(!before.is_empty());
}

#[test]
fn rows_that_say_nothing_are_no_reason_to_fail() {
    let folder = tempfile::tempdir().unwrap();
    for rows in [
        vec![
            Row {
                label: Some(true),
                ..Row::default()
            };
            50
        ],
        rows(1, 1),
        rows(20, 1),
    ] {
        let file = file(&rows, &folder);
        let crosses = Crosses::Count(4).resolved(&file, file.rows, 1, &CancelToken::new());
        assert!(crosses.unwrap().len() <= 4);
    }
    let file = file(&rows(5, 1), &folder);
    let cancelled = CancelToken::new();
    cancelled.cancel();
    let stopped = Crosses::Count(4).resolved(&file, 5, 1, &cancelled);
    assert!(matches!(stopped, Err(ProcessError::Cancelled(_))));
    let refused = Crosses::Count(65)
        .resolved(&file, 5, 1, &CancelToken::new())
        .unwrap_err();
    assert_eq!(refused.to_string(), "crosses is 65; it must be at most 64");
}

#[test]
fn every_integer_and_every_other_category_is_tried_with_every_category() {
    let candidates = candidates();
    assert_eq!(candidates.len(), 13 * 26 + 26 * 25 / 2);
    let names: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    assert!(
        ["I1xC1", "I13xC26", "C2xC1", "C26xC25"]
            .iter()
            .all(|name| names.iter().any(|own| own == name))
    );
    assert!(!names.iter().any(|name| name == "C1xC2"));
}

#[test]
fn configurations_are_written_as_they_are_read() {
    for (crosses, text) in [
        (Crosses::None, "0"),
        (Crosses::Count(8), "8"),
        (Crosses::Listed(vec!["C23xC6".parse().unwrap()]), "[\"C23xC6\"]"),
    ] {
        assert_eq!(serde_json::to_string(&crosses).unwrap(), text);
        assert_eq!(serde_json::from_str::<Crosses>(text).unwrap(), crosses);
    }
}
