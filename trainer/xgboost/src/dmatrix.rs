//! Matrices of features and labels.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::error::{XGBoostError, c_string, check};
use crate::ffi::{self, DMatrixHandle};

/// An owned matrix: rows of `f32` features (NaN = missing), and labels.
///
/// A [`crate::Booster`] that has seen a matrix keeps what it needs of it alive; either may be dropped first.
#[derive(Debug)]
pub struct DMatrix {
    handle: DMatrixHandle,
    feature_names: Vec<CString>,
}

// SAFETY: XGBoost keeps per thread only buffers for return values, which this crate copies at once. A
// booster that cached the matrix reads, without being handed it, its column count alone, and that never
// changes. Not Sync: training and prediction build caches inside the matrix without a lock.
unsafe impl Send for DMatrix {}

impl DMatrix {
    /// Copies `rows * columns` values, row by row.
    pub fn from_dense(data: &[f32], rows: usize, columns: usize) -> Result<Self, XGBoostError> {
        let array = dense_array(data, rows, columns)?;
        let mut handle = ptr::null_mut();
        // SAFETY: both texts are NUL-terminated; `array` names memory that `data` keeps alive over the call,
        // which copies it; `handle` takes one write.
        check(unsafe {
            ffi::XGDMatrixCreateFromDense(array.as_ptr(), c"{\"missing\":NaN}".as_ptr(), &mut handle)
        })?;
        Ok(Self::from_handle(handle))
    }

    /// Sets one label per row.
    pub fn set_labels(&mut self, labels: &[f32]) -> Result<(), XGBoostError> {
        if labels.len() != self.rows() {
            return Err(XGBoostError::new(format!(
                "{} labels for {} rows",
                labels.len(),
                self.rows()
            )));
        }
        set_labels(self.handle, labels)
    }

    /// Names the columns. A booster made with the matrix saves the names and shows them in its dumps.
    pub fn set_feature_names(&mut self, names: &[String]) -> Result<(), XGBoostError> {
        let names: Vec<CString> = names
            .iter()
            .map(|name| c_string("a feature name", name))
            .collect::<Result<_, _>>()?;
        let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: the handle is live; `pointers` holds that many NUL-terminated texts, copied by the call.
        check(unsafe {
            ffi::XGDMatrixSetStrFeatureInfo(
                self.handle,
                c"feature_name".as_ptr(),
                pointers.as_mut_ptr(),
                pointers.len() as u64,
            )
        })?;
        self.feature_names = names;
        Ok(())
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        let mut rows = 0;
        // SAFETY: the handle is live and `rows` takes one write; with a live handle the call cannot fail.
        unsafe { ffi::XGDMatrixNumRow(self.handle, &mut rows) };
        rows as usize
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        let mut columns = 0;
        // SAFETY: the handle is live and `columns` takes one write; with a live handle it cannot fail.
        unsafe { ffi::XGDMatrixNumCol(self.handle, &mut columns) };
        columns as usize
    }

    /// Takes ownership of a handle that XGBoost has just made.
    pub(crate) fn from_handle(handle: DMatrixHandle) -> Self {
        Self {
            handle,
            feature_names: Vec::new(),
        }
    }

    pub(crate) fn feature_names(&self) -> &[CString] {
        &self.feature_names
    }

    pub(crate) fn handle(&self) -> DMatrixHandle {
        self.handle
    }
}

impl Drop for DMatrix {
    fn drop(&mut self) {
        // SAFETY: the handle is owned and freed once; whatever shares the data holds its own reference.
        unsafe { ffi::XGDMatrixFree(self.handle) };
    }
}

/// Sets the labels of a matrix or of a proxy. The caller has checked their number.
pub(crate) fn set_labels(handle: DMatrixHandle, labels: &[f32]) -> Result<(), XGBoostError> {
    let array = array_interface(labels, &labels.len().to_string());
    // SAFETY: the handle is live, the texts are NUL-terminated, and `array` names memory that `labels`
    // keeps alive over the call, which copies it.
    check(unsafe { ffi::XGDMatrixSetInfoFromInterface(handle, c"label".as_ptr(), array.as_ptr()) })
}

/// Describes a dense matrix to XGBoost. The text holds `data`'s address, not its lifetime.
pub(crate) fn dense_array(data: &[f32], rows: usize, columns: usize) -> Result<CString, XGBoostError> {
    if rows.checked_mul(columns) != Some(data.len()) {
        let length = data.len();
        return Err(XGBoostError::new(format!(
            "{length} values for {rows} rows of {columns} columns"
        )));
    }
    Ok(array_interface(data, &format!("{rows},{columns}")))
}

fn array_interface(data: &[f32], shape: &str) -> CString {
    let endian = if cfg!(target_endian = "little") { '<' } else { '>' };
    let text = format!(
        r#"{{"data":[{},true],"shape":[{shape}],"typestr":"{endian}f4","version":3}}"#,
        data.as_ptr() as usize
    );
    CString::new(text).unwrap_or_default()
}
