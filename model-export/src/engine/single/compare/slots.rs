//! A row's bytes.

use super::super::super::blocks::{SLOTS, Slots};
use super::super::super::column::{Column, ColumnKind};

impl Slots {
    #[inline(always)]
    pub(super) fn new(columns: &[Column], features: &[f32]) -> Self {
        let mut slots = [0; SLOTS];
        let mut next = 1;
        for column in columns {
            let x = features[column.feature];
            match &column.kind {
                ColumnKind::Numbers(numbers) => {
                    let count = numbers.thresholds.at_or_below(x) as u8;
                    slots[next] = count + u8::from(!x.is_nan());
                    next += 1;
                }
                ColumnKind::Sets(sets) => {
                    let slots = &mut slots[next..next + sets.count];
                    if x.is_nan() {
                        slots[sets.missing_left..].fill(1);
                    } else {
                        for set in sets.categories.sets_with(x) {
                            slots[usize::from(*set)] = 1;
                        }
                    }
                    next += sets.count;
                }
            }
        }
        Self(slots)
    }
}
