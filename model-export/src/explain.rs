//! What each feature adds to a margin: exact Shapley values of one row, as XGBoost's `pred_contribs` gives them.
//!
//! A feature's value is the mean, over all orders in which features become known, of how much knowing it changes the
//! margin; a split on a feature that is not known goes both ways, weighted by cover (path-dependent TreeSHAP, Lundberg
//! et al. 2018). `explain/walk.rs` has the formula that makes one walk over each tree enough.
//!
//! Invariant: contributions and bias add up to the margin, but for rounding; only `+`, `-`, `*` and `/` on `f64` in a
//! fixed order are used, so the same row gives the same bits on every platform.

mod rule;
mod walk;

use thiserror::Error;

use crate::encoder::MAX_WIDTH;
use crate::ensemble::Ensemble;
use crate::feature_model::FeatureModel;
use crate::model::Model;
use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row};

const COLUMNS: usize = INTEGER_COLUMNS + CATEGORY_COLUMNS;

/// Why a margin can't be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The trees come without the sums of hessians that weight both sides of a split.
    #[error("the model has no covers, which explanations need")]
    NoCovers,
    /// There is no such margin.
    #[error("the model has {groups} groups; there is no group {group}")]
    NoGroup {
        /// The one asked for.
        group: usize,
        /// Groups of the model.
        groups: usize,
    },
}

impl Ensemble {
    /// Writes to `out` what each feature adds to the margin of `group`, then the bias: the mean margin by covers.
    ///
    /// NaN is missing. Panics when `features` is shorter than [`Ensemble::features`] or `out` is not one longer.
    pub fn contributions(&self, features: &[f32], group: usize, out: &mut [f32]) -> Result<(), ExplainError> {
        assert!(
            out.len() == self.features() + 1,
            "contributions are one more than the features"
        );
        for (out, sum) in out.iter_mut().zip(walk::explain(self, features, group)?) {
            *out = sum as f32;
        }
        Ok(())
    }
}

impl FeatureModel {
    /// As [`Ensemble::contributions`].
    pub fn contributions(&self, features: &[f32], group: usize, out: &mut [f32]) -> Result<(), ExplainError> {
        self.ensemble().contributions(features, group, out)
    }
}

impl Model {
    /// What each column of a row adds to its margin.
    pub fn contributions(&self, row: &Row) -> Result<Contributions, ExplainError> {
        let mut features = [0.0; MAX_WIDTH];
        let sums = walk::explain(self.ensemble(), self.encoded(row, &mut features), 0)?;
        let (integers, rest) = sums.split_at(INTEGER_COLUMNS);
        let (pairs, bias) = rest.split_at(rest.len() - 1);
        let (categories, crosses) = pairs.split_at(2 * CATEGORY_COLUMNS);
        let mut columns = [0.0; COLUMNS];
        columns[..INTEGER_COLUMNS].copy_from_slice(integers);
        for (column, pair) in columns[INTEGER_COLUMNS..]
            .iter_mut()
            .zip(categories.chunks_exact(2))
        {
            *column = pair[0] + pair[1];
        }
        for (cross, pair) in self
            .encoder()
            .config()
            .crosses
            .iter()
            .zip(crosses.chunks_exact(2))
        {
            for column in cross.columns() {
                columns[column] += (pair[0] + pair[1]) / 2.0;
            }
        }
        Ok(Contributions {
            columns: columns.map(|column| column as f32),
            bias: bias[0] as f32,
        })
    }
}

/// What makes up a click model's margin, in log-odds. All values add up to it, but for rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contributions {
    /// Of each feature column in the order of [`column_names`](crate::column_names): a category's is the sum of what
    /// its target mean and its log count add. What a cross adds is half each of its two columns'.
    pub columns: [f32; 39],
    /// The margin where nothing is known of a row: the mean over the training rows, weighted by their hessians.
    pub bias: f32,
}

impl Contributions {
    /// Indices of the columns, those that add or take most first, equal ones in the order of the columns.
    pub fn by_magnitude(&self) -> [usize; 39] {
        let mut order: [usize; COLUMNS] = std::array::from_fn(|column| column);
        // An insertion sort: the page would carry several times the code for the general one.
        for end in 1..COLUMNS {
            let mut at = end;
            while at > 0 && self.columns[order[at - 1]].abs() < self.columns[order[at]].abs() {
                order.swap(at - 1, at);
                at -= 1;
            }
        }
        order
    }
}

#[cfg(test)]
mod tests;
