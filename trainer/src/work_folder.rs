//! The work folder: where each step leaves what the next one needs.
//!
//! | step | leaves |
//! |---|---|
//! | ingest | `rows.bin`, `ingest.json` |
//! | process | `encoded.f32`, `process.json` |
//! | train | the booster, `train.json`; after a refit also `refit.f32`, `refit.json` |

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tempfile::TempDir;

use crate::cancel::CancelToken;
use crate::crosses::Crosses;
use crate::encoded_file::EncodedFile;
use crate::ingest::{BadRowPolicy, Data, IngestError, Ingested, ingest};
use crate::process::{FitOn, ProcessConfig, ProcessError, Processed, fit, process};
use crate::progress::Progress;
use crate::row_file::RowFile;
use crate::split::Split;
#[cfg(feature = "xgboost")]
use crate::train::refit;
use crate::train::{Round, TrainConfig, TrainError, Trained, train};

const ZSTD_LEVEL: i32 = 6;

/// A folder for intermediate files.
pub struct WorkFolder {
    path: PathBuf,
    // Removed with everything in it when dropped.
    _temporary: Option<TempDir>,
}

/// A work folder that can't be used, or lacks an earlier step's files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkFolderError {
    /// A file can't be read or written.
    #[error("{path}: can't be read or written")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An earlier step hasn't run in this folder.
    #[error("{path} isn't there: run `clickleaf-trainer {step}` with this work folder first")]
    MissingStep {
        /// The file it would have left.
        path: String,
        /// The step.
        step: &'static str,
    },
    /// A step's record can't be understood.
    #[error("{path}: not a record of this program")]
    Record {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The encoder can't be fitted again.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// What is left beside encoded rows. The encoder isn't among it: the same rows and config give it again.
#[derive(Serialize, Deserialize)]
struct ProcessRecord {
    config: ProcessConfig,
    split: Split,
    fitted_rows: u64,
    encoded: EncodedFile,
}

/// The names of the encoded rows and of their record.
struct EncodedNames {
    rows: &'static str,
    record: &'static str,
    step: &'static str,
}

const FIRST: EncodedNames = EncodedNames {
    rows: "encoded.f32",
    record: "process.json",
    step: "process",
};

const REFIT: EncodedNames = EncodedNames {
    rows: "refit.f32",
    record: "refit.json",
    step: "train",
};

impl WorkFolder {
    /// Uses this folder, which is made if need be; a temporary one when absent.
    pub fn open(path: Option<&Path>) -> Result<Self, WorkFolderError> {
        match path {
            Some(path) => {
                std::fs::create_dir_all(path).map_err(|source| file_error(path, source))?;
                Ok(Self {
                    path: path.to_owned(),
                    _temporary: None,
                })
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("clickleaf-").tempdir();
                let temporary = temporary.map_err(|source| file_error(&std::env::temp_dir(), source))?;
                Ok(Self {
                    path: temporary.path().to_owned(),
                    _temporary: Some(temporary),
                })
            }
        }
    }

    /// Step 1.
    pub fn ingest(
        &self,
        data: &Data,
        policy: BadRowPolicy,
        artifacts: Option<&registry::Artifacts>,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<Ingested, IngestError> {
        let ingested = ingest(
            data,
            policy,
            artifacts,
            &self.path.join("rows.bin"),
            progress,
            cancel,
        )?;
        let path = self.path.join("ingest.json");
        write_record(&path, &ingested).map_err(|source| IngestError::Write {
            path: path.display().to_string(),
            source,
        })?;
        Ok(ingested)
    }

    /// Step 2.
    pub fn process(
        &self,
        ingested: &Ingested,
        config: &ProcessConfig,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<Processed, ProcessError> {
        self.encode(ingested, config, FitOn::Training, &FIRST, progress, cancel)
    }

    /// Step 3. Hands back the rows as the booster knows them: those given, or encoded anew for a refit.
    pub fn train(
        &self,
        ingested: &Ingested,
        (processed, process_config): (Processed, &ProcessConfig),
        config: &TrainConfig,
        on_round: &mut dyn FnMut(Round),
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(Processed, Trained), TrainError> {
        let first = train(
            &processed.encoded,
            &processed.split,
            config,
            on_round,
            progress,
            cancel,
        )?;
        let (processed, trained) = match config.params.refit {
            #[cfg(feature = "xgboost")]
            true => {
                let fit_on = FitOn::AllButTest;
                let process_config = process_config.with_crosses_of(&processed);
                let again = self.encode(ingested, &process_config, fit_on, &REFIT, progress, cancel)?;
                let trained = refit(
                    &again.encoded,
                    &again.split,
                    first,
                    &config.params,
                    progress,
                    cancel,
                )?;
                (again, trained)
            }
            _ => (processed, first),
        };
        let booster = self.path.join(trained.booster_file());
        std::fs::write(&booster, &trained.booster)
            .and_then(|()| write_record(&self.path.join("train.json"), &trained))
            .map_err(|source| TrainError::File {
                path: booster.display().to_string(),
                source,
            })?;
        Ok((processed, trained))
    }

    fn encode(
        &self,
        ingested: &Ingested,
        config: &ProcessConfig,
        fit_on: FitOn,
        names: &EncodedNames,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<Processed, ProcessError> {
        let rows = self.path.join(names.rows);
        let processed = process(&ingested.rows, config, fit_on, &rows, progress, cancel)?;
        let record = ProcessRecord {
            config: config.with_crosses_of(&processed),
            split: processed.split.clone(),
            fitted_rows: processed.fitted_rows,
            encoded: processed.encoded.clone(),
        };
        let path = self.path.join(names.record);
        write_record(&path, &record).map_err(|source| ProcessError::File {
            path: path.display().to_string(),
            source,
        })?;
        Ok(processed)
    }

    /// What [`WorkFolder::ingest`] left.
    pub fn ingested(&self) -> Result<Ingested, WorkFolderError> {
        let mut ingested: Ingested = read_record(&self.path.join("ingest.json"), "ingest")?;
        ingested.rows.path = self.path.join("rows.bin");
        Ok(ingested)
    }

    /// What [`WorkFolder::process`] left, with the encoder fitted again.
    pub fn processed(&self, ingested: &Ingested) -> Result<(Processed, ProcessConfig), WorkFolderError> {
        self.encoded(ingested, &FIRST)
    }

    fn encoded(
        &self,
        ingested: &Ingested,
        names: &EncodedNames,
    ) -> Result<(Processed, ProcessConfig), WorkFolderError> {
        let record: ProcessRecord = read_record(&self.path.join(names.record), names.step)?;
        let crosses = match &record.config.crosses {
            Crosses::Listed(crosses) => crosses.clone(),
            _ => Vec::new(),
        };
        let encoder = fit(
            &ingested.rows,
            record.fitted_rows,
            record.config.encoder(crosses),
            &mut |_| Ok(()),
        )?;
        let encoded = EncodedFile {
            path: self.path.join(names.rows),
            ..record.encoded
        };
        Ok((
            Processed {
                split: record.split,
                fitted_rows: record.fitted_rows,
                encoded,
                encoder,
            },
            record.config,
        ))
    }

    /// What [`WorkFolder::train`] left, with the rows as the booster knows them.
    pub fn trained(
        &self,
        ingested: &Ingested,
    ) -> Result<(Processed, ProcessConfig, Trained), WorkFolderError> {
        let mut trained: Trained = read_record(&self.path.join("train.json"), "train")?;
        let path = self.path.join(trained.booster_file());
        trained.booster = std::fs::read(&path).map_err(|source| file_error(&path, source))?;
        let names = if trained.refit { &REFIT } else { &FIRST };
        let (processed, config) = self.encoded(ingested, names)?;
        Ok((processed, config, trained))
    }
}

/// The rows as canonical TSV, compressed by zstd, in memory.
pub fn compressed_tsv(rows: &RowFile) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    if let Some(table) = &rows.table {
        encoder.write_all(table.header().as_bytes())?;
        encoder.write_all(b"\n")?;
    }
    for row in rows.data(0, rows.rows)? {
        encoder.write_all(row?.to_tsv().as_bytes())?;
        encoder.write_all(b"\n")?;
    }
    encoder.finish()
}

fn write_record(path: &Path, record: &impl Serialize) -> std::io::Result<()> {
    std::fs::write(path, serde_json::to_vec_pretty(record)?)
}

fn read_record<T: DeserializeOwned>(path: &Path, step: &'static str) -> Result<T, WorkFolderError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(WorkFolderError::MissingStep {
                path: path.display().to_string(),
                step,
            });
        }
        Err(source) => return Err(file_error(path, source)),
    };
    serde_json::from_slice(&bytes).map_err(|source| WorkFolderError::Record {
        path: path.display().to_string(),
        source,
    })
}

fn file_error(path: &Path, source: std::io::Error) -> WorkFolderError {
    WorkFolderError::File {
        path: path.display().to_string(),
        source,
    }
}
