//! One model: trained, imported, and compared with XGBoost in every way it can be evaluated.

mod engines;
mod file;
mod trees;

use std::collections::HashMap;

use engines::same_engines;
use file::same_from_file;
use model_export::{
    Ensemble, ImportOptions, Link, Rounds, XgboostModel, import_xgboost, import_xgboost_model,
};
use trees::Trees;
use xgboost::{Booster, DMatrix};

use crate::cases::Case;
use crate::data::{Column, Random, hostile_rows, infinite_rows, rows, scores};

const TRAINING_ROWS: usize = 300;
const ROWS: usize = 140;
const QUERY_ROWS: u32 = 20;
/// How far an output may be from XGBoost's, relative to it (an expectile is a sum: relative to its terms): the margins
/// are equal, but the exponentials are another implementation's.
const RELATIVE_TOLERANCE: f32 = 1e-6;
/// How far a contribution may be, relative to the sum of their magnitudes or to 1.
const CONTRIBUTION_TOLERANCE: f32 = 1e-5;
/// XGBoost's logistic function ends at 3e-39.
const ABSOLUTE_TOLERANCE: f32 = 1e-37;

/// A model, rows, and the bits of the margins that XGBoost gives them.
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) model: XgboostModel,
    pub(crate) booster: Vec<u8>,
    /// The compact file.
    pub(crate) file: Vec<u8>,
    pub(crate) rows: Vec<f32>,
    pub(crate) margins: Vec<f32>,
    pub(crate) has_infinite_thresholds: bool,
}

pub(crate) fn check(case: &Case, seed: u64) -> Checked {
    let name = &case.name;
    let mut random = Random::new(seed);
    let booster = train(case, &mut random);
    let ubj = booster.save_ubj().unwrap();
    let model = import_xgboost_model(&ubj, ImportOptions::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = booster.save_json().unwrap();
    assert_eq!(
        import_xgboost(&text).as_ref(),
        Ok(&model.ensemble),
        "{name}: JSON"
    );
    let trees = Trees::read(&text);
    assert_eq!(
        (model.rounds, model.rounds_taken),
        (case.rounds as usize, case.rounds as usize),
        "{name}"
    );

    let features = hostile_rows(&case.columns, ROWS, &trees.thresholds, &mut random);
    let matrix = matrix(&case.columns, &features);
    let mut margins = booster.predict_margins(&matrix).unwrap();
    same_margins(name, &model.ensemble, &case.columns, &features, &margins);
    same_outputs(
        name,
        &model.ensemble,
        &margins,
        &booster.predict(&matrix).unwrap(),
    );
    let contributions = booster.predict_contributions(&matrix).unwrap();
    same_contributions(name, &model.ensemble, &features, &contributions);
    if case.rounds > 0 {
        same_leaves(
            name,
            &model.ensemble,
            &trees,
            &features,
            &booster.predict_leaves(&matrix).unwrap(),
        );
        same_slice(name, &booster, &ubj, case, &features, &matrix);
    }

    let mut all_rows = features;
    let infinite = infinite_rows(&case.columns, &mut random);
    let count = infinite.len() / case.columns.len();
    let of_infinite = booster
        .predict_margins_in_place(&infinite, count, case.columns.len())
        .unwrap();
    same_margins(name, &model.ensemble, &case.columns, &infinite, &of_infinite);
    all_rows.extend(infinite);
    margins.extend(of_infinite);
    same_engines(name, &model.ensemble, &all_rows, &margins);
    let file = same_from_file(name, &model.ensemble, &ubj);
    Checked {
        name: name.clone(),
        model,
        file,
        booster: ubj,
        rows: all_rows,
        margins,
        has_infinite_thresholds: text.windows(8).any(|window| window == b"Infinity"),
    }
}

fn train(case: &Case, random: &mut Random) -> Booster {
    let features = rows(&case.columns, TRAINING_ROWS, case.missing, random);
    let scores = scores(&case.columns, &features, random);
    let labels: Vec<f32> = scores
        .iter()
        .flat_map(|score| case.labels.of(*score, random))
        .collect();
    let mut matrix = matrix(&case.columns, &features);
    match case.labels {
        crate::data::Labels::Intervals => {
            let upper = |(row, label): (usize, &f32)| if row % 3 == 0 { f32::INFINITY } else { 1.5 * label };
            let uppers: Vec<f32> = labels.iter().enumerate().map(upper).collect();
            matrix.set_label_bounds(&labels, &uppers).unwrap();
        }
        _ => matrix.set_label_rows(&labels, case.labels.per_row()).unwrap(),
    }
    if case.ranked {
        let queries = TRAINING_ROWS as u32 / QUERY_ROWS;
        matrix.set_groups(&vec![QUERY_ROWS; queries as usize]).unwrap();
    }
    let mut params = vec![
        ("tree_method", "hist"),
        ("eta", "0.3"),
        ("nthread", "1"),
        ("verbosity", "0"),
        ("seed", "11"),
    ];
    for (name, value) in &case.params {
        params.retain(|(given, _)| given != name);
        params.push((name, value));
    }
    let mut booster = Booster::new(&params, &[&matrix]).unwrap();
    for round in 0..case.rounds {
        booster
            .update(round, &matrix)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
    // As it is once loaded: while it trains, XGBoost may keep a margin that its text of the base score rounds.
    Booster::load(&booster.save_ubj().unwrap()).unwrap()
}

fn matrix(columns: &[Column], features: &[f32]) -> DMatrix {
    let count = features.len() / columns.len();
    let mut matrix = DMatrix::from_dense(features, count, columns.len()).unwrap();
    let kinds: Vec<&str> = columns.iter().map(|column| column.kind()).collect();
    matrix.set_feature_types(&kinds).unwrap();
    matrix
}

fn same_margins(name: &str, ensemble: &Ensemble, columns: &[Column], features: &[f32], margins: &[f32]) {
    let groups = ensemble.groups();
    let mut found = vec![0.0; groups];
    assert_eq!(features.len() / columns.len() * groups, margins.len(), "{name}");
    for (row, expected) in features
        .chunks_exact(columns.len())
        .zip(margins.chunks_exact(groups))
    {
        ensemble.margins(row, &mut found);
        assert_eq!(
            bits(&found),
            bits(expected),
            "{name}, {row:?}: {found:?} and {expected:?}"
        );
    }
}

fn same_outputs(name: &str, ensemble: &Ensemble, margins: &[f32], outputs: &[f32]) {
    let (groups, objective) = (ensemble.groups(), ensemble.objective());
    let width = objective.outputs(groups);
    let mut found = vec![0.0; width];
    assert_eq!(margins.len() / groups * width, outputs.len(), "{name}");
    for (margins, expected) in margins.chunks_exact(groups).zip(outputs.chunks_exact(width)) {
        objective.apply(margins, &mut found);
        let largest = margins
            .iter()
            .fold(0.0_f32, |largest, margin| largest.max(margin.abs()));
        let terms = if objective.link() == Link::Expectiles {
            largest
        } else {
            0.0
        };
        for (found, expected) in found.iter().zip(expected) {
            let tolerance = RELATIVE_TOLERANCE * expected.abs().max(terms) + ABSOLUTE_TOLERANCE;
            let near = (found - expected).abs() <= tolerance;
            assert!(
                near || found == expected,
                "{name}, {margins:?}: {found} and {expected}"
            );
        }
    }
}

/// Of a few rows: both sides compute in their own order.
fn same_contributions(name: &str, ensemble: &Ensemble, features: &[f32], contributions: &[f32]) {
    let (groups, width) = (ensemble.groups(), ensemble.features() + 1);
    let mut found = vec![0.0; width];
    let rows = features.chunks_exact(ensemble.features());
    for (row, of_row) in rows.zip(contributions.chunks_exact(groups * width)).step_by(7) {
        for (group, expected) in of_row.chunks_exact(width).enumerate() {
            ensemble.contributions(row, group, &mut found).unwrap();
            let scale = expected.iter().map(|value| value.abs()).sum::<f32>().max(1.0);
            for (column, (found, expected)) in found.iter().zip(expected).enumerate() {
                let near = (found - expected).abs() <= CONTRIBUTION_TOLERANCE * scale;
                assert!(near, "{name}, column {column}, {row:?}: {found} and {expected}");
            }
        }
    }
}

/// XGBoost numbers nodes as they grew, we in breadth-first order: so each of its leaves must always be the same one of
/// ours, no two of them the same one, with the same value.
fn same_leaves(name: &str, ensemble: &Ensemble, trees: &Trees, features: &[f32], leaves: &[u32]) {
    let count = trees.leaf_values.len();
    let targets = ensemble.trees() / count;
    let (mut to_ours, mut to_theirs) = (HashMap::new(), HashMap::new());
    let mut ours = vec![0; ensemble.trees()];
    for (row, theirs) in features
        .chunks_exact(ensemble.features())
        .zip(leaves.chunks_exact(count))
    {
        ensemble.leaves(row, &mut ours);
        for (index, our_leaf) in ours.iter().enumerate() {
            let their_leaf = theirs[index / targets];
            let ours = to_ours.entry((index, their_leaf)).or_insert(*our_leaf);
            let theirs = to_theirs.entry((index, *our_leaf)).or_insert(their_leaf);
            assert_eq!(
                (*ours, *theirs),
                (*our_leaf, their_leaf),
                "{name}, tree {index}, {row:?}"
            );
            let value = ensemble.leaf_value(index, *our_leaf).unwrap();
            let expected = trees.leaf_values[index / targets](their_leaf as usize, index % targets);
            assert_eq!(
                value.to_bits(),
                expected.to_bits(),
                "{name}, tree {index}, {row:?}"
            );
        }
    }
}

/// The first rounds of a model are the model that XGBoost slices off.
fn same_slice(name: &str, booster: &Booster, ubj: &[u8], case: &Case, features: &[f32], matrix: &DMatrix) {
    let first = case.rounds.div_ceil(2);
    let options = ImportOptions {
        rounds: Rounds::First(first as usize),
    };
    let taken = import_xgboost_model(ubj, options).unwrap();
    let slice = booster.slice(0, first).unwrap();
    assert_eq!(
        import_xgboost(&slice.save_ubj().unwrap()).as_ref(),
        Ok(&taken.ensemble),
        "{name}"
    );
    let margins = slice.predict_margins(matrix).unwrap();
    same_margins(name, &taken.ensemble, &case.columns, features, &margins);
    // Round by round, so that a margin tells which leaves were reached.
    for round in 0..case.rounds {
        let slice = booster.slice(round, round + 1).unwrap();
        let ensemble = import_xgboost(&slice.save_ubj().unwrap()).unwrap();
        same_engines(name, &ensemble, features, &slice.predict_margins(matrix).unwrap());
    }
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
