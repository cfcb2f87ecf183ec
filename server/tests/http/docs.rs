//! The OpenAPI document, and that it tells the truth.

use serde_json::Value;
use utoipa::OpenApi;

use crate::world::{TOKEN, World};

#[test]
fn the_document_is_as_reviewed() {
    let document = server::openapi::ApiDoc::openapi().to_pretty_json().unwrap();
    insta::assert_snapshot!("openapi", document);
}

#[tokio::test]
async fn every_documented_operation_has_a_route_and_its_answer_is_documented() {
    let world = World::new().await;
    let server = world.serve().await;
    let document: Value = server.get_json("/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let address = path
                .replace("{version}", "1")
                .replace("{file}", "x")
                .replace(['{', '}'], "");
            let request = server
                .request(&method.to_uppercase(), &address)
                .bearer_auth(TOKEN);
            let response = if method == "post" {
                request.json(&serde_json::json!({}))
            } else {
                request
            };
            let response = response.send().await.unwrap();
            let status = response.status();
            assert_ne!(status, 405, "{method} {path}");
            // An unknown path says so; a route that doesn't find its object names the object.
            let body = response.text().await.unwrap();
            assert!(
                !body.contains("there is nothing at this path"),
                "{method} {path}: {body}"
            );
            let documented = operation["responses"].get(status.as_str()).is_some() || status == 400;
            assert!(
                documented,
                "{method} {path} answered {status}, which isn't documented"
            );
        }
    }
    assert_eq!(operations, 29);
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let world = World::new().await;
    let server = world.serve().await;
    // A client that doesn't follow redirects isn't needed: the address with the slash is where it ends.
    let page = server.get("/docs").await;
    assert_eq!(page.url().path(), "/docs/");
    assert_eq!(page.headers()["content-type"], "text/html");
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("script-src 'self';")
    );
    let html = page.text().await.unwrap();
    assert!(
        !html.contains("//unpkg.com") && !html.contains("src=\"http"),
        "{html}"
    );
    let mut scripts = 0;
    for source in html
        .split("src=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        let script = server
            .get(&format!("/docs/{}", source.trim_start_matches("./")))
            .await;
        assert_eq!(script.status(), 200, "{source}");
        scripts += 1;
    }
    assert!(scripts >= 2, "{html}");
    // The policy forbids inline scripts; there must be none.
    assert!(!html.contains("<script>"), "{html}");
    let initializer = server
        .get("/docs/swagger-initializer.js")
        .await
        .text()
        .await
        .unwrap();
    assert!(initializer.contains("../openapi.json"), "{initializer}");
    assert_eq!(server.get("/docs/no-such-file").await.status(), 404);
}
