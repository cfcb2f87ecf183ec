//! What the whole page knows: the manifest, the model, the connection, and how they change.

use std::sync::Arc;
use std::time::Duration;

use api_types::{Manifest, ServedModel};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::{self, Api, ClientError};
use crate::local_model::{self, LoadError, LocalModel};
use crate::route::Route;
use crate::{browser, store, wire};

/// The manifest's layout that this page understands.
const MANIFEST_VERSION: u32 = 1;

/// How often the manifest is looked at while the page is visible.
const REFRESH: Duration = Duration::from_secs(5);

/// Whether the manifest in use comes from the network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Connection {
    /// Not known yet.
    Connecting,
    /// It was just fetched.
    Online,
    /// Nobody answers; the last one is in use.
    Offline,
    /// There is none at all, for this reason.
    NoManifest(String),
}

/// Where the device stands with the Production model.
#[derive(Clone)]
pub(crate) enum ModelState {
    /// It is being fetched and checked.
    Loading,
    /// No version is in Production.
    Absent,
    /// It passed every check and predicts.
    Ready(Arc<LocalModel>),
    /// It passed every check, but its signature is not what this device knows: a person must agree.
    Held(Arc<LocalModel>),
    /// It failed a check.
    Refused(String),
    /// It can't be fetched now.
    Unreachable(String),
}

impl ModelState {
    /// The state of the signature in one word, as `data-value` of the page has it.
    pub(crate) fn signature(&self) -> &'static str {
        match self {
            ModelState::Loading => "loading",
            ModelState::Absent => "none",
            ModelState::Refused(_) => "tampered",
            ModelState::Unreachable(_) => "unreachable",
            ModelState::Ready(model) if model.key_fingerprint.is_some() => "verified",
            ModelState::Ready(_) => "unsigned",
            ModelState::Held(model) if model.key_fingerprint.is_some() => "key-changed",
            ModelState::Held(_) => "signature-missing",
        }
    }
}

/// The page's state; a handle that is copied freely.
#[derive(Clone, Copy)]
pub(crate) struct AppState {
    /// The manifest in use.
    pub(crate) manifest: RwSignal<Option<Arc<Manifest>>>,
    /// The Production model.
    pub(crate) model: RwSignal<ModelState>,
    /// The connection.
    pub(crate) connection: RwSignal<Connection>,
    /// A change to tell of.
    pub(crate) notice: RwSignal<Option<String>>,
    /// The view.
    pub(crate) route: RwSignal<Route>,
    /// The bearer token of this session.
    pub(crate) token: RwSignal<String>,
    busy: RwSignal<bool>,
}

impl AppState {
    /// Nothing known yet.
    pub(crate) fn new() -> Self {
        Self {
            manifest: RwSignal::new(None),
            model: RwSignal::new(ModelState::Loading),
            connection: RwSignal::new(Connection::Connecting),
            notice: RwSignal::new(None),
            route: RwSignal::new(Route::parse(
                &browser::window().location().hash().unwrap_or_default(),
            )),
            token: RwSignal::new(store::token()),
            busy: RwSignal::new(false),
        }
    }

    /// The server's API, if the manifest names one.
    pub(crate) fn api(self) -> Option<Api> {
        self.manifest
            .with(|manifest| manifest.as_ref()?.api_base.as_deref().map(Api::new))
    }

    /// What the manifest says of the Production model.
    pub(crate) fn production(self) -> Option<ServedModel> {
        self.manifest
            .with(|manifest| manifest.as_ref()?.production.clone())
    }

    /// Looks at the manifest now and every few seconds while the page is visible, and at once when it becomes so.
    pub(crate) fn follow(self) {
        spawn_local(async move {
            loop {
                if browser::visible() {
                    self.refresh().await;
                }
                browser::sleep(REFRESH).await;
            }
        });
        for event in ["focus", "online"] {
            let handle = window_event_listener_untyped(event, move |_| spawn_local(self.refresh()));
            on_cleanup(move || handle.remove());
        }
    }

    /// Looks at the manifest once, and loads the model it names if that is another one than before.
    pub(crate) async fn refresh(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.look().await;
        self.busy.set(false);
    }

    /// Loads the model anew, whatever came of it before.
    pub(crate) fn retry(self) {
        self.model.set(ModelState::Loading);
        self.manifest.set(None);
        spawn_local(self.refresh());
    }

    /// Trusts the key (or the missing signature) of the model that is held back.
    pub(crate) fn accept_key(self) {
        if let ModelState::Held(model) = self.model.get_untracked() {
            store::pin_key(model.key_fingerprint.as_deref());
            self.retry();
        }
    }

    async fn look(self) {
        let fetched = client::manifest().await;
        let online = fetched.is_ok();
        let text = match fetched {
            Ok(text) => text,
            Err(_) if self.manifest.with_untracked(Option::is_some) => {
                return self.connection.set(Connection::Offline);
            }
            Err(error) => match store::manifest().await {
                Some(text) => text,
                None => return self.connection.set(Connection::NoManifest(error.to_string())),
            },
        };
        let manifest = match read(&text) {
            Ok(manifest) => manifest,
            Err(error) => return self.connection.set(Connection::NoManifest(error.to_string())),
        };
        self.connection.set(if online {
            Connection::Online
        } else {
            Connection::Offline
        });

        let same = |old: &Manifest| {
            (&old.api_base, &old.production, &old.versions)
                == (&manifest.api_base, &manifest.production, &manifest.versions)
        };
        let unreachable = matches!(self.model.get_untracked(), ModelState::Unreachable(_));
        if self
            .manifest
            .with_untracked(|old| old.as_deref().is_some_and(same))
            && !unreachable
        {
            return;
        }
        let manifest = Arc::new(manifest);
        match &manifest.production {
            None => {
                self.manifest.set(Some(manifest));
                self.model.set(ModelState::Absent);
            }
            Some(served) => {
                let before = self
                    .manifest
                    .get_untracked()
                    .and_then(|old| old.production.clone());
                let state = self.load(served, &text, before.as_ref()).await;
                // Both at once, so that no view sees the one without the other.
                self.manifest.set(Some(manifest.clone()));
                if let Some(state) = state {
                    self.model.set(state);
                }
                if before.is_some_and(|before| before.version.version != served.version.version) {
                    self.tell_of(served);
                }
            }
        }
    }

    /// The state that the model the manifest names is in; `None` if nothing about it changed.
    async fn load(
        self,
        served: &ServedModel,
        text: &str,
        before: Option<&ServedModel>,
    ) -> Option<ModelState> {
        let ready = matches!(self.model.get_untracked(), ModelState::Ready(_));
        if ready && before == Some(served) {
            store::keep_manifest(text).await;
            return None;
        }
        Some(match local_model::load(served, text).await {
            Ok(model) if model.trust.holds_back() => ModelState::Held(model),
            Ok(model) => ModelState::Ready(model),
            Err(LoadError::Refused(refusal)) => ModelState::Refused(refusal.to_string()),
            Err(LoadError::Unreachable(error)) => ModelState::Unreachable(error.to_string()),
        })
    }

    fn tell_of(self, served: &ServedModel) {
        let version = &served.version;
        self.notice.set(Some(format!(
            "Version {} ({}) is now in Production.",
            version.version, version.run_name
        )));
    }
}

fn read(text: &str) -> Result<Manifest, ClientError> {
    let manifest: Manifest = wire::read(text)?;
    if manifest.manifest_version != MANIFEST_VERSION {
        return Err(ClientError::Body(
            "the manifest is newer than this page; reload the page".to_owned(),
        ));
    }
    Ok(manifest)
}
