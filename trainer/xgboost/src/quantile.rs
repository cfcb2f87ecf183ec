//! Matrices made from batches: each value is binned as it arrives, so the raw rows never are in memory
//! at once.

use std::any::Any;
use std::ffi::c_int;
use std::hash::{DefaultHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::dmatrix::{self, DMatrix, dense_array};
use crate::error::{BoxError, XGBoostError, c_string, check};
use crate::ffi::{self, IteratorHandle};

/// Rows in batches, several times over.
///
/// XGBoost reads the whole source four times (sizes, sketch, bins, labels), so it should be cheap to read
/// again: a file of parsed `f32`, not of text. Every pass must give the same batches.
pub trait BatchSource {
    /// Goes back to the first batch.
    fn reset(&mut self) -> Result<(), BoxError>;

    /// Appends the next batch to the two empty buffers: `columns` features (NaN = missing) and one label per
    /// row. False at the end.
    fn next(&mut self, features: &mut Vec<f32>, labels: &mut Vec<f32>) -> Result<bool, BoxError>;
}

/// Builds a quantile matrix.
///
/// `max_bin` must equal the booster's parameter of that name; `nthread` 0 means all threads. A validation
/// matrix must be given its training matrix as `reference`, whose bins it then uses. An error or a panic of
/// the source ends the build and is returned.
pub fn quantile_dmatrix(
    source: &mut dyn BatchSource,
    columns: usize,
    max_bin: u32,
    nthread: u32,
    reference: Option<&DMatrix>,
) -> Result<DMatrix, XGBoostError> {
    let config = format!(r#"{{"missing":NaN,"nthread":{nthread},"max_bin":{max_bin}}}"#);
    let config = c_string("the configuration", &config)?;
    let mut proxy = ptr::null_mut();
    // SAFETY: `proxy` takes one write.
    check(unsafe { ffi::XGProxyDMatrixCreate(&mut proxy) })?;
    let mut batches = Batches::new(source, DMatrix::from_handle(proxy), columns);
    let mut handle = ptr::null_mut();
    // SAFETY: `batches`, its proxy and its buffers outlive the call, which is the only user of the two
    // callbacks; the callbacks get exactly this pointer and never unwind; `reference` is live or null.
    let status = unsafe {
        ffi::XGQuantileDMatrixCreateFromCallback(
            ptr::from_mut(&mut batches).cast(),
            batches.proxy.handle(),
            reference.map_or(ptr::null_mut(), DMatrix::handle),
            reset,
            next,
            config.as_ptr(),
            &mut handle,
        )
    };
    let built = check(status).map(|()| DMatrix::from_handle(handle));
    // The source's failure comes first: XGBoost only saw the data end early.
    match batches.failure {
        Some(failure) => Err(failure),
        None => built,
    }
}

/// What the callbacks share. The buffers must stay as they are until the following call.
struct Batches<'a> {
    source: &'a mut dyn BatchSource,
    proxy: DMatrix,
    columns: usize,
    features: Vec<f32>,
    labels: Vec<f32>,
    /// A digest of each batch of the first pass. XGBoost sizes its memory in the first passes and writes in
    /// the last, so a source that changes its mind must not reach it.
    digests: Vec<u64>,
    first_pass_done: bool,
    position: usize,
    failure: Option<XGBoostError>,
}

impl<'a> Batches<'a> {
    fn new(source: &'a mut dyn BatchSource, proxy: DMatrix, columns: usize) -> Self {
        Self {
            source,
            proxy,
            columns,
            features: Vec::new(),
            labels: Vec::new(),
            digests: Vec::new(),
            first_pass_done: false,
            position: 0,
            failure: None,
        }
    }

    fn reset(&mut self) -> Result<(), XGBoostError> {
        if self.position > 0 {
            self.end_pass()?;
        }
        self.position = 0;
        self.source.reset().map_err(source_error)
    }

    fn next(&mut self) -> Result<bool, XGBoostError> {
        self.features.clear();
        self.labels.clear();
        while self.labels.is_empty() {
            if !self
                .source
                .next(&mut self.features, &mut self.labels)
                .map_err(source_error)?
            {
                self.end_pass()?;
                return Ok(false);
            }
            dense_array(&self.features, self.labels.len(), self.columns)?;
        }
        let digest = digest(&self.features, &self.labels);
        if !self.first_pass_done {
            self.digests.push(digest);
        } else if self.digests.get(self.position) != Some(&digest) {
            return Err(changed());
        }
        self.position += 1;
        let array = dense_array(&self.features, self.labels.len(), self.columns)?;
        // SAFETY: the proxy is live; `array` names `features`, which stays untouched until the next call.
        check(unsafe { ffi::XGProxyDMatrixSetDataDense(self.proxy.handle(), array.as_ptr()) })?;
        dmatrix::set_labels(self.proxy.handle(), &self.labels)?;
        Ok(true)
    }

    fn end_pass(&mut self) -> Result<(), XGBoostError> {
        self.first_pass_done = true;
        if self.position == self.digests.len() {
            Ok(())
        } else {
            Err(changed())
        }
    }

    /// Runs one step unless an earlier one failed; keeps the failure, be it an error or a panic.
    fn guard<T: Default>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, XGBoostError>) -> T {
        if self.failure.is_some() {
            return T::default();
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| step(self)));
        let failure = match outcome {
            Ok(Ok(value)) => return value,
            Ok(Err(error)) => error,
            Err(payload) => XGBoostError::new(format!("the source panicked: {}", panic_text(&*payload))),
        };
        self.failure = Some(failure);
        T::default()
    }
}

extern "C" fn reset(iterator: IteratorHandle) {
    // SAFETY: XGBoost passes back the pointer that `quantile_dmatrix` gave it, still live and used by
    // nobody else during the call.
    let batches = unsafe { &mut *iterator.cast::<Batches<'_>>() };
    batches.guard(Batches::reset);
}

extern "C" fn next(iterator: IteratorHandle) -> c_int {
    // SAFETY: as in `reset`.
    let batches = unsafe { &mut *iterator.cast::<Batches<'_>>() };
    c_int::from(batches.guard(Batches::next))
}

fn digest(features: &[f32], labels: &[f32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(labels.len());
    for pair in features.chunks(2).chain(labels.chunks(2)) {
        let [first, second] = [pair[0].to_bits(), pair.get(1).map_or(0, |value| value.to_bits())];
        hasher.write_u64(u64::from(first) | u64::from(second) << 32);
    }
    hasher.finish()
}

fn changed() -> XGBoostError {
    XGBoostError::new("the source gave other batches than in its first pass")
}

fn source_error(error: BoxError) -> XGBoostError {
    XGBoostError::with_source(format!("the source failed: {error}"), error)
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
