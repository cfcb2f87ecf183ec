//! Trees as they are given to flat nodes in breadth-first order.

use super::{Ensemble, EnsembleError, FlatNode, MAX_CATEGORY, MAX_DEPTH, Node, Tree};

type Problem = (usize, &'static str);

impl Ensemble {
    /// Checks a tree and appends its nodes.
    pub(super) fn push_tree(&mut self, index: usize, tree: &Tree) -> Result<(), EnsembleError> {
        if tree.group as usize >= self.base_margins.len() {
            return Err(EnsembleError::Group {
                tree: index,
                group: tree.group,
                groups: self.base_margins.len(),
            });
        }
        self.tree_groups.push(tree.group as u16);
        self.push_nodes(&tree.nodes)
            .map_err(|(node, problem)| EnsembleError::Node {
                tree: index,
                node,
                problem,
            })
    }

    fn push_nodes(&mut self, tree: &[Node]) -> Result<(), Problem> {
        if tree.is_empty() {
            return Err((0, "the tree is empty"));
        }
        self.roots.push(self.nodes.len() as u32);
        let mut reached = vec![false; tree.len()];
        reached[0] = true;
        let (mut level, mut depth) = (vec![0], 0);
        while !level.is_empty() {
            if depth > MAX_DEPTH {
                return Err((level[0], "the tree is deeper than 512 levels"));
            }
            let mut below = Vec::new();
            let first_below = self.nodes.len() + level.len();
            for index in level {
                let left = (first_below + below.len()) as u32;
                let flat = self
                    .flat(&tree[index], left)
                    .map_err(|problem| (index, problem))?;
                for child in children(&tree[index]) {
                    match reached.get_mut(child as usize) {
                        None => return Err((index, "a child does not exist")),
                        Some(true) => return Err((index, "a child is reached twice")),
                        Some(first) => *first = true,
                    }
                    below.push(child as usize);
                }
                self.nodes.push(flat);
                self.covers.push(tree[index].cover());
            }
            level = below;
            depth += 1;
        }
        match reached.iter().position(|reached| !reached) {
            Some(index) => Err((index, "the node is never reached")),
            None => Ok(()),
        }
    }

    /// The node, its children's place being `left`.
    fn flat(&mut self, node: &Node, left: u32) -> Result<FlatNode, &'static str> {
        match node {
            Node::Leaf { value, .. } if value.is_finite() => Ok(FlatNode::leaf(*value)),
            Node::Leaf { .. } => Err("the leaf value is not finite"),
            Node::Split { feature, .. } | Node::CategorySplit { feature, .. }
                if *feature as usize >= self.features =>
            {
                Err("the feature does not exist")
            }
            Node::Split { threshold, .. } if threshold.is_nan() => Err("the threshold is not a number"),
            Node::Split {
                feature,
                threshold,
                default_left,
                ..
            } => Ok(FlatNode {
                value: *threshold,
                left,
                feature: *feature as u16,
                default_left: *default_left,
                categorical: false,
            }),
            Node::CategorySplit {
                feature,
                categories,
                default_left,
                ..
            } => {
                if categories.last().is_some_and(|last| *last >= MAX_CATEGORY) {
                    return Err("a category is 2^24 or above");
                }
                if !categories.is_sorted_by(|first, second| first < second) {
                    return Err("the categories are not in ascending order");
                }
                let set = self.category_sets.len() as u32;
                self.category_sets.push(categories.clone().into_boxed_slice());
                Ok(FlatNode {
                    value: f32::from_bits(set),
                    left,
                    feature: *feature as u16,
                    default_left: *default_left,
                    categorical: true,
                })
            }
        }
    }
}

fn children(node: &Node) -> impl Iterator<Item = u32> {
    let pair = match node {
        Node::Leaf { .. } => None,
        Node::Split { left, right, .. } | Node::CategorySplit { left, right, .. } => Some([*left, *right]),
    };
    pair.into_iter().flatten()
}
