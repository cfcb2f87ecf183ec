//! The real rows that all contestants get, cut into parts and laid into one folder as plain text.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::contestants::script;
use super::parts::Parts;
use crate::process;

/// The rows of a run.
#[derive(Debug)]
pub(super) struct Rows {
    /// Where the parts lie.
    pub(super) folder: PathBuf,
    /// How many there are of each.
    pub(super) parts: Parts,
    /// Which test rows are clicks. Nothing that trains or predicts is given these, but the trainer, which reports
    /// test metrics of its own.
    pub(super) labels: Vec<bool>,
}

impl Rows {
    /// Cuts `data` into parts in `folder`; at most `most` rows are kept.
    pub(super) fn prepare(
        python: &Path,
        data: &Path,
        folder: &Path,
        (stop_from, test_from): (u64, u64),
        most: Option<u64>,
    ) -> Result<Self> {
        let count = process::answer(script(python).arg("count").arg(data))?;
        let count: Value = serde_json::from_str(&count).context("reading what quality.py counted")?;
        let count = count["rows"].as_u64().context("quality.py counted no rows")?;
        let whole = Parts::new(count, stop_from, test_from)?;
        let parts = most.map_or(whole, |most| whole.at_most(most));
        let mut prepare = script(python);
        prepare.arg("prepare").arg(data).arg(folder);
        process::answer(prepare.args([whole.to_argument(), parts.to_argument()]))?;
        let test = folder.join("test.tsv");
        let text = fs::read_to_string(&test).with_context(|| format!("reading {}", test.display()))?;
        let labels = text.lines().map(label).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            folder: folder.to_owned(),
            parts,
            labels,
        })
    }

    /// The files with all rows, in time order.
    pub(super) fn files(&self) -> [PathBuf; 3] {
        ["training.tsv", "stopping.tsv", "test.tsv"].map(|file| self.folder.join(file))
    }

    /// The file with the test rows without labels.
    pub(super) fn test_features(&self) -> PathBuf {
        self.folder.join("test-features.tsv")
    }
}

/// The file with the rows: the option's, else the variable's.
pub(super) fn data_file(option: Option<&Path>, variable: Option<&Path>) -> Result<PathBuf> {
    let Some(file) = option.or(variable) else {
        bail!(
            "this needs real Criteo rows, which are not part of the project: set CLICKLEAF_CRITEO=FILE or give \
             --data FILE, a raw Criteo TSV (label, 13 integers, 26 categories), plain or gzip, xz or zstd"
        );
    };
    file.canonicalize()
        .with_context(|| format!("opening the Criteo rows in {}", file.display()))
}

fn label(row: &str) -> Result<bool> {
    match row.split_once('\t') {
        Some(("1", _)) => Ok(true),
        Some(("0", _)) => Ok(false),
        _ => bail!("a test row begins with neither label, 0 or 1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rows_it_says_how_to_name_them() {
        let error = data_file(None, None).unwrap_err().to_string();
        assert!(
            error.contains("CLICKLEAF_CRITEO=FILE") && error.contains("--data FILE"),
            "{error}"
        );
        let error = data_file(Some(Path::new("no-such-rows.tsv")), None).unwrap_err();
        assert!(error.to_string().contains("no-such-rows.tsv"), "{error}");
    }

    #[test]
    fn the_option_wins_over_the_variable() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let found = data_file(Some(&manifest), Some(Path::new("no-such-rows.tsv"))).unwrap();
        assert_eq!(found, manifest.canonicalize().unwrap());
    }

    #[test]
    fn a_row_without_a_label_is_refused() {
        assert!(label("1\t2\t3").unwrap());
        assert!(!label("0\t").unwrap());
        assert!(label("\t2\t3").is_err());
        assert!(label("10").is_err());
    }
}
