//! The results page. It holds metrics only, no row of the data.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::bootstrap::RESAMPLES;
use super::parts::Parts;
use super::table::{self, Row};
use super::{REQUIREMENTS, THREADS};
use crate::bench::{machine, models, table::thousands, versions};
use crate::workspace;

/// What was compared, and on what.
#[derive(Debug)]
pub(super) struct Results {
    /// Contestants, ours first.
    pub(super) rows: Vec<Row>,
    /// Of all contestants.
    pub(super) seeds: Vec<u64>,
    /// The rows' parts.
    pub(super) parts: Parts,
    /// Share of clicks among the test rows.
    pub(super) rate: f64,
    /// One line.
    pub(super) machine: String,
    /// Year-month-day.
    pub(super) date: String,
    /// By name.
    pub(super) versions: BTreeMap<String, String>,
}

/// Versions of everything that trains.
pub(super) fn versions(python: &Path) -> Result<BTreeMap<String, String>> {
    let path = models::python(REQUIREMENTS);
    let pinned = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut found = BTreeMap::from([("ClickLeaf".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    for name in ["catboost", "lightgbm", "xgboost-cpu", "numpy", "pandas"] {
        found.insert(name.to_owned(), versions::required(&pinned, name)?);
    }
    let python = machine::said(std::process::Command::new(python.join("python")).arg("--version"));
    found.insert("Python".to_owned(), python);
    Ok(found)
}

/// Writes `docs/benchmarks/quality.md`.
pub(super) fn write(results: &Results) -> Result<()> {
    let folder = workspace::root().join("docs/benchmarks");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let page = folder.join("quality.md");
    fs::write(&page, text(results)?).with_context(|| format!("writing {}", page.display()))?;
    eprintln!("{}", page.display());
    Ok(())
}

/// One line: how many rows of each part, and clicks.
pub(super) fn split_line(results: &Results) -> String {
    let [training, stopping, test] = results.parts.0.map(thousands);
    format!(
        "{training} rows for training, {stopping} for early stopping, {test} for the test, of which {:.1} % are clicks; \
         {} each",
        100.0 * results.rate,
        match results.seeds.len() {
            1 => "one seed".to_owned(),
            seeds => format!("{seeds} seeds"),
        }
    )
}

fn text(results: &Results) -> Result<String> {
    let mut page = String::from(
        "# Quality of predictions, beside its peers\n\n\
         Written by `cargo xtask bench quality --write`; every number is of that one run.\n\n",
    );
    writeln!(page, "Measured on {} on {}.\n", results.date, results.machine)?;
    writeln!(page, "Real Criteo rows in time order: {}.\n", split_line(results))?;
    let datasets = results.rows.iter().filter_map(|row| row.outcome.as_ref().ok());
    if let Some(digest) = datasets
        .flat_map(|judged| &judged.runs)
        .find_map(|run| run.dataset.as_ref())
    {
        writeln!(page, "SHA-256 of the rows as text: `{digest}`.\n")?;
    }
    page.push_str(&table::render(&results.rows, &results.seeds));
    write!(
        page,
        "\n- **logloss, AUC, NE, ECE, pred/obs**: of the test rows, means over seeds. NE is logloss over the entropy of \
         the test rows' click rate, ECE has 20 bins of as many rows, pred/obs is mean predicted over mean observed.\n\
         - **ours − it**: difference of logloss; below zero ours is better. The interval is that of the paired bootstrap \
         over test rows, {} resamples of each row's loss averaged over seeds: it says what other test rows would do, \
         not what other seeds would.\n\
         - **fit s**: wall time from rows to the model, encoding included; reading text is not. Mean over seeds.\n\
         - **file B, served B**: the largest of all seeds; served is the fewer of the file's bytes and of its brotli of \
         quality 9, as the server sends it.\n\n## How\n\n\
         Everybody gets the same rows, seeds and {THREADS} threads, learns from the training rows, and stops early by the \
         logloss of the stopping rows, peers after 50 rounds without a better one of at most 1,500 with a rate of 0.05. \
         Nothing is chosen by the test rows: peers are given them without labels, and this project's \
         trainer has these only to report test metrics of its own. Contestants take turns, seed by seed. \
         Ours is this project's default recipe; its predictions are made by `clickleaf-export` from the exported file. \
         One program computes all metrics. The peers' parameters are in `bench/python/quality.py`.\n",
        thousands(RESAMPLES as u64)
    )?;
    let other: Vec<f64> = results
        .rows
        .iter()
        .filter_map(|row| row.outcome.as_ref().ok())
        .flat_map(|judged| judged.runs.iter().filter_map(|run| run.other_seconds))
        .collect();
    if !other.is_empty() {
        writeln!(
            page,
            "\nBesides its fit, ours took {:.1} s in the mean to read and check the rows, and to export, check, judge and \
             store the model.",
            super::metrics::mean(&other)
        )?;
    }
    page.push_str("\n## Versions\n\n| what | version |\n|---|---|\n");
    for (name, version) in &results.versions {
        writeln!(page, "| {name} | {version} |")?;
    }
    page.push_str(
        "\n## Again\n\n```sh\nCLICKLEAF_CRITEO=FILE cargo xtask bench quality            # the table\n\
         CLICKLEAF_CRITEO=FILE cargo xtask bench quality --write    # and this page\n```\n",
    );
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::three_rows;
    use super::*;

    #[test]
    fn the_page_says_what_was_measured_on_what_and_how() {
        let results = Results {
            rows: three_rows(),
            seeds: vec![1, 2],
            parts: Parts([88_000, 11_000, 11_000]),
            rate: 0.262,
            machine: "a machine".to_owned(),
            date: "2030-01-02".to_owned(),
            versions: [("catboost".to_owned(), "1.2.3".to_owned())].into(),
        };
        let page = text(&results).unwrap();
        for part in [
            "Measured on 2030-01-02 on a machine.",
            "88,000 rows for training, 11,000 for early stopping, 11,000 for the test, of which 26.2 % are clicks; 2 seeds each.",
            "| ClickLeaf |",
            "not run: OSError: no wheel / for this",
            "2,000 resamples",
            "| catboost | 1.2.3 |",
        ] {
            assert!(page.contains(part), "no {part} in\n{page}");
        }
    }

    #[test]
    fn every_peer_is_pinned() {
        let found = versions(Path::new("no-such-folder")).unwrap();
        assert!(found["catboost"].starts_with(|first: char| first.is_ascii_digit()));
        assert!(!found["lightgbm"].contains('\\'));
    }
}
