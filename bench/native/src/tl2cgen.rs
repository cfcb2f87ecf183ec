//! A model that TL2cgen wrote as C and gcc compiled: a shared library with one function per row.
//!
//! The row is an array of four-byte unions in which the integer −1 stands for a missing value.

use std::ffi::c_int;
use std::io::Write as _;

use anyhow::{Context, Result};
use libloading::{Library, Symbol};

use crate::engine::Engine;

const MISSING: u32 = u32::MAX;

type Predict = unsafe extern "C" fn(*const u32, c_int, *mut f32);

pub(crate) struct Tl2cgen {
    library: Library,
    columns: usize,
    /// The row in the library's form.
    entries: Vec<u32>,
}

/// The dynamic linker wants a file: writing it is part of coming from bytes to a function.
pub(crate) fn load(bytes: &[u8], columns: usize) -> Result<Tl2cgen> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(bytes)?;
    #[allow(unsafe_code, reason = "a model as machine code can only be loaded as such")]
    // SAFETY: the library was compiled here from generated C without initialisers.
    let library = unsafe { Library::new(file.path()) }.context("loading the compiled model")?;
    Ok(Tl2cgen {
        library,
        columns,
        entries: vec![MISSING; columns],
    })
}

impl Engine for Tl2cgen {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        #[allow(
            unsafe_code,
            reason = "a function of a shared library has only the type one says"
        )]
        // SAFETY: the generated header declares `void predict(union Entry*, int, float*)`.
        let predict: Symbol<'_, Predict> = unsafe { self.library.get(b"predict") }?;
        for (row, margin) in rows.chunks_exact(self.columns).zip(out) {
            for (entry, value) in self.entries.iter_mut().zip(row) {
                *entry = if value.is_nan() { MISSING } else { value.to_bits() };
            }
            *margin = 0.0;
            #[allow(unsafe_code, reason = "as above")]
            // SAFETY: as many entries as the model has features, and room for its one margin.
            unsafe {
                predict(self.entries.as_ptr(), 1, margin);
            }
        }
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        let mut margin = [0.0];
        self.batch(row, &mut margin)?;
        Ok(margin[0])
    }
}
