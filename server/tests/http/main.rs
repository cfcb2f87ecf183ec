//! The server from outside: a listening socket, a real SQLite registry, a store in a folder and real model files.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod access;
mod app;
mod docs;
mod health;
mod mlflow_models;
mod mlflow_tracking;
mod model_files;
mod models;
mod predict;
mod reports;
mod swap;
mod training;
mod world;
