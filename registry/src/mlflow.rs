//! Leaving for MLflow, and coming from it.

mod export;
mod tables;

pub use export::MlflowExport;
