//! The handlers, by subject.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod manifest;
pub(crate) mod model_files;
pub(crate) mod models;
pub(crate) mod predict;
pub(crate) mod reports;
pub(crate) mod tokens;
pub(crate) mod training;
