//! One walk over each tree that adds up what every feature contributes.
//!
//! Let `d` features be split on along the path to a leaf of value `v`. For each, `o` is 1 when the row goes along all
//! of the feature's splits on the path and 0 otherwise, and `z` is the product of the shares of cover that go along
//! them. With the features of a set known, the leaf counts with `o` of those and `z` of the others, and Shapley's
//! weight of a set of `k` of the `d - 1` others, `k! (d - 1 - k)! / d!`, is the integral of `t^k (1 - t)^(d - 1 - k)`
//! over (0, 1). So the sum over all sets becomes an integral of a product:
//!
//! ```text
//! contribution of i = v (o_i - z_i) ∫ Π_{j ≠ i} (o_j t + z_j (1 - t)) dt
//! ```
//!
//! Its integrand is a polynomial of degree `d - 1`, which Gauss and Legendre's rule integrates exactly with `d / 2`
//! points. At each point the walk down keeps the product of all factors, and the walk up adds it over the leaves of
//! each subtree, so a node costs a few operations a point and never a loop over its path. No factor of a followed
//! feature is below `t`, and the others cancel, so nothing is ever divided by a number near zero.

use super::ExplainError;
use super::rule::{Points, rule};
use crate::ensemble::{Ensemble, FlatNode};

/// Four numbers, one for each of the points that a walk takes at once.
#[derive(Clone, Copy)]
pub(super) struct Lanes(pub(super) [f64; 4]);

impl Lanes {
    const ZERO: Self = Self([0.0; 4]);
    const ONE: Self = Self([1.0; 4]);

    // Written out: the page is compiled for size and would loop.
    fn plus(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a + e, b + f, c + g, d + h])
    }

    fn minus(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a - e, b - f, c - g, d - h])
    }

    fn times(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a * e, b * f, c * g, d * h])
    }

    fn scaled(self, by: f64) -> Self {
        let [a, b, c, d] = self.0;
        Self([a * by, b * by, c * by, d * by])
    }

    fn inverse(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([1.0 / a, 1.0 / b, 1.0 / c, 1.0 / d])
    }

    fn sum(self) -> f64 {
        let [a, b, c, d] = self.0;
        (a + b) + (c + d)
    }
}

/// What the path has of a feature so far.
#[derive(Clone, Copy)]
struct Known {
    /// Whether the row goes along all of the feature's splits on the path; nothing else is needed once it does not.
    followed: bool,
    /// `z`.
    share: f64,
    /// One over the feature's factor, `1 / (t + z (1 - t))`.
    inverse: Lanes,
}

/// A feature that the path has not split on.
const NOT_SPLIT: Known = Known {
    followed: true,
    share: 1.0,
    inverse: Lanes::ONE,
};

struct Walk<'a> {
    ensemble: &'a Ensemble,
    nodes: &'a [FlatNode],
    covers: &'a [f32],
    row: &'a [f32],
    points: Points,
    /// By feature.
    path: Vec<Known>,
    /// By feature.
    sums: Vec<f64>,
}

/// What each feature adds to the margin of `group`, then the bias.
pub(super) fn explain(ensemble: &Ensemble, row: &[f32], group: usize) -> Result<Vec<f64>, ExplainError> {
    let features = ensemble.features();
    assert!(row.len() >= features, "the row has too few features");
    let (nodes, covers) = (ensemble.flat_nodes(), ensemble.covers());
    if covers.len() != nodes.len() {
        return Err(ExplainError::NoCovers);
    }
    let Some(base_margin) = ensemble.base_margins().get(group) else {
        let groups = ensemble.groups();
        return Err(ExplainError::NoGroup { group, groups });
    };
    let mut rule_now = rule(1);
    let mut walk = Walk {
        ensemble,
        nodes,
        covers,
        row,
        points: rule_now[0],
        path: vec![NOT_SPLIT; features],
        sums: vec![0.0; features + 1],
    };
    walk.sums[features] = f64::from(*base_margin);
    for (root, tree_group) in ensemble.roots().iter().zip(ensemble.tree_groups()) {
        let root = *root as usize;
        if usize::from(*tree_group) != group {
            continue;
        }
        let fours = levels(nodes, root).min(features).div_ceil(8).max(1);
        if rule_now.len() != fours {
            rule_now = rule(fours);
        }
        let mut mean = 0.0;
        for points in &rule_now {
            walk.points = *points;
            (_, mean) = walk.visit(root, points.weight);
        }
        walk.sums[features] += mean;
    }
    Ok(walk.sums)
}

impl Walk<'_> {
    /// Adds what the splits below contribute. `product` has the factors of all features of the path. Returns the sum
    /// over the leaves below of value and product, and the mean of their values by cover.
    fn visit(&mut self, index: usize, product: Lanes) -> (Lanes, f64) {
        let node = &self.nodes[index];
        if node.is_leaf() {
            let value = f64::from(node.value);
            return (product.scaled(value), value);
        }
        let (feature, left) = (usize::from(node.feature), node.left as usize);
        let goes_left = self.ensemble.goes_left(node, self.row[feature]);
        let Points {
            at,
            rest,
            inverse_rest,
            ..
        } = self.points;
        let before = self.path[feature];
        let (mut sum, mut mean) = (Lanes::ZERO, 0.0);
        if !before.followed {
            for child in [left, left + 1] {
                let share = share(self.covers[child], self.covers[index]);
                let (child_sum, child_mean) = self.visit(child, product.scaled(share));
                sum = sum.plus(child_sum);
                mean += share * child_mean;
            }
            return (sum, mean);
        }
        let others = product.times(before.inverse);
        let weight_before = before.inverse.scaled(1.0 - before.share);
        for (child, followed) in [(left, goes_left), (left + 1, !goes_left)] {
            let step = share(self.covers[child], self.covers[index]);
            let share = before.share * step;
            let unknown = rest.scaled(share);
            // `(o - z) / (o t + z (1 - t))` with these splits and without the last one: leaves below count with the
            // former, and all splits above have counted or will count them with the latter.
            let (factor, inverse, weight) = if followed {
                let factor = at.plus(unknown);
                let inverse = factor.inverse();
                (factor, inverse, inverse.scaled(1.0 - share))
            } else {
                (unknown, Lanes::ZERO, inverse_rest.scaled(-1.0))
            };
            self.path[feature] = Known {
                followed,
                share,
                inverse,
            };
            let (child_sum, child_mean) = self.visit(child, others.times(factor));
            self.sums[feature] += child_sum.times(weight.minus(weight_before)).sum();
            sum = sum.plus(child_sum);
            mean += step * child_mean;
        }
        self.path[feature] = before;
        (sum, mean)
    }
}

/// The share of its parent's cover that a child has, from 0 to 1; half where the parent has none to share.
fn share(child: f32, parent: f32) -> f64 {
    let share = f64::from(child) / f64::from(parent);
    if share >= 0.0 { share.min(1.0) } else { 0.5 }
}

/// Levels of a tree below its root. Nodes of a level stand together, in breadth-first order.
fn levels(nodes: &[FlatNode], root: usize) -> usize {
    let (mut level, mut levels) = (root..root + 1, 0);
    loop {
        let splits = nodes[level.clone()].iter().filter(|node| !node.is_leaf()).count();
        if splits == 0 {
            return levels;
        }
        level = level.end..level.end + 2 * splits;
        levels += 1;
    }
}
