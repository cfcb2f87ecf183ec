//! Many rows: blocks of 512, with a bit of each row for every condition.
//!
//! Invariant: the bits of every condition are written for a block before any tree reads them.

#![allow(
    unsafe_code,
    reason = "vector instructions, and tables indexed by what was checked when they were made"
)]

mod answers;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block;
mod lanes;
mod network;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;
mod program;
#[cfg(target_arch = "x86_64")]
mod search;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
mod trees;

use super::Engine;
use super::kernel::Kernel;
use super::part::{Part, Shared};
use block::Block;
pub(super) use program::Programs;
#[cfg(target_arch = "x86_64")]
pub(super) use search::SearchTable;

/// Rows of a block.
const ROWS: usize = 512;
/// Words of 64 bits that have a bit for each row of a block.
const WORDS: usize = ROWS / 64;
/// With more groups than this, the margins of a block would take more memory than is reasonable.
const MOST_GROUPS: usize = 1024;

/// A bit for each row of a block.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Bits([u64; WORDS]);

impl Bits {
    const NONE: Self = Self([0; WORDS]);
    const ALL: Self = Self([!0; WORDS]);
}

/// How many of the first rows are worth computing in blocks.
pub(super) fn rows_in_blocks(engine: &Engine, rows: usize) -> usize {
    // What the last block costs does not fall below that of as many rows as a kernel takes at a time.
    let fewest = match engine.kernel {
        Kernel::Avx512 => 80,
        Kernel::Avx2 | Kernel::Simd128 | Kernel::Portable => 48,
    };
    match rows % ROWS {
        _ if engine.base_margins.len() > MOST_GROUPS => 0,
        rest if rest < fewest => rows - rest,
        _ => rows,
    }
}

/// Writes the margins of rows.
pub(super) fn margins(engine: &Engine, rows: &[f32], out: &mut [f32]) {
    if rows.is_empty() {
        return;
    }
    let (features, groups) = (engine.features, engine.base_margins.len());
    let mut block = Block::new(engine);
    for (rows, out) in rows.chunks(ROWS * features).zip(out.chunks_mut(ROWS * groups)) {
        block.start(&engine.base_margins);
        for part in &engine.parts {
            match part {
                Part::Shared(shared) => add(engine.kernel, shared, rows, features, &mut block),
                Part::Plain(ensemble) => block.add_plain(ensemble, rows, features),
            }
        }
        block.finish(out);
    }
}

/// Adds the leaves that rows reach to their margins.
fn add(kernel: Kernel, shared: &Shared, rows: &[f32], features: usize, block: &mut Block) {
    match kernel {
        // SAFETY: an engine is never made with a kernel that doesn't run.
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => unsafe { avx512::add(shared, rows, features, block) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => unsafe { avx2::add(shared, rows, features, block) },
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        _ => simd128::add(shared, rows, features, block),
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        _ => portable::add(shared, rows, features, block),
    }
}

/// Where a row of a block has its floats and bytes.
fn position(kernel: Kernel) -> fn(usize) -> usize {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => avx512::position,
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => avx2::position,
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        _ => simd128::position,
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        _ => portable::position,
    }
}
