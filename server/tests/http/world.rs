//! A registry with real versions, and servers on top of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api_types::{ErrorBody, ErrorCode};
use model_export::signature::{Resource, sign};
use model_export::{
    EncoderConfig, EncoderFit, Ensemble, Model, Node, Provenance, Row, SampleRow, sha256_hex,
};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use registry::{Bucket, Metric, ModelVersion, NewRun, NewVersion, Registry, RunStatus, Stage, StoreOptions};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use server::options::ServeOptions;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const MODEL: &str = "criteo_ctr_model";
pub(crate) const TOKEN: &str = "correct-horse-battery-staple";

/// A registry and a store in a folder of their own.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) registry: Registry,
    pub(crate) store: StoreOptions,
    made: AtomicUsize,
}

/// A registered version and the model it must predict like.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) version: ModelVersion,
    pub(crate) model: Arc<Model>,
    pub(crate) bytes: Arc<Vec<u8>>,
}

impl World {
    pub(crate) async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreOptions {
            database_url: Some(format!("sqlite://{}", folder.path().join("registry.db").display()).into()),
            store_url: Some(folder.path().join("store").display().to_string()),
            ..Default::default()
        };
        let registry = Registry::connect(&store.resolve().unwrap()).await.unwrap();
        registry.migrate().await.unwrap();
        World {
            folder,
            registry,
            store,
            made: AtomicUsize::new(0),
        }
    }

    /// Trains nothing, but makes a real file of a real encoder and real trees, and registers it.
    pub(crate) async fn version(&self) -> Made {
        self.version_with(true, |provenance| provenance.clone()).await
    }

    pub(crate) async fn version_with(&self, signed: bool, edit: impl Fn(&Provenance) -> Provenance) -> Made {
        let seed = self.made.fetch_add(1, Ordering::SeqCst) as u64 + 1;
        let registry = &self.registry;
        let experiment = registry.get_or_create_experiment("criteo_ctr").await.unwrap();
        let new_run = NewRun {
            experiment_id: experiment.experiment_id.clone(),
            user_name: "test".to_owned(),
            start_time_ms: 1_000,
            ..Default::default()
        };
        let run = registry.create_run(new_run).await.unwrap();
        let metric = |key: &str, step, value| Metric {
            key: key.to_owned(),
            value,
            step,
            timestamp_ms: 1_000 + step,
        };
        let mut metrics = vec![metric("test_logloss", 0, 0.47 + seed as f64 / 1000.0)];
        metrics.extend((0..3).map(|step| metric("validation_logloss", step, 0.6 - 0.05 * step as f64)));
        let params = [
            ("eta".to_owned(), "0.1".to_owned()),
            ("max_depth".to_owned(), "6".to_owned()),
        ];
        registry
            .log_batch(&run.run_id, &metrics, &params, &[])
            .await
            .unwrap();
        registry
            .update_run(&run.run_id, RunStatus::Finished, Some(2_000))
            .await
            .unwrap();

        let booster = format!("booster {seed}").into_bytes();
        let provenance = edit(&Provenance {
            model_name: MODEL.to_owned(),
            experiment_name: run.experiment_name.clone(),
            run_id: run.run_id.clone(),
            run_name: run.run_name.clone(),
            artifact_uri: run.artifact_uri.clone(),
            booster_sha256: sha256_hex(&booster),
            dataset_name: "generated".to_owned(),
            dataset_digest: sha256_hex(b"generated rows"),
            training_rows: 200,
            trained_at_ms: 2_000,
            engine: "xgboost 3.4.0".to_owned(),
            trainer_version: "0.1.0".to_owned(),
            params: BTreeMap::new(),
            metrics: BTreeMap::new(),
        });
        let model = model(seed, provenance);
        let bytes = model.to_bytes();
        let sha256 = sha256_hex(&bytes);
        let artifacts = registry.artifacts();
        let key = |name: &str| {
            format!(
                "{}/{}/artifacts/model/{name}",
                experiment.experiment_id, run.run_id
            )
        };
        let put = async |name: &str, bytes: Vec<u8>| {
            artifacts
                .put(Bucket::Artifacts, &key(name), bytes.into())
                .await
                .unwrap();
        };
        let model_file = format!("{sha256}.leaf");
        put(&model_file, bytes.clone()).await;
        put("model.ubj", booster.clone()).await;
        if signed {
            let resource = |name: &str, bytes: &[u8]| Resource {
                name: name.to_owned(),
                sha256: sha256_hex(bytes),
            };
            let resources = [resource(&model_file, &bytes), resource("model.ubj", &booster)];
            put(
                "model.sig",
                sign(MODEL, &resources, &private_key()).unwrap().into_bytes(),
            )
            .await;
        }
        let version = NewVersion {
            model_name: MODEL.to_owned(),
            run_id: run.run_id.clone(),
            source: artifacts.uri(Bucket::Artifacts, key("").trim_end_matches('/')),
            model_file,
            model_sha256: sha256,
            model_bytes: bytes.len() as i64,
            booster_sha256: sha256_hex(&booster),
            dataset_name: "generated".to_owned(),
            dataset_digest: sha256_hex(b"generated rows"),
            trained_at_ms: 2_000,
            bundle_file: signed.then(|| "model.sig".to_owned()),
            files: Vec::new(),
            idempotency_key: None,
        };
        let version = registry.create_version(version).await.unwrap();
        Made {
            version,
            model: Arc::new(model),
            bytes: Arc::new(bytes),
        }
    }

    /// As another process does it: the server only learns of it from the registry.
    pub(crate) async fn promote(&self, made: &Made) {
        let version = made.version.version;
        self.registry
            .transition(MODEL, version, Stage::Production, "test", "because")
            .await
            .unwrap();
    }

    /// A version in Production.
    pub(crate) async fn production(&self) -> Made {
        let made = self.version().await;
        self.promote(&made).await;
        made
    }

    /// The file of a version in the store's folder.
    pub(crate) fn stored_file(&self, made: &Made) -> PathBuf {
        let uri = format!("{}/{}", made.version.artifact_uri, made.version.model_file);
        let path = PathBuf::from(uri.strip_prefix("file://").unwrap());
        assert!(path.is_file(), "{}", path.display());
        path
    }

    pub(crate) async fn serve(&self) -> Server {
        self.serve_with(|_| {}).await
    }

    /// A server with a token, its options changed by `edit`.
    pub(crate) async fn serve_with(&self, edit: impl FnOnce(&mut ServeOptions)) -> Server {
        let mut options = ServeOptions {
            store: self.store.clone(),
            listen: Some("127.0.0.1:0".to_owned()),
            token: Some(TOKEN.into()),
            ..Default::default()
        };
        edit(&mut options);
        let config = options.resolve().unwrap();
        let registry = Registry::connect(&config.store).await.unwrap();
        let listener = TcpListener::bind(config.listen).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let shutdown = stop.clone().cancelled_owned();
        let task =
            tokio::spawn(async move { server::serve(config, registry, listener, shutdown).await.unwrap() });
        Server {
            base,
            client: Client::new(),
            stop,
            task,
        }
    }

    /// A server that has loaded `made`.
    pub(crate) async fn serve_made(&self, made: &Made) -> Server {
        let server = self.serve().await;
        server.wait_for(made.version.version).await;
        server
    }
}

/// A listening server.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.unwrap()
    }

    pub(crate) async fn get_json<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: serde_json::Value) -> Response {
        self.request("POST", path)
            .bearer_auth(TOKEN)
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    /// Waits until the server predicts with this version; 5 s are far more than it may take.
    pub(crate) async fn wait_for(&self, version: i64) -> Duration {
        let started = Instant::now();
        loop {
            let health: api_types::Health = self.get_json("/health").await;
            if health.model_version == Some(version) {
                return started.elapsed();
            }
            assert!(started.elapsed() < Duration::from_secs(5), "{health:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until `/health` is as asked.
    pub(crate) async fn wait_for_health(
        &self,
        is_right: impl Fn(&api_types::Health) -> bool,
    ) -> api_types::Health {
        let started = Instant::now();
        loop {
            let health: api_types::Health = self.get_json("/health").await;
            if is_right(&health) {
                return health;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{health:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Checks an error answer: status, code, a request id, JSON.
pub(crate) async fn error(response: Response, status: u16, code: ErrorCode) -> ErrorBody {
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    assert_eq!(response.headers()["content-type"], "application/json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: ErrorBody = response.json().await.unwrap();
    assert_eq!(body.code, code, "{body:?}");
    assert_eq!(body.request_id, Some(id));
    assert!(!body.message.is_empty());
    body
}

/// Rows like Criteo's, from a seed.
pub(crate) fn rows(seed: u64, count: usize) -> Vec<Row> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 16
    };
    let mut row = || Row {
        label: None,
        integers: std::array::from_fn(|_| (next() % 4 != 0).then(|| (next() % 200) as i64 - 3)),
        categories: std::array::from_fn(|_| (next() % 5 != 0).then(|| (next() % 20) as u32 * 0x0101_0101)),
    };
    (0..count).map(|_| row()).collect()
}

/// Small, but with everything: splits on integers, means and counts, both default directions, many leaves.
fn model(seed: u64, provenance: Provenance) -> Model {
    let mut fit = EncoderFit::new(EncoderConfig {
        seed,
        ..Default::default()
    });
    for (index, row) in rows(seed, 200).into_iter().enumerate() {
        let label = Some(row.integers[0].unwrap_or(0) > 100);
        fit.observe(index as u64, &Row { label, ..row }).unwrap();
    }
    let encoder = fit.finish().unwrap().into_encoder();
    let leaf = |value: f32| Node::Leaf { value, cover: 1.0 };
    let split = |feature, threshold, default_left| Node::Split {
        feature,
        threshold,
        default_left,
        left: 1,
        right: 2,
        gain: 1.0,
        cover: 2.0,
    };
    let trees = (0..40)
        .map(|tree| {
            let shift = (seed as f32 + tree as f32) / 977.0;
            let feature = (tree * 5 % 65) as u32;
            let threshold = if feature < 13 {
                10.0 * (tree % 15) as f32
            } else {
                0.4 + shift
            };
            vec![
                split(feature, threshold, tree % 2 == 0),
                leaf(-0.1 - shift),
                leaf(0.07 + shift * 1.3),
            ]
        })
        .collect();
    let ensemble = Ensemble::from_trees(-1.06 + seed as f32 / 31.0, encoder.width(), trees).unwrap();
    let unchecked = Model::new(encoder.clone(), ensemble.clone(), provenance.clone(), Vec::new()).unwrap();
    let sample = |row: Row| SampleRow {
        margin_bits: unchecked.predict(&row).margin.to_bits(),
        row,
    };
    let samples = rows(99, 5).into_iter().map(sample).collect();
    Model::new(encoder, ensemble, provenance, samples).unwrap()
}

fn secret_key(byte: u8) -> p256::SecretKey {
    p256::SecretKey::from_slice(&[byte; 32]).unwrap()
}

fn private_key() -> String {
    secret_key(7).to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

/// The public key of the tests' versions, or with another byte a stranger's.
pub(crate) fn public_key(byte: u8) -> String {
    secret_key(byte)
        .public_key()
        .to_public_key_pem(LineEnding::LF)
        .unwrap()
}

/// That key in a file of the world's folder.
pub(crate) fn key_file(world: &World, byte: u8) -> PathBuf {
    let file = world.folder.path().join(format!("{byte}.pub"));
    std::fs::write(&file, public_key(byte)).unwrap();
    file
}
