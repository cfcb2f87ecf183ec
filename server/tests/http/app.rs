//! The static app.

use std::path::PathBuf;

use api_types::ErrorCode;

use crate::world::{World, error};

const INDEX: &str = "<!doctype html><link rel=modulepreload href=app-1a2b3c4d5e6f7081.js>\
    <script type=\"module\">import init from './app-1a2b3c4d5e6f7081.js'; init();</script>";

fn app(world: &World) -> PathBuf {
    let folder = world.folder.path().join("app");
    std::fs::create_dir_all(folder.join("icons")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("index.html", INDEX.as_bytes());
    write("app-1a2b3c4d5e6f7081.js", b"export default function init() {}");
    write("app-1a2b3c4d5e6f7081_bg.wasm", b"\0asm\x01\0\0\0");
    write("app-1a2b3c4d5e6f7081_bg.wasm.br", b"made by the build");
    write("sw.js", b"self.addEventListener('fetch', () => {});");
    write("style-0123456789abcdef.css", b"body { margin: 0 }");
    write("icons/icon.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
    folder
}

#[tokio::test]
async fn the_page_is_served_with_a_policy_that_fits_it() {
    let world = World::new().await;
    let folder = app(&world);
    let server = world.serve_with(|options| options.app_dir = Some(folder)).await;
    for path in ["/", "/index.html", "/?row=1"] {
        let response = server.get(path).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        // printf %s "import init …; init();" | openssl dgst -sha256 -binary | base64
        let script = "sha256-";
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-"),
            "{policy}"
        );
        assert_eq!(policy.matches(script).count(), 1, "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'unsafe"),
            "{policy}"
        );
        let etag = response.headers()["etag"].clone();
        assert_eq!(response.text().await.unwrap(), INDEX);
        let same = server
            .request("GET", path)
            .header("if-none-match", etag)
            .send()
            .await
            .unwrap();
        assert_eq!(same.status(), 304);
    }
}

#[tokio::test]
async fn files_have_their_types_and_lifetimes() {
    let world = World::new().await;
    let folder = app(&world);
    let server = world.serve_with(|options| options.app_dir = Some(folder)).await;
    let immutable = "public, max-age=31536000, immutable";
    for (path, content_type, cache) in [
        ("/app-1a2b3c4d5e6f7081.js", "text/javascript", immutable),
        ("/app-1a2b3c4d5e6f7081_bg.wasm", "application/wasm", immutable),
        ("/style-0123456789abcdef.css", "text/css", immutable),
        ("/sw.js", "text/javascript", "no-cache"),
        ("/icons/icon.svg", "image/svg+xml", "no-cache"),
    ] {
        let response = server.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(content_type),
            "{path}"
        );
        assert_eq!(response.headers()["cache-control"], cache, "{path}");
        assert!(!response.headers().contains_key("content-encoding"));
    }
    let wasm = "/app-1a2b3c4d5e6f7081_bg.wasm";
    let response = server
        .request("GET", wasm)
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "br");
    assert_eq!(response.headers()["content-type"], "application/wasm");
    assert_eq!(response.bytes().await.unwrap(), "made by the build");
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let world = World::new().await;
    let folder = app(&world);
    std::fs::write(world.folder.path().join("secret.txt"), "secret").unwrap();
    let server = world.serve_with(|options| options.app_dir = Some(folder)).await;
    for path in [
        "/missing.js",
        "/icons",
        "/icons/",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/icons/%2e%2e/%2e%2e/secret.txt",
    ] {
        error(server.get(path).await, 404, ErrorCode::NotFound).await;
    }
}

#[tokio::test]
async fn without_an_app_the_front_page_lists_the_api() {
    let world = World::new().await;
    let server = world.serve().await;
    let text = server.get("/").await.text().await.unwrap();
    for part in ["--app-dir", "/predict", "/models/{name}/rollback", "docs/"] {
        assert!(text.contains(part), "{part}");
    }
    error(server.get("/index.html").await, 404, ErrorCode::NotFound).await;
}
