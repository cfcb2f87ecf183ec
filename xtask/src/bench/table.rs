//! The table: one line for each engine with each model. It is Markdown, and aligned.

use super::results::{Results, Row, median, ratio};

const HEAD: [&str; 16] = [
    "model",
    "engine",
    "raw B",
    "gzip -9",
    "brotli -11",
    "B/node",
    "stored ×",
    "served ×",
    "load ms",
    "load ×",
    "row µs",
    "row ×",
    "batch ns",
    "batch ×",
    "XGBoost ÷",
    "code brotli",
];

/// All lines. A ratio with × says how many times smaller or faster than this engine ours is, in the same setting,
/// native or WebAssembly; `XGBoost ÷` says how many times faster than native XGBoost's `inplace_predict` this one is.
pub(super) fn render(results: &Results) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(results.rows.iter().map(|row| line(results, row)));
    align(&lines)
}

fn line(results: &Results, row: &Row) -> [String; HEAD.len()] {
    let setting = if row.engine.in_wasm() { ", wasm" } else { "" };
    let named = [row.model.clone(), format!("{}{setting}", row.engine.name)];
    let mut cells = [const { String::new() }; HEAD.len()];
    if let Some(why) = &row.not_run {
        cells[..2].clone_from_slice(&named);
        cells[2] = format!("not run: {}", why.replace('|', "/"));
        return cells;
    }
    let ours = results.row(
        &row.model,
        if row.engine.in_wasm() { "ours-wasm" } else { "ours" },
    );
    let xgboost = results.row(&row.model, "xgboost-inplace");
    let of_ours = |measure: fn(&Row) -> &[f64]| ours.and_then(|ours| ratio(measure(row), measure(ours)));
    let bytes = |of: fn(&Row) -> u64| ours.map(|ours| of(row) as f64 / of(ours) as f64);
    let [model, engine] = named;
    let load = match &row.not_loaded {
        Some(_) => "not run".to_owned(),
        None => shown(median(&row.load).map(|ns| ns / 1e6)),
    };
    [
        model,
        engine,
        thousands(row.sizes.raw),
        thousands(row.sizes.gzip),
        thousands(row.sizes.brotli),
        format!("{:.2}", row.bytes_per_node()),
        shown(bytes(|row| row.sizes.raw)),
        shown(bytes(|row| row.sizes.smallest())),
        load,
        shown(of_ours(|row| &row.load)),
        shown(median(&row.single).map(|ns| ns / 1e3)),
        shown(of_ours(|row| &row.single)),
        shown(median(&row.batch)),
        shown(of_ours(|row| &row.batch)),
        shown(xgboost.and_then(|xgboost| ratio(&xgboost.batch, &row.batch))),
        row.code_sizes
            .map_or_else(String::new, |sizes| thousands(sizes.brotli)),
    ]
}

/// Lines of Markdown, the first of them the head; the first two columns are text, the others numbers.
pub(super) fn align<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    // A reason is longer than any number: it runs over the columns after it.
    let fits = |line: &&[String; COLUMNS], column: usize| column < 2 || !line[2].starts_with("not run");
    let width = |column: usize| {
        let cells = lines.iter().filter(|line| fits(line, column));
        cells.map(|line| line[column].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let padding = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            let cell = if column < 2 {
                format!("{cell}{padding}")
            } else {
                format!("{padding}{cell}")
            };
            text.push_str(&format!("| {cell} "));
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let colon = if column < 2 { "-" } else { ":" };
                text.push_str(&format!("|{}{colon}", "-".repeat(width + 1)));
            }
            text.push_str("|\n");
        }
    }
    text
}

/// Three significant digits, or all digits before the point.
pub(super) fn shown(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value.abs() >= 99.95 => thousands(value.round() as u64),
        Some(value) if value.abs() >= 9.995 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

/// Digits in groups of three.
pub(super) fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_or_more() {
        for (value, text) in [
            (0.5321, "0.53"),
            (9.994, "9.99"),
            (9.996, "10.0"),
            (99.94, "99.9"),
            (99.96, "100"),
            (2448.4, "2,448"),
        ] {
            assert_eq!(shown(Some(value)), text);
        }
        assert_eq!(shown(None), "–");
        assert_eq!(thousands(4_524_967), "4,524,967");
        assert_eq!(thousands(100), "100");
    }

    #[test]
    fn a_reason_widens_no_column() {
        let mut with_reason = [const { String::new() }; HEAD.len()];
        with_reason[2] = "not run: no wheel for this interpreter".to_owned();
        let text = align(&[HEAD.map(str::to_owned), with_reason]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("| model | engine | raw B | gzip -9 |"),
            "{text}"
        );
        assert!(
            lines[2].contains("| not run: no wheel for this interpreter |"),
            "{text}"
        );
        assert!(
            lines
                .iter()
                .all(|line| line.matches('|').count() == HEAD.len() + 1),
            "{text}"
        );
    }
}
