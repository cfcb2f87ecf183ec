//! What trees can tell apart: the values at which their answers change.

use crate::ensemble::Ensemble;
use crate::order;

/// Of each feature, ascending: two values that no cut lies between, or at the larger of, go the same way everywhere.
pub(crate) struct Cuts(Vec<Vec<f32>>);

impl Ensemble {
    /// Whether `other` can tell all values apart that these trees can, so that an encoder which was pruned for `other`
    /// serves these trees as the whole one does.
    pub fn splits_within(&self, other: &Self) -> bool {
        let (Cuts(own), Cuts(others)) = (Cuts::of(self), Cuts::of(other));
        let found =
            |cut: &f32, others: &[f32]| others.get(others.partition_point(|other| other < cut)) == Some(cut);
        self.features() == other.features()
            && own
                .iter()
                .zip(&others)
                .all(|(cuts, others)| cuts.iter().all(|cut| found(cut, others)))
    }
}

impl Cuts {
    pub(crate) fn of(ensemble: &Ensemble) -> Self {
        let mut cuts = vec![Vec::new(); ensemble.features()];
        for node in ensemble.flat_nodes().iter().filter(|node| !node.is_leaf()) {
            let cuts = &mut cuts[usize::from(node.feature)];
            if node.categorical {
                // A value is of the category that it is when cut to an integer.
                let set = &ensemble.category_sets()[node.category_set()];
                cuts.extend(
                    set.iter()
                        .flat_map(|category| [*category as f32, (category + 1) as f32]),
                );
            } else {
                cuts.push(node.value);
            }
        }
        for cuts in &mut cuts {
            let mut places: Vec<u64> = cuts
                .iter()
                .map(|cut| u64::from(order::place(*cut)) << 32)
                .collect();
            order::by_upper_half(&mut places);
            *cuts = places
                .into_iter()
                .map(|place| order::at_place((place >> 32) as u32))
                .collect();
            cuts.dedup();
        }
        Self(cuts)
    }

    /// How many cuts lie at the value or below.
    pub(crate) fn bin(&self, feature: usize, value: f32) -> usize {
        self.0[feature].partition_point(|cut| *cut <= value)
    }
}
