//! The files of a run: recipe, model directory, log.

use bytes::Bytes;
use registry::{Bucket, RegistryError, Run};

use super::OpenRun;
use crate::export::ModelDirectory;
use crate::recipe::Recipe;

/// The artifact that holds a run's recipe.
pub const RECIPE_FILE: &str = "recipe.toml";
/// The tag that holds the recipe's SHA-256.
pub const RECIPE_TAG: &str = "clickleaf.recipe_sha256";

impl OpenRun {
    /// Stores the recipe as the run's artifact [`RECIPE_FILE`], with its digest as a tag.
    pub async fn store_recipe(&mut self, recipe: &Recipe) -> Result<(), RegistryError> {
        let sha256 = self
            .store_file(RECIPE_FILE, recipe.to_toml().into_bytes())
            .await?;
        let tags = [(RECIPE_TAG.to_owned(), sha256)];
        self.registry.log_batch(&self.run.run_id, &[], &[], &tags).await
    }

    /// Stores an artifact of the run, over one that may be there, and returns its digest.
    pub async fn store_file(&mut self, name: &str, bytes: Vec<u8>) -> Result<String, RegistryError> {
        let key = format!("{}/{}/artifacts/{name}", self.run.experiment_id, self.run.run_id);
        let artifacts = self.registry.artifacts();
        let stored = artifacts.put(Bucket::Artifacts, &key, Bytes::from(bytes)).await?;
        self.log(&format!(
            "stored {} ({} bytes, sha256 {})",
            stored.uri, stored.bytes, stored.sha256
        ));
        Ok(stored.sha256)
    }

    /// Stores the model directory and returns its URI.
    pub async fn store_model(&mut self, directory: &ModelDirectory) -> Result<String, RegistryError> {
        let folder = self.model_folder();
        for file in &directory.files {
            let key = format!("{folder}/{}", file.name);
            let stored = self
                .registry
                .artifacts()
                .put_create(Bucket::Artifacts, &key, Bytes::from(file.bytes.clone()))
                .await?;
            self.log(&format!(
                "stored {} ({} bytes, sha256 {})",
                stored.uri, stored.bytes, stored.sha256
            ));
        }
        Ok(self.model_uri())
    }

    /// Where the model directory lies.
    pub fn model_uri(&self) -> String {
        self.registry
            .artifacts()
            .uri(Bucket::Artifacts, &self.model_folder())
    }

    pub(super) async fn store_log(&self) -> Result<(), RegistryError> {
        self.registry
            .artifacts()
            .put(Bucket::Logs, &log_key(&self.run), Bytes::from(self.log.clone()))
            .await
            .map(|_| ())
    }

    fn model_folder(&self) -> String {
        format!("{}/{}/artifacts/model", self.run.experiment_id, self.run.run_id)
    }
}

/// Where a run's log lies.
pub(super) fn log_key(run: &Run) -> String {
    format!("{}/train.log", run.run_id)
}
