//! What is in a compact model, for a person to read.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use model_export::{Calibration, ModelFile, sha256_hex};

use super::{Inspected, encoder, feature_names};

impl Inspected {
    pub(super) fn print(&self, out: &mut impl Write) -> Result<()> {
        let (ensemble, summary) = (self.model.ensemble(), &self.summary);
        let (per_node, of_trees) = self.bytes_per_node();
        writeln!(
            out,
            "format      CLICKLEAF {}, {} bytes, a model of {}",
            self.version(),
            self.bytes.len(),
            self.kind()
        )?;
        writeln!(out, "sha256      {}", sha256_hex(&self.bytes))?;
        for section in &self.sections {
            writeln!(
                out,
                "section     {:<12} {:>10} bytes",
                section.name, section.bytes
            )?;
        }
        let (trees, nodes, features) = (summary.trees, summary.nodes, ensemble.features());
        let base_margins = ensemble.base_margins();
        let base = if base_margins.len() == 1 {
            format!("base margin {}", base_margins[0])
        } else {
            format!("{} groups with base margins {base_margins:?}", base_margins.len())
        };
        writeln!(
            out,
            "trees       {trees} with {nodes} nodes over {features} features, {base}"
        )?;
        writeln!(
            out,
            "size        {per_node:.3} bytes per node, {of_trees:.3} of them in the trees section"
        )?;
        writeln!(out, "objective   {}", ensemble.objective().name())?;
        writeln!(out, "depth       {}", histogram(&summary.trees_by_depth, "trees"))?;
        writeln!(
            out,
            "splits      {}, {} by categories",
            nodes - summary.leaves,
            summary.category_splits
        )?;
        writeln!(
            out,
            "leaves      {}",
            histogram(&summary.leaves_by_depth, "leaves")
        )?;
        match ensemble.fewest_leaf_bits() {
            Some(bits) => writeln!(out, "leaf bits   {bits}")?,
            None => writeln!(out, "leaf bits   all: no leaf was rounded")?,
        }
        writeln!(
            out,
            "features    {} of {features} are split on{}",
            summary.features_used(),
            self.favourites()
        )?;
        writeln!(
            out,
            "covers      {}",
            if ensemble.has_covers() {
                "kept: predictions can be explained"
            } else {
                "none"
            }
        )?;
        if let Some(encoder) = encoder(&self.model) {
            let matches = match 100.0 * encoder.false_match_rate() {
                0.0 => String::new(),
                rate => format!(" by fingerprints, at most {rate:.3} % false matches,"),
            };
            writeln!(
                out,
                "encoder     {} keys{matches} from {} rows",
                encoder.keys(),
                encoder.rows()
            )?;
            let crosses: Vec<String> = encoder.config().crosses.iter().map(ToString::to_string).collect();
            if !crosses.is_empty() {
                writeln!(out, "crosses     {}", crosses.join(", "))?;
            }
        }
        match self.model.calibration() {
            Some(Calibration::Platt { slope, offset }) => {
                writeln!(out, "calibration Platt's: slope {slope}, offset {offset}")?;
            }
            Some(Calibration::Isotonic(knots)) => {
                writeln!(out, "calibration isotonic: {} knots", knots.len())?;
            }
            _ => {}
        }
        match &self.model {
            ModelFile::Clicks(model) => writeln!(out, "self-test   {} rows", model.samples().len())?,
            ModelFile::Table(model) => {
                writeln!(out, "numbers     {}", model.schema().numbers().join(", "))?;
                writeln!(out, "categories  {}", model.schema().categories().join(", "))?;
            }
            _ => {}
        }
        let provenance = serde_json::to_value(self.model.provenance())?;
        // By name: whether serde_json keeps the order of fields depends on the features of the build.
        let fields: BTreeMap<_, _> = provenance.as_object().into_iter().flatten().collect();
        for (name, value) in fields {
            match value.as_object() {
                Some(entries) => {
                    entries
                        .iter()
                        .try_for_each(|(key, value)| writeln!(out, "{name}.{key}  {value}"))?;
                }
                None => writeln!(out, "{name}  {value}")?,
            }
        }
        Ok(())
    }

    /// The features with the most splits.
    fn favourites(&self) -> String {
        let names = feature_names(&self.model);
        let mut order: Vec<usize> = (0..names.len())
            .filter(|feature| self.summary.splits_by_feature[*feature] > 0)
            .collect();
        order.sort_by_key(|feature| std::cmp::Reverse(self.summary.splits_by_feature[*feature]));
        let shown = order
            .iter()
            .take(5)
            .map(|feature| format!("{} {}", names[*feature], self.summary.splits_by_feature[*feature]));
        let shown: Vec<String> = shown.collect();
        if shown.is_empty() {
            String::new()
        } else {
            format!(", most often {}", shown.join(", "))
        }
    }
}

/// How many there are of each depth, empty depths left out.
fn histogram(counts: &[usize], what: &str) -> String {
    let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let shown: Vec<String> = counted
        .map(|(depth, count)| format!("{count} of depth {depth}"))
        .collect();
    if shown.is_empty() {
        format!("no {what}")
    } else {
        shown.join(", ")
    }
}
