//! The files of a run: recipe, model directory, log.

use bytes::Bytes;
use registry::{Bucket, RegistryError, Run};
use report::Report;

use super::OpenRun;
use crate::export::ModelDirectory;
use crate::recipe::Recipe;

/// The artifact that holds a run's recipe.
pub const RECIPE_FILE: &str = "recipe.toml";
/// The artifact that holds the schema of a table.
pub const SCHEMA_FILE: &str = "table.toml";
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
        let key = self.artifact_folder(name);
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
            self.store_new(&format!("{folder}/{}", file.name), file.bytes.clone())
                .await?;
        }
        Ok(self.model_uri())
    }

    /// Stores the evaluation report, as JSON and as a page, beside the model directory.
    pub async fn store_report(&mut self, report: &Report, page: String) -> Result<(), RegistryError> {
        let folder = self.artifact_folder("report");
        self.store_new(&format!("{folder}/report.json"), report.to_json())
            .await?;
        self.store_new(&format!("{folder}/report.html"), page.into_bytes())
            .await
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

    /// Stores an artifact that must not be there.
    async fn store_new(&mut self, key: &str, bytes: Vec<u8>) -> Result<(), RegistryError> {
        let artifacts = self.registry.artifacts();
        let stored = artifacts
            .put_create(Bucket::Artifacts, key, Bytes::from(bytes))
            .await?;
        self.log(&format!(
            "stored {} ({} bytes, sha256 {})",
            stored.uri, stored.bytes, stored.sha256
        ));
        Ok(())
    }

    fn model_folder(&self) -> String {
        self.artifact_folder("model")
    }

    fn artifact_folder(&self, name: &str) -> String {
        format!("{}/{}/artifacts/{name}", self.run.experiment_id, self.run.run_id)
    }
}

/// Where a run's log lies.
pub(super) fn log_key(run: &Run) -> String {
    format!("{}/train.log", run.run_id)
}
