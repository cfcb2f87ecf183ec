//! The models of the matrix: every objective in every variant, then what has a shape of its own.

mod objectives;
mod others;
mod variants;

use objectives::{OBJECTIVES, Objective};
use variants::{VARIANTS, Variant};

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
    cases.extend(others::others());
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
