//! Models, versions, runs, the manifest, promotion and who may do it.

use api_types::{ErrorCode, Manifest, ModelSummary, ModelVersion, RunDetail, ServedModel, Stage, Transition};
use serde_json::json;

use crate::world::{MODEL, TOKEN, World, error, key_file, public_key};

#[tokio::test]
async fn what_the_registry_holds_can_be_read() {
    let world = World::new().await;
    let first = world.production().await;
    let second = world.version().await;
    let server = world.serve_made(&first).await;

    let models: Vec<ModelSummary> = server.get_json("/models").await;
    assert_eq!(models.len(), 1);
    assert_eq!(
        (models[0].production_version, models[0].latest_version),
        (Some(1), Some(2))
    );

    let versions: Vec<ModelVersion> = server.get_json(&format!("/models/{MODEL}/versions")).await;
    assert_eq!(
        versions.iter().map(|version| version.version).collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(
        (versions[0].stage, versions[1].stage),
        (Stage::None, Stage::Production)
    );
    assert_eq!(versions[1].aliases, ["champion"]);
    assert!(
        versions[0]
            .metrics
            .iter()
            .any(|metric| metric.key == "test_logloss" && metric.value == 0.47 + 2.0 / 1000.0)
    );

    let version: ModelVersion = server.get_json(&format!("/models/{MODEL}/versions/2")).await;
    assert_eq!(version, versions[0]);
    assert_eq!(version.model_sha256, second.version.model_sha256);

    let transitions: Vec<Transition> = server.get_json(&format!("/models/{MODEL}/transitions")).await;
    assert_eq!(
        (transitions[0].from_stage, transitions[0].to_stage),
        (Stage::None, Stage::Production)
    );
    assert_eq!(
        (transitions[0].actor.as_str(), transitions[0].reason.as_str()),
        ("test", "because")
    );

    let run: RunDetail = server.get_json(&format!("/runs/{}", version.run_id)).await;
    assert_eq!(
        (run.run_name.as_str(), run.status.as_str()),
        (version.run_name.as_str(), "FINISHED")
    );
    assert!(run.params.contains(&("max_depth".to_owned(), "6".to_owned())));
    let (key, points) = &run.curves[0];
    assert_eq!((run.curves.len(), key.as_str()), (1, "validation_logloss"));
    assert_eq!(
        points
            .iter()
            .map(|point| (point.step, point.value))
            .collect::<Vec<_>>(),
        [(0, 0.6), (1, 0.6 - 0.05), (2, 0.6 - 0.05 * 2.0)]
    );
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    for path in [
        "/models/nobody/versions".to_owned(),
        "/models/nobody/transitions".to_owned(),
        "/models/nobody/versions/1".to_owned(),
        format!("/models/{MODEL}/versions/77"),
        format!("/runs/{}", "f".repeat(32)),
    ] {
        error(server.get(&path).await, 404, ErrorCode::NotFound).await;
    }
    error(
        server.get(&format!("/models/{MODEL}/versions/one")).await,
        400,
        ErrorCode::InvalidRequest,
    )
    .await;
    let promote = server
        .post(&format!("/models/{MODEL}/versions/77/promote"), json!({}))
        .await;
    error(promote, 404, ErrorCode::NotFound).await;
    error(
        server.post("/models/nobody/rollback", json!({})).await,
        404,
        ErrorCode::NotFound,
    )
    .await;
}

#[tokio::test]
async fn model_info_and_manifest_name_the_served_version() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world
        .serve_with(|options| options.verification_key = Some(key_file(&world, 7)))
        .await;
    server.wait_for(1).await;
    let info: ServedModel = server.get_json("/model_info").await;
    assert_eq!(info.version.run_id, made.version.run_id);
    assert_eq!(
        info.model_url,
        format!("model-files/{}.leaf", made.version.model_sha256)
    );
    assert_eq!(info.signing_key_pem, Some(public_key(7)));

    let response = server.get("/manifest.json").await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let etag = response.headers()["etag"].clone();
    let manifest: Manifest = response.json().await.unwrap();
    assert_eq!(manifest.production.as_ref(), Some(&info));
    assert_eq!(manifest.versions.len(), 1);
    assert!(manifest.generated_at_ms > 1_600_000_000_000);
    let same = server
        .request("GET", "/manifest.json")
        .header("if-none-match", &etag)
        .send()
        .await
        .unwrap();
    assert_eq!(same.status(), 304);

    let second = world.production().await;
    server.wait_for(second.version.version).await;
    let changed = server
        .request("GET", "/manifest.json")
        .header("if-none-match", &etag)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), 200);
    let manifest: Manifest = changed.json().await.unwrap();
    assert_eq!(manifest.production.unwrap().version.version, 2);
    assert_eq!(
        manifest
            .versions
            .iter()
            .map(|version| version.version)
            .collect::<Vec<_>>(),
        [2, 1]
    );
}

#[tokio::test]
async fn promote_and_rollback_move_what_is_served() {
    let world = World::new().await;
    let first = world.version().await;
    let second = world.version().await;
    let server = world.serve().await;
    error(
        server.post(&format!("/models/{MODEL}/rollback"), json!({})).await,
        409,
        ErrorCode::Conflict,
    )
    .await;

    let promote = |version: i64| format!("/models/{MODEL}/versions/{version}/promote");
    let response = server
        .request("POST", &promote(first.version.version))
        .bearer_auth(TOKEN)
        .header("x-request-id", "promotion-1")
        .json(&json!({"reason": "first"}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let transition: Transition = response.json().await.unwrap();
    assert_eq!(
        (
            transition.version,
            transition.to_stage,
            transition.reason.as_str()
        ),
        (1, Stage::Production, "first")
    );
    assert!(
        transition.actor.contains("token") && transition.actor.contains("promotion-1"),
        "{}",
        transition.actor
    );
    // The answer comes after the swap: no waiting here.
    let health: api_types::Health = server.get_json("/health").await;
    assert_eq!(health.model_version, Some(1));

    // Without a body too.
    let bare = server
        .request("POST", &promote(second.version.version))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 200);
    let health: api_types::Health = server.get_json("/health").await;
    assert_eq!(health.model_version, Some(2));
    let archived: ModelVersion = server.get_json(&format!("/models/{MODEL}/versions/1")).await;
    assert_eq!(archived.stage, Stage::Archived);

    let back = server
        .post(&format!("/models/{MODEL}/rollback"), json!({"reason": "worse"}))
        .await;
    assert_eq!(back.status(), 200);
    assert_eq!(back.json::<Transition>().await.unwrap().version, 1);
    let health: api_types::Health = server.get_json("/health").await;
    assert_eq!(health.model_version, Some(1));

    // Nothing in Production is the registry's word too.
    let archive = server.post(&promote(1), json!({"stage": "Archived"})).await;
    assert_eq!(archive.status(), 200);
    error(
        server.post("/predict", json!({"row": {}})).await,
        503,
        ErrorCode::Unavailable,
    )
    .await;
}

#[tokio::test]
async fn only_the_token_may_change_something() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let paths = [
        format!("/models/{MODEL}/versions/1/promote"),
        format!("/models/{MODEL}/rollback"),
        "/api/training-runs".to_owned(),
    ];
    for path in &paths {
        let request = || server.request("POST", path).json(&json!({}));
        let refused = request().send().await.unwrap();
        assert!(
            refused.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
        error(refused, 401, ErrorCode::Unauthenticated).await;
        error(
            request().bearer_auth("wrong").send().await.unwrap(),
            401,
            ErrorCode::Unauthenticated,
        )
        .await;
        error(
            request().basic_auth(TOKEN, Some("")).send().await.unwrap(),
            401,
            ErrorCode::Unauthenticated,
        )
        .await;
        let cross = request()
            .bearer_auth(TOKEN)
            .header("origin", "https://evil.example")
            .send()
            .await
            .unwrap();
        error(cross, 403, ErrorCode::Forbidden).await;
    }
    let versions: Vec<Transition> = server.get_json(&format!("/models/{MODEL}/transitions")).await;
    assert_eq!(versions.len(), 1, "nothing was changed");

    let own = server
        .request("POST", &paths[0])
        .bearer_auth(TOKEN)
        .header("origin", &server.base)
        .send()
        .await
        .unwrap();
    assert_eq!(own.status(), 200);

    let locked = world.serve_with(|options| options.token = None).await;
    for path in &paths {
        let refused = locked
            .request("POST", path)
            .bearer_auth("")
            .json(&json!({}))
            .send()
            .await
            .unwrap();
        error(refused, 403, ErrorCode::Forbidden).await;
    }
}

#[tokio::test]
async fn other_origins_are_let_in_by_name_only() {
    let world = World::new().await;
    let made = world.production().await;
    let closed = world.serve_made(&made).await;
    let ask = |server: &crate::world::Server, origin: &str| {
        server
            .request("GET", "/model_info")
            .header("origin", origin)
            .send()
    };
    let response = ask(&closed, "https://ads.example").await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));

    let open = world
        .serve_with(|options| options.allow_origin = vec!["https://ads.example".to_owned()])
        .await;
    open.wait_for(1).await;
    let response = ask(&open, "https://ads.example").await.unwrap();
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://ads.example"
    );
    let response = ask(&open, "https://evil.example").await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    let preflight = open
        .request("OPTIONS", "/predict")
        .header("origin", "https://ads.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(
        preflight.headers()["access-control-allow-origin"],
        "https://ads.example"
    );
    let promote = open
        .request("POST", &format!("/models/{MODEL}/versions/1/promote"))
        .bearer_auth(TOKEN)
        .header("origin", "https://ads.example")
        .send()
        .await
        .unwrap();
    assert_eq!(promote.status(), 200);
}
