//! `GET /model-files/…`.

use std::io::Read;

use api_types::ErrorCode;

use crate::world::{World, error, public_key};

#[tokio::test]
async fn a_registered_file_is_immutable_under_its_digest() {
    let world = World::new().await;
    let served = world.production().await;
    let other = world.version().await;
    let server = world.serve_made(&served).await;
    for made in [&served, &other] {
        let sha256 = &made.version.model_sha256;
        let path = format!("/model-files/{sha256}.leaf");
        let response = server.get(&path).await;
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(response.headers()["etag"], format!("\"{sha256}\""));
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(!response.headers().contains_key("content-encoding"));
        let bytes = response.bytes().await.unwrap();
        assert!(bytes == made.bytes.as_slice());
        assert_eq!(&model_export::sha256_hex(&bytes), sha256);

        for tag in [
            format!("\"{sha256}\""),
            format!("W/\"{sha256}\""),
            format!("\"x\", \"{sha256}\""),
            "*".to_owned(),
        ] {
            let same = server
                .request("GET", &path)
                .header("if-none-match", tag)
                .send()
                .await
                .unwrap();
            assert_eq!(same.status(), 304);
            assert!(same.bytes().await.unwrap().is_empty());
        }
        let newer = server
            .request("GET", &path)
            .header("if-none-match", "\"x\"")
            .send()
            .await
            .unwrap();
        assert_eq!(newer.status(), 200);
        let head = server.request("HEAD", &path).send().await.unwrap();
        assert_eq!(head.headers()["content-length"], made.bytes.len().to_string());
    }
}

#[tokio::test]
async fn a_file_comes_compressed_to_whoever_takes_it() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let path = format!("/model-files/{}.leaf", made.version.model_sha256);
    for (accept, encoding) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip", "gzip"),
    ] {
        let response = server
            .request("GET", &path)
            .header("accept-encoding", accept)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["content-encoding"], encoding);
        assert_eq!(response.headers()["vary"], "accept-encoding");
        assert_eq!(
            response.headers()["etag"],
            format!("W/\"{}\"", made.version.model_sha256)
        );
        let compressed = response.bytes().await.unwrap();
        assert!(compressed.len() < made.bytes.len(), "{encoding}");
        let mut plain = Vec::new();
        match encoding {
            "br" => brotli::BrotliDecompress(&mut &*compressed, &mut plain).unwrap(),
            "zstd" => plain = zstd::decode_all(&*compressed).unwrap(),
            _ => drop(
                flate2::read::GzDecoder::new(&*compressed)
                    .read_to_end(&mut plain)
                    .unwrap(),
            ),
        }
        assert!(plain == *made.bytes, "{encoding}");
    }
}

#[tokio::test]
async fn the_bundle_is_beside_the_file() {
    let world = World::new().await;
    let signed = world.production().await;
    let unsigned = world.version_with(false, Clone::clone).await;
    let server = world.serve_made(&signed).await;
    let response = server
        .get(&format!("/model-files/{}.sig.json", signed.version.model_sha256))
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let bundle = response.text().await.unwrap();
    let verified = model_export::signature::verify(&bundle, &public_key(7)).unwrap();
    assert!(
        verified
            .resources
            .iter()
            .any(|resource| resource.sha256 == signed.version.model_sha256)
    );
    let none = server
        .get(&format!(
            "/model-files/{}.sig.json",
            unsigned.version.model_sha256
        ))
        .await;
    error(none, 404, ErrorCode::NotFound).await;
}

#[tokio::test]
async fn only_registered_files_are_served() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let sha256 = &made.version.model_sha256;
    for name in [
        format!("{}.leaf", "0".repeat(64)),
        format!("{}.leaf", sha256.to_uppercase()),
        format!("{sha256}.ubj"),
        sha256.clone(),
        format!("..%2F{sha256}.leaf"),
        format!("{}.leaf", &made.version.booster_sha256),
    ] {
        error(
            server.get(&format!("/model-files/{name}")).await,
            404,
            ErrorCode::NotFound,
        )
        .await;
    }
}

#[tokio::test]
async fn a_tampered_file_is_never_sent() {
    let world = World::new().await;
    let served = world.production().await;
    let other = world.version().await;
    std::fs::write(world.stored_file(&other), b"other bytes").unwrap();
    let server = world.serve_made(&served).await;
    let response = server
        .get(&format!("/model-files/{}.leaf", other.version.model_sha256))
        .await;
    error(response, 503, ErrorCode::Unavailable).await;
}
