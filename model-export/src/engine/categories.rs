//! From the value of a categorical feature to the sets it is in.
//!
//! Invariant: an entry is of categories that are all in the same sets, and the tables take no more room than the sets.

use super::conditions::mixed;
use crate::ensemble::MAX_CATEGORY;
use crate::order;

/// Places of a table by category, for each category that is in a set.
const MOST_SPREAD: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct Categories {
    /// Categories that are in a set, in ascending order; empty where `entries` is by category.
    listed: Box<[u32]>,
    /// By place in `listed`, or by category: the entry, 0 being that of categories in no set.
    entries: Box<[u32]>,
    /// By entry: where its sets begin in `sets`; then where the last one's end.
    starts: Box<[u32]>,
    sets: Box<[u16]>,
}

impl Categories {
    /// `sets` have their categories in ascending order; there are at most 65536 of them.
    pub(super) fn new(sets: &[&[u32]]) -> Self {
        // Category and set.
        let mut memberships: Vec<u64> = Vec::new();
        for (set, index) in sets.iter().zip(0..) {
            for category in *set {
                memberships.push(u64::from(*category) << 32 | index);
            }
        }
        order::by_upper_half(&mut memberships);
        let (mut categories, mut listed, mut alike) = (Vec::new(), Vec::new(), Vec::new());
        for memberships in memberships.chunk_by(|first, second| first >> 32 == second >> 32) {
            alike.push(u64::from(mixed(sets_of(memberships))) << 32 | categories.len() as u64);
            listed.push((memberships[0] >> 32) as u32);
            categories.push(memberships);
        }
        order::by_upper_half(&mut alike);
        let (mut starts, mut members) = (vec![0, 0], Vec::new());
        let mut entries = vec![0; listed.len()];
        let mut last: &[u64] = &[];
        for index in alike {
            let memberships = categories[index as u32 as usize];
            if !sets_of(last).eq(sets_of(memberships)) {
                last = memberships;
                for set in sets_of(memberships) {
                    members.push(set as u16);
                }
                starts.push(members.len() as u32);
            }
            entries[index as u32 as usize] = starts.len() as u32 - 2;
        }
        let size = listed.last().map_or(0, |category| *category as usize + 1);
        if size <= MOST_SPREAD * listed.len() {
            let mut by_category = vec![0; size];
            for (category, entry) in listed.iter().zip(&entries) {
                by_category[*category as usize] = *entry;
            }
            (listed, entries) = (Vec::new(), by_category);
        }
        Self {
            listed: listed.into(),
            entries: entries.into(),
            starts: starts.into(),
            sets: members.into(),
        }
    }

    /// The sets that `x`, which is not NaN, is in.
    pub(super) fn sets_with(&self, x: f32) -> &[u16] {
        let entry = self.entry(x) as usize;
        &self.sets[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    fn entry(&self, x: f32) -> u32 {
        if !(x >= 0.0 && x < MAX_CATEGORY as f32) {
            return 0;
        }
        let category = x as u32;
        let place = match self.listed.is_empty() {
            true => category as usize,
            false => self.listed.binary_search(&category).unwrap_or(usize::MAX),
        };
        self.entries.get(place).copied().unwrap_or(0)
    }
}

fn sets_of(memberships: &[u64]) -> impl Iterator<Item = u32> + '_ {
    memberships.iter().map(|membership| *membership as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_sets_that_list_it() {
        let last = MAX_CATEGORY - 1;
        for sets in [
            vec![&[0, 2, 5][..], &[2, 3, 5], &[]],
            vec![&[7, 1_000_000, last][..], &[last], &[7, 9]],
            vec![&[][..]],
        ] {
            let categories = Categories::new(&sets);
            let values = (0..12).chain([999_999, 1_000_000, last - 1, last]);
            for value in values {
                let expected: Vec<u16> = (0..sets.len() as u16)
                    .filter(|set| sets[usize::from(*set)].contains(&value))
                    .collect();
                assert_eq!(
                    categories.sets_with(value as f32),
                    expected,
                    "{value} in {sets:?}"
                );
            }
            for x in [-1.0, -0.5, f32::NEG_INFINITY, f32::INFINITY, MAX_CATEGORY as f32] {
                assert!(categories.sets_with(x).is_empty(), "{x} in {sets:?}");
            }
            assert_eq!(categories.sets_with(2.75), categories.sets_with(2.0));
            assert_eq!(categories.sets_with(-0.0), categories.sets_with(0.0));
        }
    }
}
