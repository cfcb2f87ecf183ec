//! Searches that found nothing.

use registry::RegistryError;

use crate::pipeline::PipelineError;
use crate::recipe::RecipeError;

/// A search that couldn't begin, or didn't come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// A step that every run has too.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A recipe can't be made.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The folder holds a search of another recipe.
    #[error(
        "{folder} holds a search with another recipe, other ranges or other rows: choose another work folder, or remove it"
    )]
    OtherSearch {
        /// The folder.
        folder: String,
    },
    /// Another process searches in the folder.
    #[error("another search is at work in {folder}")]
    Busy {
        /// The folder.
        folder: String,
    },
    /// A file of the work folder can't be read or written.
    #[error("{path}: can't be read or written")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No trial could be trained.
    #[error("all {trials} trials failed, the first one with: {first}")]
    AllFailed {
        /// How many.
        trials: usize,
        /// Why the first did.
        first: String,
    },
    /// The picture can't be drawn.
    #[error(transparent)]
    Picture(#[from] report::RenderError),
}

impl TuneError {
    /// Whether the work was stopped rather than failed.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, TuneError::Pipeline(error) if error.is_cancelled())
    }
}

impl From<RegistryError> for TuneError {
    fn from(error: RegistryError) -> Self {
        TuneError::Pipeline(error.into())
    }
}
