//! The plain evaluator, which any faster one must agree with bit for bit.

use super::Ensemble;

impl Ensemble {
    /// The base margin plus the leaf of every tree, added in `f32` in tree order as XGBoost does.
    ///
    /// NaN is missing. Panics when `features` is shorter than [`Ensemble::features`].
    pub fn margin(&self, features: &[f32]) -> f32 {
        assert!(features.len() >= self.features, "the row has too few features");
        self.roots.iter().fold(self.base_margin, |margin, root| {
            margin + self.nodes[self.leaf(*root, features)].value
        })
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
        (node.left == 0).then_some(node.value)
    }

    fn leaf(&self, root: u32, features: &[f32]) -> usize {
        let mut index = root as usize;
        loop {
            let node = &self.nodes[index];
            if node.left == 0 {
                return index;
            }
            let x = features[usize::from(node.feature)];
            let left = if x.is_nan() {
                node.default_left
            } else {
                x < node.value
            };
            index = node.left as usize + usize::from(!left);
        }
    }
}
