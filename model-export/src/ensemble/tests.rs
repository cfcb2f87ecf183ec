use proptest::prelude::*;

use super::*;

fn split(feature: u32, threshold: f32, default_left: bool, left: u32, right: u32) -> Node {
    Node::Split {
        feature,
        threshold,
        default_left,
        left,
        right,
        gain: 0.0,
        cover: 0.0,
    }
}

fn leaf(value: f32) -> Node {
    Node::Leaf { value, cover: 0.0 }
}

#[test]
fn equal_goes_right_and_missing_goes_its_way() {
    for default_left in [false, true] {
        let tree = vec![split(1, 0.5, default_left, 2, 1), leaf(1.0), leaf(-1.0)];
        let ensemble = Ensemble::from_trees(0.25, 2, vec![tree]).unwrap();
        let margin = |x| ensemble.margin(&[9.0, x]);
        assert_eq!((margin(0.49), margin(0.5), margin(0.51)), (-0.75, 1.25, 1.25));
        assert_eq!((margin(f32::NEG_INFINITY), margin(f32::INFINITY)), (-0.75, 1.25));
        assert_eq!(margin(f32::NAN), if default_left { -0.75 } else { 1.25 });
        let mut leaves = [9];
        ensemble.leaves(&[0.0, 0.0], &mut leaves);
        assert_eq!(
            (leaves, ensemble.leaf_value(0, 1), ensemble.leaf_value(0, 0)),
            ([1], Some(-1.0), None)
        );
    }
}

#[test]
fn a_threshold_may_be_infinite() {
    // XGBoost's cuts lie beyond the largest value, whose double may overflow.
    for (threshold, goes_left) in [(f32::INFINITY, true), (f32::NEG_INFINITY, false)] {
        let tree = vec![split(0, threshold, false, 1, 2), leaf(1.0), leaf(-1.0)];
        let ensemble = Ensemble::from_trees(0.0, 1, vec![tree]).unwrap();
        let (below, at) = (if goes_left { 1.0 } else { -1.0 }, -1.0);
        assert_eq!(
            (ensemble.margin(&[f32::MAX]), ensemble.margin(&[f32::MIN])),
            (below, below)
        );
        assert_eq!(
            (ensemble.margin(&[threshold]), ensemble.margin(&[f32::NAN])),
            (at, -1.0)
        );
    }
}

#[test]
fn the_first_trees_are_those_that_were_grown_first() {
    let set = |categories| Node::CategorySplit {
        feature: 0,
        categories,
        default_left: false,
        left: 1,
        right: 2,
        gain: 0.0,
        cover: 9.0,
    };
    let trees: Vec<Tree> = [vec![1, 2], vec![3], vec![4]]
        .into_iter()
        .map(|categories| vec![set(categories), leaf(-1.0), leaf(1.0)])
        .chain([vec![leaf(0.5)]])
        .map(|nodes| Tree { group: 0, nodes })
        .collect();
    let grown =
        |count: usize| Ensemble::grouped(Objective::BINARY_LOGISTIC, &[0.25], 1, &trees[..count]).unwrap();
    for count in 0..=4 {
        assert_eq!(grown(4).first_trees(count), grown(count));
        let bare = grown(count).without_covers();
        assert_eq!(grown(4).without_covers().first_trees(count), bare);
    }
    assert_eq!(grown(4).first_trees(9), grown(4));
}

#[test]
fn leaves_are_added_in_tree_order() {
    let ensemble =
        Ensemble::from_trees(1.0, 1, [1e8, -1e8, 1.0].map(|value| vec![leaf(value)]).to_vec()).unwrap();
    assert_eq!(ensemble.margin(&[0.0]), ((1.0_f32 + 1e8) - 1e8) + 1.0);
    assert_eq!(
        (ensemble.trees(), ensemble.nodes(), ensemble.base_margin()),
        (3, 3, 1.0)
    );
}

#[test]
fn listed_categories_go_right() {
    let split = Node::CategorySplit {
        feature: 0,
        categories: vec![0, 3, (1 << 24) - 1],
        default_left: false,
        left: 1,
        right: 2,
        gain: 0.0,
        cover: 0.0,
    };
    let ensemble = Ensemble::from_trees(0.0, 1, vec![vec![split, leaf(-1.0), leaf(1.0)]]).unwrap();
    for (x, margin) in [
        (0.0, 1.0),
        (-0.0, 1.0),
        (0.9, 1.0),
        (1.0, -1.0),
        (3.0, 1.0),
        (3.99, 1.0),
        (-0.5, -1.0),
        (16_777_215.0, 1.0),
        (16_777_216.0, -1.0),
        (f32::INFINITY, -1.0),
        (f32::NEG_INFINITY, -1.0),
        (f32::NAN, 1.0),
    ] {
        assert_eq!(ensemble.margin(&[x]), margin, "{x}");
    }
    for (categories, problem) in [
        (vec![1 << 24], "a category is 2^24 or above"),
        (vec![3, 3], "the categories are not in ascending order"),
    ] {
        let split = Node::CategorySplit {
            feature: 0,
            categories,
            default_left: false,
            left: 1,
            right: 2,
            gain: 0.0,
            cover: 0.0,
        };
        let tree = vec![split, leaf(-1.0), leaf(1.0)];
        let error = Ensemble::from_trees(0.0, 1, vec![tree]).unwrap_err();
        assert_eq!(error.to_string(), format!("tree 0, node 0: {problem}"));
    }
}

#[test]
fn each_group_adds_its_own_trees() {
    let tree = |group, value| Tree {
        group,
        nodes: vec![leaf(value)],
    };
    let softprob = Objective::from_name("multi:softprob").unwrap();
    let trees = [tree(0, 1.0), tree(1, 2.0), tree(2, 4.0), tree(1, 8.0)];
    let ensemble = Ensemble::grouped(softprob, &[0.5, 0.25, -1.0], 1, &trees).unwrap();
    let mut margins = [0.0; 3];
    ensemble.margins(&[0.0], &mut margins);
    assert_eq!(margins, [1.5, 10.25, 3.0]);
    assert_eq!(
        Ensemble::grouped(softprob, &[0.5], 1, &trees),
        Err(EnsembleError::Group {
            tree: 1,
            group: 1,
            groups: 1
        })
    );
    assert_eq!(
        Ensemble::grouped(softprob, &[], 1, &[]),
        Err(EnsembleError::Groups(0))
    );
}

#[test]
fn refuses_what_is_not_a_tree() {
    let cases = [
        (vec![], "tree 0, node 0: the tree is empty"),
        (
            vec![split(0, 0.0, true, 1, 3), leaf(0.0), leaf(0.0)],
            "tree 0, node 0: a child does not exist",
        ),
        (
            vec![split(0, 0.0, true, 1, 1), leaf(0.0)],
            "tree 0, node 0: a child is reached twice",
        ),
        (
            vec![split(0, 0.0, true, 0, 1), leaf(0.0)],
            "tree 0, node 0: a child is reached twice",
        ),
        (
            vec![split(0, 0.0, true, 1, 2), leaf(0.0), leaf(0.0), leaf(0.0)],
            "tree 0, node 3: the node is never reached",
        ),
        (
            vec![split(2, 0.0, true, 1, 2), leaf(0.0), leaf(0.0)],
            "tree 0, node 0: the feature does not exist",
        ),
        (
            vec![split(0, f32::NAN, true, 1, 2), leaf(0.0), leaf(0.0)],
            "tree 0, node 0: the threshold is not a number",
        ),
        (
            vec![split(0, 0.0, true, 1, 2), leaf(0.0), leaf(f32::INFINITY)],
            "tree 0, node 2: the leaf value is not finite",
        ),
    ];
    for (tree, message) in cases {
        assert_eq!(
            Ensemble::from_trees(0.0, 2, vec![tree]).unwrap_err().to_string(),
            message
        );
    }
    assert_eq!(
        Ensemble::from_trees(f32::NAN, 2, vec![]),
        Err(EnsembleError::BaseMargin)
    );
    assert_eq!(
        Ensemble::from_trees(0.0, 0, vec![]),
        Err(EnsembleError::Features(0))
    );
    let chain = |levels: u32| {
        let splits =
            (0..levels).flat_map(|level| [split(0, 0.0, true, 2 * level + 1, 2 * level + 2), leaf(0.0)]);
        // The right child of each split is the next one; its left child is the leaf that follows it.
        splits.chain([leaf(0.0)]).collect::<Vec<_>>()
    };
    assert!(Ensemble::from_trees(0.0, 1, vec![chain(512)]).is_ok());
    assert!(Ensemble::from_trees(0.0, 1, vec![chain(513)]).is_err());
}

/// Grows a tree from decisions and numbers its nodes in the order of `keys`, the root staying first.
fn grow(decisions: &[(bool, u32, f32, bool)], keys: &[u32]) -> Vec<Node> {
    let mut nodes = vec![leaf(0.5)];
    let mut open = vec![0];
    for (splits, feature, number, default_left) in decisions {
        if open.is_empty() {
            break;
        }
        let at = open.remove(open.len() / 2);
        if *splits {
            let left = nodes.len() as u32;
            nodes[at as usize] = split(*feature, *number, *default_left, left, left + 1);
            nodes.extend([leaf(*number), leaf(-*number)]);
            open.extend([left, left + 1]);
        } else {
            nodes[at as usize] = leaf(*number);
        }
    }
    let mut order: Vec<usize> = (1..nodes.len()).collect();
    order.sort_by_key(|index| keys[index % keys.len()]);
    order.insert(0, 0);
    let place = |index: u32| order.iter().position(|old| *old == index as usize).unwrap() as u32;
    order
        .iter()
        .map(|old| match nodes[*old].clone() {
            Node::Split {
                feature,
                threshold,
                default_left,
                left,
                right,
                gain,
                cover,
            } => Node::Split {
                feature,
                threshold,
                default_left,
                left: place(left),
                right: place(right),
                gain,
                cover,
            },
            leaf => leaf,
        })
        .collect()
}

fn walk(tree: &[Node], x: &[f32]) -> f32 {
    let mut at = 0;
    loop {
        match tree[at] {
            Node::Leaf { value, .. } => return value,
            Node::Split {
                feature,
                threshold,
                default_left,
                left,
                right,
                ..
            } => {
                let value = x[feature as usize];
                let goes_left = if value.is_nan() {
                    default_left
                } else {
                    value < threshold
                };
                at = if goes_left { left } else { right } as usize;
            }
            Node::CategorySplit { .. } => unreachable!("no tree here has one"),
        }
    }
}

proptest! {
    #[test]
    fn numbering_does_not_change_the_margin(
        decisions in prop::collection::vec((any::<bool>(), 0..4_u32, -2.0..2.0_f32, any::<bool>()), 0..40),
        keys in prop::collection::vec(any::<u32>(), 1..40),
        x in prop::array::uniform4(prop_oneof![4 => -2.0..2.0_f32, 1 => Just(f32::NAN)]),
    ) {
        let plain = grow(&decisions, &[0]);
        let shuffled = grow(&decisions, &keys);
        let ensemble = Ensemble::from_trees(0.0, 4, vec![plain.clone()]).unwrap();
        prop_assert_eq!(&Ensemble::from_trees(0.0, 4, vec![shuffled]).unwrap(), &ensemble);
        prop_assert_eq!(ensemble.margin(&x), walk(&plain, &x));
        let mut leaves = [0];
        ensemble.leaves(&x, &mut leaves);
        prop_assert_eq!(ensemble.leaf_value(0, leaves[0]), Some(walk(&plain, &x)));
    }
}
