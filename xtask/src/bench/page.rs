//! The results page and its chart.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::results::Results;
use super::{claims, models, table};
use crate::{process, tools, workspace};

/// The model of the chart.
const CHART_MODEL: &str = "M";

/// Writes `docs/benchmarks/inference.md`, and `inference.svg` from the samples in `samples`.
pub(super) fn write(results: &Results, samples: &Path, python: &Path) -> Result<()> {
    let folder = workspace::root().join("docs/benchmarks");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let page = folder.join("inference.md");
    fs::write(&page, text(results)?).with_context(|| format!("writing {}", page.display()))?;
    let chart = folder.join("inference.svg");
    let mut command = Command::new(python.join("python"));
    command
        .arg(models::python("chart.py"))
        .args([samples, Path::new(CHART_MODEL), &chart])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    process::run(&mut command)?;
    eprintln!("{} and {}", page.display(), chart.display());
    Ok(())
}

fn text(results: &Results) -> Result<String> {
    let mut page = String::from(
        "# Inference, beside its peers\n\n\
         Written by `cargo xtask bench inference --write`; every number and every ratio is of that one run.\n\n\
         ![Time and size of the model M](inference.svg)\n\n",
    );
    writeln!(page, "Measured on {} on {}.\n", results.date, results.machine)?;
    page.push_str("## The models\n\n| model | trees | nodes |\n|---|---:|---:|\n");
    for model in &results.models {
        let (trees, nodes) = (model.shape.trees, model.shape.nodes);
        writeln!(
            page,
            "| {} | {} | {} |",
            model.name,
            table::thousands(trees),
            table::thousands(nodes)
        )?;
    }
    page.push_str(
        "\nXGBoost `hist`, `binary:logistic`, depth 6 (S) and 8 (M, L), `max_bin` 256, on 200,000 generated rows of 39 \
         numeric columns of which a tenth is missing (`bench/python/reference.py`).\n\n## The table\n\n",
    );
    page.push_str(&table::render(results));
    page.push_str(LEGEND);
    notes(results, &mut page)?;
    for model in &results.models {
        writeln!(page, "\n## {}: the ratios that matter\n", model.name)?;
        for line in claims::lines(results, &model.name) {
            writeln!(page, "- {line}")?;
        }
    }
    method(results, &mut page)?;
    page.push_str("\n## Versions\n\n| what | version |\n|---|---|\n");
    for (name, version) in &results.versions {
        writeln!(page, "| {name} | {version} |")?;
    }
    page.push_str(
        "\n## Again\n\n```sh\ncargo xtask bench inference            # the table\n\
         cargo xtask bench inference --write    # and this page\n```\n\n\
         Models and peers are kept in the cache folder; the first run trains and installs them.\n",
    );
    Ok(page)
}

const LEGEND: &str = "\n\
- **raw B, gzip -9, brotli -11**: bytes of the file that the engine loads; **B/node**: the smallest of them, per node.\n\
- **stored ×, served ×, load ×, row ×, batch ×**: how many times smaller (raw; smallest of the three) or faster ours is, \
  in the same setting: native beside native, WebAssembly beside WebAssembly with SIMD128.\n\
- **load ms**: from the file's bytes in memory to the first prediction. Native: in the process, libraries loaded. \
  WebAssembly: in Chromium started anew each time, from the bytes of code and model, JavaScript already loaded.\n\
- **row µs**: one row per call. **batch ns**: per row and tree, all rows in one call, from rows of `f32` to predictions: \
  binning and whatever else an engine does to rows is included.\n\
- **XGBoost ÷**: how many times faster in batch than native XGBoost's `inplace_predict`.\n\
- **code brotli**: bytes of the engine's WebAssembly after brotli -11.\n";

fn notes(results: &Results, page: &mut String) -> Result<()> {
    page.push_str("\nHow predictions agree with XGBoost's margins:\n\n");
    for row in &results.rows {
        let setting = if row.engine.in_wasm() {
            " in WebAssembly"
        } else {
            ""
        };
        let said = match (&row.not_run, &row.not_loaded) {
            (Some(why), _) => format!("not run: {why}"),
            (None, Some(why)) => format!("{}; not loaded in the browser: {why}", row.agreement),
            (None, None) => row.agreement.clone(),
        };
        writeln!(page, "- {}, {}{setting}: {said}", row.model, row.engine.name)?;
    }
    Ok(())
}

fn method(results: &Results, page: &mut String) -> Result<()> {
    let core = match results.core {
        Some(core) => format!("pinned to core {core}"),
        None => "not pinned to a core".to_owned(),
    };
    write!(
        page,
        "\n## How\n\n\
         Every engine has one thread and waits in a process {core}; one works at a time. After warming up, every \
         engine is timed in turn, {} rounds of all engines, with {} rows. A batch is measured in CPU time of its \
         process, single rows and loads in elapsed time; single rows in blocks of ten calls. A number is the median of \
         the rounds' medians, a ratio the median of the rounds' ratios. Browsers are not pinned and are started {} times \
         for each engine, which is loaded a second after the page, when the start of the browser is over. Before it is \
         timed, every engine's predictions of all rows are compared with XGBoost's.\n\n\
         Rows go in as each engine takes them, from row-major `f32`: `gbdt` and `ydf-inference` get rows of their own \
         types, `TL2cgen` unions, and making these counts. `ydf-inference` can't read XGBoost's models and evaluates one \
         that YDF trained on the same rows with as many trees of the same depth. `hessboost` and `gbdt` in WebAssembly \
         are compiled like ours, with `opt-level` 3, link-time optimisation and `wasm-opt -O3 {}`.\n",
        results.plan.rounds,
        results.plan.rows,
        results.plan.loads,
        tools::KEPT_APART
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::engines::ENGINES;
    use crate::bench::results::{Model, Row, Shape};
    use crate::bench::rounds::Plan;

    fn measured(engine: &str, batch: f64, raw: u64) -> Row {
        let engine = ENGINES.iter().find(|known| known.id == engine).unwrap();
        let shape = Shape {
            trees: 300,
            nodes: 1000,
        };
        let mut row = Row::new("M", engine, shape, "M.file".into());
        (row.batch, row.single, row.load) = (vec![batch, batch], vec![1000.0], vec![2e6]);
        row.agreement = "margins equal XGBoost's bit for bit".to_owned();
        (row.sizes.raw, row.sizes.gzip, row.sizes.brotli) = (raw, raw, raw);
        row
    }

    #[test]
    fn the_page_has_every_engine_and_says_why_one_was_not_run() {
        let mut refused = measured("tl2cgen", 1.0, 1);
        refused.not_run = Some("OSError: gcc | not found".to_owned());
        let rows = vec![
            measured("ours", 0.5, 2_500),
            measured("xgboost-inplace", 25.0, 36_000),
            measured("hessboost", 4.75, 9_600),
            refused,
        ];
        let shape = rows[0].shape;
        let results = Results {
            machine: "a machine".to_owned(),
            date: "2030-01-02".to_owned(),
            plan: Plan::of(false),
            core: Some(1),
            models: vec![Model {
                name: "M".to_owned(),
                shape,
                forms: vec![("leaves of 16 bits".to_owned(), 1_700)],
            }],
            versions: [("hessboost".to_owned(), "1.2.3".to_owned())].into(),
            rows,
        };
        let page = text(&results).unwrap();
        for part in [
            "Measured on 2030-01-02 on a machine.",
            "| M | 300 | 1,000 |",
            "| not run: OSError: gcc / not found |",
            "- 2,500 bytes: 2.50 per node as stored",
            "- 1,700 bytes with leaves of 16 bits: 1.70 per node as stored",
            "UBJSON file, as stored: 0.069 of them, 1/14.4",
            "native batch, beside XGBoost inplace_predict: 50.0 ×",
            "native batch, beside the best peer, hessboost: 9.50 ×",
            "pinned to core 1;",
            "| hessboost | 1.2.3 |",
        ] {
            assert!(page.contains(part), "no {part} in\n{page}");
        }
        assert!(
            !page.contains("onnxruntime-web:"),
            "what was not measured has no ratio"
        );
    }
}
