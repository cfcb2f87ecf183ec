//! What is known of the rows of a block.

use super::super::Engine;
use super::super::part::{ALWAYS, Part};
use super::answers::Scratch;
use super::{Bits, ROWS};
use crate::ensemble::Ensemble;

pub(super) struct Block {
    /// By condition: the rows that meet it. Then what programs compute on the way.
    pub(super) met: Vec<Bits>,
    /// By group: the margin of each row, at its position.
    pub(super) margins: Vec<[f32; ROWS]>,
    pub(super) scratch: Box<Scratch>,
    position: fn(usize) -> usize,
}

impl Block {
    /// Room for the engine's largest part.
    pub(super) fn new(engine: &Engine) -> Self {
        let rows_of_bits = engine.parts.iter().map(|part| match part {
            Part::Shared(shared) => shared.conditions + shared.programs().registers(),
            Part::Plain(_) => 0,
        });
        let mut met = vec![Bits::NONE; rows_of_bits.max().unwrap_or(0)];
        if let Some(always) = met.get_mut(usize::from(ALWAYS)) {
            *always = Bits::ALL;
        }
        Self {
            met,
            margins: vec![[0.0; ROWS]; engine.base_margins.len()],
            scratch: Scratch::new(),
            position: super::position(engine.kernel),
        }
    }

    pub(super) fn start(&mut self, base_margins: &[f32]) {
        for (margins, base) in self.margins.iter_mut().zip(base_margins) {
            margins.fill(*base);
        }
    }

    /// Adds the leaves that rows reach by the plain evaluator.
    pub(super) fn add_plain(&mut self, ensemble: &Ensemble, rows: &[f32], features: usize) {
        let mut margins = vec![0.0; self.margins.len()];
        for (row, values) in rows.chunks_exact(features).enumerate() {
            let position = (self.position)(row);
            for (margin, group) in margins.iter_mut().zip(&self.margins) {
                *margin = group[position];
            }
            ensemble.add_margins(values, &mut margins);
            for (margin, group) in margins.iter().zip(&mut self.margins) {
                group[position] = *margin;
            }
        }
    }

    /// Writes the margins of each row one after the other.
    pub(super) fn finish(&self, out: &mut [f32]) {
        for (row, out) in out.chunks_exact_mut(self.margins.len()).enumerate() {
            let position = (self.position)(row);
            for (out, margins) in out.iter_mut().zip(&self.margins) {
                *out = margins[position];
            }
        }
    }
}
