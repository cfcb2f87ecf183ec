//! `POST /predict`.

use api_types::{ErrorCode, PredictResponse};
use serde_json::json;

use crate::world::{World, error, rows};

#[tokio::test]
async fn all_forms_answer_the_models_own_bits_and_name_the_version() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    for row in rows(5, 50) {
        let expected = made.model.predict(&row);
        let integers = row.integers.iter().map(|value| json!(value));
        let categories = row
            .categories
            .iter()
            .map(|value| json!(value.map(|value| format!("{value:08x}"))));
        let array: Vec<_> = integers.chain(categories).collect();
        let names = model_export::column_names();
        let named: serde_json::Map<_, _> = names
            .iter()
            .zip(&array)
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect();
        for form in [json!(row.to_tsv()), json!(array), json!(named)] {
            let response = server
                .request("POST", "/predict")
                .json(&json!({"row": form}))
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), 200);
            let headers = response.headers().clone();
            let answer: PredictResponse = response.json().await.unwrap();
            assert_eq!(answer.predictions.len(), 1);
            assert_eq!(answer.predictions[0].margin.to_bits(), expected.margin.to_bits());
            assert_eq!(
                answer.predictions[0].probability.to_bits(),
                expected.probability.to_bits()
            );
            assert_eq!(answer.model.version, made.version.version);
            assert_eq!(answer.model.run_name, made.version.run_name);
            assert_eq!(answer.model.artifact_uri, made.version.artifact_uri);
            assert_eq!(answer.model.stage, api_types::Stage::Production);
            assert_eq!(headers["x-model-version"], made.version.version.to_string());
            assert_eq!(headers["x-model-sha256"], made.version.model_sha256);
            assert_eq!(headers["x-run-id"], made.version.run_id);
        }
    }
}

#[tokio::test]
async fn many_rows_are_answered_in_order() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let rows = rows(6, 10_000);
    let lines: Vec<_> = rows.iter().map(model_export::Row::to_tsv).collect();
    let answer: PredictResponse = server
        .post("/predict", json!({"rows": lines}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(answer.predictions.len(), rows.len());
    let mut distinct = std::collections::HashSet::new();
    for (row, prediction) in rows.iter().zip(&answer.predictions) {
        assert_eq!(
            prediction.margin.to_bits(),
            made.model.predict(row).margin.to_bits()
        );
        distinct.insert(prediction.margin.to_bits());
    }
    assert!(distinct.len() > 100, "the rows hardly differ: {}", distinct.len());

    let one_more: Vec<_> = lines.iter().chain(&lines[..1]).collect();
    let refused = server.post("/predict", json!({"rows": one_more})).await;
    error(refused, 413, ErrorCode::TooLarge).await;

    let mut two_bad = lines;
    (two_bad[9_001], two_bad[3_001]) = ("worse".to_owned(), "bad".to_owned());
    let refused = server.post("/predict", json!({"rows": two_bad})).await;
    let body = error(refused, 422, ErrorCode::InvalidRequest).await;
    assert_eq!(body.row, Some(3_001));
}

#[tokio::test]
async fn a_bad_row_is_named_by_row_and_column() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let good = rows(7, 1)[0].to_tsv();
    let body = json!({"rows": [good, {"I3": 5}, {"C7": "not-hex-at-all"}]});
    let refused = error(
        server.post("/predict", body).await,
        422,
        ErrorCode::InvalidRequest,
    )
    .await;
    assert_eq!((refused.row, refused.column.as_deref()), (Some(2), Some("C7")));
    assert!(!refused.message.contains("not-hex"), "{}", refused.message);
}

#[tokio::test]
async fn requests_that_are_not_predictions_get_json_errors() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let post = |content_type: &str, body: Vec<u8>| {
        server
            .request("POST", "/predict")
            .header("content-type", content_type)
            .body(body)
            .send()
    };
    error(
        post("application/json", b"{\"row\": ".to_vec()).await.unwrap(),
        400,
        ErrorCode::InvalidRequest,
    )
    .await;
    error(
        post("application/json", b"{\"x\": 1}".to_vec()).await.unwrap(),
        422,
        ErrorCode::InvalidRequest,
    )
    .await;
    error(
        post("text/plain", b"{\"row\": {}}".to_vec()).await.unwrap(),
        415,
        ErrorCode::InvalidRequest,
    )
    .await;
    error(
        post("application/json", vec![b' '; (16 << 20) + 1])
            .await
            .unwrap(),
        413,
        ErrorCode::TooLarge,
    )
    .await;
    let wrong_method = server.get("/predict").await;
    assert_eq!(wrong_method.headers()["allow"], "POST");
    error(wrong_method, 405, ErrorCode::InvalidRequest).await;
    error(server.get("/api/no-such-path").await, 404, ErrorCode::NotFound).await;
    error(
        server.post("/no-such-path", json!({})).await,
        404,
        ErrorCode::NotFound,
    )
    .await;
}

#[tokio::test]
async fn a_callers_request_id_comes_back_unless_it_is_harmful() {
    let world = World::new().await;
    let server = world.serve().await;
    let ask = async |id: &str| {
        let response = server
            .request("GET", "/nothing")
            .header("x-request-id", id)
            .send()
            .await
            .unwrap();
        error(response, 404, ErrorCode::NotFound)
            .await
            .request_id
            .unwrap()
    };
    assert_eq!(ask("order-66.a_b").await, "order-66.a_b");
    assert_ne!(ask("two words").await, "two words");
    assert_ne!(ask(&"x".repeat(65)).await, "x".repeat(65));
}
