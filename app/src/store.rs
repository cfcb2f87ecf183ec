//! What this device keeps: the last manifest whose model was verified, that model, the signing key it trusts, and
//! for the length of a session the token.
//!
//! Invariant: manifest and model are kept together, the manifest last, so that what is found without a network
//! always fits. Where the browser has no such storage (no secure context, or switched off), nothing is kept and
//! nothing fails.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Request, Response, Storage};

use crate::browser::window;
use crate::client::MANIFEST_URL;

const CACHE: &str = "clickleaf-models";
const TOKEN: &str = "clickleaf-token";

/// A file kept earlier; unchecked.
pub(crate) async fn file(url: &str) -> Option<Vec<u8>> {
    let response = matching(url).await?;
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// The manifest kept earlier.
pub(crate) async fn manifest() -> Option<String> {
    let response = matching(MANIFEST_URL).await?;
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// Keeps a verified model's files with the manifest that names them, and drops all other models of this page.
pub(crate) async fn keep(manifest: &str, files: &[(&str, &[u8])]) {
    // Full or switched off: the page works from the network then.
    let _ = try_keep(manifest, files).await;
}

/// Keeps a newer manifest that names the model kept already.
pub(crate) async fn keep_manifest(manifest: &str) {
    if let (Some(cache), Ok(response)) = (open().await, Response::new_with_opt_str(Some(manifest))) {
        let _ = put(&cache, MANIFEST_URL, response).await;
    }
}

/// Forgets a file that failed its check.
pub(crate) async fn forget(url: &str) {
    if let Some(cache) = open().await {
        let _ = JsFuture::from(cache.delete_with_str(url)).await;
    }
}

/// The fingerprint of the signing key this device trusts.
pub(crate) fn pinned_key() -> Option<String> {
    window().local_storage().ok()??.get_item(&pin_name()).ok()?
}

/// Trusts a signing key from now on, or none.
pub(crate) fn pin_key(fingerprint: Option<&str>) {
    let storage = window().local_storage().ok().flatten();
    set(storage, &pin_name(), fingerprint.unwrap_or_default());
}

/// The token of this session.
pub(crate) fn token() -> String {
    let token = || window().session_storage().ok()??.get_item(TOKEN).ok()?;
    token().unwrap_or_default()
}

/// Remembers the token until the tab is closed.
pub(crate) fn set_token(token: &str) {
    set(window().session_storage().ok().flatten(), TOKEN, token);
}

fn set(storage: Option<Storage>, name: &str, value: &str) {
    if let Some(storage) = storage {
        let _ = if value.is_empty() {
            storage.remove_item(name)
        } else {
            storage.set_item(name, value)
        };
    }
}

/// Pages in other folders of the same host have their own pin.
fn pin_name() -> String {
    format!("clickleaf-key {}", folder())
}

/// The URL of the page's folder, with the slash at its end.
fn folder() -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    format!("{origin}{}", &path[..end])
}

async fn open() -> Option<Cache> {
    let caches = window().caches().ok()?;
    // Absent outside secure contexts, though its type says otherwise.
    if AsRef::<JsValue>::as_ref(&caches).is_undefined() {
        return None;
    }
    JsFuture::from(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

async fn matching(url: &str) -> Option<Response> {
    JsFuture::from(open().await?.match_with_str(url))
        .await
        .ok()?
        .dyn_into()
        .ok()
}

async fn try_keep(manifest: &str, files: &[(&str, &[u8])]) -> Option<()> {
    let cache = open().await?;
    for (url, bytes) in files {
        let mut body = bytes.to_vec();
        put(
            &cache,
            url,
            Response::new_with_opt_u8_array(Some(&mut body)).ok()?,
        )
        .await?;
    }
    put(
        &cache,
        MANIFEST_URL,
        Response::new_with_opt_str(Some(manifest)).ok()?,
    )
    .await?;

    let absolute = |url: &str| {
        Request::new_with_str(url)
            .map(|request| request.url())
            .unwrap_or_default()
    };
    let mut wanted: Vec<String> = files.iter().map(|(url, _)| absolute(url)).collect();
    wanted.push(absolute(MANIFEST_URL));
    let folder = folder();
    let kept: Array = JsFuture::from(cache.keys()).await.ok()?.dyn_into().ok()?;
    for request in kept
        .iter()
        .filter_map(|request| request.dyn_into::<Request>().ok())
    {
        let url = request.url();
        if url.starts_with(&folder) && !wanted.contains(&url) {
            let _ = JsFuture::from(cache.delete_with_str(&url)).await;
        }
    }
    Some(())
}

async fn put(cache: &Cache, url: &str, response: Response) -> Option<()> {
    JsFuture::from(cache.put_with_str(url, &response))
        .await
        .ok()
        .map(drop)
}
