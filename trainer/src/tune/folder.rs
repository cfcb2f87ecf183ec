//! What a search leaves on disk, so that it can go on: `search.json`, `trials/N.json`, and the rows.
//!
//! Invariant: every file is written beside its place and then moved there, so it is whole or not there.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::trial::TrialRecord;
use super::{TuneError, TuneOutcome, outcome, sample};
use crate::cancel::CancelToken;
use crate::ingest::Ingested;
use crate::pipeline::{PipelineConfig, PipelineError};
use crate::progress::Progress;
use crate::recipe::{Recipe, SearchConfig};
use crate::work_folder::{WorkFolder, WorkFolderError};

const SEARCH_FILE: &str = "search.json";
const TRIALS_FOLDER: &str = "trials";
const LOCK_FILE: &str = "search.lock";

/// A search's own folder, locked.
pub(super) struct SearchFolder {
    path: PathBuf,
    rows: WorkFolder,
    // Released when it is closed, by whatever end of the process.
    _lock: File,
}

/// The record of the search itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Search {
    /// Ties the registry's runs to this folder.
    pub(super) id: String,
    /// Of the recipe and what is searched.
    digest: String,
    /// The run that holds the result, once there is one.
    pub(super) finished_run: Option<String>,
}

impl SearchFolder {
    /// Makes the folder if need be, and keeps others out of it.
    pub(super) fn open(path: &Path) -> Result<Self, TuneError> {
        let rows = WorkFolder::open(Some(path)).map_err(PipelineError::from)?;
        let trials = path.join(TRIALS_FOLDER);
        std::fs::create_dir_all(&trials).map_err(|source| file_error(&trials, source))?;
        let lock_path = path.join(LOCK_FILE);
        let lock = File::create(&lock_path).map_err(|source| file_error(&lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                rows,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(TuneError::Busy {
                folder: path.display().to_string(),
            }),
            Err(TryLockError::Error(source)) => Err(file_error(&lock_path, source)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The search that was begun here; an error when it is another one.
    pub(super) fn search(&self, recipe: &Recipe, search: &SearchConfig) -> Result<Option<Search>, TuneError> {
        let known: Option<Search> = self.read(&self.path.join(SEARCH_FILE))?;
        match known {
            Some(known) if known.digest != digest(recipe, search) => Err(TuneError::OtherSearch {
                folder: self.path.display().to_string(),
            }),
            known => Ok(known),
        }
    }

    /// Notes that a search begins; its rows are there.
    pub(super) fn begin(&self, recipe: &Recipe, search: &SearchConfig) -> Result<Search, TuneError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| file_error(&self.path, std::io::Error::other(error)))?;
        let id = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let search = Search {
            id,
            digest: digest(recipe, search),
            finished_run: None,
        };
        self.write_json(SEARCH_FILE, &search)?;
        Ok(search)
    }

    /// Notes that the search is over.
    pub(super) fn end(&self, search: Search, run_id: &str) -> Result<(), TuneError> {
        let search = Search {
            finished_run: Some(run_id.to_owned()),
            ..search
        };
        self.write_json(SEARCH_FILE, &search)
    }

    /// The rows: those of an earlier start, or read now.
    pub(super) fn rows(
        &self,
        config: &PipelineConfig,
        artifacts: &registry::Artifacts,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<Ingested, TuneError> {
        let found = match self.path.join(SEARCH_FILE).exists() {
            true => self.rows.ingested(),
            false => Err(WorkFolderError::MissingStep {
                path: self.path.display().to_string(),
                step: "ingest",
            }),
        };
        match found {
            Ok(ingested) => Ok(ingested),
            Err(WorkFolderError::MissingStep { .. }) => {
                let (data, policy) = (&config.data, config.bad_rows);
                let ingested = self.rows.ingest(data, policy, Some(artifacts), progress, cancel);
                Ok(ingested.map_err(PipelineError::from)?)
            }
            Err(error) => Err(PipelineError::from(error).into()),
        }
    }

    /// Every trial, with what is known of it.
    pub(super) fn records(&self, search: &SearchConfig) -> Result<Vec<TrialRecord>, TuneError> {
        let record = |trial| {
            let known = self.read(&self.trial_path(trial))?;
            let values = sample::values(search, trial).into_iter();
            Ok(known.unwrap_or_else(|| TrialRecord {
                trial,
                values: values
                    .map(|(key, value)| (key, serde_json::to_value(value).unwrap_or_default()))
                    .collect(),
                rungs: Vec::new(),
                curve: Vec::new(),
                failure: None,
            }))
        };
        (0..search.trials).map(record).collect()
    }

    /// Notes what is known of a trial.
    pub(super) fn write_record(&self, record: &TrialRecord) -> Result<(), TuneError> {
        self.write_json(&format!("{TRIALS_FOLDER}/{}.json", record.trial), record)
    }

    /// What a search that is over found.
    pub(super) fn outcome(&self, run_id: &str) -> Result<TuneOutcome, TuneError> {
        let path = self.path.join(outcome::RESULT_FILE);
        let result = self.read(&path)?.ok_or_else(|| {
            let source = std::io::ErrorKind::NotFound.into();
            file_error(&path, source)
        })?;
        Ok(TuneOutcome::new(&result, run_id, &self.path))
    }

    /// Writes a file of the folder.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TuneError> {
        let path = self.path.join(name);
        // The lock makes this name ours.
        let partial = self.path.join("partial");
        let write = || {
            let mut file = File::create(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&partial, &path)
        };
        write().map_err(|source| file_error(&path, source))
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), TuneError> {
        let bytes = serde_json::to_vec_pretty(value);
        let bytes = bytes.map_err(|error| file_error(&self.path.join(name), error.into()))?;
        self.write(name, &bytes)
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, TuneError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(file_error(path, source)),
        };
        let value = serde_json::from_slice(&bytes);
        value.map(Some).map_err(|error| file_error(path, error.into()))
    }

    fn trial_path(&self, trial: u32) -> PathBuf {
        self.path.join(TRIALS_FOLDER).join(format!("{trial}.json"))
    }
}

fn digest(recipe: &Recipe, search: &SearchConfig) -> String {
    let text = format!("{}{search:?}", recipe.to_toml());
    model_export::sha256_hex(text.as_bytes())
}

fn file_error(path: &Path, source: std::io::Error) -> TuneError {
    TuneError::File {
        path: path.display().to_string(),
        source,
    }
}
