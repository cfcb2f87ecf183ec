//! One row.
//!
//! Where a row makes few bytes, trees are compared with them a block at a time. Otherwise all conditions are answered, a
//! byte each, and the trees are walked by those answers.

#![allow(
    unsafe_code,
    reason = "vector instructions, and tables indexed by what was checked when they were made"
)]

mod answers;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
))]
mod compare;

use super::blocks::Blocks;
use super::kernel::Kernel;
use super::part::{Part, Shared};

impl Part {
    /// Adds the leaves that a row reaches to the margins of their groups.
    pub(super) fn add_row(&self, kernel: Kernel, features: &[f32], margins: &mut [f32]) {
        match self {
            Self::Shared(shared) => shared.add_row(kernel, features, margins),
            Self::Plain(ensemble) => ensemble.add_margins(features, margins),
        }
    }
}

impl Shared {
    fn add_row(&self, kernel: Kernel, features: &[f32], margins: &mut [f32]) {
        if let Some(blocks) = &self.blocks
            && let Some(add) = by_blocks(kernel)
        {
            // SAFETY: an engine is never made with a kernel that doesn't run.
            return unsafe { add(self, blocks, features, margins) };
        }
        answers::add_row(self, features, margins);
    }
}

type AddRow = unsafe fn(&Shared, &Blocks, &[f32], &mut [f32]);

/// How a kernel adds the leaves that a row reaches to the margins of their groups, if it goes by blocks.
fn by_blocks(kernel: Kernel) -> Option<AddRow> {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => Some(compare::avx512::add_row),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => Some(compare::avx2::add_row),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Kernel::Simd128 => Some(compare::simd128::add_row),
        _ => None,
    }
}
