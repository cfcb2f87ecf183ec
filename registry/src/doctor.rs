//! Testing an installation end to end: database, store, and whether what the versions point to is what was registered.
//!
//! Invariant: nothing is changed but objects under `clickleaf-doctor/`, which are gone again at the end.

mod database;
mod store;
mod versions;

use std::error::Error;

use serde::Serialize;

use crate::StoreConfig;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is as it should be.
    Pass,
    /// It works, with a limit that somebody should know of.
    Warning,
    /// It isn't as it should be.
    Fail,
}

/// One thing that was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What, such as `migrations`.
    pub name: String,
    /// What it came to.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
    /// What to do about it; `None` when there is nothing to do.
    pub remedy: Option<String>,
}

/// Tests everything that can be tested; what needs a part that failed is left out.
pub async fn examine(config: &StoreConfig) -> Vec<Check> {
    let mut checks = Vec::new();
    let database = database::examine(config, &mut checks).await;
    let artifacts = store::examine(config, &mut checks).await;
    if let Some(database) = database {
        versions::stages(&database, &mut checks).await;
        if let Some(artifacts) = artifacts {
            versions::files(&database, &artifacts, &mut checks).await;
        }
    }
    checks
}

impl Check {
    fn pass(name: impl Into<String>, detail: impl Into<String>) -> Check {
        Check {
            name: name.into(),
            outcome: Outcome::Pass,
            detail: detail.into(),
            remedy: None,
        }
    }

    fn warning(name: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check {
            outcome: Outcome::Warning,
            remedy: Some(remedy.into()),
            ..Check::pass(name, detail)
        }
    }

    fn fail(name: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check {
            outcome: Outcome::Fail,
            remedy: Some(remedy.into()),
            ..Check::pass(name, detail)
        }
    }
}

/// An error with all its causes, on one line.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Some errors repeat their cause.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text.replace(['\n', '\r'], " ")
}

/// Compares a clock with this program's.
fn clock(name: &str, difference_ms: i64, most_ms: i64) -> Check {
    let seconds = difference_ms as f64 / 1000.0;
    if difference_ms.abs() <= most_ms {
        return Check::pass(name, format!("within {} s of this machine's", most_ms / 1000));
    }
    let side = if difference_ms > 0 { "ahead of" } else { "behind" };
    Check::fail(
        name,
        format!("{:.1} s {side} this machine's", seconds.abs()),
        "run a time service (NTP) on both machines",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_with_its_side() {
        assert_eq!(clock("c", 4_999, 5_000).outcome, Outcome::Pass);
        assert_eq!(clock("c", 61_500, 5_000).detail, "61.5 s ahead of this machine's");
        let behind = clock("c", -5_001, 5_000);
        assert_eq!(
            (behind.outcome, behind.detail.as_str()),
            (Outcome::Fail, "5.0 s behind this machine's")
        );
    }

    #[test]
    fn an_error_is_told_with_its_causes_on_one_line() {
        let source: Box<dyn Error + Send + Sync> = Box::new(std::io::Error::other("no\nroute"));
        let error = crate::RegistryError::Store {
            uri: "s3://b".to_owned(),
            action: "list",
            source,
        };
        assert_eq!(whole(&error), "s3://b: list: no route");
    }
}
