//! Models, versions, aliases, logged models and files, as MLflow's clients ask for them.

use reqwest::Response;
use serde_json::{Value, json};

use crate::world::{MODEL, Server, TOKEN, World};

const API: &str = "/api/2.0/mlflow";
const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";

async fn call(server: &Server, method: &str, path: &str, body: Value) -> (u16, Value) {
    let query = match method {
        "GET" => query(&body),
        _ => String::new(),
    };
    let request = server
        .request(method, &format!("{API}/{path}{query}"))
        .bearer_auth(TOKEN);
    let request = match method {
        "GET" => request,
        _ => request.json(&body),
    };
    answer(request.send().await.unwrap()).await
}

fn query(body: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let escaped = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    };
    let fields = body.as_object().unwrap().iter();
    let fields: Vec<String> = fields
        .map(|(key, value)| format!("{key}={}", escaped(&text(value))))
        .collect();
    format!("?{}", fields.join("&"))
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn ok(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = call(server, method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

async fn refused(
    server: &Server,
    method: &str,
    path: &str,
    body: Value,
    status: u16,
    code: &str,
    says: &str,
) {
    let (got, answer) = call(server, method, path, body).await;
    assert_eq!(
        (got, answer["error_code"].as_str()),
        (status, Some(code)),
        "{answer}"
    );
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
}

async fn put(server: &Server, key: &str, bytes: Vec<u8>) -> u16 {
    let request = server
        .request("PUT", &format!("{FILES}/{key}"))
        .bearer_auth(TOKEN);
    request.body(bytes).send().await.unwrap().status().as_u16()
}

async fn get(server: &Server, key: &str) -> Response {
    let request = server
        .request("GET", &format!("{FILES}/{key}"))
        .bearer_auth(TOKEN);
    request.send().await.unwrap()
}

async fn list(server: &Server, path: &str) -> Value {
    let request = server
        .request("GET", &format!("{FILES}{}", query(&json!({"path": path}))))
        .bearer_auth(TOKEN);
    answer(request.send().await.unwrap()).await.1
}

/// A model of XGBoost with one tree: `x < 1.5` goes left, and so does what is missing.
fn booster(leaf: f64) -> Vec<u8> {
    let model = json!({
        "version": [3, 2, 0],
        "learner": {
            "attributes": {},
            "feature_names": ["x", "y"],
            "feature_types": ["float", "float"],
            "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
            "learner_model_param": {"base_score": "[5E-1]", "num_class": "0", "num_feature": "2", "num_target": "1"},
            "gradient_booster": {"name": "gbtree", "model": {
                "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"},
                "iteration_indptr": [0, 1],
                "tree_info": [0],
                "cats": {"enc": []},
                "trees": [{
                    "tree_param": {"num_nodes": "3", "size_leaf_vector": "1"},
                    "left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
                    "split_conditions": [1.5, -0.25, leaf], "default_left": [1, 0, 0], "sum_hessian": [9.0, 6.0, 3.0],
                    "split_type": [0, 0, 0], "categories": [], "categories_nodes": [], "categories_segments": [],
                    "categories_sizes": [],
                }],
            }},
        },
    });
    model.to_string().into_bytes()
}

const MLMODEL: &str = "flavors:\n  python_function:\n    data: model.json\n    loader_module: mlflow.xgboost\n  xgboost:\n    \
                       data: model.json\n    model_class: xgboost.core.Booster\n";

/// Logs a model as `mlflow.xgboost.log_model` does, and gives its id and the key of its directory.
async fn logged_model(world: &World, server: &Server, booster: Vec<u8>) -> (String, String) {
    let experiment = world.registry.get_or_create_experiment("clicks").await.unwrap();
    let body = json!({"experiment_id": experiment.experiment_id, "name": "model", "params": [{"key": "eta", "value": "0.1"}]});
    let made = ok(server, "POST", "logged-models", body).await;
    let info = &made["model"]["info"];
    assert_eq!(info["status"], "LOGGED_MODEL_PENDING");
    let id = info["model_id"].as_str().unwrap().to_owned();
    let key = format!("{}/models/{id}/artifacts", experiment.experiment_id);
    assert_eq!(info["artifact_uri"], format!("mlflow-artifacts:/{key}"));
    assert_eq!(put(server, &format!("{key}/MLmodel"), MLMODEL.into()).await, 200);
    assert_eq!(put(server, &format!("{key}/model.json"), booster).await, 200);
    let ready = json!({"model_id": id, "status": "LOGGED_MODEL_READY"});
    ok(server, "PATCH", &format!("logged-models/{id}"), ready).await;
    (id, key)
}

#[tokio::test]
async fn a_model_that_a_client_registers_is_exported_kept_and_promoted() {
    let world = World::new().await;
    let server = world.serve().await;
    let (id, key) = logged_model(&world, &server, booster(0.5)).await;
    ok(
        &server,
        "POST",
        "registered-models/create",
        json!({"name": "ctr"}),
    )
    .await;
    let version = json!({"name": "ctr", "source": format!("models:/{id}"), "model_id": id});
    let made = ok(&server, "POST", "model-versions/create", version.clone()).await;
    let made = &made["model_version"];
    assert_eq!(
        (&made["version"], &made["status"]),
        (&json!("1"), &json!("READY")),
        "{made}"
    );
    assert_eq!(
        (&made["current_stage"], &made["run_id"]),
        (&json!("None"), &json!(""))
    );
    let logged = ok(&server, "GET", &format!("logged-models/{id}"), json!({})).await;
    let noted = json!([{"key": "mlflow.modelVersions", "value": "[{\"name\": \"ctr\", \"version\": 1}]"}]);
    assert_eq!(logged["model"]["info"]["tags"], noted);

    // Its files are what they are from now on.
    assert_eq!(
        put(&server, &format!("{key}/model.json"), b"other".to_vec()).await,
        409
    );
    assert_eq!(
        put(&server, &format!("{key}/new.txt"), b"other".to_vec()).await,
        409
    );
    for path in [key.as_str(), key.split('/').next().unwrap()] {
        let request = server
            .request("DELETE", &format!("{FILES}/{path}"))
            .bearer_auth(TOKEN);
        let (status, answer) = answer(request.send().await.unwrap()).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (409, &json!("RESOURCE_CONFLICT"))
        );
    }
    assert_eq!(
        get(&server, &format!("{key}/model.json"))
            .await
            .bytes()
            .await
            .unwrap(),
        booster(0.5)
    );

    // The compact file lies beside them and predicts as the model does.
    let versions: Vec<api_types::ModelVersion> = server.get_json("/models/ctr/versions").await;
    let sha256 = &versions[0].model_sha256;
    let leaf = server.get(&format!("/model-files/{sha256}.leaf")).await;
    assert_eq!(leaf.status(), 200);
    let leaf = model_export::FeatureModel::from_bytes(&leaf.bytes().await.unwrap()).unwrap();
    assert_eq!(leaf.feature_names(), ["x", "y"]);
    let mut margins = [0.0; 3];
    leaf.margins(&[1.0, 0.0, 2.0, 0.0, f32::NAN, 0.0], &mut margins);
    assert_eq!(margins, [-0.25, 0.5, -0.25]);
    assert_eq!(leaf.provenance().model_name, "ctr");

    let production =
        json!({"name": "ctr", "version": "1", "stage": "production", "archive_existing_versions": true});
    let moved = ok(&server, "POST", "model-versions/transition-stage", production).await;
    assert_eq!(moved["model_version"]["current_stage"], "Production");
    let champion = json!({"name": "ctr", "alias": "champion"});
    let found = ok(&server, "GET", "registered-models/alias", champion).await;
    assert_eq!(found["model_version"]["aliases"], json!(["champion"]));
    let at: api_types::Transition = server.get_json("/models/ctr/production").await;
    assert_eq!(at.version, 1);
    let uri = ok(
        &server,
        "GET",
        "model-versions/get-download-uri",
        json!({"name": "ctr", "version": 1}),
    )
    .await;
    assert_eq!(uri["artifact_uri"], format!("mlflow-artifacts:/{key}"));
    let again = ok(&server, "POST", "model-versions/create", version).await;
    assert_eq!(again["model_version"]["version"], "2");
    let promoted = server.post("/models/ctr/versions/2/promote", json!({})).await;
    assert_eq!(promoted.status(), 200, "{:?}", promoted.text().await);
    let before = server.get("/models/ctr/production?at=2020-01-01T00:00:00Z").await;
    assert_eq!(before.status(), 404);
    assert_eq!(server.get("/models/ctr/production?at=then").await.status(), 400);

    // Who changes them in the store is found out.
    let stored = world
        .folder
        .path()
        .join("store/mlflow-artifacts")
        .join(&key)
        .join("model.json");
    std::fs::write(stored, "forged").unwrap();
    assert_eq!(get(&server, &format!("{key}/model.json")).await.status(), 409);
}

#[tokio::test]
async fn what_cannot_be_found_or_exported_is_never_ready() {
    let world = World::new().await;
    let server = world.serve().await;
    ok(
        &server,
        "POST",
        "registered-models/create",
        json!({"name": "ctr"}),
    )
    .await;
    let (id, key) = logged_model(&world, &server, b"{\"no\": \"model\"}".to_vec()).await;
    let experiment = world.registry.get_or_create_experiment("clicks").await.unwrap();
    let new_run = registry::NewRun {
        experiment_id: experiment.experiment_id,
        ..Default::default()
    };
    let run = world.registry.create_run(new_run).await.unwrap().run_id;
    for (source, model_id, run_id, says) in [
        (format!("models:/{id}"), id.as_str(), "", "can't be exported"),
        (
            format!("runs:/{run}/model"),
            "",
            run.as_str(),
            "there are no files",
        ),
    ] {
        let body = json!({"name": "ctr", "source": source, "model_id": model_id, "run_id": run_id});
        let made = ok(&server, "POST", "model-versions/create", body).await;
        let made = &made["model_version"];
        assert_eq!(made["status"], "FAILED_REGISTRATION", "{made}");
        assert!(made["status_message"].as_str().unwrap().contains(says), "{made}");
    }
    assert_eq!(
        put(&server, &format!("{key}/model.json"), booster(1.0)).await,
        200,
        "nothing keeps it"
    );
    let promote = json!({"name": "ctr", "version": "1", "stage": "Production"});
    let path = "model-versions/transition-stage";
    refused(
        &server,
        "POST",
        path,
        promote,
        409,
        "RESOURCE_CONFLICT",
        "isn't READY",
    )
    .await;
    let ours = server.post("/models/ctr/versions/2/promote", json!({})).await;
    let body = crate::world::error(ours, 409, api_types::ErrorCode::Conflict).await;
    assert!(body.message.contains("no compact file"), "{}", body.message);

    // A name of what only others know is kept as one, and may be moved where this server doesn't predict with it.
    let body = json!({"name": "ctr", "source": "runs:/elsewhere/model", "run_id": "elsewhere"});
    let made = ok(&server, "POST", "model-versions/create", body).await;
    assert_eq!(made["model_version"]["status"], "READY");
    let promote = json!({"name": "ctr", "version": "3", "stage": "Production"});
    ok(&server, "POST", path, promote).await;

    ok(
        &server,
        "POST",
        "registered-models/create",
        json!({"name": MODEL}),
    )
    .await;
    let body = json!({"name": MODEL, "source": "runs:/elsewhere/model"});
    let made = ok(&server, "POST", "model-versions/create", body).await;
    assert_eq!(made["model_version"]["status"], "FAILED_REGISTRATION");
    let (good, _) = logged_model(&world, &server, booster(1.0)).await;
    let body = json!({"name": MODEL, "source": format!("models:/{good}"), "model_id": good});
    let made = ok(&server, "POST", "model-versions/create", body).await;
    assert_eq!(made["model_version"]["status"], "READY");
    let promote = json!({"name": MODEL, "version": "2", "stage": "Production"});
    let says = "its file can't be used";
    refused(&server, "POST", path, promote, 409, "RESOURCE_CONFLICT", says).await;
}

#[tokio::test]
async fn sources_are_only_taken_from_their_owners() {
    let world = World::new().await;
    let server = world.serve().await;
    ok(&server, "POST", "registered-models/create", json!({"name": "m"})).await;
    let (id, key) = logged_model(&world, &server, booster(0.5)).await;
    let made = world.version().await;
    let run = &made.version.run_id;
    let local = "To use a local path as a model version";
    let absolute = "If supplying a source as an http, https,";
    let owner = "request parameter must identify the resource";
    for (source, run_id, says) in [
        ("/etc", "", local),
        ("/etc", run.as_str(), local),
        ("file:///tmp", run, local),
        ("file://host/path", run, local),
        ("path/to/model", run, local),
        ("mlflow-artifacts:/9/zz/artifacts/m", "", owner),
        ("mlflow-artifacts:/models", run, owner),
        (&format!("mlflow-artifacts:/{key}"), run, owner),
        ("mlflow-artifacts://host:9000/models/../../../", run, absolute),
        ("s3a://bucket/a/../../../", run, absolute),
        (
            "mlflow-artifacts://host:9000/models/..%2f..%2fartifacts",
            run,
            absolute,
        ),
        ("mlflow-artifacts://host:9000/models/artifact%00", run, absolute),
        (&format!("models:/{id}"), "", owner),
        ("models:/m/99", "", "There is no such model"),
    ] {
        let body = json!({"name": "m", "source": source, "run_id": run_id});
        let code = "INVALID_PARAMETER_VALUE";
        refused(&server, "POST", "model-versions/create", body, 400, code, says).await;
    }
    let body = json!({"name": "nope", "source": "s3://b/x"});
    let says = "Registered Model with name=nope not found";
    refused(
        &server,
        "POST",
        "model-versions/create",
        body,
        404,
        "RESOURCE_DOES_NOT_EXIST",
        says,
    )
    .await;

    // A copy of a version of ours, which has no `MLmodel`: its files are taken as they are.
    let body = json!({"name": "m", "source": format!("models:/{MODEL}/1"), "run_id": run});
    let copy = ok(&server, "POST", "model-versions/create", body).await;
    assert_eq!(copy["model_version"]["status"], "READY", "{copy}");
    let shown = made
        .version
        .artifact_uri
        .rsplit_once("mlflow-artifacts/")
        .unwrap()
        .1;
    let body = json!({"name": "m", "source": format!("mlflow-artifacts:/{shown}"), "run_id": run});
    assert_eq!(
        ok(&server, "POST", "model-versions/create", body).await["model_version"]["status"],
        "READY"
    );
}

#[tokio::test]
async fn what_the_trainer_registered_is_seen_by_clients() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let key = made
        .version
        .artifact_uri
        .rsplit_once("mlflow-artifacts/")
        .unwrap()
        .1
        .to_owned();
    let version = json!({"name": MODEL, "version": "1"});
    let found = ok(&server, "GET", "model-versions/get", version.clone()).await;
    let found = &found["model_version"];
    assert_eq!(found["source"], format!("mlflow-artifacts:/{key}"));
    assert_eq!(found["run_id"], made.version.run_id);
    assert_eq!(
        (&found["status"], &found["current_stage"]),
        (&json!("READY"), &json!("Production"))
    );
    assert_eq!(found["aliases"], json!(["champion"]));
    let latest = json!({"name": MODEL, "stages": ["Production"]});
    let latest = ok(&server, "POST", "registered-models/get-latest-versions", latest).await;
    assert_eq!(&latest["model_versions"][0], found);
    let model = ok(&server, "GET", "registered-models/get", json!({"name": MODEL})).await;
    assert_eq!(
        model["registered_model"]["aliases"],
        json!([{"alias": "champion", "version": "1"}])
    );
    assert_eq!(
        put(&server, &format!("{key}/model.ubj"), b"other".to_vec()).await,
        409
    );
    let names = list(&server, &key).await;
    assert!(names["files"].as_array().unwrap().len() >= 3, "{names}");

    ok(&server, "DELETE", "model-versions/delete", version.clone()).await;
    let says = format!("Model Version (name={MODEL}, version=1) not found");
    refused(
        &server,
        "GET",
        "model-versions/get",
        version,
        404,
        "RESOURCE_DOES_NOT_EXIST",
        &says,
    )
    .await;
    server
        .wait_for_health(|health| health.model_version.is_none())
        .await;
}

#[tokio::test]
async fn models_and_aliases_answer_as_mlflow_does() {
    let world = World::new().await;
    let server = world.serve().await;
    let body = json!({"name": "ctr22", "tags": [{"key": "t", "value": "1"}], "description": "d"});
    let made = ok(&server, "POST", "registered-models/create", body.clone()).await;
    let made = &made["registered_model"];
    assert_eq!(
        (&made["description"], &made["tags"]),
        (&json!("d"), &json!([{"key": "t", "value": "1"}]))
    );
    assert!(made.get("latest_versions").is_none() && made["creation_timestamp"].is_i64());
    let invalid = "INVALID_PARAMETER_VALUE";
    let absent = "RESOURCE_DOES_NOT_EXIST";
    let create = "registered-models/create";
    refused(
        &server,
        "POST",
        create,
        body,
        400,
        "RESOURCE_ALREADY_EXISTS",
        "Registered Model (name=ctr22) already",
    )
    .await;
    refused(
        &server,
        "POST",
        create,
        json!({"name": ""}),
        400,
        invalid,
        "Missing value for required parameter 'name'",
    )
    .await;
    refused(
        &server,
        "POST",
        create,
        json!({"name": "a/b"}),
        400,
        invalid,
        "Invalid model name 'a/b'",
    )
    .await;
    let get = "registered-models/get";
    refused(
        &server,
        "GET",
        get,
        json!({"name": "nope"}),
        404,
        absent,
        "name=nope not found",
    )
    .await;
    ok(
        &server,
        "POST",
        "model-versions/create",
        json!({"name": "ctr22", "source": "runs:/x/m"}),
    )
    .await;

    let alias = "registered-models/alias";
    for (name, version, status, code, says) in [
        (
            "bad alias",
            "1",
            400,
            invalid,
            "Names may only contain alphanumerics",
        ),
        ("v1", "1", 400, invalid, "Version alias name 'v1' is reserved."),
        (
            "Latest",
            "1",
            400,
            invalid,
            "'latest' alias name (case insensitive) is reserved.",
        ),
        (
            "x",
            "99",
            404,
            absent,
            "Model Version (name=ctr22, version=99) not found",
        ),
        ("x", "one", 400, invalid, "must be an integer"),
    ] {
        let body = json!({"name": "ctr22", "alias": name, "version": version});
        refused(&server, "POST", alias, body, status, code, says).await;
    }
    ok(
        &server,
        "POST",
        alias,
        json!({"name": "ctr22", "alias": "champion", "version": "1"}),
    )
    .await;
    let nope = json!({"name": "ctr22", "alias": "nope"});
    refused(
        &server,
        "GET",
        alias,
        nope.clone(),
        400,
        invalid,
        "Registered model alias nope not found.",
    )
    .await;
    ok(&server, "DELETE", alias, nope).await;

    let transition = "model-versions/transition-stage";
    let stage = json!({"name": "ctr22", "version": "1", "stage": "Prod"});
    refused(
        &server,
        "POST",
        transition,
        stage,
        400,
        invalid,
        "one of None, Staging, Production, Archived",
    )
    .await;
    let stage =
        json!({"name": "ctr22", "version": "1", "stage": "Archived", "archive_existing_versions": true});
    refused(
        &server,
        "POST",
        transition,
        stage,
        400,
        invalid,
        "is not an Active stage",
    )
    .await;

    let found = ok(
        &server,
        "GET",
        "registered-models/search",
        json!({"max_results": 1, "filter": "name LIKE 'ctr%'"}),
    )
    .await;
    assert_eq!(found["registered_models"][0]["name"], "ctr22");
    let many = json!({"max_results": 2000});
    refused(
        &server,
        "GET",
        "registered-models/search",
        many,
        400,
        invalid,
        "Invalid value \"2000\" for parameter",
    )
    .await;
    let stage = json!({"filter": "current_stage = 'Production'"});
    refused(
        &server,
        "GET",
        "model-versions/search",
        stage,
        400,
        invalid,
        "Invalid attribute key 'current_stage'",
    )
    .await;
    assert_eq!(
        ok(
            &server,
            "GET",
            "model-versions/search",
            json!({"filter": "run_id IN ('x')"})
        )
        .await,
        json!({})
    );
    ok(
        &server,
        "POST",
        "model-versions/create",
        json!({"name": "ctr22", "source": "runs:/x/m"}),
    )
    .await;
    let page = ok(
        &server,
        "GET",
        "model-versions/search",
        json!({"max_results": 1, "order_by": "version_number DESC"}),
    )
    .await;
    assert_eq!(page["model_versions"][0]["version"], "2");
    assert_eq!(page["next_page_token"], "eyJvZmZzZXQiOiAxfQ==");

    ok(
        &server,
        "POST",
        "registered-models/rename",
        json!({"name": "ctr22", "new_name": "other"}),
    )
    .await;
    ok(
        &server,
        "PATCH",
        "registered-models/update",
        json!({"name": "other", "description": "e"}),
    )
    .await;
    ok(
        &server,
        "POST",
        "registered-models/set-tag",
        json!({"name": "other", "key": "k", "value": "v"}),
    )
    .await;
    ok(
        &server,
        "DELETE",
        "registered-models/delete-tag",
        json!({"name": "other", "key": "t"}),
    )
    .await;
    ok(
        &server,
        "POST",
        "model-versions/set-tag",
        json!({"name": "other", "version": "1", "key": "k", "value": "v"}),
    )
    .await;
    let updated = json!({"name": "other", "version": "1", "description": "f"});
    let updated = ok(&server, "PATCH", "model-versions/update", updated).await;
    assert_eq!(
        updated["model_version"]["tags"],
        json!([{"key": "k", "value": "v"}])
    );
    ok(
        &server,
        "DELETE",
        "model-versions/delete-tag",
        json!({"name": "other", "version": "1", "key": "k"}),
    )
    .await;
    let model = ok(&server, "GET", get, json!({"name": "other"})).await;
    let model = &model["registered_model"];
    assert_eq!(
        (&model["description"], &model["tags"]),
        (&json!("e"), &json!([{"key": "k", "value": "v"}]))
    );
    ok(
        &server,
        "DELETE",
        "registered-models/delete",
        json!({"name": "other"}),
    )
    .await;
    refused(
        &server,
        "GET",
        get,
        json!({"name": "other"}),
        404,
        absent,
        "not found",
    )
    .await;

    let (status, answer) = answer(server.get(&format!("{API}/registered-models/search")).await).await;
    assert_eq!((status, &answer["error_code"]), (401, &json!("UNAUTHENTICATED")));
    refused(
        &server,
        "GET",
        "nothing/here",
        json!({}),
        404,
        "ENDPOINT_NOT_FOUND",
        "nothing/here",
    )
    .await;
}

#[tokio::test]
async fn logged_models_answer_as_mlflow_does() {
    let world = World::new().await;
    let server = world.serve().await;
    let (id, key) = logged_model(&world, &server, booster(0.5)).await;
    let (other, _) = logged_model(&world, &server, booster(0.5)).await;
    let experiment = key.split('/').next().unwrap();
    let one = format!("logged-models/{id}");
    ok(
        &server,
        "PATCH",
        &format!("{one}/tags"),
        json!({"tags": [{"key": "a b", "value": "1"}]}),
    )
    .await;
    ok(
        &server,
        "POST",
        &format!("{one}/params"),
        json!({"params": [{"key": "p", "value": "1"}]}),
    )
    .await;
    let search = json!({"experiment_ids": [experiment], "filter": "tags.`a b` = '1'"});
    let found = ok(&server, "POST", "logged-models/search", search).await;
    assert_eq!(found["models"][0]["info"]["model_id"], json!(id));
    assert_eq!(found["models"][0]["data"]["params"].as_array().unwrap().len(), 2);
    ok(&server, "DELETE", &format!("{one}/tags/a%20b"), json!({})).await;
    let again = format!("{one}/tags/a%20b");
    refused(
        &server,
        "DELETE",
        &again,
        json!({}),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No tag with key 'a b'",
    )
    .await;

    let mut search =
        json!({"experiment_ids": [experiment], "max_results": 1, "order_by": [{"field_name": "name"}]});
    let first = ok(&server, "POST", "logged-models/search", search.clone()).await;
    search["page_token"] = first["next_page_token"].clone();
    let second = ok(&server, "POST", "logged-models/search", search.clone()).await;
    assert!(second.get("next_page_token").is_none());
    assert_ne!(
        first["models"][0]["info"]["model_id"],
        second["models"][0]["info"]["model_id"]
    );
    search["filter"] = json!("name = 'x'");
    refused(
        &server,
        "POST",
        "logged-models/search",
        search,
        400,
        "INVALID_PARAMETER_VALUE",
        "page token",
    )
    .await;

    let files = ok(&server, "GET", &format!("{one}/artifacts/directories"), json!({})).await;
    assert_eq!(files["root_uri"], format!("mlflow-artifacts:/{key}"));
    assert_eq!(files["files"][0]["path"], "MLmodel");
    ok(&server, "DELETE", &format!("logged-models/{other}"), json!({})).await;
    let gone = format!("logged-models/{other}");
    refused(
        &server,
        "GET",
        &gone,
        json!({}),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        &other,
    )
    .await;
    let bad = json!({"experiment_id": experiment, "name": "a/b"});
    refused(
        &server,
        "POST",
        "logged-models",
        bad,
        400,
        "INVALID_PARAMETER_VALUE",
        "Invalid model name",
    )
    .await;
    let bad = json!({"status": "DONE"});
    refused(
        &server,
        "PATCH",
        &one,
        bad,
        400,
        "INVALID_PARAMETER_VALUE",
        "'status'",
    )
    .await;
}

#[tokio::test]
async fn files_go_in_and_out() {
    let world = World::new().await;
    let server = world.serve().await;
    let big: Vec<u8> = (0..30_000_000u32).map(|at| (at % 253) as u8).collect();
    assert_eq!(put(&server, "3/r/artifacts/big.bin", big.clone()).await, 200);
    assert_eq!(
        put(&server, "3/r/artifacts/sub/x.txt", b"hello artifact".to_vec()).await,
        200
    );
    let got = get(&server, "3/r/artifacts/sub/x.txt").await;
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-disposition", "attachment; filename=x.txt"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        ("content-length", "14"),
    ] {
        assert_eq!(got.headers()[name], value);
    }
    assert_eq!(got.bytes().await.unwrap(), "hello artifact");
    assert!(get(&server, "3/r/artifacts/big.bin").await.bytes().await.unwrap() == big);
    let range = server
        .request("GET", &format!("{FILES}/3/r/artifacts/sub/x.txt"))
        .bearer_auth(TOKEN);
    let range = range.header("range", "bytes=6-8").send().await.unwrap();
    assert_eq!(
        (range.status().as_u16(), &range.headers()["content-range"]),
        (206, &"bytes 6-8/14".parse().unwrap())
    );
    assert_eq!(range.bytes().await.unwrap(), "art");

    let listed = list(&server, "3/r/artifacts").await;
    let expected = json!({"files": [
        {"path": "big.bin", "is_dir": false, "file_size": 30_000_000},
        {"path": "sub", "is_dir": true},
    ]});
    assert_eq!(listed, expected);
    for nothing in ["3/none", "3/r/artifacts/sub/x.txt"] {
        assert_eq!(list(&server, nothing).await, json!({}), "{nothing}");
    }
    assert_eq!(list(&server, "../..").await["message"], "Invalid path");
    let absent = answer(get(&server, "3/nofile").await).await;
    assert_eq!(
        (absent.0, &absent.1["message"]),
        (404, &json!("No such artifact: '3/nofile'"))
    );
    let delete = async |path: &str| {
        let request = server
            .request("DELETE", &format!("{FILES}/{path}"))
            .bearer_auth(TOKEN);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(delete("3/none").await, 200);
    assert_eq!(delete("3/r/artifacts/sub").await, 200);
    assert_eq!(
        list(&server, "3/r/artifacts").await["files"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(get(&server, "3/r/artifacts/sub/x.txt").await.status(), 404);
    assert_eq!(get(&server, "3/r/artifacts/big.bin").await.status(), 200);

    for (method, path) in [
        ("POST", "mpu/create/3/x"),
        ("POST", "mpu/complete/3/x"),
        ("GET", "presigned/3/x"),
    ] {
        let request = server
            .request(method, &format!("/api/2.0/mlflow-artifacts/{path}"))
            .bearer_auth(TOKEN);
        let (status, answer) = answer(request.json(&json!({})).send().await.unwrap()).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (501, &json!("NOT_IMPLEMENTED")),
            "{path}"
        );
    }
    let open = server
        .request("PUT", &format!("{FILES}/3/x"))
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(open.status(), 401);
}

/// Paths that clients would make normal are written to the socket as they are.
#[tokio::test]
async fn paths_cannot_leave_the_bucket() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let server = world.serve().await;
    let address = server.base.strip_prefix("http://").unwrap();
    for path in [
        "3/x/../../etc",
        "3/%2e%2e/%2e%2e/etc",
        "%2e%2e/etc",
        "3/%252e%252e/x",
        "3//x",
        "3/a%5c..%5cb",
        "/etc",
    ] {
        for method in ["PUT", "GET", "DELETE"] {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            let request = format!(
                "{method} {FILES}/{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
                 Content-Length: 1\r\nConnection: close\r\n\r\nx"
            );
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 400"), "{method} {path}: {answer}");
            assert!(answer.contains("Invalid path"), "{method} {path}: {answer}");
        }
    }
}
