//! The plain evaluator, which any faster one must agree with bit for bit.

use super::{Ensemble, FlatNode, MAX_CATEGORY};

impl Ensemble {
    /// The first group's base margin plus the leaf of each of its trees, added in `f32` in tree order as XGBoost does.
    ///
    /// NaN is missing. Panics when `features` is shorter than [`Ensemble::features`].
    pub fn margin(&self, features: &[f32]) -> f32 {
        let first_group = |tree: &usize| self.tree_groups[*tree] == 0;
        assert!(features.len() >= self.features, "the row has too few features");
        let trees = (0..self.trees()).filter(first_group);
        trees.fold(self.base_margins[0], |margin, tree| {
            margin + self.nodes[self.leaf(self.roots[tree], features)].value
        })
    }

    /// Writes the margin of every group to `out`.
    ///
    /// Panics when `features` is shorter than [`Ensemble::features`] or `out` than [`Ensemble::groups`].
    pub fn margins(&self, features: &[f32], out: &mut [f32]) {
        assert!(features.len() >= self.features, "the row has too few features");
        out[..self.groups()].copy_from_slice(&self.base_margins);
        self.add_margins(features, out);
    }

    /// Adds the leaf of each tree to its group.
    pub(crate) fn add_margins(&self, features: &[f32], out: &mut [f32]) {
        for (root, group) in self.roots.iter().zip(&self.tree_groups) {
            out[usize::from(*group)] += self.nodes[self.leaf(*root, features)].value;
        }
    }

    /// Writes to `out` the leaf each tree reaches: its index in breadth-first order within the tree.
    ///
    /// Panics when `features` is shorter than [`Ensemble::features`] or `out` than [`Ensemble::trees`].
    pub fn leaves(&self, features: &[f32], out: &mut [u32]) {
        assert!(features.len() >= self.features, "the row has too few features");
        assert!(
            out.len() >= self.roots.len(),
            "there are more trees than places for leaves"
        );
        for (root, leaf) in self.roots.iter().zip(out) {
            *leaf = self.leaf(*root, features) as u32 - root;
        }
    }

    /// Value of a leaf that [`Ensemble::leaves`] named; `None` where there is no such leaf.
    pub fn leaf_value(&self, tree: usize, leaf: u32) -> Option<f32> {
        let root = *self.roots.get(tree)?;
        let end = self
            .roots
            .get(tree + 1)
            .map_or(self.nodes.len(), |next| *next as usize);
        let node = self.nodes[root as usize..end].get(leaf as usize)?;
        node.is_leaf().then_some(node.value)
    }

    fn leaf(&self, root: u32, features: &[f32]) -> usize {
        let mut index = root as usize;
        loop {
            let node = &self.nodes[index];
            if node.is_leaf() {
                return index;
            }
            let left = self.goes_left(node, features[usize::from(node.feature)]);
            index = node.left as usize + usize::from(!left);
        }
    }

    /// Where a value of the split's feature goes.
    pub(crate) fn goes_left(&self, split: &FlatNode, x: f32) -> bool {
        if x.is_nan() {
            return split.default_left;
        }
        if !split.categorical {
            return x < split.value;
        }
        let set = &self.category_sets[split.category_set()];
        !(x >= 0.0 && x < MAX_CATEGORY as f32) || set.binary_search(&(x as u32)).is_err()
    }
}
