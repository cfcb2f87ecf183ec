//! Ctrl-C and SIGTERM: the first asks, the second insists.

use std::io::Write;

use trainer::cancel::CancelToken;

/// Cancels the token at the first signal and ends the process at the second.
pub(super) fn cancel_on_signal() -> CancelToken {
    let token = CancelToken::new();
    tokio::spawn({
        let token = token.clone();
        async move {
            signal().await;
            token.cancel();
            say("stopping after the step under way; press Ctrl-C again to stop at once");
            signal().await;
            std::process::exit(130);
        }
    });
    token
}

/// Resolves at the first signal; the second ends the process.
pub(super) async fn shutdown() {
    signal().await;
    say("stopping; the training run under way goes back to the queue");
    tokio::spawn(async {
        signal().await;
        std::process::exit(130);
    });
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
