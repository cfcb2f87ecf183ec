//! What not every model needs: several targets or classes, queries, intervals, categories, infinite values.

use xgboost::{Booster, DMatrix};

use crate::data::{COLUMNS, Data};

fn train(params: &[(&str, &str)], matrix: &DMatrix, rounds: u32) -> Result<Booster, xgboost::XGBoostError> {
    let fixed = [("tree_method", "hist"), ("max_depth", "3"), ("nthread", "1")];
    let all: Vec<(&str, &str)> = fixed.iter().chain(params).copied().collect();
    let mut booster = Booster::new(&all, &[matrix])?;
    for round in 0..rounds {
        booster.update(round, matrix)?;
    }
    Ok(booster)
}

#[test]
fn several_targets_give_a_margin_each() {
    let data = Data::generate(300, 31);
    let mut matrix = data.matrix();
    let labels: Vec<f32> = data
        .labels
        .iter()
        .flat_map(|label| [*label, 5.0 - label])
        .collect();
    matrix.set_label_rows(&labels, 2).unwrap();
    let booster = train(&[], &matrix, 20).unwrap();
    let margins = booster.predict_margins(&matrix).unwrap();
    assert_eq!(margins.len(), 600);
    let error = |target: usize| {
        let pairs = margins.iter().zip(&labels).skip(target).step_by(2);
        pairs.map(|(margin, label)| (margin - label).abs()).sum::<f32>() / 300.0
    };
    assert!(error(0) < 0.2 && error(1) < 0.2, "{} {}", error(0), error(1));
    assert!(matrix.set_label_rows(&labels, 3).is_err());
}

#[test]
fn classes_give_probabilities_that_sum_to_one() {
    let mut data = Data::generate(300, 32);
    for (index, label) in data.labels.iter_mut().enumerate() {
        *label += f32::from(u8::from(index % 3 == 0 && *label > 0.0));
    }
    let matrix = data.matrix();
    let booster = train(&[("objective", "multi:softprob"), ("num_class", "3")], &matrix, 3).unwrap();
    let probabilities = booster.predict(&matrix).unwrap();
    assert_eq!(probabilities.len(), 900);
    for row in probabilities.chunks_exact(3) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn queries_must_cover_the_rows() {
    let mut matrix = Data::generate(300, 33).matrix();
    assert_eq!(
        matrix.set_groups(&[100, 100]).unwrap_err().to_string(),
        "200 rows in groups for 300 rows"
    );
    matrix.set_groups(&[100, 150, 50]).unwrap();
    let booster = train(&[("objective", "rank:ndcg")], &matrix, 3).unwrap();
    assert_eq!(booster.predict(&matrix).unwrap().len(), 300);
}

#[test]
fn intervals_may_be_open() {
    let mut data = Data::generate(300, 34);
    data.labels
        .iter_mut()
        .for_each(|label| *label = 10.0 * *label + 1.0);
    let mut matrix = data.matrix();
    let refused = train(&[("objective", "survival:aft")], &matrix, 1);
    assert!(refused.is_err());
    let upper = |label: &f32| if *label > 5.0 { f32::INFINITY } else { *label };
    let uppers: Vec<f32> = data.labels.iter().map(upper).collect();
    matrix.set_label_bounds(&data.labels, &uppers).unwrap();
    let times = train(&[("objective", "survival:aft")], &matrix, 30)
        .unwrap()
        .predict(&matrix)
        .unwrap();
    let mean = |large: bool| {
        let chosen = times
            .iter()
            .zip(&data.labels)
            .filter(|(_, label)| (**label > 5.0) == large);
        let chosen: Vec<f32> = chosen.map(|(time, _)| *time).collect();
        chosen.iter().sum::<f32>() / chosen.len() as f32
    };
    assert!(mean(true) > 3.0 * mean(false), "{} {}", mean(true), mean(false));
    assert!(matrix.set_label_bounds(&data.labels, &[1.0]).is_err());
}

#[test]
fn categories_are_split_as_sets_and_types_are_saved() {
    let mut data = Data::generate(600, 35);
    for row in 0..data.rows() {
        let category = (row * 7 % 10) as f32;
        data.features[row * COLUMNS] = category;
        data.labels[row] = f32::from(u8::from([1.0, 4.0, 8.0].contains(&category)));
    }
    let mut matrix = data.matrix();
    matrix
        .set_feature_types(&["c", "float", "float", "float", "float", "float"])
        .unwrap();
    let params = [
        ("objective", "binary:logistic"),
        ("max_cat_to_onehot", "1"),
        ("max_depth", "1"),
    ];
    let booster = train(&params, &matrix, 1).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&booster.save_json().unwrap()).unwrap();
    assert_eq!(json["learner"]["feature_types"][0], "c");
    let tree = &json["learner"]["gradient_booster"]["model"]["trees"][0];
    assert_eq!(tree["split_type"][0], 1);
    assert!(matrix.set_feature_types(&["c"]).is_err());
    assert!(matrix.set_feature_types(&["x"; COLUMNS]).is_err());
}

#[test]
fn rows_in_place_have_the_margins_of_their_matrix_and_may_be_infinite() {
    let data = Data::generate(300, 36);
    let matrix = data.matrix();
    let booster = train(&[("objective", "binary:logistic")], &matrix, 5).unwrap();
    let in_place = |features: &[f32], rows| booster.predict_margins_in_place(features, rows, COLUMNS);
    assert_eq!(
        in_place(&data.features, 300).unwrap(),
        booster.predict_margins(&matrix).unwrap()
    );
    let large = [3e38, 3e38, 3e38, 3e38, 3e38, 3e38];
    assert_eq!(
        in_place(&[f32::INFINITY; COLUMNS], 1).unwrap(),
        in_place(&large, 1).unwrap()
    );
    assert!(in_place(&large, 2).is_err());
    assert!(booster.predict_margins_in_place(&large, 2, 3).is_err());
}
