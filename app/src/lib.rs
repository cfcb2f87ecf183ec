//! The page that predicts a click-through rate on the device and proves which model said so.
//!
//! It starts from `manifest.json`, fetches the Production model by its digest, checks digest, signature and
//! provenance, and then predicts with `model_export::Model::predict`, the call the server makes too. A model
//! that fails a check never predicts here: the server is asked instead where there is one.
//!
//! What needs no browser ([`curve`], [`route`], [`text`], [`trust`], [`verify`], [`wire`]) builds natively and is tested there;
//! everything else is for `wasm32` only. Invariant: only `client` fetches, only `store` keeps.

pub mod curve;
pub mod route;
pub mod testids;
pub mod text;
pub mod trust;
pub mod verify;
pub mod wire;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod element;
#[cfg(target_arch = "wasm32")]
mod local_model;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod row_form;
#[cfg(target_arch = "wasm32")]
mod state;
#[cfg(target_arch = "wasm32")]
mod store;

#[cfg(target_arch = "wasm32")]
pub use pages::start;
