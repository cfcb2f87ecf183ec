use super::*;

/// Rows with a few keys per column, so that every kind of slot occurs.
fn rows(count: u64) -> Vec<Row> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..count)
        .map(|_| Row {
            label: Some(next(4) == 0),
            integers: std::array::from_fn(|_| (next(10) > 0).then(|| next(100) as i64 - 3)),
            categories: std::array::from_fn(|column| {
                (next(8) > 0).then(|| {
                    let range = 2 + 40 * column as u64;
                    ((next(range) * next(range)) as u32).wrapping_mul(77_777_777)
                })
            }),
        })
        .collect()
}

fn crosses(names: &[&str]) -> Vec<Cross> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn fit(order: impl Iterator<Item = usize>, rows: &[Row], config: EncoderConfig) -> FittedEncoder {
    let mut fit = EncoderFit::new(config);
    for index in order {
        fit.observe(index as u64, &rows[index]).unwrap();
    }
    fit.finish().unwrap()
}

/// The same definition, computed row by row with no state kept.
fn expected(rows: &[Row], own: Option<usize>, row: &Row, config: &EncoderConfig) -> Vec<f32> {
    let fold = |index: usize| fit::fold_of(config, index as u64);
    let prior = rows.iter().filter(|row| row.label == Some(true)).count() as f64 / rows.len() as f64;
    let mut out: Vec<f32> = row
        .integers
        .iter()
        .map(|value| value.map_or(f32::NAN, |value| value as f32))
        .collect();
    let value = |row: &Row, column: usize| match column.checked_sub(13) {
        None => row.integers[column],
        Some(category) => row.categories[category].map(i64::from),
    };
    let columns = (13..39).map(|column| [column; 2]);
    let crosses = config.crosses.iter().map(|cross| cross.columns());
    for columns in columns.chain(crosses) {
        let values = |row: &Row| columns.map(|column| value(row, column));
        let same: Vec<usize> = (0..rows.len())
            .filter(|index| values(&rows[*index]) == values(row))
            .collect();
        if same.len() < config.min_count as usize {
            out.extend([prior as f32, 0.0]);
            continue;
        }
        let others: Vec<usize> = same
            .iter()
            .copied()
            .filter(|index| own.is_none_or(|own| fold(own) != fold(*index)))
            .collect();
        let clicks = others
            .iter()
            .filter(|index| rows[**index].label == Some(true))
            .count() as f64;
        let folds = f64::from(config.folds);
        let share = own.map_or(1.0, |_| (folds - 1.0) / folds);
        let a = config.prior_weight * share;
        out.push(((clicks + a * prior) / (others.len() as f64 + a)) as f32);
        out.push((same.len() as f64).ln_1p() as f32);
    }
    out
}

fn assert_close(left: &[f32], right: &[f32]) {
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(right) {
        assert!(
            (left.is_nan() && right.is_nan()) || (left - right).abs() <= 1e-6 * right.abs(),
            "{left} {right}"
        );
    }
}

#[test]
fn features_follow_their_definition() {
    let rows = rows(600);
    let config = EncoderConfig {
        prior_weight: 5.0,
        seed: 9,
        crosses: crosses(&["C2xC1", "I3xC1", "C4xC7"]),
        ..EncoderConfig::default()
    };
    let fitted = fit(0..rows.len(), &rows, config.clone());
    let mut unseen = rows[0].clone();
    unseen.categories = [Some(12345); 26];
    let mut out = vec![0.0; fitted.encoder().width()];
    for row in rows.iter().take(50).chain([&unseen, &Row::default()]) {
        fitted.encoder().encode(row, &mut out);
        assert_close(&out, &expected(&rows, None, row, &config));
    }
    for (index, row) in rows.iter().enumerate().take(200) {
        fitted.encode_training_row(index as u64, row, &mut out);
        assert_close(&out, &expected(&rows, Some(index), row, &config));
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let rows = rows(500);
    let config = || EncoderConfig {
        crosses: crosses(&["C26xC1"]),
        ..EncoderConfig::default()
    };
    let forwards = fit(0..rows.len(), &rows, config());
    let backwards = fit((0..rows.len()).rev(), &rows, config());
    assert_eq!(forwards.encoder(), backwards.encoder());
    let (mut left, mut right) = ([0.0; WIDTH + 2], [0.0; WIDTH + 2]);
    for (index, row) in rows.iter().enumerate() {
        forwards.encode_training_row(index as u64, row, &mut left);
        backwards.encode_training_row(index as u64, row, &mut right);
        assert_eq!(left.map(f32::to_bits), right.map(f32::to_bits));
    }
}

#[test]
fn folds_are_even_and_depend_on_the_seed() {
    let fold = |seed, index| {
        fit::fold_of(
            &EncoderConfig {
                seed,
                ..EncoderConfig::default()
            },
            index,
        )
    };
    let mut counts = [0; 5];
    for index in 0..10_000 {
        counts[fold(1, index)] += 1;
    }
    assert!(
        counts.iter().all(|count| (1800..2200).contains(count)),
        "{counts:?}"
    );
    assert!((0..100).any(|index| fold(1, index) != fold(2, index)));
}

#[test]
fn names_are_one_per_feature() {
    let names = fit(0..3, &rows(3), EncoderConfig::default())
        .into_encoder()
        .feature_names();
    assert_eq!(names.len(), WIDTH);
    assert_eq!(
        (names[0].as_str(), names[13].as_str(), names[64].as_str()),
        ("I1", "C1_mean", "C26_log_count")
    );
    let config = EncoderConfig {
        crosses: crosses(&["C23xC6", "I2xC26"]),
        ..EncoderConfig::default()
    };
    let crossed = fit(0..3, &rows(3), config).into_encoder().feature_names();
    assert_eq!(crossed[..WIDTH], names);
    assert_eq!(
        crossed[WIDTH..],
        [
            "C23xC6_mean",
            "C23xC6_log_count",
            "I2xC26_mean",
            "I2xC26_log_count"
        ]
    );
}

#[test]
fn refuses_what_it_cannot_fit() {
    assert_eq!(
        EncoderFit::new(EncoderConfig::default()).finish().err(),
        Some(EncoderError::NoRows)
    );
    let mut fit = EncoderFit::new(EncoderConfig::default());
    assert_eq!(
        fit.observe(4, &Row::default()),
        Err(EncoderError::MissingLabel { row_index: 4 })
    );
    for config in [
        EncoderConfig {
            folds: 1,
            ..EncoderConfig::default()
        },
        EncoderConfig {
            folds: 0,
            ..EncoderConfig::default()
        },
        EncoderConfig {
            min_count: 0,
            ..EncoderConfig::default()
        },
        EncoderConfig {
            prior_weight: 0.0,
            ..EncoderConfig::default()
        },
        EncoderConfig {
            prior_weight: f64::NAN,
            ..EncoderConfig::default()
        },
        EncoderConfig {
            crosses: (0..65)
                .map(|index| Cross::new(index % 13, 13 + index / 13).unwrap())
                .collect(),
            ..EncoderConfig::default()
        },
    ] {
        let mut fit = EncoderFit::new(config);
        fit.observe(0, &rows(1)[0]).unwrap();
        assert!(matches!(fit.finish().err(), Some(EncoderError::Config { .. })));
    }
    for same in ["C1xC2", "C2xC1"] {
        let mut fit = EncoderFit::new(EncoderConfig {
            crosses: crosses(&["C1xC2", "C1xC3", same]),
            ..EncoderConfig::default()
        });
        fit.observe(0, &rows(1)[0]).unwrap();
        let refused = fit.finish().err().unwrap();
        assert_eq!(refused, EncoderError::SameCross(crosses(&[same])[0]));
    }
}
