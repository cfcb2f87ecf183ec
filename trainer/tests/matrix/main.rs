//! A matrix of models: whatever XGBoost can train, the imported model gives the same bits by every way of evaluating it.
//! The models are left in a file, with which `cargo xtask test` repeats the comparison in WebAssembly.
#![cfg(feature = "xgboost")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod cases;
mod check;
mod data;
mod pack;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::thread;

use cases::Case;
use check::{Checked, check};

#[test]
fn every_model_has_xgboosts_margins_leaves_and_outputs() {
    let cases = cases::cases();
    let checked = in_threads(&cases);
    assert!(checked.len() >= 200, "{}", checked.len());
    let names: BTreeSet<&str> = checked.iter().map(|checked| checked.name.as_str()).collect();
    assert_eq!(names.len(), checked.len());
    assert_coverage(&checked);
    pack::write(&checked);
}

/// Checks the cases in several threads; the order is kept.
fn in_threads(cases: &[Case]) -> Vec<Checked> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(cases.len());
    let run = |first: usize| {
        let own = (first..cases.len()).step_by(threads);
        own.map(|index| (index, check(&cases[index], index as u64)))
            .collect::<Vec<_>>()
    };
    let mut checked: Vec<(usize, Checked)> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || run(first)))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    checked.sort_by_key(|(index, _)| *index);
    checked.into_iter().map(|(_, checked)| checked).collect()
}

/// What the matrix is meant to have, it has.
fn assert_coverage(checked: &[Checked]) {
    let count = |what: &dyn Fn(&Checked) -> bool| checked.iter().filter(|checked| what(checked)).count();
    let objectives: BTreeSet<&str> = checked
        .iter()
        .map(|checked| checked.model.ensemble.objective().name())
        .collect();
    assert_eq!(objectives.len(), 20, "{objectives:?}");
    assert!(count(&|checked| checked.model.booster == "dart") >= 60);
    assert!(count(&|checked| checked.model.ensemble.groups() > 1) >= 60);
    assert!(count(&|checked| checked.model.feature_types.iter().any(|kind| kind == "c")) >= 80);
    assert!(count(&|checked| checked.has_infinite_thresholds) >= 2);
    let margins = |checked: &Checked| checked.model.ensemble.base_margins().to_vec();
    assert!(count(&|checked| margins(checked).windows(2).any(|pair| pair[0] != pair[1])) >= 30);
}
