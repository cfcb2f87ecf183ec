//! Tokens, their roles, and the audit log.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use api_types::{ApiToken, AuditPage, CreatedToken, ErrorCode};
use registry::{NewApiToken, Role};
use reqwest::Response;
use serde_json::{Value, json};
use server::{Needs, StatedRoute, route_table};

use crate::world::{MODEL, Server, TOKEN, World, error};

const MLFLOW: &str = "/api/2.0/mlflow";

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

async fn token(world: &World, name: &str, role: Role) -> (String, String) {
    let new = NewApiToken {
        name: name.to_owned(),
        role,
        expires_at_ms: None,
    };
    let (token, secret) = world.registry.create_token(new).await.unwrap();
    (token.token_id, secret.expose().to_owned())
}

/// A token that ends a moment after it was made, once it has ended.
async fn expired(world: &World) -> String {
    let end = now_ms() + 1500;
    let new = NewApiToken {
        name: "expired".to_owned(),
        role: Role::Admin,
        expires_at_ms: Some(end),
    };
    let (_, secret) = world.registry.create_token(new).await.unwrap();
    while now_ms() <= end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    secret.expose().to_owned()
}

async fn ask(server: &Server, method: &str, path: &str, token: Option<&str>, body: Value) -> Response {
    let request = server.request(method, path);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    match method {
        "GET" => request,
        _ => request.json(&body),
    }
    .send()
    .await
    .unwrap()
}

fn address(route: &StatedRoute) -> String {
    let path = route.path.replace("{version}", "1").replace("{*", "");
    path.replace(['{', '}'], "")
}

#[test]
fn every_route_says_what_it_needs() {
    let table = route_table();
    let mut lines: Vec<String> = table
        .iter()
        .map(|route| {
            format!(
                "{:<9} {:<6} {}",
                route.needs.to_string(),
                route.method,
                route.path
            )
        })
        .collect();
    lines.sort();
    insta::assert_snapshot!("routes", lines.join("\n"));

    for route in &table {
        let path = route.path.as_str();
        let is_mlflows = path.contains("mlflow") || ["/version", "/get-artifact"].contains(&path);
        let reads = route.method == "GET" || path.ends_with("/search") || path == "/predict";
        let reads = reads
            || ["/get-latest-versions", "/search-datasets"]
                .iter()
                .any(|end| path.ends_with(end));
        let least = match (is_mlflows, reads) {
            (_, false) => Role::Trainer,
            (true, true) => Role::Viewer,
            (false, true) => continue,
        };
        assert!(
            matches!(route.needs, Needs::Token(role) if role >= least),
            "{route:?}"
        );
    }
}

#[tokio::test]
async fn every_route_asks_for_its_role() {
    let world = World::new().await;
    let made = world.production().await;
    let (revoked, revoked_secret) = token(&world, "revoked", Role::Admin).await;
    world.registry.revoke_token(&revoked).await.unwrap();
    let (_, viewer) = token(&world, "viewer", Role::Viewer).await;
    let (_, trainer) = token(&world, "trainer", Role::Trainer).await;
    let (_, admin) = token(&world, "admin", Role::Admin).await;
    let expired = expired(&world).await;
    let never = format!("cl_{}", "A".repeat(43));
    let server = world
        .serve_with(|options| options.require_token_to_read = Some(true))
        .await;
    server.wait_for(made.version.version).await;
    let callers = [
        (None, None),
        (Some("cl_"), None),
        (Some(never.as_str()), None),
        (Some(revoked_secret.as_str()), None),
        (Some(expired.as_str()), None),
        (Some(viewer.as_str()), Some(Role::Viewer)),
        (Some(trainer.as_str()), Some(Role::Trainer)),
        (Some(admin.as_str()), Some(Role::Admin)),
        (Some(TOKEN), Some(Role::Admin)),
    ];
    for route in route_table() {
        let least = match route.needs {
            Needs::Nothing => None,
            Needs::Reading => Some(Role::Viewer),
            Needs::Token(role) => Some(role),
        };
        let is_mlflows =
            route.path.contains("mlflow") || ["/version", "/get-artifact"].contains(&&*route.path);
        for (token, role) in callers {
            let answer = ask(&server, route.method.as_str(), &address(&route), token, json!({})).await;
            let what = format!("{route:?} as {role:?}: {}", answer.status());
            if role >= least {
                assert!(![401, 403].contains(&answer.status().as_u16()), "{what}");
                continue;
            }
            let (status, code, mlflows) = match role {
                None => (401, ErrorCode::Unauthenticated, "UNAUTHENTICATED"),
                Some(_) => (403, ErrorCode::Forbidden, "PERMISSION_DENIED"),
            };
            assert_eq!(answer.status(), status, "{what}");
            assert_eq!(
                answer.headers().contains_key("www-authenticate"),
                status == 401,
                "{what}"
            );
            if is_mlflows {
                let body: Value = answer.json().await.unwrap();
                assert_eq!(body["error_code"], mlflows, "{what}");
                assert!(!body["message"].as_str().unwrap().is_empty(), "{what}");
            } else {
                error(answer, status, code).await;
            }
        }
    }
}

#[tokio::test]
async fn tokens_are_made_and_revoked_over_http() {
    let world = World::new().await;
    let server = world.serve().await;
    let other = world.serve().await;
    let answer = server
        .post("/api/tokens", json!({"name": "ci", "role": "trainer"}))
        .await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let made: CreatedToken = answer.json().await.unwrap();
    assert_eq!(made.token.created_by, "server-token");
    let taken = server
        .post("/api/tokens", json!({"name": "ci", "role": "admin"}))
        .await;
    error(taken, 409, ErrorCode::Conflict).await;
    for (body, status) in [
        (json!({"name": "a b", "role": "admin"}), 422),
        (json!({"name": "x", "role": "admin", "expires_at_ms": 5}), 422),
        (json!({"name": "x", "role": "root"}), 422),
        (json!({"name": "x"}), 422),
        (json!({"name": "x", "role": "admin", "secret": "mine"}), 422),
    ] {
        let refused = server.post("/api/tokens", body.clone()).await;
        let code = ErrorCode::InvalidRequest;
        assert!(!error(refused, status, code).await.message.is_empty(), "{body}");
    }
    let path = format!("{MLFLOW}/experiments/get?experiment_id=0");
    let status = async |server: &Server| {
        ask(server, "GET", &path, Some(&made.secret), json!({}))
            .await
            .status()
            .as_u16()
    };
    assert_eq!((status(&server).await, status(&other).await), (200, 200));
    // As MLflow's clients send a password.
    let basic = server
        .request("GET", &path)
        .basic_auth("anybody", Some(&made.secret));
    assert_eq!(basic.send().await.unwrap().status(), 200);

    let listed = ask(&server, "GET", "/api/tokens", Some(TOKEN), json!({})).await;
    let text = listed.text().await.unwrap();
    assert!(!text.contains(&made.secret[3..]), "{text}");
    let listed: Vec<ApiToken> = serde_json::from_str(&text).unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].last_used_at_ms.is_some() && listed[0].revoked_at_ms.is_none());

    let path_of_token = format!("/api/tokens/{}", made.token.token_id);
    let revoke = async || ask(&server, "DELETE", &path_of_token, Some(TOKEN), json!({})).await;
    let revoked: ApiToken = revoke().await.json().await.unwrap();
    assert!(revoked.revoked_at_ms.is_some());
    assert_eq!(status(&server).await, 401, "here it ends at once");
    let again: ApiToken = revoke().await.json().await.unwrap();
    assert_eq!(again.revoked_at_ms, revoked.revoked_at_ms);
    let absent = ask(&server, "DELETE", "/api/tokens/0", Some(TOKEN), json!({})).await;
    error(absent, 404, ErrorCode::NotFound).await;
    // Elsewhere it ends within 5 s.
    let started = Instant::now();
    while status(&other).await != 401 {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn this_machine_needs_no_token_until_one_was_made() {
    let world = World::new().await;
    let server = world.serve_with(|options| options.token = None).await;
    let create = |name: &'static str, token: Option<String>| {
        let server = &server;
        async move {
            let path = format!("{MLFLOW}/registered-models/create");
            let answer = ask(server, "POST", &path, token.as_deref(), json!({"name": name})).await;
            answer.status().as_u16()
        }
    };
    assert_eq!(create("a", None).await, 200);
    let entries = world.registry.audit_after(0, 10).await.unwrap();
    assert_eq!(
        (
            entries[0].who.as_str(),
            entries[0].origin.as_str(),
            entries[0].object.as_str()
        ),
        ("loopback", "127.0.0.1", "a")
    );
    let (id, secret) = token(&world, "first", Role::Trainer).await;
    assert_eq!(create("b", Some(secret.clone())).await, 200);
    let started = Instant::now();
    while create("b", None).await != 401 {
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // That the last token was revoked opens nothing.
    world.registry.revoke_token(&id).await.unwrap();
    let again = world.serve_with(|options| options.token = None).await;
    let path = format!("{MLFLOW}/experiments/get?experiment_id=0");
    assert_eq!(again.get(&path).await.status(), 401);
}

#[tokio::test]
async fn reading_is_open_unless_it_was_closed() {
    let world = World::new().await;
    let made = world.production().await;
    let (_, viewer) = token(&world, "viewer", Role::Viewer).await;
    let open = world.serve_made(&made).await;
    let closed = world
        .serve_with(|options| options.require_token_to_read = Some(true))
        .await;
    closed.wait_for(made.version.version).await;
    let reading = [
        "/models".to_owned(),
        format!("/runs/{}", made.version.run_id),
        "/api/training-runs".to_owned(),
    ];
    for path in &reading {
        assert_eq!(open.get(path).await.status(), 200, "{path}");
        error(closed.get(path).await, 401, ErrorCode::Unauthenticated).await;
        let read = ask(&closed, "GET", path, Some(&viewer), json!({})).await;
        assert_eq!(read.status(), 200, "{path}");
    }
    let file = format!("/model-files/{}.leaf", made.version.model_sha256);
    for path in [
        "/manifest.json",
        "/model_info",
        &file,
        "/health",
        "/openapi.json",
        "/docs/",
    ] {
        assert_eq!(closed.get(path).await.status(), 200, "{path}");
    }
    let predicted = ask(&closed, "POST", "/predict", None, json!({"row": {"I1": 1}})).await;
    assert_eq!(predicted.status(), 200);
}

#[tokio::test]
async fn who_changed_what_is_in_the_log() {
    let world = World::new().await;
    let made = world.production().await;
    let (trainer_id, trainer) = token(&world, "trainer", Role::Trainer).await;
    let (admin_id, admin) = token(&world, "admin", Role::Admin).await;
    let server = world.serve_made(&made).await;
    let before = world.registry.audit_head().await.unwrap().entries;
    let as_trainer = async |method: &str, path: &str, body: Value| {
        let path = format!("{MLFLOW}/{path}");
        ask(&server, method, &path, Some(&trainer), body)
            .await
            .status()
            .as_u16()
    };
    let as_admin = async |method: &str, path: &str, body: Value| {
        let answer = ask(&server, method, path, Some(&admin), body).await;
        assert!(
            answer.status().is_success(),
            "{method} {path}: {:?}",
            answer.text().await
        );
    };
    assert_eq!(
        as_trainer("POST", "experiments/create", json!({"name": "clicks"})).await,
        200
    );
    let run = ask(
        &server,
        "POST",
        &format!("{MLFLOW}/runs/create"),
        Some(&trainer),
        json!({}),
    )
    .await;
    let run: Value = run.json().await.unwrap();
    let run_id = run["run"]["info"]["run_id"].clone();
    let metric = json!({"run_id": run_id, "key": "m", "value": 1.0, "timestamp": 1});
    assert_eq!(as_trainer("POST", "runs/log-metric", metric).await, 200);
    assert_eq!(
        as_trainer("POST", "runs/delete", json!({"run_id": run_id})).await,
        200
    );
    assert_eq!(
        as_trainer("POST", "registered-models/create", json!({"name": "other"})).await,
        200
    );
    let version = json!({"name": "other", "source": "s3://elsewhere/x"});
    assert_eq!(as_trainer("POST", "model-versions/create", version).await, 200);
    // A trainer makes versions, and no more of them.
    let stage = json!({"name": MODEL, "version": "1", "stage": "Production"});
    assert_eq!(
        as_trainer("POST", "model-versions/transition-stage", stage.clone()).await,
        403
    );
    let alias = json!({"name": MODEL, "version": "1", "alias": "champion"});
    assert_eq!(
        as_trainer("POST", "registered-models/alias", alias.clone()).await,
        403
    );
    let promoting = json!({"generate_rows": 10, "promote": true});
    let refused = ask(
        &server,
        "POST",
        "/api/training-runs",
        Some(&trainer),
        promoting.clone(),
    )
    .await;
    error(refused, 403, ErrorCode::Forbidden).await;
    let queued = ask(
        &server,
        "POST",
        "/api/training-runs",
        Some(&trainer),
        json!({"generate_rows": 10}),
    )
    .await;
    assert_eq!(queued.status(), 202);

    as_admin("POST", "/api/training-runs", promoting).await;
    as_admin("POST", &format!("{MLFLOW}/registered-models/alias"), alias).await;
    let staging = json!({"name": MODEL, "version": "1", "stage": "Staging"});
    as_admin(
        "POST",
        &format!("{MLFLOW}/model-versions/transition-stage"),
        staging,
    )
    .await;
    as_admin(
        "POST",
        &format!("/models/{MODEL}/versions/1/promote"),
        json!({"reason": "back"}),
    )
    .await;
    as_admin("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/x", json!({})).await;
    // Nothing is there the second time.
    for _ in 0..2 {
        as_admin("DELETE", "/api/2.0/mlflow-artifacts/artifacts/0/x", json!({})).await;
    }
    as_admin(
        "DELETE",
        &format!("{MLFLOW}/registered-models/delete"),
        json!({"name": "other"}),
    )
    .await;

    let read = async |query: &str| {
        let path = format!("/api/audit{query}");
        ask(&server, "GET", &path, Some(&admin), json!({})).await
    };
    let page: AuditPage = read(&format!("?after={before}")).await.json().await.unwrap();
    let told: Vec<(&str, &str)> = page
        .entries
        .iter()
        .map(|entry| (entry.who.as_str(), entry.action.as_str()))
        .collect();
    let (trainer, admin) = (
        format!("token:trainer:{trainer_id}"),
        format!("token:admin:{admin_id}"),
    );
    let expected = [
        (&trainer, "experiment.create"),
        (&trainer, "run.delete"),
        (&trainer, "model.create"),
        (&trainer, "version.create"),
        (&trainer, "training_run.queue"),
        (&admin, "training_run.queue"),
        (&admin, "alias.set"),
        (&admin, "version.stage"),
        (&admin, "version.stage"),
        (&admin, "artifact.delete"),
        (&admin, "version.delete"),
        (&admin, "model.delete"),
    ];
    assert_eq!(told, expected.map(|(who, action)| (who.as_str(), action)));
    assert!(page.entries.iter().all(|entry| entry.origin == "127.0.0.1"));
    let last = page.entries.last().unwrap();
    assert_eq!((page.head_sequence, &page.head_hash), (last.sequence, &last.hash));
    let some: AuditPage = read("?limit=2").await.json().await.unwrap();
    assert_eq!(
        some.entries
            .iter()
            .map(|entry| entry.sequence)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    error(read("?limit=0").await, 422, ErrorCode::InvalidRequest).await;
    error(read("?after=x").await, 400, ErrorCode::InvalidRequest).await;
    let verdict = world.registry.verify_audit(Some(&page.head_hash)).await.unwrap();
    assert_eq!((verdict.entries, verdict.problem), (page.head_sequence, None));

    // The history of stages names the same.
    let transitions = world.registry.transitions(MODEL).await.unwrap();
    let promoted = transitions.last().unwrap();
    assert!(promoted.actor.starts_with(&admin), "{}", promoted.actor);
}
