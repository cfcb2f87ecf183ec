//! XGBoost's trees, read and evaluated by `gbdt`.

use gbdt::decision_tree::{Data, VALUE_TYPE_UNKNOWN};
use gbdt::gradient_boost::GBDT;
use serde_json::Value;

use super::GbdtError;

/// The margin of each row by an independent reading of XGBoost's dumped trees.
///
/// `dumps` are XGBoost's JSON dumps, one per tree, with features named `f0`, `f1`, … (`gbdt` takes the last
/// digits of any name for the index, so other names are refused). `rows` holds `columns` values per row,
/// NaN = missing; `f32::MIN` is how `gbdt` spells a missing value, so it is refused.
pub fn reference_margins(
    dumps: &[String],
    base_margin: f32,
    rows: &[f32],
    columns: usize,
) -> Result<Vec<f32>, GbdtError> {
    if columns == 0 || !rows.len().is_multiple_of(columns) {
        return Err(GbdtError::Shape {
            features: rows.len(),
            labels: 0,
            columns,
        });
    }
    if let Some(place) = rows.iter().position(|value| *value == VALUE_TYPE_UNKNOWN) {
        return Err(GbdtError::Value {
            row: place / columns,
            column: place % columns,
            value: rows[place],
        });
    }
    for (tree, dump) in dumps.iter().enumerate() {
        check_features(&serde_json::from_str(dump)?, columns)
            .map_err(|problem| GbdtError::Dump { tree, problem })?;
    }
    if dumps.is_empty() {
        // `gbdt` answers "unknown" when there are no trees.
        return Ok(vec![base_margin; rows.len() / columns]);
    }
    // The first line is the base margin, the rest an array of trees; `logitraw` leaves the margin as it is.
    let text = format!("{base_margin}\n[{}]", dumps.join(","));
    let model = GBDT::from_xgboost_reader(text.as_bytes(), "binary:logitraw")?;
    let data = rows
        .chunks_exact(columns)
        .map(|row| {
            let known = |value: &f32| {
                if value.is_nan() {
                    VALUE_TYPE_UNKNOWN
                } else {
                    *value
                }
            };
            Data::new_test_data(row.iter().map(known).collect(), None)
        })
        .collect();
    Ok(model.predict(&data))
}

fn check_features(node: &Value, columns: usize) -> Result<(), String> {
    if node.get("leaf").is_some() {
        return Ok(());
    }
    let split = node["split"].as_str().ok_or("a node is neither split nor leaf")?;
    let index = split
        .strip_prefix('f')
        .and_then(|digits| digits.parse::<usize>().ok());
    match index {
        Some(index) if index < columns => {}
        Some(index) => return Err(format!("feature {index} of {columns} columns")),
        None => return Err(format!("the feature `{split}` is not named by its index")),
    }
    node["children"]
        .as_array()
        .into_iter()
        .flatten()
        .try_for_each(|child| check_features(child, columns))
}
