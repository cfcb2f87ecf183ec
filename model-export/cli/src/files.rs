//! Reading files, and what counts as refused.

use std::fmt;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use model_export::{Model, ModelFile};

use crate::rows::Failure;

/// Marks an error as a refusal of data: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// Marks an error as wrong usage: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) &'static str);

/// A refusal that names the file.
pub(crate) fn refused(path: &Path, error: impl fmt::Display) -> anyhow::Error {
    Refused(format!("{}: {error}", name(path))).into()
}

/// What went wrong with the rows in a file: refused where the file is to blame, a failure where the machine is.
pub(crate) fn row_failure(path: &Path, error: Failure) -> anyhow::Error {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let damaged = |error: &io::Error| {
        matches!(
            error.kind(),
            InvalidData | InvalidInput | UnexpectedEof | io::ErrorKind::Other
        )
    };
    match error {
        Failure::Io(error) if damaged(&error) => refused(path, format!("{:#}", anyhow::Error::from(error))),
        Failure::Io(error) => anyhow::Error::from(error).context(format!("reading {}", name(path))),
        refusal => refused(path, refusal),
    }
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// A compact model of clicks and the bytes it was read from.
pub(crate) fn read_model(path: &Path) -> Result<(Vec<u8>, Model)> {
    match read_model_file(path)? {
        (bytes, ModelFile::Clicks(model)) => Ok((bytes, *model)),
        _ => Err(refused(path, "the model has no encoder of Criteo rows")),
    }
}

/// A compact model of either kind and the bytes it was read from.
pub(crate) fn read_model_file(path: &Path) -> Result<(Vec<u8>, ModelFile)> {
    let bytes = read(path)?;
    let model = ModelFile::from_bytes(&bytes).map_err(|error| refused(path, error))?;
    Ok((bytes, model))
}

pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(broken)
}
