//! Reading files, and what counts as refused.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use model_export::Model;

/// Marks an error as a refusal of data: exit code 3.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// A refusal that names the file.
pub(crate) fn refused(path: &Path, error: impl fmt::Display) -> anyhow::Error {
    Refused(format!("{}: {error}", path.display())).into()
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// A compact model and the bytes it was read from.
pub(crate) fn read_model(path: &Path) -> Result<(Vec<u8>, Model)> {
    let bytes = read(path)?;
    let model = Model::from_bytes(&bytes).map_err(|error| refused(path, error))?;
    Ok((bytes, model))
}

pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.downcast_ref::<std::io::Error>().is_some_and(broken)
}
