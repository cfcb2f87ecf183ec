//! Row in, prediction with provenance out: the part of ClickLeaf that trainer, server and page share.
//!
//! | step | item |
//! |---|---|
//! | TSV line → [`Row`] | [`parse_row`], [`parse_features`] |
//! | rows → [`Encoder`] | [`EncoderFit`] |
//! | XGBoost's file → [`Ensemble`] | [`import_xgboost`], [`import_xgboost_model`] |
//! | encoder + ensemble + [`Provenance`] → bytes and back | [`Model::to_bytes`], [`Model::from_bytes`] |
//! | the same without an encoder | [`FeatureModel::to_bytes`], [`FeatureModel::from_bytes`] |
//! | encoder of a table of its own + ensemble → bytes and back | [`TableModel::to_bytes`], [`TableModel::from_bytes`] |
//! | bytes of any kind → model | [`ModelFile::from_bytes`] |
//! | [`Row`] → [`Prediction`] | [`Model::predict`] |
//! | [`Row`] → [`Contributions`] | [`Model::contributions`] |
//! | who vouches for the file | [`signature`] |
//!
//! Invariants: this crate does no IO and reads no clock, random source, environment or thread; the same input
//! gives the same bits natively and in WASM; no input bytes make it panic or allocate more than a small
//! multiple of their length; the margin of an imported model equals XGBoost's bit for bit.
//!
//! ```
//! use model_export::parse_features;
//! let line = format!("3\t\t-1{}\t68fd1e64{}", "\t".repeat(10), "\t".repeat(25));
//! let row = parse_features(line.as_bytes(), 1).unwrap();
//! assert_eq!(row.integers[..3], [Some(3), None, Some(-1)]);
//! assert_eq!(row.categories[0], Some(0x68fd_1e64));
//! ```

mod calibration;
mod digest;
mod encoder;
mod engine;
mod ensemble;
mod explain;
mod feature_model;
mod format;
mod import;
pub mod json;
mod model;
mod objective;
mod order;
mod provenance;
mod row;
mod schema;
pub mod signature;
mod table_model;

pub use calibration::{Calibration, CalibrationError, Knot, MAX_KNOTS};
pub use digest::sha256_hex;
pub use encoder::{
    Cross, CrossError, Encoder, EncoderConfig, EncoderError, EncoderFit, FittedEncoder, KeyClass, MAX_CROSSES,
};
pub use engine::{Engine, Kernel};
pub use ensemble::{
    DifferingField, Ensemble, EnsembleDifference, EnsembleError, EnsembleSummary, FirstDifference, Node, Tree,
};
pub use explain::{Contributions, ExplainError};
pub use feature_model::{FeatureModel, ModelFile};
pub use format::{FormatError, MAJOR_VERSION, MINOR_VERSION, SectionInfo, sections};
pub use import::{ImportError, ImportOptions, Rounds, XgboostModel, import_xgboost, import_xgboost_model};
pub use model::{Model, Prediction, SampleRow, probability};
pub use objective::{Link, Objective};
pub use provenance::{Provenance, ProvenanceError};
pub use row::{
    CATEGORY_COLUMNS, INTEGER_COLUMNS, Row, RowError, RowErrorKind, column_names, parse_features, parse_row,
};
pub use schema::{MAX_COLUMNS, Schema, SchemaError, category_key};
pub use table_model::TableModel;
