//! Why bytes are not a model, and why parts do not make one.

use thiserror::Error;

use super::MAJOR_VERSION;
use crate::calibration::CalibrationError;
use crate::ensemble::EnsembleError;
use crate::provenance::ProvenanceError;

/// Versions that are read.
const KNOWN: &str = if cfg!(feature = "v0") {
    "0.x and 1.x"
} else {
    "1.x, and with the feature `v0` 0.x"
};
const _: () = assert!(
    MAJOR_VERSION == 1,
    "the version that is written is among those that are read"
);

/// Why bytes are not a model.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin as a model file does.
    #[error("this is not a CLICKLEAF model file")]
    Magic,
    /// A file for another reader.
    #[error("format version {major}.{minor} is not supported; this reader knows {KNOWN}")]
    Version {
        /// Major version of the file.
        major: u8,
        /// Minor version of the file.
        minor: u8,
    },
    /// Bytes that break the format.
    #[error("{section} section, byte {offset}: {problem}")]
    Section {
        /// `header`, or the name of a section as [`sections`](super::sections) lists it.
        section: &'static str,
        /// Offset in the section.
        offset: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// The bytes of a section are not those that were written.
    #[error("the checksum of the {section} section does not match: the file was changed or damaged")]
    Checksum {
        /// Name of the section.
        section: String,
    },
    /// A section this reader must know but does not.
    #[error("section kind {kind} is required but unknown to this reader")]
    UnknownSection {
        /// Kind of the section.
        kind: u8,
    },
    /// An encoder of a kind that was not known when this reader was made.
    #[error("encoder section: encoder kind {kind} is not known to this reader, which knows 1 to 3")]
    UnknownEncoder {
        /// Kind of the encoder.
        kind: u8,
    },
    /// The provenance of a file of version 0 is not its JSON form.
    #[error("provenance section: {0}")]
    Provenance(#[from] ProvenanceError),
    /// An objective that this reader does not know.
    #[error("trees section: objective {0} is not known to this reader")]
    Objective(String),
    /// The trees are refused.
    #[error("trees section: {0}")]
    Ensemble(#[from] EnsembleError),
    /// The calibration is refused.
    #[error("calibration section: {0}")]
    Calibration(#[from] CalibrationError),
    /// Encoder and trees do not fit.
    #[error("the encoder gives {encoded} features, the trees take {features}")]
    Width {
        /// Width of an encoded row.
        encoded: usize,
        /// Features of the trees.
        features: usize,
    },
    /// A model of clicks predicts one probability.
    #[error("a model of clicks is binary:logistic with one margin, not {objective} with {groups}")]
    NotClicks {
        /// Objective of the trees.
        objective: &'static str,
        /// Margins of a row.
        groups: usize,
    },
    /// A model of features where one of clicks is wanted.
    #[error("this model predicts from features, not from the columns of a row")]
    NotRows,
    /// A model of a table of its own where one of Criteo rows is wanted.
    #[error("this model predicts from the columns of a table of its own")]
    OwnTable,
    /// Another model where one of a table of its own is wanted.
    #[error("this model does not predict from the columns of a table of its own")]
    NoSchema,
    /// Some features have names, but not all.
    #[error("{names} names for {features} features")]
    FeatureNames {
        /// Names given.
        names: usize,
        /// Features of the trees.
        features: usize,
    },
    /// Two features have one name.
    #[error("two features are called {name}")]
    SameName {
        /// The name.
        name: String,
    },
    /// A metric that JSON cannot hold.
    #[error("metric {name} is not finite")]
    Metric {
        /// Name of the metric.
        name: String,
    },
    /// More self-test rows than a model may carry.
    #[error("{0} self-test rows; a model carries at most 1024")]
    TooManySamples(usize),
    /// A self-test row gives another margin than it must.
    #[error("self-test row {index} gives margin bits {found:#010x} instead of {expected:#010x}")]
    Sample {
        /// Index of the row.
        index: usize,
        /// Bits it must give.
        expected: u32,
        /// Bits it gives.
        found: u32,
    },
}
