//! Gradient boosted trees: training, evaluation, prediction, saving.

mod predict;
mod score;

use std::ffi::{CStr, CString, c_char, c_int};
use std::{ptr, slice};

pub use score::Importance;

use crate::dmatrix::DMatrix;
use crate::error::{XGBoostError, c_string, check};
use crate::ffi::{self, BoosterHandle, DMatrixHandle};

/// An owned model in training or loaded.
#[derive(Debug)]
pub struct Booster {
    handle: BoosterHandle,
}

// SAFETY: XGBoost keeps per thread only buffers for return values, which this crate copies at once; all of a
// booster's state is behind its handle. Not Sync: even prediction configures the booster and fills caches.
unsafe impl Send for Booster {}

impl Booster {
    /// A new model with these parameters. `cached` names the matrices it will be trained on and evaluated
    /// with: the training matrix first, or the first update fails. The model takes over its features' names and types.
    ///
    /// XGBoost checks a parameter's value when it first needs it, so a bad one may fail in [`Self::update`].
    pub fn new(params: &[(&str, &str)], cached: &[&DMatrix]) -> Result<Self, XGBoostError> {
        let matrices: Vec<DMatrixHandle> = cached.iter().map(|matrix| matrix.handle()).collect();
        let mut handle = ptr::null_mut();
        // SAFETY: `matrices` holds that many live handles; XGBoost takes references of its own to what they
        // name; `handle` takes one write.
        check(unsafe { ffi::XGBoosterCreate(matrices.as_ptr(), matrices.len() as u64, &mut handle) })?;
        let booster = Self { handle };
        if let Some(training) = cached.first() {
            booster.set_feature_info(c"feature_name", training.feature_names())?;
            booster.set_feature_info(c"feature_type", training.feature_types())?;
        }
        for (name, value) in params {
            let (name, value) = (
                c_string("a parameter name", name)?,
                c_string("a parameter value", value)?,
            );
            // SAFETY: the handle is live and both texts are NUL-terminated; the call copies them.
            check(unsafe { ffi::XGBoosterSetParam(handle, name.as_ptr(), value.as_ptr()) })?;
        }
        Ok(booster)
    }

    /// Reads a model that [`Self::save_ubj`] or [`Self::save_json`] wrote.
    ///
    /// XGBoost does not notice every damage, for one not that the end is missing: check a digest first.
    pub fn load(bytes: &[u8]) -> Result<Self, XGBoostError> {
        // XGBoost makes the same check for files only and aborts on an empty buffer.
        if bytes.len() < 2 || bytes[0] != b'{' {
            return Err(XGBoostError::new("not a model: neither UBJSON nor JSON"));
        }
        let booster = Self::new(&[], &[])?;
        // SAFETY: the handle is live and the call reads `bytes` only while it runs.
        check(unsafe {
            ffi::XGBoosterLoadModelFromBuffer(booster.handle, bytes.as_ptr().cast(), bytes.len() as u64)
        })?;
        Ok(booster)
    }

    /// Boosts one round. Iterations count from 0.
    pub fn update(&mut self, iteration: u32, matrix: &DMatrix) -> Result<(), XGBoostError> {
        let iteration = round_index(iteration)?;
        // SAFETY: both handles are live.
        check(unsafe { ffi::XGBoosterUpdateOneIter(self.handle, iteration, matrix.handle()) })
    }

    /// The metrics (`eval_metric`) on each named matrix, in order: `train-logloss`, …
    pub fn evaluate(
        &mut self,
        iteration: u32,
        matrices: &[(&DMatrix, &str)],
    ) -> Result<Vec<(String, f64)>, XGBoostError> {
        let iteration = round_index(iteration)?;
        let mut handles: Vec<DMatrixHandle> = matrices.iter().map(|(matrix, _)| matrix.handle()).collect();
        let names: Vec<CString> = matrices
            .iter()
            .map(|(_, name)| c_string("a matrix name", name))
            .collect::<Result<_, _>>()?;
        let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let mut out = ptr::null();
        // SAFETY: all handles are live; both arrays have the length given; `out` takes one write.
        check(unsafe {
            ffi::XGBoosterEvalOneIter(
                self.handle,
                iteration,
                handles.as_mut_ptr(),
                pointers.as_mut_ptr(),
                handles.len() as u64,
                &mut out,
            )
        })?;
        // SAFETY: XGBoost gives a NUL-terminated text that lives until its next call on this thread.
        let line = unsafe { CStr::from_ptr(out) }.to_string_lossy();
        parse_metrics(&line)
    }

    /// The model of the rounds `begin..end`.
    pub fn slice(&self, begin: u32, end: u32) -> Result<Self, XGBoostError> {
        let out_of_range = || XGBoostError::new(format!("rounds {begin}..{end} are out of range"));
        if begin >= end {
            return Err(out_of_range());
        }
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is live and `handle` takes one write.
        let status = unsafe {
            ffi::XGBoosterSlice(
                self.handle,
                round_index(begin)?,
                round_index(end)?,
                1,
                &mut handle,
            )
        };
        if status == -2 {
            return Err(out_of_range());
        }
        check(status)?;
        Ok(Self { handle })
    }

    /// The number of rounds boosted so far.
    pub fn rounds(&self) -> Result<u32, XGBoostError> {
        let mut rounds = 0;
        // SAFETY: the handle is live and `rounds` takes one write.
        check(unsafe { ffi::XGBoosterBoostedRounds(self.handle, &mut rounds) })?;
        u32::try_from(rounds).map_err(|_| XGBoostError::new(format!("{rounds} rounds")))
    }

    /// The model as UBJSON. Equal training gives equal bytes.
    pub fn save_ubj(&self) -> Result<Vec<u8>, XGBoostError> {
        self.save(c"{\"format\":\"ubj\"}")
    }

    /// The model as JSON.
    pub fn save_json(&self) -> Result<Vec<u8>, XGBoostError> {
        self.save(c"{\"format\":\"json\"}")
    }

    /// One JSON text per tree, with gain and cover, and with the training matrix's feature names if it has
    /// any (else `f0`, `f1`, …).
    pub fn dump_json(&self) -> Result<Vec<String>, XGBoostError> {
        let (mut length, mut out) = (0, ptr::null_mut());
        // SAFETY: the handle is live, the texts are NUL-terminated, the two outputs take one write each.
        check(unsafe {
            ffi::XGBoosterDumpModelEx(
                self.handle,
                c"".as_ptr(),
                1,
                c"json".as_ptr(),
                &mut length,
                &mut out,
            )
        })?;
        // SAFETY: XGBoost gives `length` NUL-terminated texts that live until its next call on this thread.
        Ok(unsafe { copied_texts(out, length) })
    }

    /// As [`Self::dump_json`], but every feature is `f` and its column's index, whatever its name.
    pub fn dump_json_by_index(&self) -> Result<Vec<String>, XGBoostError> {
        let mut columns = 0;
        // SAFETY: the handle is live and `columns` takes one write.
        check(unsafe { ffi::XGBoosterGetNumFeature(self.handle, &mut columns) })?;
        let names = (0..columns).map(|column| c_string("a feature name", &format!("f{column}")));
        let names: Vec<CString> = names.collect::<Result<_, _>>()?;
        let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let mut types: Vec<*const c_char> = vec![c"q".as_ptr(); names.len()];
        let count = c_int::try_from(columns).map_err(|_| XGBoostError::new("too many features"))?;
        let (mut length, mut out) = (0, ptr::null_mut());
        // SAFETY: the handle is live, both arrays hold `count` NUL-terminated texts, as is the format, and
        // the two outputs take one write each.
        check(unsafe {
            ffi::XGBoosterDumpModelExWithFeatures(
                self.handle,
                count,
                pointers.as_mut_ptr(),
                types.as_mut_ptr(),
                1,
                c"json".as_ptr(),
                &mut length,
                &mut out,
            )
        })?;
        // SAFETY: as in `dump_json`.
        Ok(unsafe { copied_texts(out, length) })
    }

    /// Stores a text with the model; it is saved with it.
    pub fn set_attr(&mut self, key: &str, value: &str) -> Result<(), XGBoostError> {
        let (key, value) = (
            c_string("an attribute key", key)?,
            c_string("an attribute value", value)?,
        );
        // SAFETY: the handle is live and both texts are NUL-terminated; the call copies them.
        check(unsafe { ffi::XGBoosterSetAttr(self.handle, key.as_ptr(), value.as_ptr()) })
    }

    /// A text stored with the model.
    pub fn attr(&self, key: &str) -> Result<Option<String>, XGBoostError> {
        let key = c_string("an attribute key", key)?;
        let (mut out, mut found) = (ptr::null(), 0);
        // SAFETY: the handle is live, the key is NUL-terminated, the two outputs take one write each.
        check(unsafe { ffi::XGBoosterGetAttr(self.handle, key.as_ptr(), &mut out, &mut found) })?;
        if found == 0 || out.is_null() {
            return Ok(None);
        }
        // SAFETY: found, so it is a NUL-terminated text that lives until the next call on this thread.
        Ok(Some(
            unsafe { CStr::from_ptr(out) }.to_string_lossy().into_owned(),
        ))
    }

    fn set_feature_info(&self, field: &CStr, texts: &[CString]) -> Result<(), XGBoostError> {
        let mut pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let count = pointers.len() as u64;
        // SAFETY: the handle is live; `pointers` holds `count` NUL-terminated texts, copied by the call.
        check(unsafe {
            ffi::XGBoosterSetStrFeatureInfo(self.handle, field.as_ptr(), pointers.as_mut_ptr(), count)
        })
    }

    fn save(&self, config: &CStr) -> Result<Vec<u8>, XGBoostError> {
        let (mut length, mut out) = (0, ptr::null());
        // SAFETY: the handle is live, the text is NUL-terminated, the two outputs take one write each.
        check(unsafe {
            ffi::XGBoosterSaveModelToBuffer(self.handle, config.as_ptr(), &mut length, &mut out)
        })?;
        // SAFETY: XGBoost gives `length` bytes that live until its next call on this thread.
        Ok(unsafe { copied(out.cast::<u8>(), length) })
    }
}

impl Drop for Booster {
    fn drop(&mut self) {
        // SAFETY: the handle is owned and freed once.
        unsafe { ffi::XGBoosterFree(self.handle) };
    }
}

/// Copies an array that XGBoost returned; an empty one may be a null pointer.
///
/// # Safety
/// Unless `length` is 0, `data` must be valid for reading `length` values.
unsafe fn copied<T: Copy>(data: *const T, length: u64) -> Vec<T> {
    if length == 0 || data.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(data, length as usize) }.to_vec()
}

/// Copies an array of texts that XGBoost returned.
///
/// # Safety
/// Unless `length` is 0, `texts` must be valid for reading `length` pointers to NUL-terminated texts.
unsafe fn copied_texts(texts: *const *const c_char, length: u64) -> Vec<String> {
    // SAFETY: the caller's promise.
    let texts = unsafe { copied(texts, length) };
    // SAFETY: the caller's promise.
    texts
        .into_iter()
        .map(|text| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
        .collect()
}

/// Reads XGBoost's line: `[0]\ttrain-logloss:0.5\tvalid-logloss:0.6`.
fn parse_metrics(line: &str) -> Result<Vec<(String, f64)>, XGBoostError> {
    let read = |part: &str| {
        let (name, value) = part.rsplit_once(':')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    let parts = line.trim().split('\t').skip(1);
    parts
        .map(|part| read(part).ok_or_else(|| XGBoostError::new(format!("unreadable metric `{part}`"))))
        .collect()
}

fn round_index(round: u32) -> Result<c_int, XGBoostError> {
    c_int::try_from(round).map_err(|_| XGBoostError::new(format!("round {round} is out of range")))
}
