use std::ops::ControlFlow;

use gbdt::decision_tree::Data;
use gbdt::gradient_boost::GBDT;

use super::*;

const COLUMNS: usize = 5;

/// Rows with holes, negatives and ties whose label depends on three of the columns.
fn rows(count: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for row in 0..count as u64 {
        let uniform = |column: u64| (mix(seed ^ mix(row * 8 + column)) >> 40) as f32 / (1u32 << 24) as f32;
        let mut values: [f32; COLUMNS] = std::array::from_fn(|column| uniform(column as u64) * 6.0 - 3.0);
        values[1] = values[1].round();
        values[3] *= 1e20;
        let score = values[0] - values[1] * 0.7 + (values[2] * 2.0).sin();
        labels.push(f32::from(u8::from(score + 2.0 * uniform(6) - 1.0 > 0.8)));
        if uniform(7) < 0.5 {
            values[row as usize % COLUMNS] = f32::NAN;
        }
        features.extend(values);
    }
    (features, labels)
}

fn small() -> GbdtConfig {
    GbdtConfig {
        max_rounds: 12,
        eta: 0.3,
        min_leaf: 5,
        subsample: 0.7,
        early_stopping_rounds: 0,
        seed: 3,
        max_depth: 4,
    }
}

fn trained(config: &GbdtConfig) -> (Trained, Vec<Round>) {
    let (train_set, valid_set) = (rows(1500, 1), rows(600, 2));
    let mut history = Vec::new();
    let trained = train(
        config,
        (&train_set.0, &train_set.1),
        (&valid_set.0, &valid_set.1),
        COLUMNS,
        &mut |round| {
            history.push(round);
            ControlFlow::Continue(())
        },
    );
    (trained.unwrap(), history)
}

#[test]
fn the_ensemble_is_gbdts_own_model() {
    for (max_depth, eta, seed) in [(1, 1.0, 1), (3, 0.1, 2), (6, 0.37, 3)] {
        let (trained, _) = trained(&GbdtConfig {
            max_depth,
            eta,
            seed,
            ..small()
        });
        assert_eq!(saved::import(&trained.model_json).unwrap(), trained.ensemble);
        // Zeros would explain every split as even.
        assert!(!trained.ensemble.has_covers());
        let model: GBDT = serde_json::from_slice(&trained.model_json).unwrap();
        let (features, _) = rows(5000, 9);
        let margins = saved::SavedModel::load(&trained.model_json)
            .unwrap()
            .margins(&features, COLUMNS);
        let data = features
            .chunks_exact(COLUMNS)
            .map(|row| {
                let known = |value: &f32| if value.is_nan() { MISSING } else { *value };
                Data::new_test_data(row.iter().map(known).collect(), None)
            })
            .collect();
        let probabilities = model.predict(&data);
        for (index, row) in features.chunks_exact(COLUMNS).enumerate() {
            let margin = trained.ensemble.margin(row);
            assert_eq!(margin.to_bits(), margins[index].to_bits(), "row {index}");
            let (ours, theirs) = (model_export::probability(margin), probabilities[index]);
            assert!(
                ours.to_bits().abs_diff(theirs.to_bits()) <= 2,
                "row {index}: {ours} and {theirs}"
            );
        }
    }
}

#[test]
fn the_reported_losses_are_those_of_the_ensemble() {
    let (trained, history) = trained(&small());
    let (features, labels) = rows(600, 2);
    let loss = |(row, label): (&[f32], &f32)| {
        let probability = 1.0 / (1.0 + f64::exp(-f64::from(trained.ensemble.margin(row))));
        -f64::ln(if *label == 1.0 {
            probability
        } else {
            1.0 - probability
        })
    };
    let mean = features.chunks_exact(COLUMNS).zip(&labels).map(loss).sum::<f64>() / 600.0;
    let last = history.last().unwrap();
    assert!(
        (mean - last.valid_logloss).abs() < 1e-9,
        "{mean} and {}",
        last.valid_logloss
    );
    assert_eq!(
        (trained.best_round, trained.rounds, trained.ensemble.trees()),
        (11, 12, 12)
    );
    assert!(last.valid_logloss < history[0].valid_logloss * 0.8);
    assert!(last.train_logloss < history[0].train_logloss * 0.8);
}

#[test]
fn early_stopping_keeps_the_trees_up_to_the_best_round() {
    let greedy = GbdtConfig {
        max_rounds: 60,
        eta: 1.0,
        max_depth: 8,
        min_leaf: 1,
        ..small()
    };
    let (stopped, history) = trained(&GbdtConfig {
        early_stopping_rounds: 3,
        ..greedy.clone()
    });
    assert!(stopped.rounds < 60);
    assert_eq!(stopped.rounds, stopped.best_round + 4);
    assert_eq!(stopped.ensemble.trees() as u32, stopped.best_round + 1);
    let best = history
        .iter()
        .map(|round| round.valid_logloss)
        .fold(f64::INFINITY, f64::min);
    assert_eq!(
        (
            stopped.best_logloss,
            history[stopped.best_round as usize].valid_logloss
        ),
        (best, best)
    );
    let (short, _) = trained(&GbdtConfig {
        max_rounds: stopped.best_round + 1,
        ..greedy
    });
    assert_eq!(short.ensemble, stopped.ensemble);
}

#[test]
fn the_seed_decides_the_model() {
    let config = small();
    assert_eq!(trained(&config).0.model_json, trained(&config).0.model_json);
    assert_ne!(
        trained(&config).0.ensemble,
        trained(&GbdtConfig { seed: 4, ..config }).0.ensemble
    );
}

#[test]
fn unfit_input_is_refused() {
    let go = |config: &GbdtConfig, features: &[f32], labels: &[f32]| {
        train(config, (features, labels), (features, labels), 2, &mut |_| {
            ControlFlow::Break(())
        })
        .unwrap_err()
        .to_string()
    };
    let config = small();
    let features = [1.0, 2.0, 3.0, 4.0];
    assert_eq!(go(&config, &features, &[0.0, 1.0]), "training was cancelled");
    assert_eq!(
        go(&config, &features, &[1.0, 1.0]),
        "the training rows have one class only"
    );
    assert_eq!(
        go(&config, &features, &[0.0, 0.5]),
        "row 1: the label 0.5 is neither 0 nor 1"
    );
    assert_eq!(
        go(&config, &features, &[0.0]),
        "4 values and 1 labels for 2 columns"
    );
    assert_eq!(go(&config, &[], &[]), "0 values and 0 labels for 2 columns");
    let infinite = [1.0, 2.0, f32::INFINITY, 4.0];
    assert_eq!(
        go(&config, &infinite, &[0.0, 1.0]),
        "row 1, column 0: the value inf cannot be represented"
    );
    assert!(go(&config, &[1.0, MISSING, 3.0, 4.0], &[0.0, 1.0]).starts_with("row 0, column 1"));
    assert_eq!(
        go(
            &GbdtConfig {
                eta: f32::NAN,
                ..config
            },
            &features,
            &[0.0, 1.0]
        ),
        "eta is not in (0, 1]"
    );
}

#[test]
fn the_reference_reads_dumps_by_index_only() {
    let dump = r#"{"nodeid":0,"split":"f1","split_condition":0.5,"yes":1,"no":2,"missing":2,"children":[
        {"nodeid":1,"leaf":-0.25},{"nodeid":2,"leaf":0.75}]}"#
        .to_owned();
    let rows = [0.0, 0.4, 0.0, 0.5, 0.0, f32::NAN];
    let margins = reference_margins(std::slice::from_ref(&dump), 1.0, &rows, 2).unwrap();
    assert_eq!(margins, [0.75, 1.75, 1.75]);
    assert_eq!(reference_margins(&[], -0.1, &rows, 3).unwrap(), [-0.1, -0.1]);
    let named = dump.replace("f1", "C1_rate");
    let refused = reference_margins(&[dump.clone(), named], 1.0, &rows, 2)
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "tree 1: the feature `C1_rate` is not named by its index");
    let narrow = reference_margins(std::slice::from_ref(&dump), 1.0, &rows, 1)
        .unwrap_err()
        .to_string();
    assert_eq!(narrow, "tree 0: feature 1 of 1 columns");
    assert!(reference_margins(&[dump], 1.0, &[0.0, f32::MIN], 2).is_err());
}
