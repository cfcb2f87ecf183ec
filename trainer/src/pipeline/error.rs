//! Why a run made no version.

use registry::RegistryError;

use crate::cancel::Cancelled;
use crate::evaluation_report::EvaluationReportError;
use crate::export::{DirectoryError, ExportError};
use crate::ingest::IngestError;
use crate::process::ProcessError;
use crate::recipe::RecipeError;
use crate::source::SourceError;
use crate::train::TrainError;
use crate::work_folder::WorkFolderError;

/// A run that made no version, or wasn't promoted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// No rows.
    #[error(transparent)]
    Ingest(IngestError),
    /// No encoded rows.
    #[error(transparent)]
    Process(ProcessError),
    /// No booster.
    #[error(transparent)]
    Train(TrainError),
    /// No checked model.
    #[error(transparent)]
    Export(ExportError),
    /// No evaluation report.
    #[error(transparent)]
    Report(EvaluationReportError),
    /// No model directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The work folder can't be used.
    #[error(transparent)]
    WorkFolder(#[from] WorkFolderError),
    /// What was done can't be written down.
    #[error("recipe")]
    Recipe(#[from] RecipeError),
    /// The registry or the store refused or doesn't answer.
    #[error("registry")]
    Registry(#[from] RegistryError),
    /// Stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl PipelineError {
    /// Whether the work was stopped rather than failed.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, PipelineError::Cancelled(_))
    }

    /// Whether the data is at fault, not the program or its surroundings.
    pub fn is_refused_data(&self) -> bool {
        use IngestError::{BadRow, LineTooLong, NoRows, Read, Refused, TooManyBadRows};
        match self {
            PipelineError::Ingest(error) => {
                matches!(
                    error,
                    BadRow { .. }
                        | LineTooLong { .. }
                        | NoRows { .. }
                        | Read { .. }
                        | Refused { .. }
                        | TooManyBadRows { .. }
                )
            }
            PipelineError::Process(error) => {
                matches!(
                    error,
                    ProcessError::OneClass { .. } | ProcessError::TableCrosses | ProcessError::Encoder(_)
                )
            }
            PipelineError::Export(_) => true,
            _ => false,
        }
    }

    /// Whether another attempt may go better: network, database or store failed.
    pub fn is_transient(&self) -> bool {
        match self {
            PipelineError::Registry(_) => true,
            PipelineError::Ingest(IngestError::Source(source)) => {
                matches!(source, SourceError::Remote { .. })
            }
            PipelineError::Ingest(IngestError::Read { remote, .. }) => *remote,
            _ => false,
        }
    }
}

impl From<IngestError> for PipelineError {
    fn from(error: IngestError) -> Self {
        if let IngestError::Cancelled(cancelled) = error {
            cancelled.into()
        } else {
            PipelineError::Ingest(error)
        }
    }
}

impl From<ProcessError> for PipelineError {
    fn from(error: ProcessError) -> Self {
        if let ProcessError::Cancelled(cancelled) = error {
            cancelled.into()
        } else {
            PipelineError::Process(error)
        }
    }
}

impl From<TrainError> for PipelineError {
    fn from(error: TrainError) -> Self {
        if let TrainError::Cancelled(cancelled) = error {
            cancelled.into()
        } else {
            PipelineError::Train(error)
        }
    }
}

impl From<ExportError> for PipelineError {
    fn from(error: ExportError) -> Self {
        if let ExportError::Cancelled(cancelled) = error {
            cancelled.into()
        } else {
            PipelineError::Export(error)
        }
    }
}

impl From<EvaluationReportError> for PipelineError {
    fn from(error: EvaluationReportError) -> Self {
        if let EvaluationReportError::Cancelled(cancelled) = error {
            cancelled.into()
        } else {
            PipelineError::Report(error)
        }
    }
}
