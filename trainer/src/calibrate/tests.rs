use model_export::probability;

use super::*;

/// Margins from -3 to 3, with clicks as often as `rate` says of a margin.
fn rows(rate: impl Fn(f64) -> f64) -> Vec<(f32, bool)> {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..20_000)
        .map(|_| {
            let margin = uniform() * 6.0 - 3.0;
            (margin as f32, uniform() < rate(margin))
        })
        .collect()
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

fn config(method: Method) -> CalibrationConfig {
    CalibrationConfig {
        method,
        ..CalibrationConfig::default()
    }
}

#[test]
fn a_line_is_found_where_there_is_one() {
    let Some(Calibration::Platt { slope, offset }) = platt(&rows(|margin| logistic(0.6 * margin - 1.0)))
    else {
        panic!("no line");
    };
    assert!((slope - 0.6).abs() < 0.03, "{slope}");
    assert!((offset + 1.0).abs() < 0.05, "{offset}");
}

#[test]
fn six_rows_have_the_line_of_scipy() {
    // scipy.optimize.minimize of the summed logloss on the same rows.
    let rows = [
        (-2.0, false),
        (-1.0, true),
        (-0.5, false),
        (0.5, true),
        (1.0, false),
        (2.0, true),
    ];
    let Some(Calibration::Platt { slope, offset }) = platt(&rows) else {
        panic!("no line");
    };
    assert!((slope - 0.630_415_6).abs() < 1e-5, "{slope}");
    assert!((offset - 0.0).abs() < 1e-5, "{offset}");
}

#[test]
fn rows_that_a_line_parts_have_no_line() {
    assert_eq!(platt(&[]), None);
    let calibration = platt(&[(-1.0, false), (1.0, true)]);
    // The most likely slope is without end; whatever is made of it must be a calibration.
    if let Some(Calibration::Platt { slope, offset }) = calibration {
        assert!(slope.is_finite() && slope > 0.0 && offset.is_finite());
    }
}

#[test]
fn neighbours_out_of_order_are_pooled() {
    let rows = [
        (-2.0, false),
        (-1.0, true),
        (0.0, false),
        (1.0, true),
        (2.0, true),
    ];
    let Some(Calibration::Isotonic(knots)) = isotonic(&rows) else {
        panic!("no steps");
    };
    let found: Vec<(f32, f32)> = knots.iter().map(|knot| (knot.margin, knot.probability)).collect();
    assert_eq!(found, [(-2.0, 0.25), (-0.5, 0.5), (1.5, 2.5 / 3.0)]);
}

#[test]
fn a_calibrated_model_is_left_alone() {
    let rows = rows(logistic);
    let calibrated = calibrate(&rows, &config(Method::Auto)).unwrap();
    assert_eq!(calibrated.tried.len(), 3);
    let plain = calibrated.tried[0].expected_calibration_error;
    assert!(plain < 0.02, "{plain}");
    if let Some(calibration) = calibrated.calibration {
        panic!("{calibration:?}, after {:?}", calibrated.tried);
    }
}

#[test]
fn a_model_that_is_wrong_on_average_is_put_right() {
    for rate in [
        (|margin: f64| logistic(0.5 * margin - 1.0)) as fn(f64) -> f64,
        |margin| if margin < 0.5 { 0.1 } else { 0.4 },
    ] {
        let rows = rows(rate);
        let calibrated = calibrate(&rows, &config(Method::Auto)).unwrap();
        let calibration = calibrated.calibration.unwrap();
        let error = |probability: &dyn Fn(f32) -> f32| {
            let sum = rows
                .iter()
                .map(|(margin, _)| (f64::from(probability(*margin)) - rate(f64::from(*margin))).abs());
            sum.sum::<f64>() / rows.len() as f64
        };
        let (before, after) = (
            error(&probability),
            error(&|margin| calibration.probability(margin)),
        );
        assert!(after < before / 5.0, "{before} became {after}");
    }
}

#[test]
fn the_prior_of_sampled_rows_is_corrected() {
    // A tenth of the rows without a click is left: of 1 click in 2 rows there were 1 in 11.
    for method in [Method::None, Method::Platt, Method::Isotonic] {
        let rows = rows(|_| 0.5);
        let config = CalibrationConfig {
            method,
            negative_sampling_rate: 0.1,
        };
        config.check().unwrap();
        let calibration = calibrate(&rows, &config).unwrap().calibration.unwrap();
        let found = f64::from(calibration.probability(0.0));
        assert!((found - 1.0 / 11.0).abs() < 0.01, "{method:?}: {found}");
        assert!((among_sampled(found, 0.1) - 0.5).abs() < 0.05);
    }
    for rate in [0.0, -1.0, 1.5, f64::NAN] {
        let config = CalibrationConfig {
            negative_sampling_rate: rate,
            ..CalibrationConfig::default()
        };
        assert!(config.check().is_err());
    }
}
