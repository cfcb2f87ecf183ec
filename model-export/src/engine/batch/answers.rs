//! The rows of a block that meet each condition.

use super::super::column::{ColumnKind, Numbers, Sets};
use super::super::part::Shared;
use super::lanes::Lanes;
use super::{Bits, ROWS, WORDS};

/// Features that are taken out of rows at a time.
pub(super) const WINDOW: usize = 16;
/// Floats of a feature. Not a power of two, which would put all features of a row in few sets of a cache.
const STRIDE: usize = ROWS + 16;

/// Values of a feature, each at its row's position.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Values(pub(super) [f32; STRIDE]);

/// What is known of the rows of a column while its conditions are answered.
pub(super) struct Scratch {
    window: [Values; WINDOW],
    /// Of each row: thresholds at or below its value, at its position.
    pub(super) counts: [u8; ROWS],
    /// Bits of the counts.
    pub(super) planes: [Bits; 8],
    /// Rows whose value is missing. Their count is 0.
    pub(super) missing: Bits,
    tables: Tables,
}

/// Rows by their count, `16 * high + low`.
struct Tables {
    low_at_least: [Bits; 16],
    high_equal: [Bits; 16],
    high_above: [Bits; 16],
    high_above_or_missing: [Bits; 16],
}

impl Scratch {
    pub(super) fn new() -> Box<Self> {
        let none = [Bits::NONE; 16];
        Box::new(Self {
            window: [Values([0.0; STRIDE]); WINDOW],
            counts: [0; ROWS],
            planes: [Bits::NONE; 8],
            missing: Bits::NONE,
            tables: Tables {
                low_at_least: none,
                high_equal: none,
                high_above: none,
                high_above_or_missing: none,
            },
        })
    }
}

/// How a kernel counts thresholds.
pub(super) trait Count {
    /// Writes `planes` and `missing` of values. Planes of higher bits than the column's count has may be left as they are.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn count(numbers: &Numbers, values: &[f32; ROWS], scratch: &mut Counted<'_>);
}

/// By a search for each row.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) struct OneByOne<L>(std::marker::PhantomData<L>);

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl<L: Lanes> Count for OneByOne<L> {
    #[inline(always)]
    unsafe fn count(numbers: &Numbers, values: &[f32; ROWS], counted: &mut Counted<'_>) {
        for (value, count) in values.iter().zip(&mut *counted.counts) {
            *count = numbers.thresholds.at_or_below(*value) as u8;
        }
        for word in 0..WORDS {
            let missing = |bit: usize| u64::from(values[L::position(word * 64 + bit)].is_nan()) << bit;
            counted.missing.0[word] = (0..64).map(missing).fold(0, |missing, bit| missing | bit);
        }
        for word in (0..WORDS).step_by(L::WORDS) {
            // SAFETY: as the caller promises.
            unsafe {
                let planes = L::planes(counted.counts.as_ptr().add(word * 64));
                for (plane, rows) in counted.planes.iter_mut().zip(planes) {
                    rows.store(plane.0.as_mut_ptr().add(word));
                }
            }
        }
    }
}

/// What [`Count::count`] writes.
pub(super) struct Counted<'scratch> {
    pub(super) counts: &'scratch mut [u8; ROWS],
    pub(super) planes: &'scratch mut [Bits; 8],
    pub(super) missing: &'scratch mut Bits,
}

/// Writes the rows that meet each condition of a part.
///
/// # Safety
/// The processor has the instructions of `L` and `C`. There are at most as many rows as in a block, and `met` has room for
/// all conditions.
#[inline(always)]
pub(super) unsafe fn answer<L: Lanes, C: Count>(
    shared: &Shared,
    rows: &[f32],
    features: usize,
    met: &mut [Bits],
    scratch: &mut Scratch,
) {
    let words = words::<L>(rows.len() / features);
    let mut window = 0..0;
    for column in &shared.columns {
        if !window.contains(&column.feature) {
            window = column.feature..column.feature + WINDOW;
            // SAFETY: as the caller promises.
            unsafe { L::take(rows, features, window.start, &mut scratch.window) };
        }
        let values = &scratch.window[column.feature - window.start].0;
        let Some(values) = values.first_chunk::<ROWS>() else {
            continue;
        };
        let met = &mut met[column.first..];
        match &column.kind {
            ColumnKind::Numbers(numbers) => {
                let mut counted = Counted {
                    counts: &mut scratch.counts,
                    planes: &mut scratch.planes,
                    missing: &mut scratch.missing,
                };
                // SAFETY: as the caller promises; the column's conditions are in `met`.
                unsafe {
                    C::count(numbers, values, &mut counted);
                    let (planes, missing) = (&scratch.planes, &scratch.missing);
                    tabulate::<L>(numbers, planes, missing, words, &mut scratch.tables);
                    look_up::<L>(numbers, &scratch.tables, words, met);
                }
            }
            ColumnKind::Sets(sets) => test::<L>(sets, values, met),
        }
    }
}

/// Words that have the bits of so many rows, in whole lanes.
pub(super) fn words<L: Lanes>(rows: usize) -> usize {
    rows.div_ceil(64).next_multiple_of(L::WORDS)
}

/// # Safety
/// The processor has the instructions of `L`.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn tabulate<L: Lanes>(
    numbers: &Numbers,
    planes: &[Bits; 8],
    missing: &Bits,
    words: usize,
    tables: &mut Tables,
) {
    let count = numbers.thresholds.count();
    let (highest, bits) = (count >> 4, count.ilog2() as usize + 1);
    for word in (0..words).step_by(L::WORDS) {
        // SAFETY: there are as many words.
        unsafe {
            let mut plane = [L::none(); 8];
            for (plane, bits) in plane.iter_mut().zip(planes).take(bits) {
                *plane = L::load(bits.0.as_ptr().add(word));
            }
            let missing = L::load(missing.0.as_ptr().add(word));
            let [a, b, c, d, e, f, g, h] = plane;
            let mut at_least = L::none();
            for (value, equal) in decoded([a, b, c, d]).into_iter().enumerate().rev() {
                at_least = at_least.or(equal);
                at_least.store(tables.low_at_least[value].0.as_mut_ptr().add(word));
            }
            let mut above = L::none();
            let high = decoded([e, f, g, h]);
            for (value, equal) in high.into_iter().enumerate().take(highest + 1).rev() {
                above.store(tables.high_above[value].0.as_mut_ptr().add(word));
                above
                    .or(missing)
                    .store(tables.high_above_or_missing[value].0.as_mut_ptr().add(word));
                equal.store(tables.high_equal[value].0.as_mut_ptr().add(word));
                above = above.or(equal);
            }
        }
    }
}

/// The rows of each value of four bits.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn decoded<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 16] {
    // SAFETY: as the caller promises.
    unsafe {
        let low = [a.neither(b), a.without(b), b.without(a), a.and(b)];
        let high = [c.neither(d), c.without(d), d.without(c), c.and(d)];
        let mut values = [L::none(); 16];
        for (value, rows) in values.iter_mut().enumerate() {
            *rows = low[value % 4].and(high[value / 4]);
        }
        values
    }
}

/// # Safety
/// The processor has the instructions of `L`; the conditions of the column are in `met`.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn look_up<L: Lanes>(numbers: &Numbers, tables: &Tables, words: usize, met: &mut [Bits]) {
    let (left, right) = numbers.ranks.split_at(numbers.missing_left);
    let (met_left, met_right) = met.split_at_mut(left.len());
    let kinds = [
        (left, met_left, &tables.high_above),
        (right, met_right, &tables.high_above_or_missing),
    ];
    for (ranks, met, above) in kinds {
        for (rank, met) in ranks.iter().zip(met) {
            let (high, low) = (usize::from(rank >> 4), usize::from(rank & 15));
            let (above, equal, at_least) =
                (&above[high], &tables.high_equal[high], &tables.low_at_least[low]);
            for word in (0..WORDS).step_by(L::WORDS) {
                if word >= words {
                    break;
                }
                // SAFETY: there are as many words.
                unsafe {
                    let above = L::load(above.0.as_ptr().add(word));
                    let equal = L::load(equal.0.as_ptr().add(word));
                    let at_least = L::load(at_least.0.as_ptr().add(word));
                    above.or_both(equal, at_least).store(met.0.as_mut_ptr().add(word));
                }
            }
        }
    }
}

fn test<L: Lanes>(sets: &Sets, values: &[f32; ROWS], met: &mut [Bits]) {
    let met = &mut met[..sets.count];
    met.fill(Bits::NONE);
    for row in 0..ROWS {
        let (value, word, bit) = (values[L::position(row)], row / 64, 1 << (row % 64));
        if value.is_nan() {
            for met in &mut met[sets.missing_left..] {
                met.0[word] |= bit;
            }
        } else {
            for set in sets.categories.sets_with(value) {
                met[usize::from(*set)].0[word] |= bit;
            }
        }
    }
}
