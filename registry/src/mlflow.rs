//! Leaving for MLflow, and coming from it.

mod export;
mod import;
mod read;
mod remote;
mod tables;

pub use export::MlflowExport;
pub use import::{Imported, MlflowImportError};
pub use remote::{Credentials, MlflowServer};
