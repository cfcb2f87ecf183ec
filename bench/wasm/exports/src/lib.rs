//! The exports that every engine built to WebAssembly has, so that one script drives them all.
//!
//! | export | what it does |
//! |---|---|
//! | `allocate(bytes) -> address` | memory for the caller to write to, never freed |
//! | `load(address, bytes) -> features` | the model of a file; 0 if it is refused |
//! | `batch(rows, count, out)` | one `f32` per row of `features` values, NaN = missing |
//! | `single(row) -> value` | the same for one row |

/// What an engine has to be able to do.
pub trait Evaluator: Sized {
    /// The model of a file.
    fn load(bytes: &[u8]) -> Option<Self>;
    /// Values per row.
    fn features(&self) -> usize;
    /// Evaluates whole rows.
    fn batch(&mut self, rows: &[f32], out: &mut [f32]);
    /// Evaluates one row.
    fn single(&mut self, row: &[f32]) -> f32;
}

/// Exports one evaluator.
#[macro_export]
macro_rules! export {
    ($evaluator:ty) => {
        thread_local! {
            static LOADED: std::cell::RefCell<Option<$evaluator>> = const { std::cell::RefCell::new(None) };
        }

        #[allow(unsafe_code, reason = "exports have the names that the script knows")]
        #[unsafe(no_mangle)]
        extern "C" fn allocate(bytes: usize) -> *mut u64 {
            Box::leak(vec![0u64; bytes.div_ceil(8)].into_boxed_slice()).as_mut_ptr()
        }

        #[allow(unsafe_code, reason = "bytes come as address and length")]
        #[unsafe(no_mangle)]
        extern "C" fn load(address: *const u8, bytes: usize) -> usize {
            // SAFETY: the script wrote `bytes` bytes to memory that it got from `allocate`.
            let bytes = unsafe { std::slice::from_raw_parts(address, bytes) };
            let loaded = <$evaluator as $crate::Evaluator>::load(bytes);
            let features = loaded.as_ref().map_or(0, $crate::Evaluator::features);
            if let Some(before) = LOADED.replace(loaded) {
                forget(before);
            }
            features
        }

        /// Apart from `load`, which a browser compiles sooner without it.
        #[cold]
        #[inline(never)]
        fn forget(before: $evaluator) {
            drop(before);
        }

        #[allow(unsafe_code, reason = "rows and results come as addresses")]
        #[unsafe(no_mangle)]
        extern "C" fn batch(rows: *const f32, count: usize, out: *mut f32) {
            LOADED.with_borrow_mut(|loaded| {
                let Some(loaded) = loaded else { return };
                let values = count * $crate::Evaluator::features(loaded);
                // SAFETY: both were allocated by `allocate` for `count` rows and results.
                let (rows, out) = unsafe {
                    (
                        std::slice::from_raw_parts(rows, values),
                        std::slice::from_raw_parts_mut(out, count),
                    )
                };
                $crate::Evaluator::batch(loaded, rows, out);
            });
        }

        #[allow(unsafe_code, reason = "the row comes as an address")]
        #[unsafe(no_mangle)]
        extern "C" fn single(row: *const f32) -> f32 {
            LOADED.with_borrow_mut(|loaded| {
                let Some(loaded) = loaded else {
                    return f32::NAN;
                };
                let features = $crate::Evaluator::features(loaded);
                // SAFETY: the script wrote a whole row to memory that it got from `allocate`.
                let row = unsafe { std::slice::from_raw_parts(row, features) };
                $crate::Evaluator::single(loaded, row)
            })
        }
    };
}
