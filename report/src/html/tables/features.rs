//! The table of features.

use std::fmt::Write;

use super::{caption, folded, or_dash, table};
use crate::evaluation::FeatureImportance;
use crate::html::Titled;
use crate::html::text::count;

/// All features with all measures, the most important first.
pub(in crate::html) fn importance(reports: &[Titled<'_>]) -> String {
    let heads = ["Feature", "Mean |SHAP|", "Gain", "Cover", "Splits"].map(str::to_owned);
    let tables = reports.iter().map(|titled| {
        let mut features: Vec<&FeatureImportance> = titled.report.importance.features.iter().collect();
        let order =
            |feature: &FeatureImportance| (feature.mean_shap.unwrap_or(0.0), feature.weight.unwrap_or(0));
        features.sort_by(|a, b| {
            let ((shap_a, weight_a), (shap_b, weight_b)) = (order(a), order(b));
            shap_b.total_cmp(&shap_a).then(weight_b.cmp(&weight_a))
        });
        let lines: Vec<Vec<String>> = features
            .iter()
            .map(|feature| {
                vec![
                    feature.name.clone(),
                    or_dash(feature.mean_shap, 4),
                    or_dash(feature.gain, 2),
                    or_dash(feature.cover, 1),
                    feature.weight.map_or_else(|| "—".to_owned(), count),
                ]
            })
            .collect();
        let mut words = caption("Features", titled);
        if titled.report.importance.shap_rows > 0 {
            let _ = write!(
                words,
                ", Shapley values over {} test rows",
                count(titled.report.importance.shap_rows)
            );
        }
        table("", &words, &heads, &lines)
    });
    folded("All features in numbers", &tables.collect::<String>())
}
