#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::walk::explain;
use super::{Contributions, ExplainError};
use crate::ensemble::{Ensemble, EnsembleParts, Node, Tree};
use crate::import::import_xgboost;
use crate::objective::Objective;

fn leaf(value: f32, cover: f32) -> Node {
    Node::Leaf { value, cover }
}

/// A split at 0 whose children stand at `left` and after it.
fn split(feature: u32, left: u32, default_left: bool, categorical: bool) -> Node {
    let (right, gain, cover) = (left + 1, 0.0, 0.0);
    if categorical {
        return Node::CategorySplit {
            feature,
            categories: vec![0, 2],
            default_left,
            left,
            right,
            gain,
            cover,
        };
    }
    Node::Split {
        feature,
        threshold: 1.5,
        default_left,
        left,
        right,
        gain,
        cover,
    }
}

/// One decision: which open leaf to split, on which feature, whether by category, where missing values go, and value
/// and cover of the new leaf on the left.
type Decision = (usize, u32, bool, bool, f32, f32);

/// Splits leaves by decisions; covers of splits are the sums of those below.
fn grow(decisions: &[Decision]) -> Vec<Node> {
    let mut nodes = vec![leaf(0.25, 3.0)];
    let mut open = vec![0];
    for &(at, feature, categorical, default_left, value, cover) in decisions {
        let at = open.swap_remove(at % open.len());
        let right = nodes[at].clone();
        let left = nodes.len();
        nodes[at] = split(feature, left as u32, default_left, categorical);
        nodes.extend([leaf(value, cover), right]);
        open.extend([left, left + 1]);
    }
    for index in (0..nodes.len()).rev() {
        let sum = match &nodes[index] {
            Node::Leaf { .. } => continue,
            Node::Split { left, right, .. } | Node::CategorySplit { left, right, .. } => {
                nodes[*left as usize].cover() + nodes[*right as usize].cover()
            }
        };
        if let Node::Split { cover, .. } | Node::CategorySplit { cover, .. } = &mut nodes[index] {
            *cover = sum;
        }
    }
    nodes
}

fn decisions(features: u32, count: usize) -> impl Strategy<Value = Vec<Decision>> {
    // Some leaves that no training row reached.
    let cover = prop_oneof![1 => Just(0.0_f32), 5 => 0.01..100.0_f32];
    let decision = (
        any::<usize>(),
        0..features,
        prop::bool::weighted(0.2),
        any::<bool>(),
        -2.0..2.0_f32,
        cover,
    );
    prop::collection::vec(decision, 0..count)
}

fn row(features: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![5 => (0..4_u8).prop_map(f32::from), 1 => Just(f32::NAN)],
        features,
    )
}

/// The margin's mean by covers where only the features in `known` are known.
fn expectation(ensemble: &Ensemble, index: usize, row: &[f32], known: usize) -> f64 {
    let node = &ensemble.flat_nodes()[index];
    if node.is_leaf() {
        return f64::from(node.value);
    }
    let (feature, left) = (usize::from(node.feature), node.left as usize);
    let below = |child| expectation(ensemble, child, row, known);
    if known >> feature & 1 == 1 {
        return below(left + usize::from(!ensemble.goes_left(node, row[feature])));
    }
    let covers = [left, left + 1].map(|child| f64::from(ensemble.covers()[child]));
    match covers[0] + covers[1] {
        0.0 => (below(left) + below(left + 1)) / 2.0,
        all => (below(left) * covers[0] + below(left + 1) * covers[1]) / all,
    }
}

/// Shapley values by their definition, over all sets of features.
fn by_definition(ensemble: &Ensemble, row: &[f32], group: usize) -> Vec<f64> {
    let features = ensemble.features();
    let value = |known: usize| -> f64 {
        let roots = ensemble.roots().iter().zip(ensemble.tree_groups());
        let own = roots.filter(|(_, tree_group)| usize::from(**tree_group) == group);
        let trees = own.map(|(root, _)| expectation(ensemble, *root as usize, row, known));
        f64::from(ensemble.base_margins()[group]) + trees.sum::<f64>()
    };
    let values: Vec<f64> = (0..1 << features).map(value).collect();
    let factorial = |n: usize| (1..=n).map(|n| n as f64).product::<f64>();
    let weight = |known: usize| {
        let size = known.count_ones() as usize;
        factorial(size) * factorial(features - 1 - size) / factorial(features)
    };
    let contribution = |feature: usize| -> f64 {
        let sets = (0..values.len()).filter(|known| known >> feature & 1 == 0);
        sets.map(|known| weight(known) * (values[known | 1 << feature] - values[known]))
            .sum()
    };
    (0..features).map(contribution).chain([values[0]]).collect()
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        // Covers of splits are rounded to f32.
        assert!(
            (found - expected).abs() < 2e-6,
            "{index}: {found} instead of {expected}"
        );
    }
}

proptest! {
    #[test]
    fn contributions_are_shapley_values(
        trees in prop::collection::vec((0..2_u32, decisions(6, 24)), 1..4),
        row in row(6),
    ) {
        let trees: Vec<Tree> = trees
            .iter()
            .map(|(group, decisions)| Tree { group: *group, nodes: grow(decisions) })
            .collect();
        let softprob = Objective::from_name("multi:softprob").unwrap();
        let ensemble = Ensemble::grouped(softprob, &[0.5, -0.25], 6, &trees).unwrap();
        let mut margins = [0.0; 2];
        ensemble.margins(&row, &mut margins);
        for (group, margin) in margins.into_iter().enumerate() {
            let found = explain(&ensemble, &row, group).unwrap();
            assert_near(&found, &by_definition(&ensemble, &row, group));
            prop_assert!((found.iter().sum::<f64>() - f64::from(margin)).abs() < 1e-5);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn long_paths_need_more_points(order in Just((0..11_u32).collect::<Vec<_>>()).prop_shuffle(), row in row(11)) {
        // A chain: each split's right child is the next one.
        let mut nodes = Vec::new();
        for (at, feature) in order.iter().enumerate() {
            let left = 2 * at as u32 + 1;
            nodes.extend([split(*feature, left, at % 2 == 0, false), leaf(at as f32 - 4.0, 1.0 + at as f32)]);
        }
        nodes.push(leaf(3.0, 7.0));
        let mut covers = 7.0;
        for at in (0..order.len()).rev() {
            covers += 1.0 + at as f32;
            if let Node::Split { cover, .. } = &mut nodes[2 * at] {
                *cover = covers;
            }
        }
        let ensemble = Ensemble::from_trees(0.0, 11, vec![nodes]).unwrap();
        assert_near(&explain(&ensemble, &row, 0).unwrap(), &by_definition(&ensemble, &row, 0));
    }
}

#[test]
fn the_deepest_tree_of_many_features_sums_to_its_margin() {
    let splits = (0..512).flat_map(|at| {
        [
            split(at, 2 * at + 1, true, false),
            leaf(1.0 / (at + 1) as f32, 2.0),
        ]
    });
    let mut nodes: Vec<Node> = splits.chain([leaf(-1.0, 1.0)]).collect();
    for (at, node) in nodes.iter_mut().enumerate() {
        if let Node::Split { cover, .. } = node {
            *cover = (1025 - at) as f32;
        }
    }
    let ensemble = Ensemble::from_trees(0.0, 512, vec![nodes]).unwrap();
    for x in [0.0, 2.0, f32::NAN] {
        let row = vec![x; 512];
        let sum: f64 = explain(&ensemble, &row, 0).unwrap().iter().sum();
        assert!(
            (sum - f64::from(ensemble.margin(&row))).abs() < 1e-6,
            "{x}: {sum}"
        );
    }
}

#[test]
fn covers_that_are_none_give_finite_values() {
    for bad in [f32::NAN, f32::INFINITY, -1.0, 0.0, f32::MAX, f32::MIN_POSITIVE] {
        let mut nodes = grow(&[(0, 0, false, true, 1.0, 2.0), (0, 1, false, false, 2.0, bad)]);
        if let Node::Split { cover, .. } = &mut nodes[1] {
            *cover = bad;
        }
        let ensemble = Ensemble::from_trees(0.0, 2, vec![nodes]).unwrap();
        for row in [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]] {
            let found = explain(&ensemble, &row, 0).unwrap();
            assert!(found.iter().all(|value| value.is_finite()), "{bad}: {found:?}");
            let (sum, margin) = (found.iter().sum::<f64>(), f64::from(ensemble.margin(&row)));
            assert!((sum - margin).abs() < 1e-12, "{bad}: {sum} and {margin}");
        }
    }
}

#[test]
fn what_cannot_be_explained_is_an_error() {
    let tree = || vec![split(0, 1, true, false), leaf(1.0, 1.0), leaf(2.0, 1.0)];
    let ensemble = Ensemble::from_trees(0.0, 1, vec![tree()]).unwrap();
    let mut out = [0.0; 2];
    assert_eq!(
        ensemble.contributions(&[0.0], 1, &mut out),
        Err(ExplainError::NoGroup { group: 1, groups: 1 })
    );
    let bare = ensemble.without_covers();
    assert_eq!(
        bare.contributions(&[0.0], 0, &mut out),
        Err(ExplainError::NoCovers)
    );
    // Without trees there is nothing to weigh.
    let empty = Ensemble::from_trees(0.75, 1, vec![]).unwrap();
    empty.contributions(&[0.0], 0, &mut out).unwrap();
    assert_eq!(out, [0.0, 0.75]);
}

#[test]
fn columns_are_ranked_by_magnitude() {
    let mut columns = [0.0; 39];
    (columns[3], columns[7], columns[38]) = (-2.0, 1.0, 2.0);
    let order = Contributions { columns, bias: 9.0 }.by_magnitude();
    assert_eq!(order[..5], [3, 38, 7, 0, 1]);
    let mut sorted = order;
    sorted.sort_unstable();
    assert_eq!(sorted, std::array::from_fn(|column| column));
}

/// The same trees, the covers of their splits replaced by the sums of those of the leaves below.
fn with_covers_of_leaves(ensemble: &Ensemble) -> Ensemble {
    let mut covers = ensemble.covers().to_vec();
    for (index, node) in ensemble.flat_nodes().iter().enumerate().rev() {
        if !node.is_leaf() {
            let left = node.left as usize;
            covers[index] = covers[left] + covers[left + 1];
        }
    }
    Ensemble::from_parts(EnsembleParts {
        objective: ensemble.objective(),
        base_margins: ensemble.base_margins().to_vec(),
        features: ensemble.features(),
        roots: ensemble.roots().to_vec(),
        tree_groups: ensemble.tree_groups().to_vec(),
        nodes: ensemble.flat_nodes().to_vec(),
        category_sets: ensemble.category_sets().to_vec(),
        covers,
    })
}

#[test]
fn covers_of_leaves_are_enough() {
    for bytes in [
        include_bytes!("../../tests/fixtures/contributions_1_7_missing.ubj").as_slice(),
        include_bytes!("../../tests/fixtures/contributions_3_2_missing.ubj").as_slice(),
        include_bytes!("../../tests/fixtures/xgboost_3_4_lossguide.ubj").as_slice(),
    ] {
        let ensemble = import_xgboost(bytes).unwrap();
        let summed = with_covers_of_leaves(&ensemble);
        assert_ne!(
            ensemble, summed,
            "rounding makes no difference: nothing is tested"
        );
        for at in 0..200 {
            let value = |feature: usize| match (at * 7 + feature * 5) % 11 {
                0 => f32::NAN,
                number => number as f32 / 2.0 - 2.5,
            };
            let row: Vec<f32> = (0..ensemble.features()).map(value).collect();
            let found = explain(&summed, &row, 0).unwrap();
            let expected = explain(&ensemble, &row, 0).unwrap();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
            }
        }
    }
}
