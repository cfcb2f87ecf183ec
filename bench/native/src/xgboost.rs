//! XGBoost by its C interface: `XGBoosterPredictFromDense`, the in-place prediction, on the library of its wheel.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;

use anyhow::{Context, Result, bail};
use libloading::Library;

use crate::engine::Engine;

type Handle = *mut c_void;
type Create = unsafe extern "C" fn(*const Handle, u64, *mut Handle) -> c_int;
type LoadModel = unsafe extern "C" fn(Handle, *const c_void, u64) -> c_int;
type SetParameter = unsafe extern "C" fn(Handle, *const c_char, *const c_char) -> c_int;
type Free = unsafe extern "C" fn(Handle) -> c_int;
type LastError = unsafe extern "C" fn() -> *const c_char;
type Predict = unsafe extern "C" fn(
    Handle,
    *const c_char,
    *const c_char,
    Handle,
    *mut *const u64,
    *mut u64,
    *mut *const f32,
) -> c_int;

const MARGINS: &CStr = c"{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false,\"missing\":NaN,\"cache_id\":0}";

pub(crate) struct Xgboost {
    booster: Handle,
    predict: Predict,
    free: Free,
    last_error: LastError,
    columns: usize,
    /// Keeps the functions above where they are.
    _library: Library,
}

pub(crate) fn load(path: &Path, bytes: &[u8], columns: usize) -> Result<Xgboost> {
    #[allow(
        unsafe_code,
        reason = "the library that the Python package brings can only be loaded at run time"
    )]
    // SAFETY: the pinned wheel's own library; types as its c_api.h declares them. The handle lives as long as it.
    unsafe {
        let library = Library::new(path).with_context(|| format!("loading {}", path.display()))?;
        let create = *library.get::<Create>(b"XGBoosterCreate")?;
        let load_model = *library.get::<LoadModel>(b"XGBoosterLoadModelFromBuffer")?;
        let set_parameter = *library.get::<SetParameter>(b"XGBoosterSetParam")?;
        let mut loaded = Xgboost {
            booster: ptr::null_mut(),
            predict: *library.get(b"XGBoosterPredictFromDense")?,
            free: *library.get(b"XGBoosterFree")?,
            last_error: *library.get(b"XGBGetLastError")?,
            columns,
            _library: library,
        };
        let mut booster = ptr::null_mut();
        loaded.check(create(ptr::null(), 0, &mut booster))?;
        loaded.booster = booster;
        loaded.check(load_model(
            loaded.booster,
            bytes.as_ptr().cast(),
            bytes.len() as u64,
        ))?;
        loaded.check(set_parameter(loaded.booster, c"nthread".as_ptr(), c"1".as_ptr()))?;
        Ok(loaded)
    }
}

impl Xgboost {
    fn check(&self, status: c_int) -> Result<()> {
        if status == 0 {
            return Ok(());
        }
        #[allow(unsafe_code, reason = "the message is a C string of the library")]
        // SAFETY: it points to a string that lives until the thread's next call.
        let message = unsafe { CStr::from_ptr((self.last_error)()) };
        bail!(
            "XGBoost: {}",
            message.to_string_lossy().lines().next().unwrap_or("")
        )
    }

    fn margins(&mut self, rows: &[f32], count: usize) -> Result<&[f32]> {
        let array = CString::new(format!(
            "{{\"data\":[{},true],\"shape\":[{count},{}],\"typestr\":\"<f4\",\"version\":3}}",
            rows.as_ptr() as usize,
            self.columns
        ))?;
        let (mut shape, mut dimensions, mut result) = (ptr::null(), 0, ptr::null());
        #[allow(unsafe_code, reason = "a call of the C interface")]
        // SAFETY: `array` describes `rows`; the result holds one margin per row and lives until the next call.
        unsafe {
            let status = (self.predict)(
                self.booster,
                array.as_ptr(),
                MARGINS.as_ptr(),
                ptr::null_mut(),
                &mut shape,
                &mut dimensions,
                &mut result,
            );
            self.check(status)?;
            Ok(std::slice::from_raw_parts(result, count))
        }
    }
}

impl Engine for Xgboost {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        out.copy_from_slice(self.margins(rows, out.len())?);
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        Ok(self.margins(row, 1)?[0])
    }
}

impl Drop for Xgboost {
    fn drop(&mut self) {
        #[allow(unsafe_code, reason = "the booster is freed by the library that made it")]
        // SAFETY: made by XGBoosterCreate, or null, which is refused with a status.
        unsafe {
            (self.free)(self.booster);
        }
    }
}
