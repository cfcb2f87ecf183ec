//! Compact model files by digest, the recently used ones in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use registry::{ModelVersion, Registry, RegistryError};

use crate::model_file::ModelFile;

/// So many files are kept besides the one in service.
const KEPT: usize = 8;

pub(super) struct Files {
    registry: Registry,
    /// The most recently used first.
    recent: Mutex<VecDeque<Arc<ModelFile>>>,
}

impl Files {
    pub(super) fn new(registry: Registry) -> Self {
        Files {
            registry,
            recent: Mutex::default(),
        }
    }

    /// The file of the version with this digest; `None` when no version has it.
    pub(super) async fn find(&self, sha256: &str) -> Result<Option<Arc<ModelFile>>, RegistryError> {
        if let Some(file) = self.recent(sha256) {
            return Ok(Some(file));
        }
        for model in self.registry.models().await? {
            let versions = self.registry.versions(&model.name).await?;
            if let Some(row) = versions.iter().find(|row| row.model_sha256 == sha256) {
                return self.fetch(row).await.map(Some);
            }
        }
        Ok(None)
    }

    /// The version's file with its bundle, its digest checked.
    pub(super) async fn fetch(&self, row: &ModelVersion) -> Result<Arc<ModelFile>, RegistryError> {
        if let Some(file) = self.recent(&row.model_sha256) {
            return Ok(file);
        }
        let artifacts = self.registry.artifacts();
        let uri = |name: &str| format!("{}/{name}", row.artifact_uri);
        let bytes = artifacts
            .get_uri_verified(&uri(&row.model_file), &row.model_sha256)
            .await?;
        let bundle = match &row.bundle_file {
            Some(name) => artifacts.get_uri(&uri(name)).await?,
            None => None,
        };
        let file = Arc::new(ModelFile::new(row.model_sha256.clone(), bytes, bundle));
        let mut recent = self.lock();
        // A bundle that wasn't there may come; a file without one is read again the next time.
        if file.bundle.is_some() || row.bundle_file.is_none() {
            recent.push_front(file.clone());
            recent.truncate(KEPT);
        }
        Ok(file)
    }

    fn recent(&self, sha256: &str) -> Option<Arc<ModelFile>> {
        let mut recent = self.lock();
        let at = recent.iter().position(|file| file.sha256 == sha256)?;
        let file = recent.remove(at)?;
        recent.push_front(file.clone());
        Some(file)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<ModelFile>>> {
        self.recent
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
