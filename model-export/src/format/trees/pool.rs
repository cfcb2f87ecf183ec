//! Things that are drawn without being put back.

use std::hint::select_unpredictable;

use crate::format::coder::Coder;

/// How many there are left of each thing. One that was used up costs nothing more.
pub(super) struct Pool {
    counts: Vec<u32>,
    /// Sums of `counts` as a binary indexed tree: entry `i` has those of the `i & -i` things before thing `i`. It is
    /// filled up to a power of two with sums that no place reaches.
    sums: Vec<u32>,
    left: u32,
}

impl Pool {
    /// The sum of `counts` is below 2^31.
    pub(super) fn new(counts: &[u32]) -> Self {
        let mut sums = vec![u32::MAX; (counts.len() + 1).next_power_of_two()];
        sums[..=counts.len()].fill(0);
        let mut left = 0;
        for (index, count) in counts.iter().enumerate() {
            let place = index + 1;
            sums[place] += count;
            let above = place + lowest_bit(place);
            if above <= counts.len() {
                sums[above] += sums[place];
            }
            left += count;
        }
        Self {
            counts: counts.to_vec(),
            sums,
            left,
        }
    }

    /// Things that are left.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// How many are left of the things before `end`.
    pub(super) fn sum(&self, end: usize) -> u32 {
        if end == self.counts.len() {
            return self.left;
        }
        let mut place = end;
        let mut sum = 0;
        while place > 0 {
            sum += self.sums[place];
            place &= place - 1;
        }
        sum
    }

    /// Draws one of the `total` things (at least one) that come after the first `before`.
    pub(super) fn draw(&mut self, coder: &mut impl Coder, before: u32, total: u32, given: usize) -> usize {
        let place = coder.place(total, self.sum(given).wrapping_sub(before)) + before;
        let (index, below) = self.remove(place);
        coder.take(total, below - before, self.counts[index]);
        self.counts[index] -= 1;
        self.left -= 1;
        index
    }

    /// Takes the thing at `place`, which is below the total, out of the sums. Also returns how many come before all of
    /// its kind.
    fn remove(&mut self, place: u32) -> (usize, u32) {
        let (mut index, mut rest) = (0, place);
        let mut step = self.sums.len() / 2;
        while step > 0 {
            let sum = &mut self.sums[index + step];
            let is_after = *sum <= rest;
            // Without branches: where the thing is surprises the processor.
            index += select_unpredictable(is_after, step, 0);
            rest -= select_unpredictable(is_after, *sum, 0);
            *sum -= u32::from(!is_after);
            step /= 2;
        }
        (index, place - rest)
    }
}

fn lowest_bit(place: usize) -> usize {
    place & place.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::bytes::Reader;
    use crate::format::coder::{RangeDecoder, RangeEncoder};

    #[test]
    fn all_that_is_in_a_pool_comes_out_and_costs_its_orders() {
        let counts = [3, 0, 40, 1, 0, 17, 500];
        let order: Vec<usize> = (0..561_usize)
            .map(|index| index * 101 % 561)
            .map(|place| {
                counts
                    .iter()
                    .scan(0, |sum, count| {
                        *sum += count;
                        Some(*sum)
                    })
                    .position(|sum| place < sum)
                    .unwrap()
            })
            .collect();
        let mut pool = Pool::new(&counts.map(|count| count as u32));
        let mut encoder = RangeEncoder::new();
        for thing in &order {
            let left = pool.left();
            assert_eq!(pool.draw(&mut encoder, 0, left, *thing), *thing);
        }
        assert_eq!(pool.left(), 0);
        let bytes = encoder.finish();
        let orders = |count: usize| (1..=count).map(|number| (number as f64).log2()).sum::<f64>();
        let bits = orders(561) - counts.iter().map(|count| orders(*count)).sum::<f64>();
        assert!((bytes.len() as f64 - bits / 8.0).abs() < 2.0);

        let mut pool = Pool::new(&counts.map(|count| count as u32));
        let mut decoder = RangeDecoder::new(Reader::new("test", &bytes)).unwrap();
        for thing in order {
            let left = pool.left();
            assert_eq!(pool.draw(&mut decoder, 0, left, 0), thing);
        }
        decoder.end().unwrap();
    }

    #[test]
    fn sums_are_those_of_the_counts() {
        for length in 0..20_usize {
            let counts: Vec<u32> = (0..length as u32).map(|index| index * 7 % 5).collect();
            let pool = Pool::new(&counts);
            for end in 0..=length {
                assert_eq!(pool.sum(end), counts[..end].iter().sum::<u32>());
            }
        }
    }
}
