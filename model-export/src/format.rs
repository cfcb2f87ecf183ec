//! The compact file, `CLICKLEAF` version 0.1; `FORMAT.md` specifies the bytes.
//!
//! Invariants: the same model gives the same bytes; reading accepts nothing it has not checked, never panics, and
//! allocates no more than a small multiple of the file's length.

mod bytes;
mod container;
mod encoder;
mod samples;
mod trees;

use bytes::{Reader, Writer};
use container::Kind;
pub use container::{SectionInfo, sections};
use thiserror::Error;

use crate::ensemble::EnsembleError;
use crate::model::Model;
use crate::provenance::{Provenance, ProvenanceError};

/// Readers refuse every other major version.
pub const MAJOR_VERSION: u8 = 0;
/// A newer minor version only adds sections that a reader may skip.
pub const MINOR_VERSION: u8 = 1;

/// Why bytes are not a model.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin as a model file does.
    #[error("this is not a CLICKLEAF model file")]
    Magic,
    /// A file for another reader.
    #[error("format version {major}.{minor} is not supported; this reader knows {MAJOR_VERSION}.x")]
    Version {
        /// Major version of the file.
        major: u8,
        /// Minor version of the file.
        minor: u8,
    },
    /// Bytes that break the format.
    #[error("{section} section, byte {offset}: {problem}")]
    Section {
        /// `header`, `provenance`, `encoder`, `trees` or `samples`.
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
    /// The provenance is not its JSON form.
    #[error("provenance section: {0}")]
    Provenance(#[from] ProvenanceError),
    /// The trees are refused.
    #[error("trees section: {0}")]
    Ensemble(#[from] EnsembleError),
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

pub(crate) fn encode(model: &Model) -> Vec<u8> {
    // Provenance::metrics are finite in every Model, and nothing else in it can fail to be JSON.
    let provenance = serde_json::to_vec(model.provenance()).unwrap_or_default();
    let section = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.into_bytes()
    };
    container::write(&[
        (Kind::Provenance, provenance),
        (
            Kind::Encoder,
            section(&|writer| encoder::write(model.encoder(), writer)),
        ),
        (
            Kind::Trees,
            section(&|writer| trees::write(model.ensemble(), writer)),
        ),
        (
            Kind::Samples,
            section(&|writer| samples::write(model.samples(), writer)),
        ),
    ])
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Model, FormatError> {
    let sections = container::read(bytes)?;
    let provenance = Provenance::from_json(sections.get(Kind::Provenance)?)?;
    let reader = |kind: Kind| Ok::<_, FormatError>(Reader::new(kind.name(), sections.get(kind)?));
    let encoder = encoder::read(reader(Kind::Encoder)?)?;
    let ensemble = trees::read(reader(Kind::Trees)?)?;
    let samples = samples::read(reader(Kind::Samples)?)?;
    Model::new(encoder, ensemble, provenance, samples)
}
