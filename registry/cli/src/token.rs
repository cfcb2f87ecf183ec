//! `token`: makes, lists and revokes API tokens.

use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use registry::{ApiToken, NewApiToken, Registry, Role};
use serde_json::json;

use crate::{output, settings::Settings};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Make, list and revoke API tokens
#[derive(Subcommand)]
pub(crate) enum Command {
    Create(Box<CreateOptions>),
    List(Box<ListOptions>),
    Revoke(Box<RevokeOptions>),
}

/// Make a token and write its secret to standard output, for the only time
#[derive(Args)]
pub(crate) struct CreateOptions {
    /// For people and the audit log: letters, digits and -_.@
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What the token allows
    #[arg(long, value_name = "ROLE")]
    role: RoleName,
    /// Ends the token after so many days [default: never]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    expires_in_days: Option<i64>,
    /// Write one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// List all tokens, the revoked ones too
#[derive(Args)]
pub(crate) struct ListOptions {
    /// Write one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// End a token for good
#[derive(Args)]
pub(crate) struct RevokeOptions {
    /// The token's id, or its name
    token: String,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    /// Read
    Viewer,
    /// Track runs, register versions, queue training runs, too
    Trainer,
    /// Everything, too: stages, aliases, deleting, tokens
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Viewer => Role::Viewer,
            RoleName::Trainer => Role::Trainer,
            RoleName::Admin => Role::Admin,
        }
    }
}

pub(crate) async fn run(command: &Command) -> Result<ExitCode> {
    let settings = match command {
        Command::Create(options) => &options.settings,
        Command::List(options) => &options.settings,
        Command::Revoke(options) => &options.settings,
    };
    let registry = settings.connect().await?;
    let done = match command {
        Command::Create(options) => create(&registry, options).await,
        Command::List(options) => list(&registry, options).await,
        Command::Revoke(options) => revoke(&registry, options).await,
    };
    registry.close().await;
    done
}

async fn create(registry: &Registry, options: &CreateOptions) -> Result<ExitCode> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    let new = NewApiToken {
        name: options.name.clone(),
        role: options.role.into(),
        expires_at_ms: options.expires_in_days.map(|days| now_ms + days * DAY_MS),
    };
    let (token, secret) = registry.create_token(new).await.context("can't make the token")?;
    if options.json {
        output::line(json!({"token": token, "secret": secret.expose()}))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(secret.expose())?;
    let mut note = std::io::stderr();
    writeln!(
        note,
        "token {} ({}, {}): the line above is its secret, which nobody can show again",
        token.token_id, token.name, token.role
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn list(registry: &Registry, options: &ListOptions) -> Result<ExitCode> {
    let tokens = registry.tokens().await.context("can't read the tokens")?;
    if options.json {
        for token in &tokens {
            output::line(serde_json::to_string(token)?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let time = |ms: Option<i64>, never: &str| ms.map_or_else(|| never.to_owned(), output::time);
    for token in &tokens {
        let ApiToken { token_id, name, .. } = token;
        let role = token.role.as_str();
        let (made, by) = (output::time(token.created_at_ms), &token.created_by);
        let (ends, used) = (
            time(token.expires_at_ms, "never"),
            time(token.last_used_at_ms, "never"),
        );
        let revoked = time(token.revoked_at_ms, "no");
        output::line(format!(
            "{token_id}  {role:<7}  {name}  made {made} by {by}  ends {ends}  used {used}  revoked {revoked}"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(registry: &Registry, options: &RevokeOptions) -> Result<ExitCode> {
    let token_id = id_of(registry, &options.token).await?;
    let token = registry
        .revoke_token(&token_id)
        .await
        .context("can't revoke the token")?;
    output::line(format!("token {} ({}) is revoked", token.token_id, token.name))?;
    Ok(ExitCode::SUCCESS)
}

/// The token of this id, or the one of this name that isn't revoked.
async fn id_of(registry: &Registry, given: &str) -> Result<String> {
    let tokens = registry.tokens().await.context("can't read the tokens")?;
    let by_id = tokens.iter().find(|token| token.token_id == given);
    let by_name = || {
        tokens
            .iter()
            .find(|token| token.name == given && token.revoked_at_ms.is_none())
    };
    match by_id.or_else(by_name) {
        Some(token) => Ok(token.token_id.clone()),
        None => bail!("there is no token {given:?}"),
    }
}
