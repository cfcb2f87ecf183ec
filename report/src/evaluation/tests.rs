use super::*;

fn predictions() -> Vec<(f64, bool)> {
    (0..400)
        .map(|i| ((i * 37 % 101) as f64 / 101.0, i * 53 % 97 < 40))
        .collect()
}

fn report() -> Report {
    let rows = predictions();
    let counts: Vec<u32> = (0..400).map(|i| i % 11).collect();
    let slices = vec![SliceGroup::by_count("missing values", "Empty columns.", &rows, &counts, 5).unwrap()];
    let importance = Importance {
        shap_rows: 10,
        features: vec![FeatureImportance {
            name: "I1".to_owned(),
            gain: Some(2.5),
            ..FeatureImportance::default()
        }],
    };
    let points = (0..5).map(|round| LearningPoint {
        round,
        train_logloss: 0.6 - f64::from(round) / 50.0,
        validation_logloss: 0.61 - f64::from(round) / 70.0,
    });
    let learning = LearningCurves::new(points, 4, false);
    Report::new(Identity::default(), &rows, slices, importance, learning).unwrap()
}

#[test]
fn a_report_has_the_metrics_of_its_predictions_and_comes_back_from_json() {
    let report = report();
    assert_eq!(report.metrics, Metrics::of(&predictions()).unwrap());
    assert_eq!(report.roc.area, report.metrics.auc);
    let rows: u64 = report.calibration.iter().map(|bin| bin.rows).sum();
    assert_eq!(rows, 400);
    let scored: u64 = report.scores.clicks.iter().chain(&report.scores.others).sum();
    assert_eq!(scored, 400);
    assert_eq!(Report::from_json(&report.to_json()).unwrap(), report);
}

#[test]
fn one_label_alone_has_no_report() {
    let rows = [(0.3, true), (0.4, true)];
    let report = Report::new(
        Identity::default(),
        &rows,
        Vec::new(),
        Importance::default(),
        LearningCurves::default(),
    );
    assert_eq!(
        report,
        Err(MetricsError::OneClass {
            rows: 2,
            positives: 2
        })
    );
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let edits: [fn(&mut Report); 8] = [
        |report| report.roc.points[1][0] = 1.5,
        |report| report.metrics.logloss = 1e300,
        |report| report.metrics.observed_rate = 0.0,
        |report| report.calibration[3].observed_low = -0.1,
        |report| report.scores.others.push(1),
        |report| report.slices[0].slices[0].name = "x".repeat(5_000),
        |report| report.importance.features = vec![FeatureImportance::default(); 20_000],
        |report| report.learning.points[0].train_logloss = -1e16,
    ];
    for (index, edit) in edits.iter().enumerate() {
        let mut report = report();
        edit(&mut report);
        let error = Report::from_json(&report.to_json()).unwrap_err();
        assert!(matches!(error, ReportError::OutOfRange(_)), "{index}: {error}");
    }
}

#[test]
fn other_formats_and_other_files_are_refused() {
    let text = String::from_utf8(report().to_json()).unwrap();
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    assert!(matches!(
        Report::from_json(newer.as_bytes()),
        Err(ReportError::Format(2))
    ));
    for other in ["", "{}", "[1]", "{\"format\":1}", &text[..text.len() / 2]] {
        assert!(
            matches!(Report::from_json(other.as_bytes()), Err(ReportError::Json(_))),
            "{other:.20}"
        );
    }
}

#[test]
fn a_long_learning_curve_keeps_its_ends_and_its_best_round() {
    let points = (0..2_000).map(|round| LearningPoint {
        round,
        train_logloss: if round == 7 { f64::NAN } else { 0.5 },
        validation_logloss: 0.5,
    });
    let curves = LearningCurves::new(points, 1_234, true);
    let rounds: Vec<u32> = curves.points.iter().map(|point| point.round).collect();
    assert!((200..310).contains(&rounds.len()), "{}", rounds.len());
    assert_eq!((rounds[0], rounds.last()), (0, Some(&1_999)));
    assert!(rounds.contains(&1_234) && !rounds.contains(&7));
}
