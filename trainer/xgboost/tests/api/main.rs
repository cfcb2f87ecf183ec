//! The crate against the real library, on small generated data.
#![allow(clippy::unwrap_used, reason = "tests")]

mod boosting;
mod data;
mod kinds;
mod quantile;
mod saving;
