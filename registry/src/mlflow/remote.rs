//! Another registry that speaks MLflow's REST API.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::import::MlflowImportError;
use crate::{Secret, artifacts::http_client};

const API: &str = "api/2.0/mlflow";
const ARTIFACTS: &str = "api/2.0/mlflow-artifacts/artifacts";
const TRIES: u32 = 5;

/// Where an MLflow server is.
#[derive(Clone, Debug)]
pub struct MlflowServer {
    /// Such as `http://127.0.0.1:5000`.
    pub url: String,
    /// What it is told about who asks.
    pub credentials: Credentials,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    None,
    /// Whoever has a token.
    Token(Secret),
    /// A user.
    User(String, Secret),
}

/// A server that is asked.
pub(super) struct Remote {
    client: reqwest::Client,
    base: Url,
    credentials: Credentials,
}

impl Remote {
    pub(super) fn open(server: &MlflowServer) -> Result<Remote, MlflowImportError> {
        let wrong = |reason: String| MlflowImportError::Server {
            url: server.url.clone(),
            reason,
        };
        let base = format!("{}/", server.url.trim_end_matches('/'));
        let base = Url::parse(&base).map_err(|error| wrong(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("it must start with http:// or https://".to_owned()));
        }
        Ok(Remote {
            client: http_client().map_err(|error| wrong(error.to_string()))?,
            base,
            credentials: server.credentials.clone(),
        })
    }

    /// The answer to a GET; `None` for 404.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Value>, MlflowImportError> {
        let mut url = self.url(&format!("{API}/{path}"))?;
        url.query_pairs_mut().extend_pairs(query);
        self.answer(Method::GET, url, None).await
    }

    /// The answer to a POST; `None` for 404.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Option<Value>, MlflowImportError> {
        let url = self.url(&format!("{API}/{path}"))?;
        self.answer(Method::POST, url, Some(body)).await
    }

    /// What lies directly in a folder of its artifacts: names, and whether each is a folder.
    pub(super) async fn folder(&self, path: &str) -> Result<Vec<(String, bool, u64)>, MlflowImportError> {
        let mut url = self.url(ARTIFACTS)?;
        url.query_pairs_mut().append_pair("path", path);
        let answer = self.answer(Method::GET, url, None).await?.unwrap_or_default();
        let files = answer["files"].as_array().cloned().unwrap_or_default();
        Ok(files
            .iter()
            .filter_map(|file| {
                let name = file["path"].as_str()?.rsplit('/').next()?.to_owned();
                let bytes = &file["file_size"];
                let bytes = bytes.as_u64().or_else(|| bytes.as_str()?.parse().ok());
                Some((name, file["is_dir"] == true, bytes.unwrap_or_default()))
            })
            .collect())
    }

    /// A file of its artifacts, front to back.
    pub(super) async fn file(
        &self,
        path: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, reqwest::Error>>, MlflowImportError> {
        let mut url = self.url(ARTIFACTS)?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend(path.split('/'));
        }
        match self.send(Method::GET, url.clone(), None).await? {
            Some(answer) => Ok(answer.bytes_stream().boxed()),
            None => Err(failed(&url, "not found".to_owned())),
        }
    }

    async fn answer(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Option<Value>, MlflowImportError> {
        let Some(answer) = self.send(method, url.clone(), body).await? else {
            return Ok(None);
        };
        let bytes = answer.bytes().await;
        let bytes = bytes.map_err(|error| failed(&url, error.without_url().to_string()))?;
        let value = serde_json::from_slice(&bytes);
        value.map(Some).map_err(|_| {
            failed(
                &url,
                "the answer isn't JSON: is this an MLflow server?".to_owned(),
            )
        })
    }

    /// Asks again when that may help; nothing that is asked here changes anything.
    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Option<reqwest::Response>, MlflowImportError> {
        let mut wait = Duration::from_millis(200);
        let mut last = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(wait).await;
                wait *= 3;
            }
            let mut request = self.client.request(method.clone(), url.clone());
            request = match &self.credentials {
                Credentials::None => request,
                Credentials::Token(token) => request.bearer_auth(token.expose()),
                Credentials::User(name, password) => request.basic_auth(name, Some(password.expose())),
            };
            if let Some(body) = body {
                request = request.json(body);
            }
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    last = error.without_url().to_string();
                    continue;
                }
            };
            let status = answer.status();
            if status.is_success() {
                return Ok(Some(answer));
            }
            if status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let said = answer.text().await.unwrap_or_default();
            let said: Value = serde_json::from_str(&said).unwrap_or_default();
            last = format!("{status} {}", said["message"].as_str().unwrap_or_default());
            let again = status.is_server_error()
                || matches!(
                    status,
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                );
            if !again {
                break;
            }
        }
        Err(failed(&url, last))
    }

    fn url(&self, path: &str) -> Result<Url, MlflowImportError> {
        self.base
            .join(path)
            .map_err(|error| failed(&self.base, error.to_string()))
    }
}

/// Names the URL without a user's name and password.
fn failed(url: &Url, reason: String) -> MlflowImportError {
    let mut shown = url.clone();
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    MlflowImportError::Server {
        url: shown.to_string(),
        reason: reason.trim_end().to_owned(),
    }
}
