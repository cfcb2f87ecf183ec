//! An engine that is made when it pays.
//!
//! Invariant: margins are those of the ensemble that is given with every call, which must always be the same one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Engine;
use crate::ensemble::Ensemble;

/// Rows that the plain evaluator is asked for first: laying out the trees takes as long as some hundred of them, and many
/// a page asks for a few only.
const PLAIN_ROWS: usize = 16;

/// Any two are equal: they follow from the ensemble they stand beside.
#[derive(Debug, Default)]
pub(crate) struct LazyEngine {
    engine: OnceLock<Engine>,
    /// How many the plain evaluator was asked for.
    rows: AtomicUsize,
}

impl LazyEngine {
    /// As [`Engine::margins`].
    pub(crate) fn margins(&self, ensemble: &Ensemble, rows: &[f32], out: &mut [f32]) {
        let (features, groups) = (ensemble.features(), ensemble.groups());
        let count = rows.len() / features;
        assert!(rows.len() == count * features, "the last row is not whole");
        assert!(out.len() == count * groups, "each row has a margin of each group");
        if self.engine.get().is_none() && self.rows.fetch_add(count, Ordering::Relaxed) + count <= PLAIN_ROWS
        {
            for (row, out) in rows.chunks_exact(features).zip(out.chunks_exact_mut(groups)) {
                ensemble.margins(row, out);
            }
            return;
        }
        self.by_engine(ensemble, rows, out);
    }

    /// Apart from the rest, which a browser compiles sooner alone.
    #[inline(never)]
    fn by_engine(&self, ensemble: &Ensemble, rows: &[f32], out: &mut [f32]) {
        self.made(ensemble).margins(rows, out);
    }

    /// The engine, made now if it was not yet.
    pub(crate) fn made(&self, ensemble: &Ensemble) -> &Engine {
        self.engine.get_or_init(|| Engine::new(ensemble))
    }
}

impl Clone for LazyEngine {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            rows: AtomicUsize::new(self.rows.load(Ordering::Relaxed)),
        }
    }
}

impl PartialEq for LazyEngine {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
