//! Which tokens are good.
//!
//! Invariant: what a token allows is at most [`TRUSTED_FOR`] older than what the registry says, so that a revoked token
//! opens nothing after that, on any server; on the server that revoked it, it ends at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model_export::sha256_hex;
use registry::{ApiToken, Registry, RegistryError};
use subtle::ConstantTimeEq;

use super::caller::Caller;
use crate::serving::now_ms;
use crate::state::Settings;

/// So long an answer of the registry is taken for true.
const TRUSTED_FOR: Duration = Duration::from_secs(5);
/// Tokens that are kept in mind.
const MOST_KEPT: usize = 1024;

/// The tokens of this server.
pub(crate) struct Access {
    registry: Registry,
    /// SHA-256 of the token that the server was started with: of equal length for every token, so that a comparison in
    /// constant time gives the length away neither.
    server_token: Option<String>,
    /// Only this machine can reach the server, and it was given no token.
    open_on_loopback: bool,
    /// Good tokens by the SHA-256 of their secret.
    kept: Mutex<HashMap<String, Kept>>,
    /// How often everything was forgotten: an answer that was under way then isn't kept.
    forgotten: AtomicU64,
    /// Until when nobody is known to have a token.
    none_until: Mutex<Option<Instant>>,
    /// Somebody has, or had, a token. They are never deleted, so this stays.
    has_tokens: AtomicBool,
}

struct Kept {
    token: ApiToken,
    until: Instant,
}

impl Access {
    pub(crate) fn new(registry: Registry, settings: &Settings) -> Access {
        Access {
            registry,
            server_token: settings.token.as_ref().map(|token| sha256_hex(token.as_bytes())),
            open_on_loopback: settings.open_on_loopback && settings.token.is_none(),
            kept: Mutex::default(),
            forgotten: AtomicU64::new(0),
            none_until: Mutex::default(),
            has_tokens: AtomicBool::new(false),
        }
    }

    /// Whose token this is, if it is good.
    pub(super) async fn caller_of(&self, token: &str) -> Result<Option<Caller>, RegistryError> {
        let digest = sha256_hex(token.as_bytes());
        let is_servers = |servers: &String| bool::from(servers.as_bytes().ct_eq(digest.as_bytes()));
        if self.server_token.as_ref().is_some_and(is_servers) {
            return Ok(Some(Caller::with_server_token()));
        }
        let now = Instant::now();
        let kept = locked(&self.kept)
            .get(&digest)
            .filter(|kept| now < kept.until)
            .map(|kept| kept.token.clone());
        let found = match kept {
            Some(token) => Some(token),
            None => self.look_up(token, digest, now).await?,
        };
        // Its end is looked at every time.
        let active = found.filter(|token| token.is_active(now_ms()));
        Ok(active.as_ref().map(Caller::with_token))
    }

    /// Asks the registry for a token, and keeps it if it is good.
    async fn look_up(
        &self,
        token: &str,
        digest: String,
        now: Instant,
    ) -> Result<Option<ApiToken>, RegistryError> {
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let found = self.registry.token_by_secret(token).await?;
        if let Some(found) = found.as_ref().filter(|token| token.is_active(now_ms())) {
            let mut kept = locked(&self.kept);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            if self.forgotten.load(Ordering::SeqCst) == forgotten {
                let token = found.clone();
                let until = now + TRUSTED_FOR;
                kept.insert(digest, Kept { token, until });
            }
        }
        Ok(found)
    }

    /// Whether nobody needs a token: only this machine can reach the server, and no token was ever made.
    pub(super) async fn is_open(&self) -> Result<bool, RegistryError> {
        if !self.open_on_loopback || self.has_tokens.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let now = Instant::now();
        if locked(&self.none_until).is_some_and(|until| now < until) {
            return Ok(true);
        }
        if self.registry.has_tokens().await? {
            self.has_tokens.store(true, Ordering::Relaxed);
            return Ok(false);
        }
        *locked(&self.none_until) = Some(now + TRUSTED_FOR);
        Ok(true)
    }

    /// Asks the registry anew from now on.
    pub(crate) fn forget(&self) {
        let mut kept = locked(&self.kept);
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        kept.clear();
        *locked(&self.none_until) = None;
    }
}

/// What a panic left is as good as before: single values are written.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
