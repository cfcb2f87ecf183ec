//! `doctor`: tests an installation.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use registry::doctor::{Check, Outcome, examine};

use crate::{output, settings::Settings};

/// Test database, store and every registered file, and say what is wrong
///
/// Writes, reads and deletes a small object under clickleaf-doctor/ in each bucket, and changes nothing else. Reads every
/// file of every ready version. Exit code 1 when a check fails.
#[derive(Args)]
pub(crate) struct Options {
    /// Write one JSON object with all checks
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let config = options.settings.resolve()?;
    let checks = examine(&config).await;
    let failed = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Fail)
        .count();
    if options.json {
        let whole = serde_json::json!({"ok": failed == 0, "failed": failed, "checks": checks});
        output::line(whole)?;
    } else {
        for check in &checks {
            output::line(told(check))?;
        }
        let warned = checks
            .iter()
            .filter(|check| check.outcome == Outcome::Warning)
            .count();
        output::line(match failed {
            0 if warned == 0 => format!("{} checks, nothing is wrong", checks.len()),
            0 => format!("{} checks, none failed, {warned} warnings", checks.len()),
            _ => format!("{failed} of {} checks failed", checks.len()),
        })?;
    }
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn told(check: &Check) -> String {
    let mark = match check.outcome {
        Outcome::Pass => "pass",
        Outcome::Warning => "warn",
        Outcome::Fail => "FAIL",
    };
    let Check { name, detail, .. } = check;
    match &check.remedy {
        None => format!("{mark}  {name}: {detail}"),
        Some(remedy) => format!("{mark}  {name}: {detail}. To mend it: {remedy}"),
    }
}
