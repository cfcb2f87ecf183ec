//! Which rounds of a booster are meant.

use std::path::Path;
use std::str::FromStr;

use anyhow::Result;
use model_export::{ImportError, ImportOptions, Rounds, XgboostModel, import_xgboost_model};

use crate::files::refused;

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoundsChoice(Rounds);

impl FromStr for RoundsChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self(Rounds::Best)),
            "all" => Ok(Self(Rounds::All)),
            number => number
                .parse()
                .map(|count| Self(Rounds::First(count)))
                .map_err(|_| "expected best, all or a number of rounds".to_owned()),
        }
    }
}

/// The booster in `bytes`; `path` is for the error.
pub(crate) fn import(path: &Path, bytes: &[u8], rounds: Option<RoundsChoice>) -> Result<XgboostModel> {
    let mut options = ImportOptions::default();
    if let Some(RoundsChoice(rounds)) = rounds {
        options.rounds = rounds;
    }
    import_xgboost_model(bytes, options).map_err(|error| match error {
        ImportError::NotSliced { .. } => refused(path, format!("{error}: --rounds best or --rounds all")),
        error => refused(path, error),
    })
}
