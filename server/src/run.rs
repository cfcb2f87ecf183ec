//! A server from its first poll to its last answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::serve::ListenerExt;
use registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::metrics::Metrics;
use crate::options::ServeConfig;
use crate::router::router;
use crate::serving::{POLL_INTERVAL, Serving};
use crate::state::AppState;

/// Requests in flight have so long to finish once the server is to stop.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// An error when the server could be reached from other machines and nobody could be asked for a token: it was given none,
/// and the registry has none of an admin that is active.
pub async fn refuse_exposure(config: &ServeConfig, registry: &Registry) -> anyhow::Result<()> {
    if config.listen.ip().is_loopback() || config.settings.token.is_some() {
        return Ok(());
    }
    let refused = format!(
        "--listen {} can be reached from other machines, and there is no token: give one by --token-file or \
         CLICKLEAF_TOKEN, make one for an admin by `clickleaf-registry token create`, or listen on 127.0.0.1",
        config.listen
    );
    match registry.has_active_admin().await {
        Ok(true) => Ok(()),
        Ok(false) => bail!(refused),
        Err(error) => Err(error).context(refused),
    }
}

/// Answers on `listener` until `shutdown` resolves and the requests in flight are answered.
///
/// Needs neither registry nor store to be up, but for [`refuse_exposure`]; until a version is loaded, `/health/ready` says 503.
pub async fn serve(
    config: ServeConfig,
    registry: Registry,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    refuse_exposure(&config, &registry).await?;
    let metrics = Metrics::new().context("metrics")?;
    let serving = Serving::new(
        registry.clone(),
        config.model,
        config.verification_key,
        config.cache_dir,
        metrics.clone(),
    );
    let access = Access::new(registry.clone(), &config.settings);
    let state = AppState {
        registry,
        access: Arc::new(access),
        serving: Arc::new(serving),
        metrics,
        settings: Arc::new(config.settings),
        stopping: CancellationToken::new(),
    };
    let _stops_on_return = state.stopping.clone().drop_guard();
    tokio::spawn(
        state
            .stopping
            .clone()
            .run_until_cancelled_owned(follow(state.serving.clone())),
    );
    tokio::spawn(
        state
            .stopping
            .clone()
            .run_until_cancelled_owned(keep_up(state.metrics.clone())),
    );

    let address = listener.local_addr().context("listening address")?;
    tracing::info!(%address, model = state.serving.model_name(), "listening on http://{address}");
    let listener = listener.tap_io(|connection| {
        // Small answers must not wait for more; a failure only costs time.
        let _ = connection.set_nodelay(true);
    });
    let stopping = state.stopping.clone();
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let stop = async {
        shutdown.await;
        tracing::info!("stopping: no new connections, requests in flight are answered");
        stopping.cancel();
        tokio::time::sleep(STOP_LIMIT).await;
    };
    tokio::select! {
        outcome = server.into_future() => outcome.context("serving")?,
        () = stop => tracing::warn!("some requests were not answered in time"),
    }
    Ok(())
}

async fn follow(serving: Arc<Serving>) {
    serving.follow().await;
    serving.restore().await;
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        serving.follow().await;
    }
}

async fn keep_up(metrics: Metrics) {
    let mut ticks = tokio::time::interval(METRICS_UPKEEP);
    loop {
        ticks.tick().await;
        metrics.upkeep();
    }
}
