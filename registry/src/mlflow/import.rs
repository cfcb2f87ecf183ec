//! Taking everything from an MLflow server over its REST API.
//!
//! Invariants: files are here before the row that names them; a run, a logged model, a version is here with everything or
//! not at all. So what broke off goes on where it was when it is called again.

mod files;

use std::collections::HashMap;

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::{
    read,
    remote::{MlflowServer, Remote},
};
use crate::{Experiment, Registry, RegistryError, Stage, VersionRecord, VersionStatus};

/// Runs that are read at once.
const AT_ONCE: usize = 6;
const PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// What was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Experiments that weren't here.
    pub experiments: u64,
    /// Runs that weren't here.
    pub runs: u64,
    /// Points of their metrics.
    pub points: u64,
    /// Logged models that weren't here.
    pub logged_models: u64,
    /// Registered models that weren't here.
    pub models: u64,
    /// Versions that weren't here.
    pub versions: u64,
    /// Files that were copied.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
    /// Runs, logged models and versions that were here already.
    pub known: u64,
    /// What wasn't taken as it is there, and why.
    pub notes: Vec<String>,
}

/// Why not everything was taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MlflowImportError {
    /// The server refused, or didn't answer.
    #[error("{url}: {reason}")]
    Server {
        /// What was asked.
        url: String,
        /// What it said.
        reason: String,
    },
    /// An answer lacks what every answer has.
    #[error("the server sent something without {field}")]
    Unreadable {
        /// The field.
        field: &'static str,
    },
    /// There is another version of this number here.
    #[error("{model} version {version} is here already, and another one than the server's")]
    Taken {
        /// The registered model.
        model: String,
        /// The version.
        version: i64,
    },
    /// Database or store refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl Registry {
    /// Takes everything that isn't here yet: experiments by name, runs and logged models by id, versions by model and
    /// number. Nothing that is here is changed, but experiments and models get the tags and aliases that they haven't.
    pub async fn import_mlflow(
        &self,
        server: &MlflowServer,
        mut progress: impl FnMut(&Imported) + Send,
    ) -> Result<Imported, MlflowImportError> {
        let mut import = Import {
            registry: self,
            remote: Remote::open(server)?,
            from: server.url.trim_end_matches('/').to_owned(),
            places: HashMap::new(),
            done: Imported::default(),
        };
        let experiments = import.experiments().await?;
        progress(&import.done);
        for (there, here) in &experiments {
            import.runs(there, here, &mut progress).await?;
            import.logged_models(there, here, &mut progress).await?;
        }
        import.models(&mut progress).await?;
        Ok(import.done)
    }
}

struct Import<'a> {
    registry: &'a Registry,
    remote: Remote,
    /// The server, for reasons.
    from: String,
    /// Where the server's places are here.
    places: HashMap<String, String>,
    done: Imported,
}

/// What was read of a run.
struct ReadRun {
    place: (String, String),
    points: u64,
    copied: files::Copied,
    is_new: bool,
}

impl Import<'_> {
    async fn experiments(&mut self) -> Result<Vec<(String, Experiment)>, MlflowImportError> {
        let body = json!({"view_type": "ALL", "max_results": 1000});
        let mut pairs = Vec::new();
        for message in self.pages("experiments/search", body, "experiments").await? {
            let there = read::experiment(&message)?;
            let here = match self.registry.experiment(&there.name).await? {
                Some(here) => {
                    self.registry.add_experiment_tags(&here, &there.tags).await?;
                    here
                }
                None => {
                    self.done.experiments += 1;
                    self.registry.take_experiment(&there).await?
                }
            };
            pairs.push((there.experiment_id, here));
        }
        // By number, as they were made.
        pairs.sort_by_key(|(id, _)| id.parse::<i64>().unwrap_or(i64::MAX));
        Ok(pairs)
    }

    async fn runs(
        &mut self,
        there: &str,
        here: &Experiment,
        progress: &mut impl FnMut(&Imported),
    ) -> Result<(), MlflowImportError> {
        let mut body = json!({
            "experiment_ids": [there], "run_view_type": "ALL", "max_results": 200,
            "order_by": ["attributes.start_time ASC"],
        });
        loop {
            let page = self.page("runs/search", &body).await?;
            for some in read::list(&page, "runs").chunks(AT_ONCE) {
                let all: Vec<_> = some.iter().map(|run| self.run(run, here)).collect();
                for read in try_join_all(all).await? {
                    self.places.insert(read.place.0, read.place.1);
                    read.copied.add_to(&mut self.done);
                    match read.is_new {
                        true => self.done.runs += 1,
                        false => self.done.known += 1,
                    }
                    self.done.points += read.points;
                }
                progress(&self.done);
            }
            let Some(token) = next_page(&page) else {
                return Ok(());
            };
            body["page_token"] = json!(token);
        }
    }

    async fn run(&self, found: &Value, here: &Experiment) -> Result<ReadRun, MlflowImportError> {
        let info = &found["info"];
        let run_id = read::required(info, "run_id")?;
        let there = read::text(info, "artifact_uri");
        if let Some(known) = self.registry.run(&run_id).await? {
            return Ok(ReadRun {
                place: (there, known.artifact_uri),
                points: 0,
                copied: files::Copied::default(),
                is_new: false,
            });
        }
        let place = format!(
            "{}/{run_id}/artifacts",
            here.artifact_location.trim_end_matches('/')
        );
        let copied = self.copy(&there, &place).await?;
        // A search leaves out the models that a run read.
        let whole = self.remote.get("runs/get", &[("run_id", &run_id)]).await?;
        let whole = whole.unwrap_or_default();
        let message = if whole["run"].is_object() {
            &whole["run"]
        } else {
            found
        };
        let mut run = read::run(message, &here.experiment_id, place.clone())?;
        for latest in read::list(&message["data"], "metrics") {
            let key = read::text(latest, "key");
            run.metrics.extend(self.history(&run_id, &key).await?);
        }
        let is_new = self.registry.take_run(&run).await?;
        Ok(ReadRun {
            place: (there, place),
            points: run.metrics.len() as u64,
            copied,
            is_new,
        })
    }

    async fn history(&self, run_id: &str, key: &str) -> Result<Vec<crate::Metric>, MlflowImportError> {
        let mut points = Vec::new();
        let mut token = String::new();
        loop {
            let mut query = vec![("run_id", run_id), ("metric_key", key), ("max_results", "25000")];
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let page = self.remote.get("metrics/get-history", &query).await?;
            let page = page.unwrap_or_default();
            points.extend(read::list(&page, "metrics").iter().map(read::metric));
            match next_page(&page) {
                Some(next) => token = next,
                None => return Ok(points),
            }
        }
    }

    async fn logged_models(
        &mut self,
        there: &str,
        here: &Experiment,
        progress: &mut impl FnMut(&Imported),
    ) -> Result<(), MlflowImportError> {
        let body = json!({"experiment_ids": [there], "max_results": 50});
        // Servers before 3.0 have no such thing, and answer as to every path that they don't know.
        for message in self.pages("logged-models/search", body, "models").await? {
            let info = &message["info"];
            let model_id = read::required(info, "model_id")?;
            let from = read::text(info, "artifact_uri");
            if let Some(known) = self.registry.logged_model(&model_id).await? {
                self.places.insert(from, known.artifact_uri);
                self.done.known += 1;
                continue;
            }
            let location = here.artifact_location.trim_end_matches('/');
            let place = format!("{location}/models/{model_id}/artifacts");
            self.copy(&from, &place).await?.add_to(&mut self.done);
            let model = read::logged_model(&message, &here.experiment_id, place.clone())?;
            if self.registry.take_logged_model(&model).await? {
                self.done.logged_models += 1;
            }
            self.places.insert(from, place);
            progress(&self.done);
        }
        Ok(())
    }

    async fn models(&mut self, progress: &mut impl FnMut(&Imported)) -> Result<(), MlflowImportError> {
        let models = self.get_pages(
            "registered-models/search",
            &[("max_results", "1000")],
            "registered_models",
        );
        for message in models.await? {
            let model = read::model(&message)?;
            if model
                .tags
                .iter()
                .any(|(key, value)| key == PROMPT_TAG && value == "true")
            {
                self.note(format!("the prompt {:?} wasn't taken", model.name));
                continue;
            }
            match self.registry.model_record(&model.name).await? {
                None => {
                    let description = model.description.as_deref();
                    let made = self.registry.create_model(&model.name, description, &model.tags);
                    made.await?;
                    self.done.models += 1;
                }
                Some(here) => {
                    let missing =
                        |(key, _): &&(String, String)| !here.tags.iter().any(|(known, _)| known == key);
                    for (key, value) in model.tags.iter().filter(missing) {
                        self.registry.set_model_tag(&model.name, key, value).await?;
                    }
                }
            }
            let last = self.versions(&model.name, progress).await?;
            for (alias, version) in &model.aliases {
                let here = self.registry.record_by_alias(&model.name, alias).await?;
                if here.is_none() {
                    self.registry.set_alias(&model.name, alias, *version).await?;
                }
            }
            self.registry.take_model_times(&model, last).await?;
        }
        Ok(())
    }

    /// The versions of a model in their order; gives the last number.
    async fn versions(
        &mut self,
        model: &str,
        progress: &mut impl FnMut(&Imported),
    ) -> Result<i64, MlflowImportError> {
        let filter = format!("name='{}'", model.replace('\\', "\\\\").replace('\'', "\\'"));
        let query = [("filter", filter.as_str()), ("max_results", "1000")];
        let messages = self.get_pages("model-versions/search", &query, "model_versions");
        let mut versions = Vec::new();
        for message in messages.await? {
            versions.push(read::version(&message)?);
        }
        versions.sort_by_key(|version| version.version);
        let last = versions.last().map_or(0, |version| version.version);
        let production = versions
            .iter()
            .rev()
            .find(|version| version.stage == Stage::Production);
        let production = production.map(|version| version.version);
        for mut version in versions {
            let number = version.version;
            if let Some(here) = self.registry.record(model, number).await? {
                if here.created_at_ms != version.created_at_ms {
                    return Err(MlflowImportError::Taken {
                        model: model.to_owned(),
                        version: number,
                    });
                }
                self.done.known += 1;
                continue;
            }
            if version.stage == Stage::Production && production != Some(number) {
                self.note(format!(
                    "{model} version {number} is Archived here: the later one in Production is the one"
                ));
                version.stage = Stage::Archived;
            }
            let files = self.files_of(&mut version).await?;
            let reason = format!("it was in {} at {}", version.stage.as_str(), self.from);
            if self.registry.take_version(&version, &files, &reason).await? {
                self.done.versions += 1;
            }
            progress(&self.done);
        }
        Ok(last)
    }

    /// Where a version's files are here, and what they are. A version without its files isn't ready.
    async fn files_of(
        &mut self,
        version: &mut VersionRecord,
    ) -> Result<Vec<crate::VersionFile>, MlflowImportError> {
        let number = version.version.to_string();
        let query = [
            ("name", version.model_name.as_str()),
            ("version", number.as_str()),
        ];
        let answer = self.remote.get("model-versions/get-download-uri", &query).await?;
        let there = answer.as_ref().map(|answer| read::text(answer, "artifact_uri"));
        let there = there
            .filter(|uri| !uri.is_empty())
            .unwrap_or_else(|| version.source.clone());
        let Some(here) = self.moved(&there) else {
            // What the server doesn't hand out is only a name, there as here.
            version.storage_uri = there;
            return Ok(Vec::new());
        };
        version.storage_uri = here;
        let files = self.digests(&version.storage_uri).await?;
        if files.is_empty() && version.status == VersionStatus::Ready {
            version.status = VersionStatus::Failed;
            version.status_message = format!("there were no files at {there}");
            self.note(format!(
                "{} version {number} isn't READY here: there are no files at {there}",
                version.model_name
            ));
        }
        Ok(files)
    }

    /// Where a place of the server is here, when it belongs to a run or a logged model.
    fn moved(&self, there: &str) -> Option<String> {
        let ends = there
            .char_indices()
            .rev()
            .filter(|(_, c)| *c == '/')
            .map(|(at, _)| at);
        for end in [there.len()].into_iter().chain(ends) {
            if let Some(here) = self.places.get(&there[..end]) {
                return Some(
                    format!("{here}{}", &there[end..])
                        .trim_end_matches('/')
                        .to_owned(),
                );
            }
        }
        None
    }

    async fn page(&self, path: &str, body: &Value) -> Result<Value, MlflowImportError> {
        Ok(self.remote.post(path, body).await?.unwrap_or_default())
    }

    async fn pages(&self, path: &str, mut body: Value, field: &str) -> Result<Vec<Value>, MlflowImportError> {
        let mut all = Vec::new();
        loop {
            let page = self.page(path, &body).await?;
            all.extend_from_slice(read::list(&page, field));
            match next_page(&page) {
                Some(token) => body["page_token"] = json!(token),
                None => return Ok(all),
            }
        }
    }

    async fn get_pages(
        &self,
        path: &str,
        query: &[(&str, &str)],
        field: &str,
    ) -> Result<Vec<Value>, MlflowImportError> {
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let mut query = query.to_vec();
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let page = self.remote.get(path, &query).await?.unwrap_or_default();
            all.extend_from_slice(read::list(&page, field));
            match next_page(&page) {
                Some(next) => token = next,
                None => return Ok(all),
            }
        }
    }

    fn note(&mut self, text: String) {
        self.done.notes.push(text);
    }
}

fn next_page(page: &Value) -> Option<String> {
    read::optional(page, "next_page_token").filter(|token| !token.is_empty())
}
