//! The model on this device: fetched by its digest, checked, and kept.

use std::sync::Arc;

use api_types::ServedModel;
use model_export::{Model, Prediction, Row};

use crate::browser::now;
use crate::client::{self, ClientError};
use crate::store;
use crate::trust::Trust;
use crate::verify::{self, Checked, Refusal};

/// A model that passed every check, and what is known about it.
pub(crate) struct LocalModel {
    /// The model.
    pub(crate) model: Model,
    /// What the manifest says of it.
    pub(crate) served: ServedModel,
    /// How its signature stands to what this device knows.
    pub(crate) trust: Trust,
    /// The fingerprint of the key whose signature was verified.
    pub(crate) key_fingerprint: Option<String>,
}

/// Why there is no model on this device.
pub(crate) enum LoadError {
    /// It can't be fetched now.
    Unreachable(ClientError),
    /// It was fetched and is not what it should be.
    Refused(Refusal),
}

/// Where the files are looked for, in this order; a file that fails its check is looked for in the next place.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Kept,
    Network,
    PastHttpCache,
}

/// Loads the model that a manifest names. What passes is kept on this device together with the manifest.
pub(crate) async fn load(served: &ServedModel, manifest: &str) -> Result<Arc<LocalModel>, LoadError> {
    let mut last = None;
    for place in [Place::Kept, Place::Network, Place::PastHttpCache] {
        let (model, bundle) = match fetch(served, place).await {
            Ok(Some(files)) => files,
            Ok(None) => continue,
            // A file refused just now stays refused.
            Err(error) => return Err(last.map_or(LoadError::Unreachable(error), LoadError::Refused)),
        };
        match verify::check(&model, served, bundle.as_deref()) {
            Ok(checked) => {
                let local = accept(checked, served);
                // What a person has yet to agree to must not push out what works.
                if !local.trust.holds_back() {
                    let mut files = vec![(served.model_url.as_str(), model.as_slice())];
                    if let (Some(url), Some(bundle)) = (&served.bundle_url, &bundle) {
                        files.push((url, bundle.as_bytes()));
                    }
                    store::keep(manifest, &files).await;
                }
                return Ok(Arc::new(local));
            }
            Err(refusal) => last = Some(refusal),
        }
        if place == Place::Kept {
            store::forget(&served.model_url).await;
        }
    }
    match last {
        Some(refusal) => Err(LoadError::Refused(refusal)),
        None => Err(LoadError::Unreachable(ClientError::Network)),
    }
}

/// A prediction, and how long one takes on this device: the mean of as many calls as fill two milliseconds, since
/// browsers make their clocks too coarse for a single one.
#[derive(Clone, PartialEq)]
pub(crate) struct Timed {
    pub(crate) prediction: Prediction,
    pub(crate) microseconds: f64,
    pub(crate) calls: u32,
}

/// Predicts a row and measures it.
pub(crate) fn predict_timed(model: &Model, row: &Row) -> Timed {
    let mut prediction = model.predict(row);
    let (mut calls, mut batch) = (0, 16);
    let start = now();
    loop {
        for _ in 0..batch {
            prediction = std::hint::black_box(model.predict(std::hint::black_box(row)));
        }
        calls += batch;
        let elapsed = now() - start;
        if elapsed >= 2.0 || calls >= 100_000 {
            return Timed {
                prediction,
                microseconds: elapsed * 1000.0 / f64::from(calls),
                calls,
            };
        }
        batch *= 2;
    }
}

/// Pins the key on its first use.
fn accept(checked: Checked, served: &ServedModel) -> LocalModel {
    let Checked {
        model,
        key_fingerprint,
    } = checked;
    let trust = Trust::judge(store::pinned_key().as_deref(), key_fingerprint.as_deref());
    if trust == Trust::FirstUse {
        store::pin_key(key_fingerprint.as_deref());
    }
    LocalModel {
        model,
        served: served.clone(),
        trust,
        key_fingerprint,
    }
}

/// The compact file and its bundle from one place; `None` if they are not kept there.
async fn fetch(served: &ServedModel, place: Place) -> Result<Option<(Vec<u8>, Option<String>)>, ClientError> {
    let Some(model) = fetch_one(&served.model_url, place).await? else {
        return Ok(None);
    };
    let Some(url) = &served.bundle_url else {
        return Ok(Some((model, None)));
    };
    let Some(bundle) = fetch_one(url, place).await? else {
        return Ok(None);
    };
    // What is no text fails the check of the signature.
    Ok(Some((model, Some(String::from_utf8_lossy(&bundle).into_owned()))))
}

async fn fetch_one(url: &str, place: Place) -> Result<Option<Vec<u8>>, ClientError> {
    match place {
        Place::Kept => Ok(store::file(url).await),
        Place::Network => client::file(url, false).await.map(Some),
        Place::PastHttpCache => client::file(url, true).await.map(Some),
    }
}
