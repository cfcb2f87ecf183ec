use api_types::RunDetail;
use serde::Serialize;

use super::*;

fn version() -> ModelVersion {
    ModelVersion {
        model_name: "m".to_owned(),
        version: 3,
        stage: Stage::Staging,
        aliases: vec!["champion".to_owned()],
        run_id: "r".to_owned(),
        run_name: "brisk-otter-417".to_owned(),
        experiment_name: "e".to_owned(),
        artifact_uri: "s3://a".to_owned(),
        model_sha256: "1".to_owned(),
        model_bytes: i64::MAX,
        booster_sha256: "2".to_owned(),
        dataset_name: "d \"quoted\" \u{1f343}\n".to_owned(),
        dataset_digest: "3".to_owned(),
        trained_at_ms: -5,
        created_at_ms: 6,
        metrics: vec![Metric {
            key: "test_logloss".to_owned(),
            value: 0.456_789_012_345_678_9,
        }],
    }
}

fn run(state: TrainingRunState) -> TrainingRun {
    TrainingRun {
        training_run_id: "t".to_owned(),
        state,
        attempts: 1,
        request: TrainingRunRequest {
            data: vec!["s3://rows".to_owned()],
            generate_rows: Some(u64::MAX),
            seed: Some(0),
            engine: Some(Engine::Gbdt),
            max_rounds: Some(u32::MAX),
            max_bytes: Some(u64::MAX),
            promote: true,
        },
        progress: Some(StepProgress {
            step: "train".to_owned(),
            done: 3,
            total: Some(10),
            message: "round 3".to_owned(),
        }),
        run_id: Some("r".to_owned()),
        version: Some(7),
        error: Some("no".to_owned()),
        queued_at_ms: 1,
        updated_at_ms: 2,
    }
}

/// What is written as the server writes it is read as it was.
fn assert_same<T: Serialize + Read + PartialEq + std::fmt::Debug>(message: &T) {
    let text = serde_json::to_string(message).unwrap();
    assert_eq!(read::<T>(&text).as_ref(), Ok(message), "{text}");
}

#[test]
fn every_message_comes_back() {
    let served = ServedModel {
        version: version(),
        model_url: "u".to_owned(),
        bundle_url: Some("b".to_owned()),
        signing_key_pem: Some("p".to_owned()),
    };
    let bare = ServedModel {
        bundle_url: None,
        signing_key_pem: None,
        ..served.clone()
    };
    for production in [None, Some(served), Some(bare)] {
        assert_same(&Manifest {
            manifest_version: 1,
            generated_at_ms: 9,
            api_base: production.as_ref().map(|_| "./".to_owned()),
            production,
            versions: vec![version(), version()],
        });
    }
    for stage in [Stage::None, Stage::Staging, Stage::Production, Stage::Archived] {
        assert_same(&ModelVersion { stage, ..version() });
    }
    assert_same(&PredictResponse {
        predictions: vec![Prediction {
            probability: 1.234_567_8e-20,
            margin: -0.100_000_01,
        }],
        model: version(),
    });
    for state in [
        TrainingRunState::Queued,
        TrainingRunState::Running,
        TrainingRunState::Succeeded,
        TrainingRunState::Failed,
    ] {
        assert_same(&TrainingRunEvent {
            sequence: 4,
            run: run(state),
        });
        assert_same(&vec![TrainingRun {
            request: TrainingRunRequest::default(),
            progress: None,
            run_id: None,
            version: None,
            error: None,
            ..run(state)
        }]);
    }
    for code in [
        ErrorCode::InvalidRequest,
        ErrorCode::Unauthenticated,
        ErrorCode::Forbidden,
        ErrorCode::NotFound,
        ErrorCode::Conflict,
        ErrorCode::TooLarge,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
    ] {
        assert_same(&ErrorBody {
            code,
            message: "no".to_owned(),
            row: Some(3),
            column: Some("C26".to_owned()),
            request_id: None,
        });
    }
}

#[test]
fn curves_are_read_from_a_run() {
    let points = vec![
        MetricPoint { step: 0, value: 0.5 },
        MetricPoint { step: 1, value: 0.25 },
    ];
    let curves = vec![("logloss".to_owned(), points)];
    let detail = RunDetail {
        run_id: "r".to_owned(),
        run_name: "n".to_owned(),
        experiment_name: "e".to_owned(),
        status: "FINISHED".to_owned(),
        start_time_ms: 1,
        end_time_ms: None,
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
        curves: curves.clone(),
    };
    let text = serde_json::to_string(&detail).unwrap();
    assert_eq!(read(&text), Ok(LearningCurves { curves }));
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(
        read::<TrainingRunEvent>(r#"{"sequence": "1"}"#),
        Err(WireError::Field("sequence"))
    );
    let text = serde_json::to_string(&version()).unwrap();
    assert_eq!(
        read::<ModelVersion>(&text.replace("Staging", "staging")),
        Err(WireError::Field("stage"))
    );
    assert_eq!(read::<ServedModel>(&text), Err(WireError::Field("model_url")));
    assert_eq!(read::<Vec<ModelVersion>>("{}"), Err(WireError::List));
    assert_eq!(
        read::<Manifest>("<html>"),
        Err(WireError::Json(JsonError { offset: 0 }))
    );
}
