//! Why a model file can't be imported.

use thiserror::Error;

use crate::ensemble::EnsembleError;

/// Why a model file can't be imported.
#[derive(Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Neither UBJSON nor JSON.
    #[error("byte {offset}: {problem}")]
    Syntax {
        /// Where reading stopped.
        offset: usize,
        /// What is wrong.
        problem: String,
    },
    /// A field that every supported model has is absent, of another type, or contradicts another one.
    #[error("{path}: {problem}")]
    Field {
        /// Names from the outermost object on, joined by dots.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// Written by a version whose layout is not known.
    #[error("the model was saved by XGBoost {0}; 1.7 to 3.x are supported")]
    Version(String),
    /// A booster that is not made of trees.
    #[error("booster \"{0}\" is not supported; gbtree and dart are")]
    Booster(String),
    /// An objective whose outputs are not known.
    #[error("objective \"{0}\" is not supported")]
    Objective(String),
    /// Trees after the best iteration of early stopping, and no word on which are meant.
    #[error(
        "the model has {rounds} rounds but its best iteration is {best_iteration}; save it sliced to that one, or say \
         which rounds are meant"
    )]
    NotSliced {
        /// Attribute of the model, counted from 0.
        best_iteration: usize,
        /// Rounds in the file.
        rounds: usize,
    },
    /// More rounds asked for than there are.
    #[error("{asked} rounds were asked for but the model has {rounds}")]
    TooFewRounds {
        /// How many of the first rounds were asked for.
        asked: usize,
        /// Rounds in the file.
        rounds: usize,
    },
    /// The trees are refused.
    #[error(transparent)]
    Ensemble(#[from] EnsembleError),
}
