//! Thresholds of one feature, each drawn as often as it is used.
//!
//! How often each threshold is used is known before the trees. A split takes one of the uses that are left, all of
//! which are as likely.

use super::pool::Pool;
use crate::format::coder::{Bit, Coder};

/// The uses of a feature's thresholds.
pub(super) struct Uses {
    pool: Pool,
    thresholds: usize,
    /// Sums of all uses to the power of 1.5, which is about how many rows lie near a threshold.
    weights: Vec<f64>,
}

impl Uses {
    pub(super) fn new(uses: &[u32]) -> Self {
        let mut weights = Vec::with_capacity(uses.len() + 1);
        let mut weight = 0.0;
        weights.push(weight);
        for uses in uses {
            weight += f64::from(*uses) * f64::from(*uses).sqrt();
            weights.push(weight);
        }
        Self {
            pool: Pool::new(uses),
            thresholds: uses.len(),
            weights,
        }
    }

    /// Uses that are left.
    pub(super) fn left(&self) -> u32 {
        self.pool.left()
    }

    /// Draws a threshold, of which there must be one left. The ancestors of the split leave those from `low` up to
    /// before `high`, unless `outside` tells otherwise. Returns its index, and the estimated share of the rows
    /// between these limits that lie below it.
    pub(super) fn draw(
        &mut self,
        coder: &mut impl Coder,
        outside: &mut Bit,
        (low, high): (usize, usize),
        given: usize,
    ) -> Result<(usize, f64), &'static str> {
        let below_low = self.pool.sum(low);
        let between = if low < high {
            self.pool.sum(high) - below_low
        } else {
            0
        };
        let within = |index: usize| low <= index && index < high;
        let is_outside = match between {
            0 => true,
            between if between == self.pool.left() => false,
            _ => coder.bit(outside, !within(given)),
        };
        let (before, total, limits) = if is_outside {
            (0, self.pool.left(), (0, self.thresholds))
        } else {
            (below_low, between, (low, high))
        };
        let index = self.pool.draw(coder, before, total, given);
        if is_outside && within(index) {
            return Err("a threshold is where it was said not to be");
        }
        let (low, high) = limits;
        let below = self.weights[index] + self.weights[index + 1] - 2.0 * self.weights[low];
        let all = 2.0 * (self.weights[high] - self.weights[low]);
        Ok((index, below / all))
    }
}
