//! Numbers that begin at a line of a cache.

use std::ops::Deref;

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Lines(Vec<Line>);

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; Lines::LENGTH]);

impl Lines {
    /// Numbers of a line.
    pub(in super::super) const LENGTH: usize = 16;

    /// With zeros up to the end of a line.
    pub(in super::super) fn new(numbers: &[f32]) -> Self {
        let line = |numbers: &[f32]| {
            let mut line = Line([0.0; Self::LENGTH]);
            line.0[..numbers.len()].copy_from_slice(numbers);
            line
        };
        Self(numbers.chunks(Self::LENGTH).map(line).collect())
    }
}

impl Deref for Lines {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a line is its numbers and nothing else.
        #[allow(unsafe_code, reason = "aligned arrays have no view as one slice")]
        unsafe {
            std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * Self::LENGTH)
        }
    }
}
