//! How much logloss a pair of values saves where an additive model is wrong.
//!
//! Rows with a value, or a pair, share a step of their log-odds: one of Newton's method from what the model leaves of the
//! value's rows in other folds, shrunk. A pair's step comes on top of those of its two values, and its gain is what it
//! saves on rows of the own fold beyond them, to second order, for which sums are enough.

use model_export::Cross;

use super::sample::{FOLDS, HALF, Sample};

/// Most buckets that pairs are hashed into.
const MAX_BUCKET_BITS: u32 = 18;
/// Rows that no step at all counts for, from which the best number is taken.
const SHRINK_ROWS: [f32; 4] = [10.0, 40.0, 160.0, 640.0];
/// Ways to do without the pair.
const BASES: usize = 2;
const NOBODY: u32 = u32::MAX;

/// What an additive model leaves of a row, or the sums of many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Evidence {
    /// `y - p`.
    pub(super) residual: f32,
    /// `p (1 - p)`.
    pub(super) hessian: f32,
}

/// What a pair saves in nats over all rows, and how.
pub(super) struct Gain {
    pub(super) saved: f64,
    base: usize,
    shrink: f32,
}

type Folds = [Evidence; FOLDS];
type Steps = [f32; FOLDS];

/// What the columns' own values save, and what pairs do beyond that.
pub(super) struct Judge<'a> {
    sample: &'a Sample,
    evidence: &'a [Evidence],
    /// Hessians that no step at all counts for.
    shrinks: [f32; SHRINK_ROWS.len()],
    /// Of each column, what its own values save, and their steps.
    columns: Vec<(f64, Vec<Steps>)>,
    bucket_bits: u32,
}

/// Sums by bucket, used again for each pair, and a row of each.
pub(super) struct Table {
    sums: Vec<Folds>,
    rows: Vec<u32>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(sample: &'a Sample, evidence: &'a [Evidence]) -> Self {
        let hessian: f64 = evidence.iter().map(|row| f64::from(row.hessian)).sum();
        let mean = hessian / evidence.len().max(1) as f64;
        let bits = usize::BITS - sample.rows().leading_zeros();
        let mut judge = Self {
            sample,
            evidence,
            shrinks: SHRINK_ROWS.map(|rows| rows * mean as f32),
            columns: Vec::new(),
            bucket_bits: bits.clamp(8, MAX_BUCKET_BITS),
        };
        judge.columns = (0..sample.values.len())
            .map(|column| judge.column(column))
            .collect();
        judge
    }

    /// Buckets for the pairs: about as many as rows, but at most 2^18.
    pub(super) fn table(&self) -> Table {
        Table {
            sums: vec![Folds::default(); 1 << self.bucket_bits],
            rows: vec![NOBODY; 1 << self.bucket_bits],
        }
    }

    /// What the pair saves beyond its columns' own values.
    pub(super) fn gain(&self, cross: Cross, table: &mut Table) -> Gain {
        self.fill(cross, table);
        let mut alone = [0.0_f64; BASES];
        let mut beyond = [[0.0_f64; SHRINK_ROWS.len()]; BASES];
        for (folds, row) in table
            .sums
            .iter()
            .zip(&table.rows)
            .filter(|(_, row)| **row != NOBODY)
        {
            let others = others(folds);
            for fold in (0..FOLDS).filter(|fold| folds[*fold].hessian > 0.0) {
                let (own, others) = (folds[fold], others[fold]);
                for (place, base) in self.bases(cross, *row, fold).into_iter().enumerate() {
                    let without = own.saved(base);
                    alone[place] += f64::from(without);
                    if others.hessian == 0.0 {
                        continue;
                    }
                    for (sum, shrink) in beyond[place].iter_mut().zip(self.shrinks) {
                        *sum += f64::from(own.saved(base + others.step(base, shrink)) - without);
                    }
                }
            }
        }
        let mut gain = Gain {
            saved: f64::NEG_INFINITY,
            base: 0,
            shrink: 0.0,
        };
        for (base, sums) in beyond.iter().enumerate() {
            for (beyond, shrink) in sums.iter().zip(self.shrinks) {
                let saved = alone[base] + beyond;
                if saved > gain.saved {
                    (gain.saved, gain.base, gain.shrink) = (saved, base, shrink);
                }
            }
        }
        gain.saved -= alone.into_iter().fold(f64::NEG_INFINITY, f64::max);
        gain
    }

    /// Of each row, the step of its pair beyond those of its columns' own values.
    pub(super) fn direction(&self, cross: Cross, gain: &Gain, table: &mut Table) -> Vec<f32> {
        self.fill(cross, table);
        let rows = self.sample.folds.iter().enumerate();
        let steps = rows.map(|(row, fold)| {
            let fold = usize::from(*fold);
            let base = self.bases(cross, row as u32, fold)[gain.base];
            others(&table.sums[self.bucket(cross, row)])[fold].step(base, gain.shrink)
        });
        steps.collect()
    }

    /// Of each row, the step of its own value in a column.
    pub(super) fn column_direction(&self, column: usize) -> Vec<f32> {
        let rows = self.sample.values[column].rows.iter().zip(&self.sample.folds);
        let steps = &self.columns[column].1;
        rows.map(|(value, fold)| steps[*value as usize][usize::from(*fold)])
            .collect()
    }

    fn fill(&self, cross: Cross, table: &mut Table) {
        table.sums.fill(Folds::default());
        table.rows.fill(NOBODY);
        for (row, (evidence, fold)) in self.evidence.iter().zip(&self.sample.folds).enumerate() {
            let bucket = self.bucket(cross, row);
            table.sums[bucket][usize::from(*fold)].add(*evidence);
            table.rows[bucket] = row as u32;
        }
    }

    fn bucket(&self, cross: Cross, row: usize) -> usize {
        let [first, second] = cross.columns().map(|column| self.sample.values[column].rows[row]);
        let hash = first.wrapping_mul(0x9e37_79b1) ^ second.wrapping_mul(0x85eb_ca6b);
        let hash = (hash ^ (hash >> 15)).wrapping_mul(0xc2b2_ae35);
        (hash >> (u32::BITS - self.bucket_bits)) as usize
    }

    /// What a row's log-odds may be moved by without the pair: the step of the column that saves more, or both steps.
    fn bases(&self, cross: Cross, row: u32, fold: usize) -> [f32; BASES] {
        let columns = cross.columns();
        let [first, second] = columns.map(|column| {
            let value = self.sample.values[column].rows[row as usize];
            self.columns[column].1[value as usize][fold]
        });
        let better = if self.columns[columns[1]].0 > self.columns[columns[0]].0 {
            second
        } else {
            first
        };
        [better, first + second]
    }

    /// What a column's own values save with the best shrinkage, and their steps.
    fn column(&self, column: usize) -> (f64, Vec<Steps>) {
        let values = &self.sample.values[column];
        let mut sums = vec![Folds::default(); values.len()];
        for ((value, fold), evidence) in values.rows.iter().zip(&self.sample.folds).zip(self.evidence) {
            sums[*value as usize][usize::from(*fold)].add(*evidence);
        }
        let with_shrink = |shrink: f32| {
            let mut saved = 0.0_f64;
            let steps: Vec<Steps> = sums
                .iter()
                .map(|folds| {
                    let steps = others(folds).map(|others| others.step(0.0, shrink));
                    saved += folds
                        .iter()
                        .zip(steps)
                        .map(|(own, step)| f64::from(own.saved(step)))
                        .sum::<f64>();
                    steps
                })
                .collect();
            (saved, steps)
        };
        let none = (0.0, vec![Steps::default(); values.len()]);
        self.shrinks
            .into_iter()
            .map(with_shrink)
            .fold(none, |best, found| if found.0 > best.0 { found } else { best })
    }
}

impl Evidence {
    fn add(&mut self, row: Self) {
        self.residual += row.residual;
        self.hessian += row.hessian;
    }

    /// One step of Newton's method after a move by `base`.
    fn step(self, base: f32, shrink: f32) -> f32 {
        (self.residual - self.hessian * base) / (self.hessian + shrink)
    }

    /// Of the logloss, by a step of the log-odds.
    fn saved(self, step: f32) -> f32 {
        step * (self.residual - 0.5 * self.hessian * step)
    }
}

/// For each fold the sums of the other folds of its half.
fn others(folds: &Folds) -> Folds {
    let (halves, _) = folds.as_chunks::<HALF>();
    let mut others = Folds::default();
    for (half, chunk) in halves.iter().enumerate() {
        for own in 0..HALF {
            for (other, evidence) in chunk.iter().enumerate() {
                if other != own {
                    others[half * HALF + own].add(*evidence);
                }
            }
        }
    }
    others
}
