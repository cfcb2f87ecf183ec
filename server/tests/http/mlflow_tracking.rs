//! Experiments and runs through MLflow's API.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{Server, TOKEN, World};

const API: &str = "/api/2.0/mlflow";

/// A server without a token, as on a developer's machine.
async fn open() -> (World, Server) {
    let world = World::new().await;
    let server = world.serve_with(|options| options.token = None).await;
    (world, server)
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let request = server.request("POST", &format!("{API}/{path}")).json(&body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn get(server: &Server, path: &str) -> (u16, Value) {
    let response = server.get(&format!("{API}/{path}")).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The answer of a request that must be fine.
async fn done(server: &Server, path: &str, body: Value) -> Value {
    let (status, answer) = post(server, path, body).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// Checks an error: its status, its code, and a part of its message.
async fn refused(server: &Server, path: &str, body: Value, status: u16, code: &str, message: &str) {
    let (found, answer) = post(server, path, body.clone()).await;
    let told = answer["message"].as_str().unwrap_or_default();
    assert_eq!(
        (found, answer["error_code"].as_str()),
        (status, Some(code)),
        "{path} {body}: {answer}"
    );
    assert!(told.contains(message), "{path} {body}: {told}");
}

async fn run(server: &Server, experiment_id: &str) -> String {
    let made = done(
        server,
        "runs/create",
        json!({"experiment_id": experiment_id, "start_time": 1}),
    )
    .await;
    made["run"]["info"]["run_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn experiments_live_from_creation_to_restoration() {
    let (_world, server) = open().await;
    let (status, default) = get(&server, "experiments/get-by-name?experiment_name=Default").await;
    assert_eq!(
        (status, &default["experiment"]["experiment_id"]),
        (200, &json!("0"))
    );
    assert_eq!(default["experiment"]["artifact_location"], "mlflow-artifacts:/0");

    let tags = json!([{"key": "a", "value": "1"}]);
    let made = done(
        &server,
        "experiments/create",
        json!({"name": "criteo-ctr5", "tags": tags}),
    )
    .await;
    assert_eq!(made, json!({"experiment_id": "1"}));
    let (_, read) = get(&server, "experiments/get?experiment_id=1").await;
    let experiment = &read["experiment"];
    assert_eq!(
        (
            &experiment["name"],
            &experiment["lifecycle_stage"],
            &experiment["tags"],
            &experiment["workspace"]
        ),
        (&json!("criteo-ctr5"), &json!("active"), &tags, &json!("default"))
    );
    assert_eq!(experiment["creation_time"], experiment["last_update_time"]);
    refused(
        &server,
        "experiments/create",
        json!({"name": "criteo-ctr5"}),
        400,
        "RESOURCE_ALREADY_EXISTS",
        "Experiment(name=criteo-ctr5) already exists",
    )
    .await;

    done(
        &server,
        "experiments/update",
        json!({"experiment_id": "1", "new_name": "renamed"}),
    )
    .await;
    let run_id = run(&server, "1").await;
    done(&server, "experiments/delete", json!({"experiment_id": "1"})).await;
    refused(
        &server,
        "experiments/delete",
        json!({"experiment_id": "1"}),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=1 exists",
    )
    .await;
    refused(
        &server,
        "runs/create",
        json!({"experiment_id": "1"}),
        400,
        "INVALID_PARAMETER_VALUE",
        "The experiment 1 must be in the 'active' state. Current state is deleted.",
    )
    .await;
    let (_, read) = get(&server, &format!("runs/get?run_id={run_id}")).await;
    assert_eq!(read["run"]["info"]["lifecycle_stage"], "deleted");
    let found = async |view: Value| {
        let (_, found) = post(
            &server,
            "experiments/search",
            json!({"max_results": 10, "view_type": view}),
        )
        .await;
        let list = found["experiments"].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(json!("ACTIVE_ONLY")).await, ["Default"]);
    assert_eq!(found(json!(2)).await, ["renamed"]);
    assert_eq!(found(json!("ALL")).await.len(), 2);
    done(&server, "experiments/restore", json!({"experiment_id": "1"})).await;
    assert_eq!(found(json!("ACTIVE_ONLY")).await.len(), 2);

    let (_, first) = get(
        &server,
        "experiments/search?max_results=1&order_by=name%20DESC&view_type=ALL",
    )
    .await;
    let token = first["next_page_token"].as_str().unwrap();
    assert_eq!(token, "eyJvZmZzZXQiOiAxfQ==");
    let path = format!("experiments/search?max_results=1&order_by=name%20DESC&page_token={token}");
    let (_, second) = get(&server, &path).await;
    assert_eq!(second["experiments"].as_array().unwrap().len(), 1);
    assert!(second.get("next_page_token").is_none());

    done(
        &server,
        "experiments/set-experiment-tag",
        json!({"experiment_id": "1", "key": "k", "value": "a\nb"}),
    )
    .await;
    done(
        &server,
        "experiments/delete-experiment-tag",
        json!({"experiment_id": "1", "key": "a"}),
    )
    .await;
    refused(
        &server,
        "experiments/delete-experiment-tag",
        json!({"experiment_id": "1", "key": "a"}),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No tag with name: a",
    )
    .await;
    let (_, read) = get(&server, "experiments/get?experiment_id=1").await;
    assert_eq!(read["experiment"]["tags"], json!([{"key": "k", "value": "a\nb"}]));
}

#[tokio::test]
async fn a_run_is_logged_and_read() {
    let (_world, server) = open().await;
    let made = done(
        &server,
        "runs/create",
        json!({
            "experiment_id": "0",
            "user_id": "root",
            "start_time": "1795415041865",
            "tags": [{"key": "mlflow.user", "value": "root"}],
        }),
    )
    .await;
    let info = &made["run"]["info"];
    let run_id = info["run_id"].as_str().unwrap();
    let name = info["run_name"].as_str().unwrap();
    assert_eq!(
        made["run"],
        json!({
            "info": {
                "run_id": run_id,
                "run_uuid": run_id,
                "experiment_id": "0",
                "run_name": name,
                "user_id": "root",
                "status": "RUNNING",
                "start_time": 1_795_415_041_865_i64,
                "artifact_uri": format!("mlflow-artifacts:/0/{run_id}/artifacts"),
                "lifecycle_stage": "active",
            },
            "data": {"tags": [
                {"key": "mlflow.runName", "value": name},
                {"key": "mlflow.user", "value": "root"},
            ]},
            "inputs": {},
        })
    );
    for (value, step) in [
        (json!(0.7), json!(1)),
        (json!("NaN"), json!(null)),
        (json!("-Infinity"), json!("-2")),
    ] {
        let body = json!({"run_uuid": run_id, "key": "auc", "value": value, "timestamp": "5", "step": step});
        done(&server, "runs/log-metric", body).await;
    }
    done(
        &server,
        "runs/log-parameter",
        json!({"run_id": run_id, "key": "eta", "value": "0.1"}),
    )
    .await;
    done(
        &server,
        "runs/log-parameter",
        json!({"run_id": run_id, "key": "eta", "value": "0.1"}),
    )
    .await;
    refused(
        &server,
        "runs/log-parameter",
        json!({"run_id": run_id, "key": "eta", "value": "0.2"}),
        400,
        "INVALID_PARAMETER_VALUE",
        "Changing param values is not allowed. Param with key='eta' was already logged with value='0.1' for run ID=",
    )
    .await;
    done(
        &server,
        "runs/log-batch",
        json!({
            "run_id": run_id,
            "metrics": [
                {"key": "bad", "value": "NaN", "timestamp": 1, "step": 2, "run_id": run_id},
                {"key": "inf", "value": "Infinity", "timestamp": 1},
            ],
            "params": [{"key": "long", "value": "x".repeat(6001)}, {"key": "empty"}],
            "tags": [{"key": "mlflow.runName", "value": "renamed"}, {"key": "t", "value": ""}],
        }),
    )
    .await;
    done(
        &server,
        "runs/set-tag",
        json!({"run_id": run_id, "key": "gone", "value": "1"}),
    )
    .await;
    done(
        &server,
        "runs/delete-tag",
        json!({"run_id": run_id, "key": "gone"}),
    )
    .await;
    let ended = json!({"run_id": run_id, "status": "FINISHED", "end_time": 7, "run_name": ""});
    let updated = done(&server, "runs/update", ended).await;
    assert_eq!(updated["run_info"]["status"], "FINISHED");
    assert_eq!(updated["run_info"]["run_name"], "renamed");

    let (_, read) = get(&server, &format!("runs/get?run_uuid={run_id}&run_id={run_id}")).await;
    let run = &read["run"];
    assert_eq!(
        (&run["info"]["end_time"], &run["info"]["run_name"]),
        (&json!(7), &json!("renamed"))
    );
    assert_eq!((&run["inputs"], &run["outputs"]), (&json!({}), &json!({})));
    assert_eq!(
        run["data"]["metrics"],
        json!([
            {"key": "auc", "value": 0.7, "timestamp": 5, "step": 1},
            {"key": "bad", "value": "NaN", "timestamp": 1, "step": 2},
            {"key": "inf", "value": f64::MAX, "timestamp": 1, "step": 0},
        ])
    );
    assert_eq!(
        run["data"]["params"],
        json!([
            {"key": "empty", "value": ""},
            {"key": "eta", "value": "0.1"},
            {"key": "long", "value": "x".repeat(6000)},
        ])
    );
    let (_, history) = get(
        &server,
        &format!("metrics/get-history?run_id={run_id}&metric_key=auc"),
    )
    .await;
    let steps: Vec<i64> = history["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["step"].as_i64().unwrap())
        .collect();
    assert_eq!(steps, [-2, 0, 1]);
    let page = format!("metrics/get-history?run_id={run_id}&metric_key=auc&max_results=2");
    let (_, history) = get(&server, &page).await;
    assert_eq!(history["next_page_token"], "eyJvZmZzZXQiOiAyfQ==");

    done(&server, "runs/delete", json!({"run_id": run_id})).await;
    refused(
        &server,
        "runs/log-metric",
        json!({"run_id": run_id, "key": "m", "value": 1, "timestamp": 1}),
        400,
        "INVALID_PARAMETER_VALUE",
        "must be in the 'active' state. Current state is deleted.",
    )
    .await;
    done(&server, "runs/restore", json!({"run_id": run_id})).await;
    done(
        &server,
        "runs/log-metric",
        json!({"run_id": run_id, "key": "m", "value": 1, "timestamp": 1}),
    )
    .await;
}

#[tokio::test]
async fn inputs_outputs_and_logged_models() {
    let (_world, server) = open().await;
    let run_id = run(&server, "0").await;
    let dataset = json!({
        "name": "criteo-day0",
        "digest": "461b030d",
        "source_type": "s3",
        "source": "{\"uri\": \"s3://criteo/day_0.parquet\"}",
        "profile": "{\"num_rows\": 500}",
    });
    let tags = json!([{"key": "mlflow.data.context", "value": "training"}]);
    let datasets = json!([{"tags": tags, "dataset": dataset}]);
    done(
        &server,
        "runs/log-inputs",
        json!({"run_id": run_id, "datasets": datasets}),
    )
    .await;
    let models = json!([{"model_id": "m-1", "step": 3}]);
    done(
        &server,
        "runs/outputs",
        json!({"run_id": run_id, "models": models}),
    )
    .await;
    let (_, read) = get(&server, &format!("runs/get?run_id={run_id}")).await;
    assert_eq!(
        read["run"]["inputs"]["dataset_inputs"],
        json!([{"tags": tags, "dataset": dataset}])
    );
    assert_eq!(read["run"]["outputs"]["model_outputs"], models);
    let summaries = done(
        &server,
        "experiments/search-datasets",
        json!({"experiment_ids": ["0"]}),
    )
    .await;
    assert_eq!(
        summaries["dataset_summaries"],
        json!([{"experiment_id": "0", "name": "criteo-day0", "digest": "461b030d", "context": "training"}])
    );
    let model = json!({
        "artifact_path": "model",
        "run_id": run_id,
        "utc_time_created": "2026-11-23",
        "flavors": {"x": {"data": "d", "config": {}}},
        "signature": "s",
    });
    for _ in 0..2 {
        let body = json!({"run_id": run_id, "model_json": model.to_string()});
        done(&server, "runs/log-model", body).await;
    }
    let (_, read) = get(&server, &format!("runs/get?run_id={run_id}")).await;
    let tags = read["run"]["data"]["tags"].as_array().unwrap();
    let history = tags
        .iter()
        .find(|tag| tag["key"] == "mlflow.log-model.history")
        .unwrap();
    let history: Value = serde_json::from_str(history["value"].as_str().unwrap()).unwrap();
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(history[1]["flavors"], json!({"x": {"data": "d"}}));
    assert!(history[0].get("signature").is_none());
}

#[tokio::test]
async fn what_is_wrong_is_told_in_mlflows_words() {
    let (_world, server) = open().await;
    let id = run(&server, "0").await;
    let metrics: Vec<Value> = (0..1001)
        .map(|i| json!({"key": format!("x{i}"), "value": 1, "timestamp": 1}))
        .collect();
    let params: Vec<Value> = (0..101)
        .map(|i| json!({"key": format!("x{i}"), "value": "1"}))
        .collect();
    let invalid = "INVALID_PARAMETER_VALUE";
    let absent = "RESOURCE_DOES_NOT_EXIST";
    for (path, body, status, code, message) in [
        (
            "experiments/create",
            json!({"name": 123}),
            400,
            invalid,
            "Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'. See the API docs",
        ),
        (
            "experiments/create",
            json!({}),
            400,
            invalid,
            "Missing value for required parameter 'name'",
        ),
        (
            "experiments/create",
            json!({"name": "n", "artifact_location": 9.0}),
            400,
            invalid,
            "Invalid value 9.0 for parameter 'artifact_location'",
        ),
        (
            "experiments/create",
            json!({"name": "n", "tags": "5"}),
            400,
            invalid,
            "Invalid value \"5\" for parameter 'tags'",
        ),
        (
            "experiments/create",
            json!({"name": "x".repeat(501)}),
            400,
            invalid,
            "'name' exceeds the maximum length of 500 characters",
        ),
        (
            "experiments/search",
            json!({}),
            400,
            invalid,
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
        ),
        (
            "experiments/search",
            json!({"max_results": 1, "page_token": "?"}),
            400,
            invalid,
            "Invalid page token, could not base64-decode",
        ),
        (
            "runs/create",
            json!({"experiment_id": 3}),
            400,
            invalid,
            "Invalid value 3 for parameter 'experiment_id' supplied:  Hint: Value was of type 'int'.",
        ),
        (
            "runs/create",
            json!({"experiment_id": "777"}),
            404,
            absent,
            "No Experiment with id=777 exists",
        ),
        (
            "runs/create",
            json!({"run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}),
            400,
            invalid,
            "Both 'run_name' argument and 'mlflow.runName' tag are specified",
        ),
        (
            "runs/search",
            json!({"experiment_ids": "3"}),
            400,
            invalid,
            "Invalid value \"3\" for parameter 'experiment_ids' supplied:  Hint: Value was of type 'str'.",
        ),
        (
            "runs/search",
            json!({"max_results": 0}),
            400,
            invalid,
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
        ),
        (
            "runs/search",
            json!({"max_results": 123_456_789}),
            400,
            invalid,
            "Invalid value 123456789 for parameter 'max_results' supplied",
        ),
        (
            "runs/search",
            json!({"experiment_ids": ["0"], "filter": "a == 'b'"}),
            400,
            invalid,
            "Invalid attribute key 'a' specified",
        ),
        (
            "runs/log-metric",
            json!({"run_id": 31, "key": "m", "value": 1, "timestamp": 1}),
            400,
            invalid,
            "Invalid value 31 for parameter 'run_id' supplied",
        ),
        (
            "runs/log-metric",
            json!({"run_id": null, "key": "m", "value": 1, "timestamp": 1}),
            400,
            invalid,
            "Missing value for required parameter 'run_id'",
        ),
        (
            "runs/log-metric",
            json!({"run_id": id, "key": "m", "value": "abc", "timestamp": 1}),
            400,
            invalid,
            "Invalid value \"abc\" for parameter 'value' supplied:  Hint: Value was of type 'str'.",
        ),
        (
            "runs/log-metric",
            json!({"run_id": id, "key": "m", "timestamp": 1}),
            400,
            invalid,
            "Missing value for required parameter 'value'",
        ),
        (
            "runs/log-metric",
            json!({"run_id": id, "key": "m", "value": 1}),
            400,
            invalid,
            "Missing value for required parameter 'timestamp'",
        ),
        (
            "runs/log-metric",
            json!({"run_id": id, "key": "m", "value": 1, "timestamp": 1, "step": "foo"}),
            400,
            invalid,
            "Invalid value \"foo\" for parameter 'step' supplied",
        ),
        (
            "runs/log-metric",
            json!({"run_id": id, "key": "/etc", "value": 1, "timestamp": 1}),
            400,
            invalid,
            "Invalid value \"/etc\" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '/etc'",
        ),
        (
            "runs/log-metric",
            json!({"run_id": id, "key": "a/../b", "value": 1, "timestamp": 1}),
            400,
            invalid,
            "This name would resolve to 'b'",
        ),
        (
            "runs/log-metric",
            json!({"run_id": "nope", "key": "m", "value": 1, "timestamp": 1}),
            404,
            absent,
            "Run with id=nope not found",
        ),
        (
            "runs/log-batch",
            json!({"run_id": id, "metrics": metrics}),
            400,
            invalid,
            "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics",
        ),
        (
            "runs/log-batch",
            json!({"run_id": id, "params": params}),
            400,
            invalid,
            "at most 100 params. Got 101 params.",
        ),
        (
            "runs/log-batch",
            json!({"run_id": id, "params": [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]}),
            400,
            invalid,
            "Duplicate parameter keys have been submitted: ['d'].",
        ),
        (
            "runs/log-batch",
            json!({"run_id": id, "metrics": [{"key": "mae", "value": 2.5}]}),
            400,
            invalid,
            "Missing value for required parameter 'metrics[0].timestamp'",
        ),
        (
            "runs/log-batch",
            json!({"run_id": id, "tags": "foo"}),
            400,
            invalid,
            "Invalid value \"foo\" for parameter 'tags' supplied",
        ),
        (
            "runs/log-batch",
            json!({"run_id": id, "tags": [{"key": "a\\b"}]}),
            400,
            invalid,
            "Invalid value \"a\\\\b\" for parameter 'tags[0].key' supplied: Names may only contain alphanumerics",
        ),
        (
            "runs/set-tag",
            json!({"run_id": id, "key": "k", "value": 41}),
            400,
            invalid,
            "Invalid value 41 for parameter 'value' supplied",
        ),
        (
            "runs/delete-tag",
            json!({"run_id": id, "key": "fakeTag"}),
            404,
            absent,
            "No tag with name: fakeTag",
        ),
        (
            "runs/log-parameter",
            json!({"run_id": id, "key": "nul", "value": "\0"}),
            400,
            invalid,
            "for parameter 'value'",
        ),
        (
            "runs/log-inputs",
            json!({"datasets": []}),
            400,
            invalid,
            "Missing value for required parameter 'run_id'",
        ),
        (
            "runs/outputs",
            json!({"run_id": id}),
            400,
            invalid,
            "Missing value for required parameter 'models'",
        ),
        (
            "runs/log-model",
            json!({"run_id": id, "model_json": "{"}),
            400,
            invalid,
            "Malformed model info.",
        ),
        (
            "runs/log-model",
            json!({"run_id": id, "model_json": "{}"}),
            400,
            invalid,
            "Model json is missing mandatory fields",
        ),
        (
            "experiments/search-datasets",
            json!({}),
            400,
            invalid,
            "SearchDatasets request must specify at least one experiment_id.",
        ),
        ("nope", json!({}), 404, "ENDPOINT_NOT_FOUND", "/nope"),
    ] {
        refused(&server, path, body, status, code, message).await;
    }
    for (path, message) in [
        (
            "experiments/get",
            "Missing value for required parameter 'experiment_id'",
        ),
        ("experiments/get?experiment_id=x", "Invalid experiment ID 'x'"),
        (
            "metrics/get-history-bulk?run_ids=1&metric_key=m",
            "GetMetricHistoryBulk request must specify at least one run_id.",
        ),
        (
            "metrics/get-history-bulk?run_id=1",
            "GetMetricHistoryBulk request must specify a metric_key",
        ),
        (
            "metrics/get-history-bulk-interval?metric_key=m",
            "Missing value for required parameter 'run_ids'.",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids=1&metric_key=m&max_results=0",
            "max_results must be between 1 and 2500",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids=1&metric_key=",
            "Missing value for required parameter 'metric_key'",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids=1&metric_key=m&start_step=1&end_step=0",
            "end_step must be greater than start_step. ",
        ),
        (
            "metrics/get-history-bulk-interval?run_ids=1&metric_key=m&start_step=1",
            "both must be specified.",
        ),
        (&format!("artifacts/list?run_id={id}&path=../x"), "Invalid path"),
    ] {
        let (status, answer) = get(&server, path).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (400, &json!(invalid)),
            "{path}: {answer}"
        );
        assert!(
            answer["message"].as_str().unwrap().contains(message),
            "{path}: {answer}"
        );
    }
    let (status, _) = get(&server, "runs/search").await;
    assert_eq!(status, 405);
    let malformed = server
        .request("POST", &format!("{API}/runs/create"))
        .header("content-type", "application/json")
        .body("{\"experiment_id\": ")
        .send()
        .await
        .unwrap();
    assert_eq!(malformed.status(), StatusCode::BAD_REQUEST);
    let plain = server
        .request("POST", &format!("{API}/runs/create"))
        .header("content-type", "text/plain")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        plain.status(),
        StatusCode::BAD_REQUEST,
        "a page's form can't be a request"
    );
    let none = server
        .request("POST", &format!("{API}/runs/search"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (none.status().as_u16(), none.text().await.unwrap().as_str()),
        (200, "{}")
    );
}

#[tokio::test]
async fn runs_are_searched_by_pages() {
    let (_world, server) = open().await;
    let mut ids = Vec::new();
    for index in 0..5 {
        let id = run(&server, "0").await;
        let metric = json!({"run_id": id, "key": "auc", "value": f64::from(index) / 10.0, "timestamp": 1});
        done(&server, "runs/log-metric", metric).await;
        ids.push(id);
    }
    let mut found: Vec<String> = Vec::new();
    let mut token = Value::Null;
    loop {
        let body = json!({
            "experiment_ids": ["0"],
            "filter": "metrics.auc > 0 and start_time = 1",
            "order_by": ["metrics.auc DESC"],
            "max_results": 3,
            "page_token": token,
        });
        let page = done(&server, "runs/search", body).await;
        for run in page["runs"].as_array().unwrap() {
            found.push(run["info"]["run_id"].as_str().unwrap().to_owned());
        }
        token = page.get("next_page_token").cloned().unwrap_or_default();
        if token.is_null() {
            break;
        }
    }
    ids.reverse();
    assert_eq!(found, ids[..4]);
    let ajax = server
        .request("POST", "/ajax-api/2.0/mlflow/runs/search")
        .json(&json!({"experiment_ids": ["0"], "run_view_type": 3}))
        .send()
        .await
        .unwrap();
    let all: Value = ajax.json().await.unwrap();
    assert_eq!(all["runs"].as_array().unwrap().len(), 5);
    let bulk = format!(
        "metrics/get-history-bulk?run_id={}&run_id={}&metric_key=auc",
        ids[0], ids[1]
    );
    let (_, bulk) = get(&server, &bulk).await;
    assert_eq!(bulk["metrics"].as_array().unwrap().len(), 2);
    assert!(bulk["metrics"][0]["run_id"].is_string());
    let samples = format!(
        "metrics/get-history-bulk-interval?run_ids={}&metric_key=auc&max_results=1",
        ids[0]
    );
    let (_, samples) = get(&server, &samples).await;
    assert_eq!(samples["metrics"][0]["value"], 0.4);
}

#[tokio::test]
async fn files_of_a_run_are_listed_and_handed_out() {
    let (_world, server) = open().await;
    let run_id = run(&server, "0").await;
    let (_, empty) = get(&server, &format!("artifacts/list?run_id={run_id}")).await;
    assert_eq!(
        empty,
        json!({"root_uri": format!("mlflow-artifacts:/0/{run_id}/artifacts")})
    );
    for (path, bytes) in [("sub/x.txt", "hello"), ("d.json", "{\"a\": 1}")] {
        let path = format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}");
        let put = server.request("POST", &path).body(bytes).send().await.unwrap();
        assert_eq!(put.status(), 200);
    }
    let (_, listed) = get(&server, &format!("artifacts/list?run_id={run_id}")).await;
    assert_eq!(
        listed["files"],
        json!([
            {"path": "d.json", "is_dir": false, "file_size": 8},
            {"path": "sub", "is_dir": true},
        ])
    );
    let folder = format!("/api/2.0/mlflow-artifacts/artifacts?path=0/{run_id}/artifacts/.");
    let listed: Value = server.get_json(&folder).await;
    assert_eq!(listed["files"].as_array().unwrap().len(), 2);
    let (_, listed) = get(&server, &format!("artifacts/list?run_id={run_id}&path=sub")).await;
    assert_eq!(
        listed["files"],
        json!([{"path": "sub/x.txt", "is_dir": false, "file_size": 5}])
    );
    let file = server
        .get(&format!("/get-artifact?run_uuid={run_id}&path=sub/x.txt"))
        .await;
    assert_eq!(file.text().await.unwrap(), "hello");
    for path in [
        format!("/get-artifact?run_id={run_id}&path=../path"),
        "/ajax-api/2.0/mlflow/upload-artifact?path=x".to_owned(),
    ] {
        let method = if path.contains("upload") { "POST" } else { "GET" };
        let answer = server.request(method, &path).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn only_who_may_uses_mlflows_api() {
    let world = World::new().await;
    let server = world.serve().await;
    let path = format!("{API}/experiments/get?experiment_id=0");
    let ask = async |name: &'static str, value: String| {
        let answer = server
            .request("GET", &path)
            .header(name, value)
            .send()
            .await
            .unwrap();
        answer.status().as_u16()
    };
    let refused = server.get(&path).await;
    assert_eq!(refused.status(), 401);
    assert!(
        refused.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic")
    );
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error_code"], "UNAUTHENTICATED");
    assert_eq!(ask("authorization", format!("Bearer {TOKEN}")).await, 200);
    assert_eq!(ask("authorization", "Bearer other".to_owned()).await, 401);
    let basic = server
        .request("GET", &path)
        .basic_auth("anybody", Some(TOKEN))
        .send()
        .await
        .unwrap();
    assert_eq!(basic.status(), 200);

    let open = world.serve_with(|options| options.token = None).await;
    assert_eq!(open.get(&path).await.status(), 200);
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let answer = open
            .request("GET", &path)
            .header(name, value)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error_code"], "PERMISSION_DENIED");
    }
    let version = open.get("/version").await.text().await.unwrap();
    assert!(version.starts_with("3."), "{version}");
    let info: Value = open.get_json("/api/3.0/mlflow/server-info").await;
    assert_eq!(info["multipart_uploads_enabled"], false);
}

#[tokio::test]
async fn runs_of_the_trainer_are_mlflows_runs() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_with(|options| options.token = None).await;
    let (status, read) = get(&server, &format!("runs/get?run_id={}", made.version.run_id)).await;
    assert_eq!(status, 200);
    let run = &read["run"];
    assert_eq!(run["info"]["status"], "FINISHED");
    let uri = run["info"]["artifact_uri"].as_str().unwrap();
    assert!(uri.starts_with("mlflow-artifacts:/1/"), "{uri}");
    let (_, files) = get(
        &server,
        &format!("artifacts/list?run_id={}&path=model", made.version.run_id),
    )
    .await;
    let paths: Vec<&str> = files["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"model/model.ubj"), "{paths:?}");
    let body =
        json!({"experiment_ids": ["1"], "filter": "params.max_depth = '6' AND metrics.test_logloss < 1"});
    let found = done(&server, "runs/search", body).await;
    assert_eq!(found["runs"].as_array().unwrap().len(), 1);
}
