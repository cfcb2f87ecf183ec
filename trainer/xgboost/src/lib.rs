//! A thin safe layer over XGBoost's C API: matrices, boosters, errors.
//!
//! Every handle is owned and freed on drop, in any order; every failure carries XGBoost's own message. The
//! crate knows nothing about Criteo rows, metrics or registries. A missing value is NaN everywhere.
//!
//! XGBoost's OpenMP threads spin while they wait. On a shared machine set `OMP_WAIT_POLICY=passive` before
//! the process starts: the same training then takes about a fifth of the CPU time.
//!
//! ```
//! use xgboost::{Booster, DMatrix};
//!
//! let mut matrix = DMatrix::from_dense(&[0.0, 1.0, 2.0, 3.0], 4, 1)?;
//! matrix.set_labels(&[0.0, 0.0, 1.0, 1.0])?;
//! let mut booster = Booster::new(&[("objective", "binary:logistic"), ("min_child_weight", "0")], &[&matrix])?;
//! booster.update(0, &matrix)?;
//! let probabilities = booster.predict(&matrix)?;
//! assert!(probabilities[0] < probabilities[3]);
//! # Ok::<(), xgboost::XGBoostError>(())
//! ```
#![allow(
    unsafe_code,
    reason = "the one crate that calls into C++: every block says why it is sound"
)]

mod booster;
mod dmatrix;
mod error;
mod ffi;
mod quantile;

pub use booster::{Booster, Importance};
pub use dmatrix::DMatrix;
pub use error::{BoxError, XGBoostError};
pub use quantile::{BatchSource, quantile_dmatrix};

/// The version of the linked library: major, minor, patch.
pub fn version() -> (i32, i32, i32) {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: the three pointers are valid for one write each.
    unsafe { ffi::XGBoostVersion(&mut major, &mut minor, &mut patch) };
    (major, minor, patch)
}
