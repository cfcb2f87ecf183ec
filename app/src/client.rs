//! The one way to the network: the manifest, model files, and the server's API.
//!
//! All URLs are relative to the page, so that it works under any folder.

use api_types::{
    ErrorBody, PredictRequest, PredictResponse, PromoteRequest, RollbackRequest, RowInput, Stage,
    TrainingRun, TrainingRunRequest,
};
use js_sys::Uint8Array;
use model_export::Row;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCache, RequestInit, Response};

use crate::browser::window;
use crate::wire::{self, LearningCurves, Read, WireError};

/// Where the manifest is.
pub(crate) const MANIFEST_URL: &str = "./manifest.json";

/// A server that doesn't answer in this time is as good as gone.
const MANIFEST_TIMEOUT_MS: u32 = 10_000;

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nobody answered.
    #[error("no connection to the server")]
    Network,
    /// The server refused and said why.
    #[error("{}", .0.message)]
    Refused(ErrorBody),
    /// The server refused without a word that the page understands.
    #[error("the server answered {0}")]
    Status(u16),
    /// The answer can't be read.
    #[error("the answer can't be read: {0}")]
    Body(String),
    /// The answer is not what it should be.
    #[error("the answer can't be read: {0}")]
    Wire(#[from] WireError),
}

/// Fetches the manifest's text, never from the HTTP cache without asking the server.
pub(crate) async fn manifest() -> Result<String, ClientError> {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoCache);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(MANIFEST_TIMEOUT_MS)));
    text(&send(MANIFEST_URL, &init).await?).await
}

/// Fetches a file; `reload` goes past the HTTP cache.
pub(crate) async fn file(url: &str, reload: bool) -> Result<Vec<u8>, ClientError> {
    let cache = if reload {
        RequestCache::Reload
    } else {
        RequestCache::Default
    };
    let response = get(url, cache).await?;
    let promise = response.array_buffer().map_err(unreadable)?;
    let buffer = JsFuture::from(promise).await.map_err(|_| ClientError::Network)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// The server's API under the manifest's `api_base`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Api {
    base: String,
}

impl Api {
    /// From the manifest's `api_base`, such as `./`.
    pub(crate) fn new(base: &str) -> Self {
        let base = if base.is_empty() { "./" } else { base };
        let slash = if base.ends_with('/') { "" } else { "/" };
        Self {
            base: format!("{base}{slash}"),
        }
    }

    /// Asks the server for a prediction.
    pub(crate) async fn predict(&self, row: &Row) -> Result<PredictResponse, ClientError> {
        let request = PredictRequest::Row {
            row: RowInput::Tsv(row.to_tsv()),
        };
        json(&self.post("predict", &request, None).await?).await
    }

    /// A run's learning curves.
    pub(crate) async fn curves(&self, run_id: &str) -> Result<LearningCurves, ClientError> {
        json(&get(&self.url(&format!("runs/{run_id}")), RequestCache::NoCache).await?).await
    }

    /// Puts a version into Production.
    pub(crate) async fn promote(
        &self,
        model: &str,
        version: i64,
        reason: String,
        token: &str,
    ) -> Result<(), ClientError> {
        let path = format!("models/{model}/versions/{version}/promote");
        self.post(
            &path,
            &PromoteRequest {
                stage: Stage::Production,
                reason,
            },
            Some(token),
        )
        .await
        .map(drop)
    }

    /// Puts the previous Production version back.
    pub(crate) async fn rollback(&self, model: &str, reason: String, token: &str) -> Result<(), ClientError> {
        self.post(
            &format!("models/{model}/rollback"),
            &RollbackRequest { reason },
            Some(token),
        )
        .await
        .map(drop)
    }

    /// Queues a training run.
    pub(crate) async fn queue(
        &self,
        request: &TrainingRunRequest,
        token: &str,
    ) -> Result<TrainingRun, ClientError> {
        json(&self.post("api/training-runs", request, Some(token)).await?).await
    }

    /// The latest training runs, newest first.
    pub(crate) async fn training_runs(&self) -> Result<Vec<TrainingRun>, ClientError> {
        json(&get(&self.url("api/training-runs"), RequestCache::NoCache).await?).await
    }

    /// Where a training run's events come from.
    pub(crate) fn events_url(&self, id: &str) -> String {
        self.url(&format!("api/training-runs/{id}/events"))
    }

    /// Where the server has this.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn post<T: Serialize>(
        &self,
        path: &str,
        body: &T,
        token: Option<&str>,
    ) -> Result<Response, ClientError> {
        let body = serde_json::to_string(body).map_err(|error| ClientError::Body(error.to_string()))?;
        let headers = Headers::new().map_err(unreadable)?;
        headers
            .set("content-type", "application/json")
            .map_err(unreadable)?;
        if let Some(token) = token {
            // Only a token with characters that no header may have is refused.
            headers
                .set("authorization", &format!("Bearer {token}"))
                .map_err(|_| ClientError::Body("the token has characters that no token has".to_owned()))?;
        }
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(&body));
        send(&self.url(path), &init).await
    }
}

async fn get(url: &str, cache: RequestCache) -> Result<Response, ClientError> {
    let init = RequestInit::new();
    init.set_cache(cache);
    send(url, &init).await
}

/// Sends a request; an answer other than 2xx is an error.
async fn send(url: &str, init: &RequestInit) -> Result<Response, ClientError> {
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, init)).await;
    let response: Response = answer
        .and_then(JsCast::dyn_into)
        .map_err(|_| ClientError::Network)?;
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    Err(json(&response)
        .await
        .map_or(ClientError::Status(status), ClientError::Refused))
}

async fn json<T: Read>(response: &Response) -> Result<T, ClientError> {
    Ok(wire::read(&text(response).await?)?)
}

async fn text(response: &Response) -> Result<String, ClientError> {
    let promise = response.text().map_err(unreadable)?;
    let text = JsFuture::from(promise).await.map_err(|_| ClientError::Network)?;
    Ok(text.as_string().unwrap_or_default())
}

fn unreadable(_: JsValue) -> ClientError {
    ClientError::Body("the browser refused".to_owned())
}
