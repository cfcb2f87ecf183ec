//! What a model says of rows.

use std::ptr;

use super::{Booster, copied};
use crate::dmatrix::{DMatrix, dense_array};
use crate::error::{XGBoostError, c_string, check};
use crate::ffi;

impl Booster {
    /// The margins (before the sigmoid) row by row: one per row, or one per class or target.
    pub fn predict_margins(&self, matrix: &DMatrix) -> Result<Vec<f32>, XGBoostError> {
        self.predict_as(Output::Margin, matrix)
    }

    /// As [`Self::predict_margins`] of `rows * columns` values, row by row, without a matrix: values may be infinite.
    pub fn predict_margins_in_place(
        &self,
        data: &[f32],
        rows: usize,
        columns: usize,
    ) -> Result<Vec<f32>, XGBoostError> {
        let array = dense_array(data, rows, columns)?;
        let config = r#"{"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"missing":NaN}"#;
        let config = c_string("the configuration", config)?;
        let (mut shape, mut dimensions, mut out) = (ptr::null(), 0, ptr::null());
        // SAFETY: the handle is live; the texts are NUL-terminated; `array` names memory that `data` keeps alive over
        // the call; no proxy is given; the three outputs take one write each.
        check(unsafe {
            ffi::XGBoosterPredictFromDense(
                self.handle,
                array.as_ptr(),
                config.as_ptr(),
                ptr::null_mut(),
                &mut shape,
                &mut dimensions,
                &mut out,
            )
        })?;
        // SAFETY: as in `predict_as`.
        Ok(unsafe { copied_values(shape, dimensions, out) })
    }

    /// The outputs row by row: one per row, such as a probability, or one per class or target.
    pub fn predict(&self, matrix: &DMatrix) -> Result<Vec<f32>, XGBoostError> {
        self.predict_as(Output::Value, matrix)
    }

    /// The leaf that each row reaches in each tree: XGBoost's node numbers, row by row, a tree's root being
    /// number 0.
    pub fn predict_leaves(&self, matrix: &DMatrix) -> Result<Vec<u32>, XGBoostError> {
        let leaves = self.predict_as(Output::Leaf, matrix)?;
        Ok(leaves.into_iter().map(|leaf| leaf as u32).collect())
    }

    /// What each feature adds to each margin (exact TreeSHAP): row by row, for each group `columns` values and
    /// then the bias. They sum to the margin.
    pub fn predict_contributions(&self, matrix: &DMatrix) -> Result<Vec<f32>, XGBoostError> {
        self.predict_as(Output::Contributions, matrix)
    }

    fn predict_as(&self, output: Output, matrix: &DMatrix) -> Result<Vec<f32>, XGBoostError> {
        let config = format!(
            r#"{{"type":{},"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false}}"#,
            output as u8
        );
        let config = c_string("the configuration", &config)?;
        let (mut shape, mut dimensions, mut out) = (ptr::null(), 0, ptr::null());
        // SAFETY: both handles are live, the text is NUL-terminated, the three outputs take one write each.
        check(unsafe {
            ffi::XGBoosterPredictFromDMatrix(
                self.handle,
                matrix.handle(),
                config.as_ptr(),
                &mut shape,
                &mut dimensions,
                &mut out,
            )
        })?;
        // SAFETY: XGBoost gives the numbers of a shape, and as many values as their product, that live until its next
        // call on this thread.
        Ok(unsafe { copied_values(shape, dimensions, out) })
    }
}

/// XGBoost's prediction types.
#[derive(Clone, Copy)]
enum Output {
    Value = 0,
    Margin = 1,
    Contributions = 2,
    Leaf = 6,
}

/// Copies as many values as the product of a shape.
///
/// # Safety
/// `shape` must be valid for reading `dimensions` numbers, `values` for as many as their product.
unsafe fn copied_values(shape: *const u64, dimensions: u64, values: *const f32) -> Vec<f32> {
    // SAFETY: the caller's promise.
    let length = unsafe { copied(shape, dimensions) }.iter().product();
    // SAFETY: the caller's promise.
    unsafe { copied(values, length) }
}
