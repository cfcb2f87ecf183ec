//! The models of the matrix: every objective in every variant, then what has a shape of its own.

use crate::data::{Column, Labels};

/// How one model is trained.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) columns: Vec<Column>,
    /// Which fraction of the training rows' values is missing.
    pub(crate) missing: f32,
    pub(crate) labels: Labels,
    /// Whether rows come in queries.
    pub(crate) ranked: bool,
    pub(crate) rounds: u32,
}

type Params = &'static [(&'static str, &'static str)];

struct Objective {
    params: Params,
    labels: Labels,
    ranked: bool,
}

const fn objective(params: Params, labels: Labels) -> Objective {
    Objective {
        params,
        labels,
        ranked: false,
    }
}

const fn ranking(params: Params, labels: Labels) -> Objective {
    Objective {
        params,
        labels,
        ranked: true,
    }
}

const OBJECTIVES: [Objective; 22] = [
    objective(&[("objective", "reg:squarederror")], Labels::Numbers),
    objective(&[("objective", "reg:squaredlogerror")], Labels::Positive),
    objective(&[("objective", "reg:pseudohubererror")], Labels::Numbers),
    objective(&[("objective", "reg:absoluteerror")], Labels::Numbers),
    objective(
        &[
            ("objective", "reg:quantileerror"),
            ("quantile_alpha", "[0.2,0.5,0.6]"),
        ],
        Labels::Numbers,
    ),
    objective(
        &[
            ("objective", "reg:expectileerror"),
            ("expectile_alpha", "[0.2,0.5,0.6]"),
        ],
        Labels::Numbers,
    ),
    objective(&[("objective", "reg:logistic")], Labels::Clicks),
    objective(&[("objective", "reg:gamma")], Labels::Positive),
    objective(
        &[("objective", "reg:tweedie"), ("tweedie_variance_power", "1.3")],
        Labels::Counts,
    ),
    objective(
        &[("objective", "binary:logistic"), ("scale_pos_weight", "2.5")],
        Labels::Clicks,
    ),
    objective(&[("objective", "binary:logitraw")], Labels::Clicks),
    objective(&[("objective", "binary:hinge")], Labels::Clicks),
    objective(&[("objective", "count:poisson")], Labels::Counts),
    objective(&[("objective", "survival:cox")], Labels::Times),
    objective(
        &[
            ("objective", "survival:aft"),
            ("aft_loss_distribution", "logistic"),
        ],
        Labels::Intervals,
    ),
    objective(
        &[("objective", "multi:softmax"), ("num_class", "3")],
        Labels::Classes(3),
    ),
    objective(
        &[("objective", "multi:softprob"), ("num_class", "5")],
        Labels::Classes(5),
    ),
    ranking(&[("objective", "rank:ndcg")], Labels::Grades),
    ranking(&[("objective", "rank:pairwise")], Labels::Grades),
    ranking(&[("objective", "rank:map")], Labels::Clicks),
    objective(&[("objective", "reg:squarederror")], Labels::Targets(3)),
    objective(&[("objective", "binary:logistic")], Labels::ClickTargets(2)),
];

struct Variant {
    name: &'static str,
    params: Params,
    missing: f32,
    categorical: bool,
    base_score: bool,
    rounds: u32,
}

const fn variant(name: &'static str, params: Params) -> Variant {
    Variant {
        name,
        params,
        missing: 0.1,
        categorical: false,
        base_score: false,
        rounds: 5,
    }
}

const DART: Params = &[
    ("booster", "dart"),
    ("max_depth", "3"),
    ("rate_drop", "0.5"),
    ("one_drop", "1"),
];

const VARIANTS: [Variant; 12] = [
    Variant {
        missing: 0.0,
        rounds: 8,
        ..variant("shallow", &[("max_depth", "2")])
    },
    Variant {
        missing: 0.4,
        ..variant("holes", &[("max_depth", "6"), ("eta", "0.1")])
    },
    Variant {
        categorical: true,
        ..variant("onehot", &[("max_depth", "4"), ("max_cat_to_onehot", "100")])
    },
    Variant {
        categorical: true,
        base_score: true,
        ..variant("partition", &[("max_depth", "5"), ("max_cat_to_onehot", "1")])
    },
    Variant {
        rounds: 8,
        ..variant("dart", DART)
    },
    Variant {
        categorical: true,
        base_score: true,
        rounds: 6,
        ..variant(
            "dart categorical",
            &[
                ("booster", "dart"),
                ("max_depth", "4"),
                ("rate_drop", "0.7"),
                ("one_drop", "1"),
                ("normalize_type", "forest"),
                ("sample_type", "weighted"),
            ],
        )
    },
    variant(
        "lossguide",
        &[
            ("grow_policy", "lossguide"),
            ("max_leaves", "24"),
            ("max_depth", "0"),
            ("eta", "1"),
        ],
    ),
    Variant {
        rounds: 2,
        ..variant(
            "forest",
            &[
                ("num_parallel_tree", "3"),
                ("subsample", "0.6"),
                ("colsample_bynode", "0.7"),
                ("max_depth", "4"),
            ],
        )
    },
    Variant {
        categorical: true,
        ..variant(
            "approx pruned",
            &[("tree_method", "approx"), ("gamma", "0.5"), ("max_depth", "7")],
        )
    },
    Variant {
        missing: 0.2,
        base_score: true,
        ..variant("exact", &[("tree_method", "exact"), ("max_depth", "5")])
    },
    Variant {
        categorical: true,
        rounds: 3,
        ..variant(
            "dart forest",
            &[
                ("booster", "dart"),
                ("rate_drop", "0.5"),
                ("one_drop", "1"),
                ("num_parallel_tree", "2"),
                ("subsample", "0.7"),
                ("grow_policy", "lossguide"),
                ("max_leaves", "12"),
            ],
        )
    },
    Variant {
        missing: 0.3,
        rounds: 3,
        ..variant(
            "deep",
            &[
                ("max_depth", "12"),
                ("min_child_weight", "0"),
                ("lambda", "0.1"),
                ("eta", "1"),
            ],
        )
    },
];

/// One tree for all targets.
const VECTORS: (&str, &str) = ("multi_strategy", "multi_output_tree");

const PLAIN: [Column; 6] = [
    Column::Uniform,
    Column::Whole,
    Column::Wide,
    Column::Tiny,
    Column::Uniform,
    Column::Whole,
];
const CATEGORICAL: [Column; 6] = [
    Column::Uniform,
    Column::Category(4),
    Column::Category(70),
    Column::Wide,
    Column::Category(33),
    Column::Tiny,
];

/// All models, in the same order with the same seeds on every run.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for objective in &OBJECTIVES {
        for variant in &VARIANTS {
            cases.push(crossed(objective, variant));
        }
    }
    cases.extend(others());
    cases
}

fn crossed(objective: &Objective, variant: &Variant) -> Case {
    let owned = |params: Params| params.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let mut params: Vec<_> = owned(objective.params).chain(owned(variant.params)).collect();
    if variant.base_score {
        params.push(("base_score", "0.37".to_owned()));
    }
    Case {
        name: format!(
            "{}, {:?}, {}",
            objective.params[0].1, objective.labels, variant.name
        ),
        params,
        columns: if variant.categorical { CATEGORICAL } else { PLAIN }.to_vec(),
        missing: variant.missing,
        labels: objective.labels,
        ranked: objective.ranked,
        rounds: variant.rounds,
    }
}

/// Shapes that the crossing does not have.
fn others() -> Vec<Case> {
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
