//! Every objective, and what it learns from.

use super::Params;
use crate::data::Labels;

pub(super) struct Objective {
    pub(super) params: Params,
    pub(super) labels: Labels,
    pub(super) ranked: bool,
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

pub(super) const OBJECTIVES: [Objective; 22] = [
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
