//! The fast evaluator: trees laid out for one row and for many.
//!
//! Invariant: every margin has the bits that [`Ensemble::margins`] gives, whichever kernel computes it.

mod batch;
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )),
    allow(
        dead_code,
        unused_imports,
        reason = "blocks are compared by vector instructions only"
    )
)]
mod blocks;
mod categories;
mod column;
mod conditions;
mod kernel;
mod layout;
mod lazy;
mod part;
mod single;
mod thresholds;

pub use kernel::Kernel;
pub(crate) use lazy::LazyEngine;

use crate::ensemble::Ensemble;
use part::Part;

/// An ensemble laid out for evaluation.
///
/// Splits that ask the same of a row share one condition. For one row, fifteen splits of a tree are compared at a time.
/// Many rows are taken 512 at a time: each condition becomes a bit for each row, and each tree a network of choices
/// between words of such bits, which yields the index of the leaf that each row reaches.
#[derive(Clone, Debug)]
pub struct Engine {
    features: usize,
    base_margins: Box<[f32]>,
    parts: Vec<Part>,
    kernel: Kernel,
}

impl Engine {
    /// Lays out the trees for the fastest kernel that runs here.
    ///
    /// Takes time and memory in proportion to the number of nodes.
    pub fn new(ensemble: &Ensemble) -> Self {
        Self::laid_out(ensemble, Kernel::fastest())
    }

    /// As [`Engine::new`] with a kernel of choice; `None` where that doesn't run.
    pub fn with_kernel(ensemble: &Ensemble, kernel: Kernel) -> Option<Self> {
        kernel.runs().then(|| Self::laid_out(ensemble, kernel))
    }

    fn laid_out(ensemble: &Ensemble, kernel: Kernel) -> Self {
        Self {
            features: ensemble.features(),
            base_margins: ensemble.base_margins().into(),
            parts: part::parts(ensemble, kernel),
            kernel,
        }
    }

    /// What computes margins.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Writes the margins of one row, one for each group.
    ///
    /// NaN is missing. Panics when `features` is shorter than [`Ensemble::features`] or `out` than
    /// [`Ensemble::groups`].
    pub fn margin_row(&self, features: &[f32], out: &mut [f32]) {
        let features = &features[..self.features];
        let out = &mut out[..self.base_margins.len()];
        out.copy_from_slice(&self.base_margins);
        for part in &self.parts {
            part.add_row(self.kernel, features, out);
        }
    }

    /// Writes the margins of many rows: `rows` has the features of each row one after the other, `out` gets the margins
    /// of each row one after the other.
    ///
    /// NaN is missing. Panics unless `rows` holds whole rows and `out` has one place for each margin of them.
    pub fn margins(&self, rows: &[f32], out: &mut [f32]) {
        let (features, groups) = (self.features, self.base_margins.len());
        let count = rows.len() / features;
        assert!(rows.len() == count * features, "the last row is not whole");
        assert!(out.len() == count * groups, "each row has a margin of each group");
        let in_blocks = batch::rows_in_blocks(self, count);
        let (block_rows, single_rows) = rows.split_at(in_blocks * features);
        let (block_out, single_out) = out.split_at_mut(in_blocks * groups);
        batch::margins(self, block_rows, block_out);
        for (row, out) in single_rows
            .chunks_exact(features)
            .zip(single_out.chunks_exact_mut(groups))
        {
            self.margin_row(row, out);
        }
    }
}
