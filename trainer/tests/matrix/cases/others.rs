//! Shapes that the crossing of objectives and variants does not have.

use super::{CATEGORICAL, Case, PLAIN, Params};
use crate::data::{Column, Labels};

/// The cases.
pub(super) fn others() -> Vec<Case> {
    let case = |name: &str, params: Params, columns: &[Column], labels: Labels, rounds: u32| Case {
        name: name.to_owned(),
        params: params
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        columns: columns.to_vec(),
        missing: 0.15,
        labels,
        ranked: false,
        rounds,
    };
    let numbers = Labels::Numbers;
    let wide: Vec<Column> = PLAIN.iter().cycle().take(300).copied().collect();
    let codes = [Column::Category(3000), Column::Category(2), Column::Uniform];
    vec![
        case("no trees", &[], &PLAIN, numbers, 0),
        case("no splits", &[("gamma", "1e9")], &PLAIN, numbers, 4),
        case("stumps", &[("max_depth", "1")], &PLAIN, numbers, 40),
        case(
            "one column",
            &[("max_depth", "8")],
            &[Column::Uniform],
            numbers,
            5,
        ),
        case(
            "one column of categories",
            &[],
            &[Column::Category(9)],
            Labels::Clicks,
            5,
        ),
        case(
            "many columns",
            &[("max_depth", "6"), ("colsample_bytree", "0.2")],
            &wide,
            numbers,
            12,
        ),
        case(
            "many categories",
            &[("max_cat_to_onehot", "1"), ("max_depth", "6")],
            &codes,
            numbers,
            6,
        ),
        case(
            "infinite cuts",
            &[("max_depth", "3")],
            &[Column::Huge, Column::Uniform],
            numbers,
            6,
        ),
        case(
            "infinite cuts, approx",
            &[("max_depth", "3"), ("tree_method", "approx")],
            &[Column::Huge, Column::Huge],
            numbers,
            6,
        ),
        case(
            "a leaning chain",
            &[
                ("grow_policy", "lossguide"),
                ("max_depth", "0"),
                ("max_leaves", "120"),
                ("min_child_weight", "0"),
            ],
            &[Column::Wide],
            numbers,
            3,
        ),
        case(
            "monotone",
            &[("monotone_constraints", "(1,-1,0,0,1,0)")],
            &PLAIN,
            numbers,
            6,
        ),
        case(
            "many classes",
            &[("objective", "multi:softprob"), ("num_class", "30")],
            &PLAIN,
            Labels::Classes(30),
            2,
        ),
        case(
            "a forest of classes",
            &[
                ("objective", "multi:softmax"),
                ("num_class", "4"),
                ("num_parallel_tree", "3"),
                ("subsample", "0.5"),
            ],
            &CATEGORICAL,
            Labels::Classes(4),
            2,
        ),
        case(
            "classes with one base score",
            &[
                ("objective", "multi:softprob"),
                ("num_class", "3"),
                ("base_score", "0.8"),
            ],
            &PLAIN,
            Labels::Classes(3),
            3,
        ),
        case(
            "classes with a base score each",
            &[
                ("objective", "multi:softprob"),
                ("num_class", "3"),
                ("base_score", "[0.1,-2.5,3e-3]"),
            ],
            &PLAIN,
            Labels::Classes(3),
            3,
        ),
        case(
            "targets with a base score each",
            &[("objective", "binary:logistic"), ("base_score", "[0.01,0.999]")],
            &PLAIN,
            Labels::ClickTargets(2),
            3,
        ),
        case(
            "counts of targets",
            &[("objective", "count:poisson")],
            &PLAIN,
            Labels::ClickTargets(3),
            3,
        ),
        case(
            "one quantile",
            &[("objective", "reg:quantileerror"), ("quantile_alpha", "0.9")],
            &PLAIN,
            numbers,
            4,
        ),
        case(
            "one expectile",
            &[("objective", "reg:expectileerror"), ("expectile_alpha", "0.9")],
            &PLAIN,
            numbers,
            4,
        ),
        case(
            "normal aft",
            &[("objective", "survival:aft")],
            &PLAIN,
            Labels::Intervals,
            4,
        ),
        case(
            "extreme aft",
            &[
                ("objective", "survival:aft"),
                ("aft_loss_distribution", "extreme"),
                ("base_score", "3"),
            ],
            &CATEGORICAL,
            Labels::Intervals,
            4,
        ),
        case(
            "vectors",
            &[VECTORS, ("max_depth", "4")],
            &PLAIN,
            Labels::Targets(3),
            5,
        ),
        case(
            "vectors and categories",
            &[
                VECTORS,
                ("max_cat_to_onehot", "1"),
                ("objective", "binary:logistic"),
            ],
            &CATEGORICAL,
            Labels::ClickTargets(3),
            5,
        ),
        case(
            "vectors of classes",
            &[VECTORS, ("objective", "multi:softprob"), ("num_class", "4")],
            &PLAIN,
            Labels::Classes(4),
            4,
        ),
        case(
            "a dart forest of vectors",
            &[
                VECTORS,
                ("booster", "dart"),
                ("rate_drop", "0.6"),
                ("one_drop", "1"),
                ("num_parallel_tree", "2"),
            ],
            &PLAIN,
            Labels::Targets(2),
            5,
        ),
    ]
}

/// One tree for all targets.
const VECTORS: (&str, &str) = ("multi_strategy", "multi_output_tree");
