//! How sure a difference between two contestants is: the paired bootstrap over test rows.
//!
//! The same seed gives the same interval, and all comparisons draw the same rows.

use super::metrics::mean;

/// How often the rows are drawn again.
pub(super) const RESAMPLES: usize = 2_000;
const SEED: u64 = 20_140_824;

/// A mean difference and the interval that holds it with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// Of the rows as they are.
    pub(super) mean: f64,
    /// Where 2.5 % of the resamples' means are less.
    pub(super) low: f64,
    /// Where 2.5 % of them are more.
    pub(super) high: f64,
}

/// The mean of `ours - theirs`, two losses of each row; there is at least one row.
pub(super) fn paired(ours: &[f64], theirs: &[f64]) -> Difference {
    let differences: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours - theirs)
        .collect();
    let mut random = SplitMix(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = (0..differences.len()).map(|_| differences[random.below(differences.len())]);
            drawn.sum::<f64>() / differences.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    Difference {
        mean: mean(&differences),
        low: means[tail],
        high: means[RESAMPLES - 1 - tail],
    }
}

/// Steele, Lea and Flood's SplitMix64.
struct SplitMix(u64);

impl SplitMix {
    /// A number from 0 to `bound - 1`; the bias is below `bound` in 2^64.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((u128::from(bits) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_as_wide_as_the_normal_one() {
        let theirs: Vec<f64> = (0..1_000).map(|row| f64::from(row % 10) / 10.0).collect();
        let difference = paired(&vec![0.0; theirs.len()], &theirs);
        assert!((difference.mean + 0.45).abs() < 1e-12);
        // Variance of 0.0, 0.1 .. 0.9 is 0.0825.
        let half = 1.96 * (0.0825f64 / 1_000.0).sqrt();
        for (bound, normal) in [(difference.low, -0.45 - half), (difference.high, -0.45 + half)] {
            assert!((bound - normal).abs() < 0.1 * half, "{bound} beside {normal}");
        }
    }

    #[test]
    fn a_constant_difference_is_certain_and_every_call_says_the_same() {
        let sure = paired(&[0.25; 50], &[0.5; 50]);
        assert_eq!((sure.mean, sure.low, sure.high), (-0.25, -0.25, -0.25));
        let (ours, theirs) = ([0.1, 0.7, 0.3], [0.2, 0.1, 0.9]);
        assert_eq!(paired(&ours, &theirs), paired(&ours, &theirs));
    }

    #[test]
    fn every_row_is_drawn_about_as_often() {
        let mut random = SplitMix(1);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[random.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_500..10_500).contains(count)),
            "{counts:?}"
        );
    }
}
