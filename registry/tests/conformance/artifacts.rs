use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use registry::{Bucket, Registry, RegistryError, StoreLocation};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::backend::{Backend, unique};

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn hello() -> Bytes {
    Bytes::from_static(b"hello")
}

pub(crate) async fn round_trip(backend: &Backend) {
    let store = backend.registry.artifacts();
    let root = unique();
    let key = format!("{root}/model/a file.leaf");
    assert_eq!(store.get(Bucket::Artifacts, &key).await.unwrap(), None);
    let stored = store.put(Bucket::Artifacts, &key, hello()).await.unwrap();
    assert_eq!((stored.sha256.as_str(), stored.bytes), (HELLO, 5));
    assert_eq!(stored.uri, store.uri(Bucket::Artifacts, &key));
    assert_eq!(
        store.get(Bucket::Artifacts, &key).await.unwrap().unwrap(),
        "hello"
    );
    assert_eq!(
        store.get(Bucket::Data, &key).await.unwrap(),
        None,
        "buckets are apart"
    );
    assert_eq!(store.get_uri(&stored.uri).await.unwrap().unwrap(), "hello");
    assert_eq!(store.locate(&stored.uri), Some((Bucket::Artifacts, key.clone())));
    assert_eq!(store.locate("s3://elsewhere/x"), None);
    assert!(matches!(
        store.get_uri("s3://elsewhere/x").await,
        Err(RegistryError::UnsupportedUri { .. })
    ));

    store
        .put(Bucket::Artifacts, &key, Bytes::from_static(b"other"))
        .await
        .unwrap();
    store
        .put(Bucket::Artifacts, &format!("{root}/z"), Bytes::new())
        .await
        .unwrap();
    store
        .put(Bucket::Artifacts, &format!("{root}2/z"), Bytes::new())
        .await
        .unwrap();
    let listed = store.list(Bucket::Artifacts, &root).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|meta| (meta.key.as_str(), meta.bytes))
        .collect();
    assert_eq!(listed, [(key.as_str(), 5), (format!("{root}/z").as_str(), 0)]);
    store.delete(Bucket::Artifacts, &key).await.unwrap();
    store.delete(Bucket::Artifacts, &key).await.unwrap();
    assert_eq!(store.get(Bucket::Artifacts, &key).await.unwrap(), None);
    assert_eq!(
        store
            .list(Bucket::Artifacts, &format!("{root}/"))
            .await
            .unwrap()
            .len(),
        1
    );
}

pub(crate) async fn tampering_is_detected(backend: &Backend) {
    let store = backend.registry.artifacts();
    let key = format!("{}/model.leaf", unique());
    let stored = store.put(Bucket::Artifacts, &key, hello()).await.unwrap();
    assert_eq!(
        store
            .get_verified(Bucket::Artifacts, &key, &stored.sha256)
            .await
            .unwrap(),
        "hello"
    );
    assert_eq!(store.get_uri_verified(&stored.uri, HELLO).await.unwrap(), "hello");
    store
        .put(Bucket::Artifacts, &key, Bytes::from_static(b"hellp"))
        .await
        .unwrap();
    match store.get_uri_verified(&stored.uri, HELLO).await {
        Err(RegistryError::DigestMismatch {
            uri,
            expected,
            actual,
        }) => {
            assert_eq!((uri, expected.as_str()), (stored.uri, HELLO));
            assert!(actual.len() == 64 && actual != HELLO);
        }
        other => panic!("{other:?}"),
    }
    let absent = store
        .get_verified(Bucket::Artifacts, "no/such/object", HELLO)
        .await;
    assert!(matches!(absent, Err(RegistryError::ObjectNotFound { .. })));
}

pub(crate) async fn create_never_overwrites(backend: &Backend) {
    let store = backend.registry.artifacts();
    let key = format!("{}/{HELLO}.leaf", unique());
    store.put_create(Bucket::Artifacts, &key, hello()).await.unwrap();
    let again = store.put_create(Bucket::Artifacts, &key, hello()).await.unwrap();
    assert_eq!(again.sha256, HELLO);
    let other = store
        .put_create(Bucket::Artifacts, &key, Bytes::from_static(b"other"))
        .await;
    assert!(matches!(other, Err(RegistryError::ObjectExists { uri }) if uri == again.uri));
    assert_eq!(
        store.get(Bucket::Artifacts, &key).await.unwrap().unwrap(),
        "hello"
    );
    let at_once = (0..8).map(|_| store.put_create(Bucket::Artifacts, "at/once", hello()));
    for put in futures::future::join_all(at_once).await {
        put.unwrap();
    }
}

pub(crate) async fn keys_cannot_leave_their_bucket(backend: &Backend) {
    let store = backend.registry.artifacts();
    for key in [
        "",
        "/etc/passwd",
        "../criteo-data/x",
        "a/../../x",
        "a\\..\\x",
        "a//b",
        "a/",
        ".",
        "a/./b",
        "a%2e",
    ] {
        let put = store.put(Bucket::Artifacts, key, hello()).await;
        assert!(
            matches!(put, Err(RegistryError::InvalidKey { .. })),
            "{key:?}: {put:?}"
        );
        assert!(store.put_create(Bucket::Artifacts, key, hello()).await.is_err());
        assert!(store.get(Bucket::Artifacts, key).await.is_err());
        assert!(store.delete(Bucket::Artifacts, key).await.is_err());
    }
    let outside = store.uri(Bucket::Artifacts, "../criteo-data/x");
    assert!(matches!(
        store.get_uri(&outside).await,
        Err(RegistryError::UnsupportedUri { .. })
    ));
}

pub(crate) async fn sources_are_streamed(backend: &Backend) {
    let store = backend.registry.artifacts();
    let big = Bytes::from((0..3_000_000u32).map(|i| (i % 251) as u8).collect::<Vec<u8>>());
    let stored = store
        .put(Bucket::Data, &format!("{}/day_0", unique()), big.clone())
        .await
        .unwrap();
    let read = |registry: Registry, uri: String| async move {
        let opened = registry.artifacts().open_stream(&uri).await?;
        let bytes: Vec<Bytes> = opened.stream.try_collect().await?;
        Ok::<_, RegistryError>((opened.bytes, bytes.concat()))
    };
    assert_eq!(
        read(backend.registry.clone(), stored.uri).await.unwrap(),
        (Some(3_000_000), big.to_vec())
    );

    // A server that fails the first request, and then answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut requests = 0;
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = socket.read(&mut request).await.unwrap();
            requests += 1;
            let answer = match String::from_utf8_lossy(&request[..length]) {
                text if text.starts_with("GET /absent") => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n",
                _ if requests == 1 => "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
            };
            let body = if answer.contains("200") { "hello" } else { "" };
            socket
                .write_all(format!("{answer}Connection: close\r\n\r\n{body}").as_bytes())
                .await
                .unwrap();
        }
    });
    let registry = backend.registry.clone();
    assert_eq!(
        read(registry.clone(), format!("{base}/x?a=b")).await.unwrap(),
        (Some(5), b"hello".to_vec())
    );
    let absent = read(registry.clone(), format!("{base}/absent")).await;
    assert!(matches!(absent, Err(RegistryError::ObjectNotFound { .. })));
    for uri in [
        "ftp://x/y",
        "relative",
        "file://relative",
        "s3://bucket-without-key",
    ] {
        let refused = read(registry.clone(), uri.to_owned()).await;
        assert!(
            matches!(refused, Err(RegistryError::UnsupportedUri { .. })),
            "{uri}"
        );
    }
    let absent = read(registry, "file:///no/such/file".to_owned()).await;
    assert!(matches!(absent, Err(RegistryError::ObjectNotFound { .. })));

    if let StoreLocation::S3(s3) = &backend.config.store {
        let mut dead = backend.config.clone();
        dead.store = StoreLocation::S3(registry::S3Config {
            endpoint: Some("http://127.0.0.1:9".to_owned()),
            ..s3.clone()
        });
        let dead = Registry::connect(&dead).await.unwrap();
        let started = std::time::Instant::now();
        let read = dead.artifacts().get(Bucket::Data, "x").await;
        assert!(matches!(read, Err(RegistryError::Store { .. })), "{read:?}");
        assert!(started.elapsed().as_secs() < 15, "a dead store must not hang");
    }
}

pub(crate) async fn objects_of_any_size_go_in_and_out_in_pieces(backend: &Backend) {
    let store = backend.registry.artifacts();
    let root = unique();
    let big: Vec<u8> = (0..20_000_000u32).map(|i| (i % 251) as u8).collect();
    let pieces = |bytes: &[u8]| {
        let pieces: Vec<_> = bytes
            .chunks(700_001)
            .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
            .collect();
        futures::stream::iter(pieces)
    };
    for (name, bytes) in [("empty", &big[..0]), ("small", &big[..5]), ("sub/big", &big[..])] {
        let key = format!("{root}/{name}");
        let received = store
            .receive(Bucket::Artifacts, &key, pieces(bytes))
            .await
            .unwrap();
        assert!(
            store.get(Bucket::Artifacts, &key).await.unwrap().is_none(),
            "not yet"
        );
        let stored = received.finish().await.unwrap();
        assert_eq!(stored.bytes, bytes.len() as u64);
        let digest = store.digest(Bucket::Artifacts, &key).await.unwrap().unwrap();
        assert_eq!(
            (digest.sha256, digest.bytes),
            (stored.sha256.clone(), stored.bytes)
        );
        let object = store
            .open_object(Bucket::Artifacts, &key, None)
            .await
            .unwrap()
            .unwrap();
        let read: Vec<Bytes> = object.stream.try_collect().await.unwrap();
        assert!(read.concat() == bytes, "{name}");
    }
    let key = format!("{root}/sub/big");
    for (range, expected) in [((3, Some(7)), 3..7), ((19_999_998, None), 19_999_998..20_000_000)] {
        let object = store
            .open_object(Bucket::Artifacts, &key, Some(range))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((object.range, object.meta.bytes), (expected.clone(), 20_000_000));
        let read: Vec<Bytes> = object.stream.try_collect().await.unwrap();
        assert_eq!(read.concat(), big[expected.start as usize..expected.end as usize]);
    }

    let broken = pieces(&big)
        .take(25)
        .chain(futures::stream::iter([Err(std::io::Error::other("gone"))]));
    let refused = store
        .receive(Bucket::Artifacts, &format!("{root}/broken"), broken)
        .await;
    assert!(matches!(refused.map(|_| ()), Err(RegistryError::Store { .. })));
    let given_up = store
        .receive(Bucket::Artifacts, &format!("{root}/given up"), pieces(&big))
        .await;
    given_up.unwrap().give_up().await;

    let folder = store.folder(Bucket::Artifacts, &root).await.unwrap();
    assert_eq!(folder.folders, ["sub"]);
    assert_eq!(folder.objects, [("empty".to_owned(), 0), ("small".to_owned(), 5)]);
    for nothing in ["small", "absent", "sub/big"] {
        let folder = store
            .folder(Bucket::Artifacts, &format!("{root}/{nothing}"))
            .await
            .unwrap();
        assert_eq!(folder, registry::Folder::default(), "{nothing}");
    }
    let all = store.list(Bucket::Artifacts, &root).await.unwrap();
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(
        store
            .digest(Bucket::Artifacts, &format!("{root}/no"))
            .await
            .unwrap()
            .is_none()
    );
}
