//! The functions of XGBoost's `c_api.h` (3.4.1) that this crate calls, declared by hand.

use std::ffi::{c_char, c_int, c_void};

/// `bst_ulong`.
pub(crate) type Length = u64;
pub(crate) type DMatrixHandle = *mut c_void;
pub(crate) type BoosterHandle = *mut c_void;
pub(crate) type IteratorHandle = *mut c_void;
/// Returns 1 for a batch, 0 at the end.
pub(crate) type NextCallback = extern "C" fn(IteratorHandle) -> c_int;
pub(crate) type ResetCallback = extern "C" fn(IteratorHandle);

unsafe extern "C" {
    pub(crate) fn XGBoostVersion(major: *mut c_int, minor: *mut c_int, patch: *mut c_int);
    pub(crate) fn XGBGetLastError() -> *const c_char;

    pub(crate) fn XGDMatrixCreateFromDense(
        data: *const c_char,
        config: *const c_char,
        out: *mut DMatrixHandle,
    ) -> c_int;
    pub(crate) fn XGQuantileDMatrixCreateFromCallback(
        iterator: IteratorHandle,
        proxy: DMatrixHandle,
        reference: DMatrixHandle,
        reset: ResetCallback,
        next: NextCallback,
        config: *const c_char,
        out: *mut DMatrixHandle,
    ) -> c_int;
    pub(crate) fn XGProxyDMatrixCreate(out: *mut DMatrixHandle) -> c_int;
    pub(crate) fn XGProxyDMatrixSetDataDense(handle: DMatrixHandle, data: *const c_char) -> c_int;
    pub(crate) fn XGDMatrixSetInfoFromInterface(
        handle: DMatrixHandle,
        field: *const c_char,
        data: *const c_char,
    ) -> c_int;
    pub(crate) fn XGDMatrixSetStrFeatureInfo(
        handle: DMatrixHandle,
        field: *const c_char,
        features: *mut *const c_char,
        size: Length,
    ) -> c_int;
    pub(crate) fn XGDMatrixNumRow(handle: DMatrixHandle, out: *mut Length) -> c_int;
    pub(crate) fn XGDMatrixNumCol(handle: DMatrixHandle, out: *mut Length) -> c_int;
    pub(crate) fn XGDMatrixFree(handle: DMatrixHandle) -> c_int;

    pub(crate) fn XGBoosterCreate(
        matrices: *const DMatrixHandle,
        length: Length,
        out: *mut BoosterHandle,
    ) -> c_int;
    pub(crate) fn XGBoosterFree(handle: BoosterHandle) -> c_int;
    pub(crate) fn XGBoosterSetParam(
        handle: BoosterHandle,
        name: *const c_char,
        value: *const c_char,
    ) -> c_int;
    pub(crate) fn XGBoosterSetStrFeatureInfo(
        handle: BoosterHandle,
        field: *const c_char,
        features: *mut *const c_char,
        size: Length,
    ) -> c_int;
    pub(crate) fn XGBoosterUpdateOneIter(
        handle: BoosterHandle,
        iteration: c_int,
        matrix: DMatrixHandle,
    ) -> c_int;
    pub(crate) fn XGBoosterEvalOneIter(
        handle: BoosterHandle,
        iteration: c_int,
        matrices: *mut DMatrixHandle,
        names: *mut *const c_char,
        length: Length,
        out: *mut *const c_char,
    ) -> c_int;
    pub(crate) fn XGBoosterPredictFromDMatrix(
        handle: BoosterHandle,
        matrix: DMatrixHandle,
        config: *const c_char,
        out_shape: *mut *const Length,
        out_dimensions: *mut Length,
        out: *mut *const f32,
    ) -> c_int;
    pub(crate) fn XGBoosterPredictFromDense(
        handle: BoosterHandle,
        values: *const c_char,
        config: *const c_char,
        proxy: DMatrixHandle,
        out_shape: *mut *const Length,
        out_dimensions: *mut Length,
        out: *mut *const f32,
    ) -> c_int;
    pub(crate) fn XGBoosterSlice(
        handle: BoosterHandle,
        begin: c_int,
        end: c_int,
        step: c_int,
        out: *mut BoosterHandle,
    ) -> c_int;
    pub(crate) fn XGBoosterBoostedRounds(handle: BoosterHandle, out: *mut c_int) -> c_int;
    pub(crate) fn XGBoosterLoadModelFromBuffer(
        handle: BoosterHandle,
        buffer: *const c_void,
        length: Length,
    ) -> c_int;
    pub(crate) fn XGBoosterSaveModelToBuffer(
        handle: BoosterHandle,
        config: *const c_char,
        out_length: *mut Length,
        out: *mut *const c_char,
    ) -> c_int;
    pub(crate) fn XGBoosterDumpModelEx(
        handle: BoosterHandle,
        feature_map: *const c_char,
        with_stats: c_int,
        format: *const c_char,
        out_length: *mut Length,
        out: *mut *mut *const c_char,
    ) -> c_int;
    pub(crate) fn XGBoosterDumpModelExWithFeatures(
        handle: BoosterHandle,
        feature_count: c_int,
        names: *mut *const c_char,
        types: *mut *const c_char,
        with_stats: c_int,
        format: *const c_char,
        out_length: *mut Length,
        out: *mut *mut *const c_char,
    ) -> c_int;
    pub(crate) fn XGBoosterFeatureScore(
        handle: BoosterHandle,
        config: *const c_char,
        out_feature_count: *mut Length,
        out_features: *mut *const *const c_char,
        out_dimensions: *mut Length,
        out_shape: *mut *const Length,
        out_scores: *mut *const f32,
    ) -> c_int;
    pub(crate) fn XGBoosterGetNumFeature(handle: BoosterHandle, out: *mut Length) -> c_int;
    pub(crate) fn XGBoosterGetAttr(
        handle: BoosterHandle,
        key: *const c_char,
        out: *mut *const c_char,
        found: *mut c_int,
    ) -> c_int;
    pub(crate) fn XGBoosterSetAttr(handle: BoosterHandle, key: *const c_char, value: *const c_char) -> c_int;
}
