//! The crate against the real library, on small generated data.

mod boosting;
mod data;
mod quantile;
mod saving;
