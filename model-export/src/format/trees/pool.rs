//! Things that are drawn without being put back.

use std::hint::select_unpredictable;

use crate::format::coder::Coder;

/// Parts of a group.
const PARTS: usize = 16;
/// Parts that are looked at together.
const LANES: usize = 4;

/// How many there are left of each thing. One that was used up costs nothing more.
pub(super) struct Pool {
    /// Groups of groups, the whole first: the parts of group `i` are groups `16 * i + 1` to `16 * i + 16` or, on the
    /// last level, things, which are numbered after all groups. Of each part how many are left of it and those before
    /// it in its group.
    groups: Vec<[u32; PARTS]>,
    levels: u32,
    /// The number of the first thing among groups.
    first: usize,
    things: usize,
    left: u32,
}

impl Pool {
    /// The sum of `counts` is below 2^31.
    pub(super) fn new(counts: &[u32]) -> Self {
        let (mut levels, mut first, mut room) = (0, 0, 1);
        while room < counts.len() {
            levels += 1;
            first = first * PARTS + 1;
            room *= PARTS;
        }
        let mut groups = vec![[0; PARTS]; (first + counts.len()).saturating_sub(1).div_ceil(PARTS)];
        let mut left = 0;
        for (index, count) in counts.iter().enumerate() {
            left += count;
            let mut place = first + index;
            while place > 0 {
                place -= 1;
                groups[place / PARTS][place % PARTS] += count;
                place /= PARTS;
            }
        }
        for group in &mut groups {
            let mut sum = 0;
            for part in group {
                sum += *part;
                *part = sum;
            }
        }
        Self {
            groups,
            levels,
            first,
            things: counts.len(),
            left,
        }
    }

    /// Things that are left.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// How many are left of the things before `end`.
    pub(super) fn sum(&self, end: usize) -> u32 {
        if end == 0 {
            return 0;
        }
        if end == self.things {
            return self.left;
        }
        let mut place = self.first + end;
        let mut sum = 0;
        while place > 0 {
            place -= 1;
            if !place.is_multiple_of(PARTS) {
                sum += self.groups[place / PARTS][place % PARTS - 1];
            }
            place /= PARTS;
        }
        sum
    }

    /// Draws one of the `total` things (at least one) that come after the first `before`.
    pub(super) fn draw<C: Coder>(&mut self, coder: &mut C, before: u32, total: u32, given: usize) -> usize {
        let given = if C::GIVEN {
            self.sum(given).wrapping_sub(before)
        } else {
            0
        };
        let place = coder.place(total, given) + before;
        let (index, below, size) = self.remove(place);
        coder.take(total, below - before, size);
        self.left -= 1;
        index
    }

    /// Takes the thing at `place`, which is below the total, out of the groups. Also returns how many come before all of
    /// its kind, and how many there were of it.
    fn remove(&mut self, place: u32) -> (usize, u32, u32) {
        let (mut group, mut rest, mut size) = (0, place, self.left);
        for _ in 0..self.levels {
            let sums = &mut self.groups[group];
            // Without branches, a vector of parts at a time.
            let mut reach = [0; LANES];
            for sums in sums.as_chunks_mut::<LANES>().0 {
                for (sum, reach) in sums.iter_mut().zip(&mut reach) {
                    // Signed, for which more processors have an instruction.
                    let reaches = u32::from(*sum as i32 > rest as i32);
                    *sum -= reaches;
                    *reach += reaches;
                }
            }
            let part = PARTS - reach.iter().sum::<u32>() as usize;
            let below = select_unpredictable(part > 0, sums[part.wrapping_sub(1) % PARTS], 0);
            size = sums[part % PARTS] + 1 - below;
            rest -= below;
            group = group * PARTS + 1 + part;
        }
        (group - self.first, place - rest, size)
    }
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
        for length in (0..20_usize).chain([255, 256, 257, 300, 4_096, 4_097]) {
            let counts: Vec<u32> = (0..length as u32).map(|index| index * 7 % 5).collect();
            let pool = Pool::new(&counts);
            for end in 0..=length {
                assert_eq!(pool.sum(end), counts[..end].iter().sum::<u32>());
            }
        }
    }
}
