//! Drives the whole system as its users do: the real programs as processes, the page in a real Chromium.
//!
//! Nothing here links server or trainer; what a test compares with it reads through the registry.
//!
//! | variable | what | default |
//! |---|---|---|
//! | `CLICKLEAF_BIN_DIR` | folder of the built programs | the folder above the test's own |
//! | `CLICKLEAF_APP_DIST` | folder of the built page | `app/dist` |
//! | `CLICKLEAF_PYTHON` | a Python that has `model_signing` | none |
//!
//! A test that lacks one of them says `SKIPPED: …` and passes; `cargo xtask test` provides all.

mod browser;
mod program;
mod static_server;
mod system;

use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub use browser::{Browser, Shown};
pub use program::Program;
pub use static_server::{FlippingProxy, StaticServer};
pub use system::{MODEL_NAME, System};

/// Longer than anything takes, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The checkout's root.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The built page; says that the test is skipped when there is none.
pub fn page_dir() -> Option<PathBuf> {
    let dir = env::var_os("CLICKLEAF_APP_DIST").map_or_else(|| root().join("app/dist"), PathBuf::from);
    if dir.join("index.html").is_file() {
        return Some(dir);
    }
    skip(&format!(
        "there is no page in {}; `cargo xtask test --only page` builds it",
        dir.display()
    ));
    None
}

/// Says why a test does nothing.
#[allow(clippy::print_stdout, reason = "the test runner shows what tests print")]
pub fn skip(why: &str) {
    println!("SKIPPED: {why}");
}

/// A port of the loopback interface that nothing listened on a moment ago.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("binding a loopback port")?;
    Ok(listener.local_addr()?.port())
}

/// Asks until there is an answer; `what` names it in the error after [`PATIENCE`].
pub async fn wait_for<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("waited {} s in vain: {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
