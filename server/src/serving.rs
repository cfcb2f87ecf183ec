//! Which model predicts: follows the registry's Production version and keeps the last good one.
//!
//! Invariant: [`Serving::current`] only ever holds a model that passed every check of the module `check`. A registry or
//! store that doesn't answer, and a version that is refused, leave it as it is. Only the registry's word that
//! nothing is in Production takes it away.

mod cache;
mod check;
mod files;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use api_types::{Health, HealthStatus, RegistryHealth};
use arc_swap::ArcSwapOption;
use registry::{Registry, RegistryError};

pub use check::LoadError;

use crate::convert;
use crate::metrics::Metrics;
use crate::model_file::ModelFile;
use crate::observe::chain;
use files::Files;

/// How often the registry is asked for the Production version.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often database and store are asked for a sign of life.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// After so long an unanswered question counts as a failure.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// A refused version is tried again after this long; its file may have been repaired.
const REFUSED_INTERVAL: Duration = Duration::from_secs(5);

/// One version, checked and ready to predict. A request takes one of these and uses nothing else.
pub struct Served {
    /// The registry's row.
    pub row: registry::ModelVersion,
    /// The same, as the wire has it.
    pub version: api_types::ModelVersion,
    /// The model.
    pub model: Arc<model_export::Model>,
    /// Its file.
    pub file: Arc<ModelFile>,
}

impl Served {
    fn new(row: registry::ModelVersion, model: Arc<model_export::Model>, file: Arc<ModelFile>) -> Self {
        let version = convert::version(&row);
        Served {
            row,
            version,
            model,
            file,
        }
    }
}

/// Follows one registered model.
pub struct Serving {
    registry: Registry,
    model_name: String,
    verification_key: Option<String>,
    cache_dir: Option<PathBuf>,
    current: ArcSwapOption<Served>,
    files: Files,
    link: Mutex<RegistryHealth>,
    turn: tokio::sync::Mutex<Turn>,
    metrics: Metrics,
}

/// What one look at the registry hands to the next.
#[derive(Default)]
struct Turn {
    pinged: Option<Instant>,
    refused: Option<(registry::ModelVersion, Instant, String)>,
}

impl Serving {
    /// Follows `model_name`; nothing is loaded yet. With a verification key (PEM), only signed versions are taken.
    pub fn new(
        registry: Registry,
        model_name: String,
        verification_key: Option<String>,
        cache_dir: Option<PathBuf>,
        metrics: Metrics,
    ) -> Self {
        let link = RegistryHealth {
            reachable: false,
            last_success_ms: None,
            message: Some("the registry was not asked yet".to_owned()),
        };
        Serving {
            files: Files::new(registry.clone()),
            registry,
            model_name,
            verification_key,
            cache_dir,
            current: ArcSwapOption::empty(),
            link: Mutex::new(link),
            turn: tokio::sync::Mutex::default(),
            metrics,
        }
    }

    /// The registered model that is followed.
    pub fn model_name(&self) -> &str {
        &self.model_name
    }

    /// The public key that bundles are checked with, as PEM.
    pub fn verification_key(&self) -> Option<&str> {
        self.verification_key.as_deref()
    }

    /// The version that predicts now.
    pub fn current(&self) -> Option<Arc<Served>> {
        self.current.load_full()
    }

    /// Follows the registry once. Called by the poll, and by whoever has just changed a stage.
    pub async fn follow(&self) {
        let mut turn = self.turn.lock().await;
        let outcome = match tokio::time::timeout(ANSWER_LIMIT, self.follow_once(&mut turn)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LoadError::unanswered()),
        };
        let reachable = !matches!(outcome, Err(LoadError::Unavailable { .. }));
        self.metrics.registry(reachable, outcome.is_err());
        let mut link = self.link();
        if reachable {
            link.last_success_ms = Some(now_ms());
        }
        let message = outcome.as_ref().err().map(ToString::to_string);
        if link.message != message {
            match &outcome {
                Ok(()) => tracing::info!("registry and store answer"),
                Err(error) => tracing::error!(cause = chain(error), "can't follow the registry"),
            }
        }
        link.reachable = reachable;
        link.message = message;
    }

    async fn follow_once(&self, turn: &mut Turn) -> Result<(), LoadError> {
        let Some(row) = self.registry.production(&self.model_name).await? else {
            self.swap(None);
            return self.ping(turn).await;
        };
        match self.current() {
            Some(current) if current.row == row => return self.ping(turn).await,
            // The same file under a row that changed (an alias, a metric): nothing is to be loaded.
            Some(current)
                if (
                    current.row.version,
                    &current.row.model_sha256,
                    &current.row.run_id,
                ) == (row.version, &row.model_sha256, &row.run_id) =>
            {
                self.swap(Some(Served::new(
                    row,
                    current.model.clone(),
                    current.file.clone(),
                )));
                return self.ping(turn).await;
            }
            _ => {}
        }
        if let Some((refused, at, reason)) = &turn.refused
            && *refused == row
            && at.elapsed() < REFUSED_INTERVAL
        {
            return Err(LoadError::Refused {
                version: row.version,
                reason: reason.clone(),
            });
        }
        match self.load(&row).await {
            Ok(served) => {
                turn.refused = None;
                self.swap(Some(served));
                self.keep_in_cache().await;
                Ok(())
            }
            Err(LoadError::Refused { version, reason }) => {
                turn.refused = Some((row, Instant::now(), reason.clone()));
                Err(LoadError::Refused { version, reason })
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches and checks a version; the model in service stays as it is.
    pub async fn load(&self, row: &registry::ModelVersion) -> Result<Served, LoadError> {
        let file = self
            .files
            .fetch(row)
            .await
            .map_err(|error| LoadError::of_file(row.version, error))?;
        let (row, key) = (row.clone(), self.verification_key.clone());
        check::check(row, file, key).await
    }

    /// Checks a version of any model, which may predict from features alone; nothing is kept but its file.
    pub async fn verify(&self, row: &registry::ModelVersion) -> Result<(), LoadError> {
        let file = self
            .files
            .fetch(row)
            .await
            .map_err(|error| LoadError::of_file(row.version, error))?;
        let (row, key) = (row.clone(), self.verification_key.clone());
        check::check_any(row, file, key).await
    }

    /// A registered file by its digest: from memory, else from the store. `None` for a digest of no version.
    pub async fn file(&self, sha256: &str) -> Result<Option<Arc<ModelFile>>, RegistryError> {
        match self.current() {
            Some(current) if current.file.sha256 == sha256 => Ok(Some(current.file.clone())),
            _ => self.files.find(sha256).await,
        }
    }

    /// When nothing could be loaded so far, takes the last good version from the folder `--cache-dir`.
    /// It passes the same checks as one from the store.
    pub async fn restore(&self) {
        let (None, Some(folder)) = (self.current(), &self.cache_dir) else {
            return;
        };
        if self.link().message.is_none() {
            // The registry's word that nothing is in Production counts.
            return;
        }
        let restored = match cache::read(folder, &self.model_name).await {
            Ok(Some((row, file))) => check::check(row, file, self.verification_key.clone()).await,
            Ok(None) => return,
            Err(error) => return tracing::warn!(cause = chain(&error), "can't read the cache folder"),
        };
        match restored {
            Ok(served) => {
                tracing::warn!(
                    version = served.row.version,
                    "serving the last good version from the cache folder"
                );
                self.swap(Some(served));
            }
            Err(error) => tracing::error!(cause = chain(&error), "the cached version is refused"),
        }
    }

    /// The answer of `/health`.
    pub fn health(&self) -> Health {
        let current = self.current();
        let registry = self.link().clone();
        let status = match (&current, &registry) {
            (None, _) => HealthStatus::NotReady,
            (
                Some(_),
                RegistryHealth {
                    reachable: true,
                    message: None,
                    ..
                },
            ) => HealthStatus::Ok,
            _ => HealthStatus::Degraded,
        };
        Health {
            status,
            live: true,
            ready: current.is_some(),
            model_version: current.as_ref().map(|served| served.row.version),
            model_sha256: current.as_ref().map(|served| served.row.model_sha256.clone()),
            registry,
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    async fn ping(&self, turn: &mut Turn) -> Result<(), LoadError> {
        // The store is only read when a version changes, so its loss would go unseen without this.
        if turn.pinged.is_none_or(|at| at.elapsed() >= PING_INTERVAL) {
            self.registry.ping().await?;
            turn.pinged = Some(Instant::now());
        }
        Ok(())
    }

    fn swap(&self, served: Option<Served>) {
        let served = served.map(Arc::new);
        let before = self.current.swap(served.clone());
        let version = |served: &Option<Arc<Served>>| served.as_ref().map(|served| served.row.version);
        if version(&before) != version(&served) {
            tracing::info!(
                from = version(&before),
                to = version(&served),
                "the version that predicts has changed"
            );
        }
        let shown = served.as_deref().map(|served| {
            (
                served.row.version,
                served.row.model_sha256.as_str(),
                served.row.run_id.as_str(),
            )
        });
        self.metrics.model(&self.model_name, shown);
        if let Some(served) = served {
            // Nearly every browser asks for brotli: have it ready before the first one does.
            tokio::spawn(async move { served.file.encoded(crate::model_file::Encoding::Brotli).await });
        }
    }

    async fn keep_in_cache(&self) {
        if let (Some(folder), Some(current)) = (&self.cache_dir, self.current())
            && let Err(error) = cache::write(folder, &current.row, &current.file).await
        {
            tracing::warn!(cause = chain(&error), "can't write the cache folder");
        }
    }

    fn link(&self) -> MutexGuard<'_, RegistryHealth> {
        self.link.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Now, in milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
