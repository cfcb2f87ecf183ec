//! What trees look like from outside: one tree's nodes, and counts over all of them.

use super::{Ensemble, FlatNode, Node, Tree};

/// Counts over the trees of an [`Ensemble`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnsembleSummary {
    /// Trees.
    pub trees: usize,
    /// Splits and leaves.
    pub nodes: usize,
    /// Leaves.
    pub leaves: usize,
    /// Splits on a set of categories.
    pub category_splits: usize,
    /// How many trees have as many levels below their root as the index says.
    pub trees_by_depth: Vec<usize>,
    /// How many leaves are as many levels below their root as the index says.
    pub leaves_by_depth: Vec<usize>,
    /// How many trees add to each group.
    pub trees_by_group: Vec<usize>,
    /// How many splits look at each feature.
    pub splits_by_feature: Vec<usize>,
}

impl EnsembleSummary {
    /// Features that some split looks at.
    pub fn features_used(&self) -> usize {
        self.splits_by_feature
            .iter()
            .filter(|splits| **splits > 0)
            .count()
    }
}

impl Ensemble {
    /// Counts trees, nodes, depths and features. Takes time in proportion to the nodes.
    pub fn summary(&self) -> EnsembleSummary {
        let mut summary = EnsembleSummary {
            trees: self.trees(),
            nodes: self.nodes(),
            leaves: 0,
            category_splits: 0,
            trees_by_depth: Vec::new(),
            leaves_by_depth: Vec::new(),
            trees_by_group: vec![0; self.groups()],
            splits_by_feature: vec![0; self.features()],
        };
        for tree in 0..self.trees() {
            summary.trees_by_group[usize::from(self.tree_groups[tree])] += 1;
            let nodes = self.flat_tree(tree);
            let depths = depths(nodes, self.roots[tree]);
            for (node, depth) in nodes.iter().zip(&depths) {
                if node.is_leaf() {
                    summary.leaves += 1;
                    count(&mut summary.leaves_by_depth, *depth);
                } else {
                    summary.category_splits += usize::from(node.categorical);
                    summary.splits_by_feature[usize::from(node.feature)] += 1;
                }
            }
            // Breadth-first: no node is deeper than the last.
            count(&mut summary.trees_by_depth, depths.last().copied().unwrap_or(0));
        }
        summary
    }

    /// The fewest bits, from 4 to 24, that leaves can be rounded to ([`Ensemble::with_leaf_bits`]) without a change;
    /// `None` where there are no such bits, as in most models whose leaves were not rounded.
    pub fn fewest_leaf_bits(&self) -> Option<u8> {
        let unchanged = |bits: &u8| {
            let leaves = |ensemble: &Self| -> Vec<u32> {
                ensemble.nodes.iter().map(|node| node.value.to_bits()).collect()
            };
            self.with_leaf_bits(*bits)
                .is_ok_and(|rounded| leaves(&rounded) == leaves(self))
        };
        (4..=24).find(unchanged)
    }

    /// The tree at `index`, its nodes in breadth-first order; `None` where there is no such tree.
    ///
    /// Gains are 0, for they are not kept, and so are covers where they were left out.
    pub fn tree(&self, index: usize) -> Option<Tree> {
        let root = *self.roots.get(index)? as usize;
        let node = |(position, node): (usize, &FlatNode)| {
            let cover = self.covers.get(root + position).copied().unwrap_or(0.0);
            if node.is_leaf() {
                let value = node.value;
                return Node::Leaf { value, cover };
            }
            let (feature, default_left) = (u32::from(node.feature), node.default_left);
            let left = node.left - root as u32;
            let (right, gain) = (left + 1, 0.0);
            if node.categorical {
                let categories = self.category_sets[node.category_set()].to_vec();
                return Node::CategorySplit {
                    feature,
                    categories,
                    default_left,
                    left,
                    right,
                    gain,
                    cover,
                };
            }
            let threshold = node.value;
            Node::Split {
                feature,
                threshold,
                default_left,
                left,
                right,
                gain,
                cover,
            }
        };
        Some(Tree {
            group: u32::from(self.tree_groups[index]),
            nodes: self.flat_tree(index).iter().enumerate().map(node).collect(),
        })
    }

    /// The nodes of a tree that exists.
    pub(super) fn flat_tree(&self, index: usize) -> &[FlatNode] {
        &self.nodes[self.tree_nodes(index)]
    }
}

/// Levels below the root of each node of a tree that begins at `root`.
fn depths(nodes: &[FlatNode], root: u32) -> Vec<usize> {
    let mut depths = vec![0; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if !node.is_leaf() {
            let left = (node.left - root) as usize;
            depths[left] = depths[index] + 1;
            depths[left + 1] = depths[index] + 1;
        }
    }
    depths
}

fn count(counts: &mut Vec<usize>, index: usize) {
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    counts[index] += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Objective;

    fn leaf(value: f32) -> Node {
        Node::Leaf { value, cover: 1.5 }
    }

    /// Feature 2 by categories, then feature 0 on the right; its nodes are given out of order.
    fn deep() -> Vec<Node> {
        vec![
            Node::CategorySplit {
                feature: 2,
                categories: vec![1, 7],
                default_left: true,
                left: 4,
                right: 1,
                gain: 9.0,
                cover: 6.0,
            },
            Node::Split {
                feature: 0,
                threshold: 0.5,
                default_left: false,
                left: 2,
                right: 3,
                gain: 8.0,
                cover: 3.0,
            },
            leaf(1.0),
            leaf(2.0),
            leaf(3.0),
        ]
    }

    fn ensemble() -> Ensemble {
        let tree = |group, nodes| Tree { group, nodes };
        let trees = [
            tree(1, deep()),
            tree(0, vec![leaf(0.25)]),
            tree(1, vec![leaf(-0.5)]),
        ];
        Ensemble::grouped(
            Objective::from_name("multi:softprob").unwrap(),
            &[0.0, 0.5],
            4,
            &trees,
        )
        .unwrap()
    }

    #[test]
    fn counts_are_those_of_the_trees() {
        let summary = ensemble().summary();
        assert_eq!(
            (
                summary.trees,
                summary.nodes,
                summary.leaves,
                summary.category_splits
            ),
            (3, 7, 5, 1)
        );
        assert_eq!(summary.trees_by_depth, [2, 0, 1]);
        assert_eq!(summary.leaves_by_depth, [2, 1, 2]);
        assert_eq!(summary.trees_by_group, [1, 2]);
        assert_eq!(summary.splits_by_feature, [1, 0, 1, 0]);
        assert_eq!(summary.features_used(), 2);
    }

    #[test]
    fn a_tree_is_given_back_as_it_is_kept() {
        let ensemble = ensemble();
        let trees: Vec<Tree> = (0..3).map(|index| ensemble.tree(index).unwrap()).collect();
        assert_eq!(ensemble.tree(3), None);
        assert_eq!(trees[0].nodes[1], leaf(3.0));
        assert_eq!(
            trees[0].nodes[2],
            Node::Split {
                feature: 0,
                threshold: 0.5,
                default_left: false,
                left: 3,
                right: 4,
                gain: 0.0,
                cover: 3.0
            }
        );
        let again = Ensemble::grouped(ensemble.objective(), ensemble.base_margins(), 4, &trees).unwrap();
        assert_eq!(again, ensemble);
        let bare = ensemble.without_covers().tree(2).unwrap();
        assert_eq!((bare.group, bare.nodes[0].cover()), (1, 0.0));
    }

    #[test]
    fn rounded_leaves_know_their_bits() {
        let leaves = [0.1, -0.7, 0.33, 1.9, -1.2];
        let trees = leaves.map(|value| vec![leaf(value)]).to_vec();
        let exact = Ensemble::from_trees(0.0, 1, trees).unwrap();
        assert_eq!(exact.fewest_leaf_bits(), None);
        for bits in [4, 7, 11, 16, 21] {
            let rounded = exact.with_leaf_bits(bits).unwrap();
            assert_eq!(rounded.fewest_leaf_bits(), Some(bits));
        }
    }

    #[test]
    fn no_trees_have_no_depth() {
        let empty = Ensemble::from_trees(0.0, 1, Vec::new()).unwrap().summary();
        assert_eq!(
            (empty.trees_by_depth.len(), empty.leaves, empty.features_used()),
            (0, 0, 0)
        );
    }
}
