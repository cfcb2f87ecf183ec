//! What was measured. Times are kept per round, so that ratios compare what ran at the same time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::agreement;
use super::builds::Builds;
use super::engines::{Agreement, Engine};
use super::hosts::Hosts;
use super::rounds::Plan;
use super::sizes::{self, Sizes};

/// Rows that are also evaluated one at a time and compared.
const SINGLES: usize = 1000;

/// Everything of a run.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) machine: String,
    pub(super) date: String,
    pub(super) plan: Plan,
    /// The core everything was pinned to.
    pub(super) core: Option<usize>,
    pub(super) models: Vec<Model>,
    /// Of engines and tools, by name.
    pub(super) versions: BTreeMap<String, String>,
    pub(super) rows: Vec<Row>,
}

/// Trees and nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) trees: u64,
    pub(super) nodes: u64,
}

/// A reference model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// Of our file: what is other than in the one that is measured, and its bytes.
    pub(super) forms: Vec<(String, u64)>,
}

/// One engine with one model.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) engine: &'static Engine,
    pub(super) shape: Shape,
    /// Why it has no times.
    pub(super) not_run: Option<String>,
    /// Why it has no load time, where that is all it lacks.
    pub(super) not_loaded: Option<String>,
    pub(super) agreement: String,
    pub(super) file: PathBuf,
    pub(super) code: Option<PathBuf>,
    pub(super) sizes: Sizes,
    /// Of its WebAssembly.
    pub(super) code_sizes: Option<Sizes>,
    /// ns per row and tree, one for each round.
    pub(super) batch: Vec<f64>,
    /// ns per call, one for each round.
    pub(super) single: Vec<f64>,
    /// ns from bytes to the first prediction, one for each round.
    pub(super) load: Vec<f64>,
    /// ns from the start of a navigation to the first prediction.
    pub(super) navigation: Vec<f64>,
}

impl Row {
    /// Nothing measured yet.
    pub(super) fn new(model: &str, engine: &'static Engine, shape: Shape, file: PathBuf) -> Self {
        Self {
            model: model.to_owned(),
            engine,
            shape,
            not_run: None,
            not_loaded: None,
            agreement: String::new(),
            file,
            code: None,
            sizes: Sizes::default(),
            code_sizes: None,
            batch: Vec::new(),
            single: Vec::new(),
            load: Vec::new(),
            navigation: Vec::new(),
        }
    }

    /// Loads the model and compares its predictions with XGBoost's: of all rows at once, and of some one by one.
    pub(super) fn open(
        &mut self,
        hosts: &mut Hosts,
        builds: &Builds,
        expected: &[f32],
        work: &Path,
    ) -> Result<()> {
        self.code = builds.code(self.engine)?;
        self.sizes = sizes::of(&self.file)?;
        self.code_sizes = self.code.as_deref().map(sizes::of).transpose()?;
        if self.engine.agreement == Agreement::OwnModel {
            let path = self.file.with_extension("nodes");
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            self.shape.nodes = text.trim().parse().context("reading its number of nodes")?;
        }
        let request = json!({ "file": self.file, "code": self.code });
        hosts.ask(self.engine, "open", request)?;
        let (batch, single) = (work.join("batch.f32"), work.join("single.f32"));
        let singles = expected.len().min(SINGLES);
        let request = json!({ "batch": batch, "single": single, "singles": singles });
        hosts.ask(self.engine, "predict", request)?;
        let check = |path: &Path, expected: &[f32]| {
            agreement::check(self.engine.agreement, &agreement::read_values(path)?, expected)
        };
        self.agreement = check(&batch, expected)?;
        check(&single, &expected[..singles]).context("one row at a time")?;
        Ok(())
    }

    /// Of the smallest of its forms.
    pub(super) fn bytes_per_node(&self) -> f64 {
        self.sizes.smallest() as f64 / self.shape.nodes as f64
    }

    fn to_json(&self) -> Value {
        json!({
            "model": self.model,
            "engine": self.engine.id,
            "name": self.engine.name,
            "wasm": self.engine.in_wasm(),
            "ours": self.engine.is_ours(),
            "not_run": self.not_run,
            "not_loaded": self.not_loaded,
            "agreement": self.agreement,
            "nodes": self.shape.nodes,
            "bytes": self.sizes.to_json(),
            "code_bytes": self.code_sizes.map(Sizes::to_json),
            "batch_ns_per_row_and_tree": self.batch,
            "single_ns": self.single,
            "load_ns": self.load,
            "navigation_ns": self.navigation,
        })
    }
}

impl Results {
    /// The row of an engine with a model, if it has times.
    pub(super) fn row(&self, model: &str, engine: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.model == model && row.engine.id == engine && row.not_run.is_none())
    }

    /// Everything, for the chart and for whoever wants to compute something else.
    pub(super) fn to_json(&self) -> Value {
        let models = self.models.iter().map(|model| {
            json!({
                "name": model.name,
                "trees": model.shape.trees,
                "nodes": model.shape.nodes,
                "forms": model.forms,
            })
        });
        json!({
            "machine": self.machine,
            "date": self.date,
            "core": self.core,
            "rows": self.plan.rows,
            "rounds": self.plan.rounds,
            "models": models.collect::<Vec<_>>(),
            "versions": self.versions,
            "results": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
        })
    }
}

/// The middle value; of an even number the mean of the two middle ones; `None` of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 {
        upper
    } else {
        (sorted[middle - 1] + upper) / 2.0
    })
}

/// How many times longer `slow` took than `fast`: the median over the rounds.
pub(super) fn ratio(slow: &[f64], fast: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = slow.iter().zip(fast).map(|(slow, fast)| slow / fast).collect();
    median(&ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_is_of_rounds_not_of_medians() {
        // The machine slows down threefold in the second round, for both.
        assert_eq!(ratio(&[10.0, 30.0, 12.0], &[5.0, 15.0, 6.0]), Some(2.0));
        assert_eq!(ratio(&[10.0], &[]), None);
    }
}
