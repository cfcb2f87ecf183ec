//! `gc`: finds what nothing refers to, and removes it when told to.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use registry::gc::Keep;

use crate::{output, settings::Settings};

/// Find objects of the artifacts bucket that nothing in the registry refers to
///
/// Removes them with --delete, and only then. What belongs to a run, a logged model or a version is never removed; what was
/// deleted in the registry counts too, unless --deleted-older-than says how long ago that must have been.
#[derive(Args)]
pub(crate) struct Options {
    /// Remove what is found
    #[arg(long)]
    delete: bool,
    /// Leave what was written less than this ago, such as 90m, 24h or 7d: it may be being uploaded
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    older_than: Duration,
    /// Take what belongs to runs, models and versions that were deleted longer ago than this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    deleted_older_than: Option<Duration>,
    /// Look into this folder of the bucket alone
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    folder: String,
    /// Write one JSON object with everything that was found
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let registry = options.settings.connect().await?;
    let keep = Keep {
        younger_than: options.older_than,
        deleted_younger_than: options.deleted_older_than,
        folder: options.folder.clone(),
    };
    let found = registry
        .unreferenced(&keep)
        .await
        .context("can't look for objects")?;
    let removed = match options.delete {
        true => registry
            .remove_unreferenced(&found.objects, &keep)
            .await
            .context("can't remove objects")?,
        false => Vec::new(),
    };
    let bytes = |objects: &[registry::ObjectMeta]| objects.iter().map(|object| object.bytes).sum::<u64>();
    if options.json {
        let keys: Vec<&str> = found.objects.iter().map(|object| object.key.as_str()).collect();
        output::line(serde_json::json!({
            "referenced": found.referenced,
            "young": found.young,
            "unreferenced": keys,
            "unreferenced_bytes": bytes(&found.objects),
            "removed": removed.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(),
            "removed_bytes": bytes(&removed),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for object in &found.objects {
        let mark = if removed.contains(object) {
            "removed"
        } else {
            "unreferenced"
        };
        output::line(format_args!("{mark}\t{}\t{}", object.bytes, object.key))?;
    }
    output::line(format_args!(
        "{} objects are referred to, {} are too young to tell, {} are not referred to ({} bytes)",
        found.referenced,
        found.young,
        found.objects.len(),
        bytes(&found.objects)
    ))?;
    output::line(match options.delete {
        true => format!(
            "{} objects were removed ({} bytes)",
            removed.len(),
            bytes(&removed)
        ),
        false => "nothing was removed; --delete removes what is not referred to".to_owned(),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A whole number of seconds, minutes, hours or days.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} isn't a time such as 90m, 24h or 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number = &text[..text.len() - unit.len_utf8()];
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(seconds) {
        Some(seconds) if plain && seconds <= 100 * 365 * 24 * 60 * 60 => Ok(Duration::from_secs(seconds)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [("0s", 0), ("90m", 5_400), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(duration(text).unwrap().as_secs(), seconds);
        }
        for wrong in ["", "h", "24", "-1h", "1.5h", "1 h", "+1h", "99999999999d", "1ä"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }
}
