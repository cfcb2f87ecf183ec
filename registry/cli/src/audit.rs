//! `audit`: reads the audit log and checks its chain.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use registry::Registry;

use crate::{output, settings::Settings};

/// Read the audit log and check its chain
#[derive(Subcommand)]
pub(crate) enum Command {
    List(Box<ListOptions>),
    Verify(Box<VerifyOptions>),
}

/// List entries, oldest first
#[derive(Args)]
pub(crate) struct ListOptions {
    /// Only entries after this one
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: i64,
    /// At most so many entries
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    limit: i64,
    /// Write one JSON object a line, with every field that the hash is over
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Check every entry's hash and the chain of them; exit code 1 and the first bad entry's number when it is broken
#[derive(Args)]
pub(crate) struct VerifyOptions {
    /// The hash that an earlier check ended with: a log that was rewritten as a whole doesn't have it
    #[arg(long, value_name = "HASH")]
    expect_head: Option<String>,
    /// Write the verdict as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(command: &Command) -> Result<ExitCode> {
    let settings = match command {
        Command::List(options) => &options.settings,
        Command::Verify(options) => &options.settings,
    };
    let registry = settings.connect().await?;
    let done = match command {
        Command::List(options) => list(&registry, options).await,
        Command::Verify(options) => verify(&registry, options).await,
    };
    registry.close().await;
    done
}

async fn list(registry: &Registry, options: &ListOptions) -> Result<ExitCode> {
    let entries = registry
        .audit_after(options.after, options.limit)
        .await
        .context("can't read the audit log")?;
    for entry in entries {
        if options.json {
            output::line(serde_json::to_string(&entry)?)?;
            continue;
        }
        let (time, who, origin) = (output::time(entry.at_ms), &entry.who, &entry.origin);
        output::line(format!(
            "{:>6}  {time}  {who} from {origin}  {}  {}  {}",
            entry.sequence, entry.action, entry.object, entry.details
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(registry: &Registry, options: &VerifyOptions) -> Result<ExitCode> {
    let noted = options.expect_head.as_deref().map(str::trim);
    if let Some(noted) = noted
        && !(noted.len() == 64 && noted.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    {
        bail!("--expect-head: {noted:?} isn't a SHA-256 in lower-case hexadecimal");
    }
    let verdict = registry
        .verify_audit(noted)
        .await
        .context("can't read the audit log")?;
    if options.json {
        output::line(serde_json::to_string(&verdict)?)?;
    }
    if let Some(problem) = verdict.problem {
        bail!("{problem} ({} entries are right)", verdict.entries);
    }
    if !options.json {
        output::line(format!(
            "{} entries, the chain is whole; head {}",
            verdict.entries, verdict.hash
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
