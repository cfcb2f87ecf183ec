//! Ways to grow trees.

use super::Params;

pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) params: Params,
    pub(super) missing: f32,
    pub(super) categorical: bool,
    pub(super) base_score: bool,
    pub(super) rounds: u32,
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

pub(super) const VARIANTS: [Variant; 12] = [
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
