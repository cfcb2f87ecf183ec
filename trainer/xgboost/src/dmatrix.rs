//! Matrices of features and labels.

use std::ffi::{CStr, CString, c_char};
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
    feature_types: Vec<CString>,
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
        self.expect_one_per_row("labels", labels.len())?;
        set_labels(self.handle, labels)
    }

    /// Sets `targets` labels per row, row by row, for a model of several targets.
    pub fn set_label_rows(&mut self, labels: &[f32], targets: usize) -> Result<(), XGBoostError> {
        let array = dense_array(labels, self.rows(), targets)?;
        set_info(self.handle, c"label", &array)
    }

    /// Sets the interval that each row's label lies in, for `survival:aft`. An upper bound may be infinite.
    pub fn set_label_bounds(&mut self, lower: &[f32], upper: &[f32]) -> Result<(), XGBoostError> {
        for (field, bounds) in [(c"label_lower_bound", lower), (c"label_upper_bound", upper)] {
            self.expect_one_per_row("label bounds", bounds.len())?;
            set_info(
                self.handle,
                field,
                &array_interface(bounds, &bounds.len().to_string()),
            )?;
        }
        Ok(())
    }

    /// Divides the rows, in their order, into the queries of a ranking: how many rows each has.
    pub fn set_groups(&mut self, rows_of_groups: &[u32]) -> Result<(), XGBoostError> {
        let rows = rows_of_groups.iter().map(|rows| *rows as usize).sum();
        self.expect_one_per_row("rows in groups", rows)?;
        let array = array_interface(rows_of_groups, &rows_of_groups.len().to_string());
        set_info(self.handle, c"group", &array)
    }

    /// Says what each column holds: `float`, `int`, `q`, `i`, or `c` for codes of categories. A booster made with the
    /// matrix saves them.
    pub fn set_feature_types(&mut self, types: &[&str]) -> Result<(), XGBoostError> {
        self.feature_types = self.set_feature_info(c"feature_type", types)?;
        Ok(())
    }

    /// Names the columns. A booster made with the matrix saves the names and shows them in its dumps.
    pub fn set_feature_names(&mut self, names: &[String]) -> Result<(), XGBoostError> {
        self.feature_names = self.set_feature_info(c"feature_name", names)?;
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
            feature_types: Vec::new(),
        }
    }

    pub(crate) fn feature_names(&self) -> &[CString] {
        &self.feature_names
    }

    pub(crate) fn feature_types(&self) -> &[CString] {
        &self.feature_types
    }

    pub(crate) fn handle(&self) -> DMatrixHandle {
        self.handle
    }

    fn expect_one_per_row(&self, what: &str, found: usize) -> Result<(), XGBoostError> {
        let rows = self.rows();
        if found == rows {
            Ok(())
        } else {
            Err(XGBoostError::new(format!("{found} {what} for {rows} rows")))
        }
    }

    /// Gives XGBoost a text for each column and returns them.
    fn set_feature_info(
        &self,
        field: &CStr,
        texts: &[impl AsRef<str>],
    ) -> Result<Vec<CString>, XGBoostError> {
        let texts: Vec<CString> = texts
            .iter()
            .map(|text| c_string("a feature name or type", text.as_ref()))
            .collect::<Result<_, _>>()?;
        let mut pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        // SAFETY: the handle is live; `pointers` holds that many NUL-terminated texts, copied by the call.
        check(unsafe {
            ffi::XGDMatrixSetStrFeatureInfo(
                self.handle,
                field.as_ptr(),
                pointers.as_mut_ptr(),
                pointers.len() as u64,
            )
        })?;
        Ok(texts)
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
    set_info(
        handle,
        c"label",
        &array_interface(labels, &labels.len().to_string()),
    )
}

/// `array` describes values that the caller keeps alive over the call.
fn set_info(handle: DMatrixHandle, field: &CStr, array: &CString) -> Result<(), XGBoostError> {
    // SAFETY: the handle is live, the texts are NUL-terminated, and `array` names memory that the caller
    // keeps alive over the call, which copies it.
    check(unsafe { ffi::XGDMatrixSetInfoFromInterface(handle, field.as_ptr(), array.as_ptr()) })
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

/// A number that XGBoost reads from memory.
trait Element {
    /// numpy's kind and width.
    const TYPE: &'static str;
}

impl Element for f32 {
    const TYPE: &'static str = "f4";
}

impl Element for u32 {
    const TYPE: &'static str = "u4";
}

fn array_interface<T: Element>(data: &[T], shape: &str) -> CString {
    let endian = if cfg!(target_endian = "little") { '<' } else { '>' };
    let text = format!(
        r#"{{"data":[{},true],"shape":[{shape}],"typestr":"{endian}{}","version":3}}"#,
        data.as_ptr() as usize,
        T::TYPE
    );
    CString::new(text).unwrap_or_default()
}
