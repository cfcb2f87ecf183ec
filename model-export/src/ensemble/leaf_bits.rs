//! Leaves rounded to multiples of a power of two, which take less room in a file.

use super::{Ensemble, EnsembleError, FlatNode};

/// Bits, with its sign, that a leaf may be rounded to.
const BITS: std::ops::RangeInclusive<u8> = 4..=24;
/// Exponent of the smallest `f32`.
const LEAST_EXPONENT: i32 = -149;

impl Ensemble {
    /// The same trees with every leaf rounded to the nearest multiple of one step: the smallest power of two whose
    /// multiples below `2^(bits - 1)` reach the largest leaf. A leaf that is halfway takes the larger multiple.
    ///
    /// Every leaf moves by at most half a step, so that a margin moves by at most what [`Ensemble::leaf_bits_bound`]
    /// says, plus the rounding of the `f32` sums. `bits` is 4 to 24; leaves of 2^127 and above are refused.
    pub fn with_leaf_bits(&self, bits: u8) -> Result<Self, EnsembleError> {
        let step = self.leaf_step(bits)?;
        let mut rounded = self.clone();
        for leaf in rounded.nodes.iter_mut().filter(|node| node.is_leaf()) {
            let size = (multiple(leaf.value, step) * step) as f32;
            // There is no -0 among the multiples.
            leaf.value = if leaf.value < 0.0 && size > 0.0 {
                -size
            } else {
                size
            };
        }
        Ok(rounded)
    }

    /// How far [`Ensemble::with_leaf_bits`] moves a margin at most: half a step for every tree of the group that has
    /// the most trees.
    pub fn leaf_bits_bound(&self, bits: u8) -> Result<f64, EnsembleError> {
        let mut trees = vec![0_u32; self.groups()];
        for group in &self.tree_groups {
            trees[usize::from(*group)] += 1;
        }
        let most = trees.into_iter().max().unwrap_or(0);
        Ok(f64::from(most) * self.leaf_step(bits)? / 2.0)
    }

    fn leaf_step(&self, bits: u8) -> Result<f64, EnsembleError> {
        if !BITS.contains(&bits) {
            return Err(EnsembleError::LeafBits(bits));
        }
        let leaves = self.nodes.iter().filter(|node| FlatNode::is_leaf(node));
        let largest = leaves.map(|leaf| leaf.value.abs()).fold(0.0, f32::max);
        if f64::from(largest) >= power_of_two(127) {
            return Err(EnsembleError::LeafTooLarge);
        }
        let most = f64::from((1_u32 << (bits - 1)) - 1);
        let reaches = |exponent: &i32| multiple(largest, power_of_two(*exponent)) <= most;
        let exponent = (LEAST_EXPONENT..127).find(reaches).unwrap_or(127);
        Ok(power_of_two(exponent))
    }
}

/// The multiple of `step` nearest to the size of `leaf`.
fn multiple(leaf: f32, step: f64) -> f64 {
    (f64::from(leaf.abs()) / step + 0.5).floor()
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}
