//! What two ensembles have in common, tree by tree.

use super::{Ensemble, FlatNode};

/// How one ensemble differs from another. Trees are compared at the same place, numbers by their bits.
#[derive(Clone, Debug, PartialEq)]
pub struct EnsembleDifference {
    /// Trees that are in both and the same in splits, leaves and group.
    pub equal_trees: usize,
    /// Trees that are in both and have the same splits and group, but other leaf values.
    pub same_splits: usize,
    /// The first place where trees that are in both differ.
    pub first: Option<FirstDifference>,
    /// How far margins can be apart, the largest over all groups and rows: the sum over trees of the largest
    /// difference of a leaf's values, and the base margin's. `None` where splits, trees or groups differ, so that no
    /// bound follows from the trees alone. Without the rounding of the additions.
    pub margin_bound: Option<f64>,
    /// Whether covers are known to one and not the other, or differ.
    pub covers_differ: bool,
}

/// Where two ensembles differ first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstDifference {
    /// Index of the tree.
    pub tree: usize,
    /// Index of the node in breadth-first order within the tree.
    pub node: usize,
    /// What differs there.
    pub field: DifferingField,
}

/// What differs at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferingField {
    /// The group that the tree adds to.
    Group,
    /// One is a leaf, the other a split; or one a numeric split, the other one by categories.
    Kind,
    /// The feature of a split.
    Feature,
    /// The threshold of a numeric split.
    Threshold,
    /// The categories of a split.
    Categories,
    /// Where missing values go.
    DefaultDirection,
    /// The value of a leaf.
    LeafValue,
}

impl DifferingField {
    /// In words, such as `leaf value`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Kind => "kind of node",
            Self::Feature => "feature",
            Self::Threshold => "threshold",
            Self::Categories => "categories",
            Self::DefaultDirection => "default direction",
            Self::LeafValue => "leaf value",
        }
    }
}

impl Ensemble {
    /// Compares trees with those of `other`. Takes time in proportion to the nodes of both.
    pub fn difference(&self, other: &Self) -> EnsembleDifference {
        let mut difference = EnsembleDifference {
            equal_trees: 0,
            same_splits: 0,
            first: None,
            margin_bound: None,
            covers_differ: !self
                .covers
                .iter()
                .map(|cover| cover.to_bits())
                .eq(other.covers.iter().map(|cover| cover.to_bits())),
        };
        let margins = self.base_margins.iter().zip(&other.base_margins);
        let mut bounds: Vec<f64> = margins.map(|(own, other)| apart(*own, *other)).collect();
        for tree in 0..self.trees().min(other.trees()) {
            let (first, leaves) = self.compare_tree(tree, other);
            match (first, leaves) {
                (None, _) => difference.equal_trees += 1,
                (_, Some(_)) => difference.same_splits += 1,
                _ => {}
            }
            if let Some(largest) = leaves {
                bounds[usize::from(self.tree_groups[tree])] += largest;
            }
            difference.first = difference.first.or(first);
        }
        let comparable = self.trees() == other.trees() && self.groups() == other.groups();
        if comparable && difference.equal_trees + difference.same_splits == self.trees() {
            difference.margin_bound = bounds.into_iter().reduce(f64::max);
        }
        difference
    }

    /// The first difference of the trees at one place, and the largest of their leaves if nothing else differs.
    fn compare_tree(&self, tree: usize, other: &Self) -> (Option<FirstDifference>, Option<f64>) {
        let at = |node, field| Some(FirstDifference { tree, node, field });
        if self.tree_groups[tree] != other.tree_groups[tree] {
            return (at(0, DifferingField::Group), None);
        }
        let (mut first, mut largest) = (None, 0.0_f64);
        let nodes = self.flat_tree(tree).iter().zip(other.flat_tree(tree));
        for (index, (own, its)) in nodes.enumerate() {
            if let Some(field) = self.split_difference(own, other, its) {
                return (first.or(at(index, field)), None);
            }
            if own.is_leaf() && own.value.to_bits() != its.value.to_bits() {
                first = first.or(at(index, DifferingField::LeafValue));
                largest = largest.max(apart(own.value, its.value));
            }
        }
        (first, Some(largest))
    }

    /// What differs but for the values of leaves.
    fn split_difference(&self, own: &FlatNode, other: &Self, its: &FlatNode) -> Option<DifferingField> {
        if own.is_leaf() != its.is_leaf() || own.categorical != its.categorical {
            return Some(DifferingField::Kind);
        }
        if own.is_leaf() {
            return None;
        }
        if own.feature != its.feature {
            return Some(DifferingField::Feature);
        }
        if own.categorical {
            if self.category_sets[own.category_set()] != other.category_sets[its.category_set()] {
                return Some(DifferingField::Categories);
            }
        } else if own.value.to_bits() != its.value.to_bits() {
            return Some(DifferingField::Threshold);
        }
        (own.default_left != its.default_left).then_some(DifferingField::DefaultDirection)
    }
}

fn apart(first: f32, second: f32) -> f64 {
    (f64::from(first) - f64::from(second)).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::{Node, Tree};
    use crate::objective::Objective;

    fn trees() -> Vec<Tree> {
        let leaf = |value| Node::Leaf { value, cover: 1.0 };
        let split = |feature, threshold, left, right| Node::Split {
            feature,
            threshold,
            default_left: true,
            left,
            right,
            gain: 0.0,
            cover: 2.0,
        };
        let by_category = Node::CategorySplit {
            feature: 1,
            categories: vec![3],
            default_left: false,
            left: 1,
            right: 2,
            gain: 0.0,
            cover: 2.0,
        };
        vec![
            Tree {
                group: 0,
                nodes: vec![split(0, 0.5, 1, 2), leaf(1.0), leaf(2.0)],
            },
            Tree {
                group: 1,
                nodes: vec![by_category, leaf(3.0), leaf(4.0)],
            },
        ]
    }

    fn ensemble(trees: &[Tree]) -> Ensemble {
        Ensemble::grouped(
            Objective::from_name("multi:softprob").unwrap(),
            &[0.0, 0.0],
            2,
            trees,
        )
        .unwrap()
    }

    fn changed(change: impl FnOnce(&mut Vec<Tree>)) -> EnsembleDifference {
        let mut other = trees();
        change(&mut other);
        ensemble(&trees()).difference(&ensemble(&other))
    }

    #[test]
    fn equal_ensembles_do_not_differ() {
        let none = changed(|_| {});
        assert_eq!((none.equal_trees, none.same_splits, none.first), (2, 0, None));
        assert_eq!((none.margin_bound, none.covers_differ), (Some(0.0), false));
    }

    #[test]
    fn other_leaves_give_a_bound_by_group() {
        let leaf = |value| Node::Leaf { value, cover: 1.0 };
        let found = changed(|trees| {
            trees[0].nodes[2] = leaf(2.25);
            trees[1].nodes[1] = leaf(2.5);
            trees[1].nodes[2] = leaf(4.125);
        });
        assert_eq!((found.equal_trees, found.same_splits), (0, 2));
        assert_eq!(
            found.first,
            Some(FirstDifference {
                tree: 0,
                node: 2,
                field: DifferingField::LeafValue
            })
        );
        assert_eq!(found.margin_bound, Some(0.5));
    }

    #[test]
    fn every_field_is_told_apart() {
        use DifferingField::{Categories, DefaultDirection, Feature, Group, Kind, Threshold};
        type Change = fn(&mut Vec<Tree>);
        let cases: [(Change, usize, DifferingField); 6] = [
            (|trees| trees[1].group = 0, 1, Group),
            (
                |trees| {
                    trees[0].nodes = vec![Node::Leaf {
                        value: 1.0,
                        cover: 1.0,
                    }]
                },
                0,
                Kind,
            ),
            (
                |trees| {
                    if let Node::Split { feature, .. } = &mut trees[0].nodes[0] {
                        *feature = 1
                    }
                },
                0,
                Feature,
            ),
            (
                |trees| {
                    if let Node::Split { threshold, .. } = &mut trees[0].nodes[0] {
                        *threshold = 0.75
                    }
                },
                0,
                Threshold,
            ),
            (
                |trees| {
                    if let Node::CategorySplit { categories, .. } = &mut trees[1].nodes[0] {
                        categories.push(9)
                    }
                },
                1,
                Categories,
            ),
            (
                |trees| {
                    if let Node::Split { default_left, .. } = &mut trees[0].nodes[0] {
                        *default_left = false
                    }
                },
                0,
                DefaultDirection,
            ),
        ];
        for (change, tree, field) in cases {
            let found = changed(change);
            assert_eq!(
                found.first,
                Some(FirstDifference { tree, node: 0, field }),
                "{}",
                field.name()
            );
            assert_eq!(
                (found.equal_trees, found.margin_bound),
                (1, None),
                "{}",
                field.name()
            );
        }
    }

    #[test]
    fn a_longer_ensemble_has_no_bound() {
        let shorter = changed(|trees| trees.truncate(1));
        assert_eq!(
            (shorter.equal_trees, shorter.first, shorter.margin_bound),
            (1, None, None)
        );
        assert!(shorter.covers_differ);
    }
}
