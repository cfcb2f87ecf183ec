//! The answers of a row to all conditions, and walks by them.
//!
//! Invariant: every condition is answered before any tree asks.

use std::mem::MaybeUninit;

use super::super::column::{Column, ColumnKind};
use super::super::layout::{ABREAST, Layout, LinkedNode, Run, Trees};
use super::super::part::{ALWAYS, MAX_CONDITIONS, NEVER, Shared};

/// Bytes that are copied at a time. Copies may run on behind the last condition of a column, to where those of the next
/// one will be.
const STEP: usize = 16;
/// Bytes on either side of the window.
const HALF: usize = 256;

/// A window on this has any number of ones followed by zeros.
static ONES_THEN_ZEROS: [u8; 2 * HALF + STEP] = {
    let mut bytes = [0; 2 * HALF + STEP];
    let mut index = 0;
    while index < HALF {
        bytes[index] = 1;
        index += 1;
    }
    bytes
};

/// By condition: 1 where it is met, else 0. Not initialised beyond the conditions of the part.
struct Answers([MaybeUninit<u8>; MAX_CONDITIONS + STEP]);

/// Adds the leaves that a row reaches to the margins of their groups.
pub(super) fn add_row(shared: &Shared, features: &[f32], margins: &mut [f32]) {
    let mut answers = MaybeUninit::<Answers>::uninit();
    // SAFETY: bytes that need not be initialised are there.
    let answers = unsafe { answers.assume_init_mut() };
    answers.0[usize::from(NEVER)].write(0);
    answers.0[usize::from(ALWAYS)].write(1);
    for column in &shared.columns {
        answers.answer(column, features[column.feature]);
    }
    // SAFETY: the columns have all conditions of the part but the first two, which were written before them.
    unsafe { add_trees(&shared.trees, answers.0.as_ptr().cast(), margins) }
}

impl Answers {
    #[inline(always)]
    fn answer(&mut self, column: &Column, x: f32) {
        match &column.kind {
            ColumnKind::Numbers(numbers) => {
                let missing = numbers.met.len() - 1;
                let place = if x.is_nan() {
                    missing
                } else {
                    numbers.thresholds.at_or_below(x)
                };
                let [left, right] = numbers.met[place];
                let conditions = numbers.ranks.len();
                self.fill(column.first, numbers.missing_left, left);
                self.fill(
                    column.first + numbers.missing_left,
                    conditions - numbers.missing_left,
                    right,
                );
            }
            ColumnKind::Sets(sets) => {
                let answers = &mut self.0[column.first..column.first + sets.count];
                answers.fill(MaybeUninit::new(0));
                if x.is_nan() {
                    answers[sets.missing_left..].fill(MaybeUninit::new(1));
                } else {
                    for set in sets.categories.sets_with(x) {
                        answers[usize::from(*set)].write(1);
                    }
                }
            }
        }
    }

    /// `met` conditions from `first` on are met and the rest of `count` are not.
    #[inline(always)]
    fn fill(&mut self, first: usize, count: usize, met: u8) {
        assert!(
            first + count <= MAX_CONDITIONS && count <= HALF,
            "a column has too many conditions"
        );
        let mut at = 0;
        while at < count {
            // SAFETY: `at` is below `HALF` and below `count`, and there is room for a copy from the last condition on.
            unsafe {
                let window = ONES_THEN_ZEROS.as_ptr().add(HALF - usize::from(met) + at);
                let to = self.0.as_mut_ptr().add(first + at);
                to.copy_from_nonoverlapping(window.cast(), STEP);
            }
            at += STEP;
        }
    }
}

/// # Safety
/// `met` has the answers to all conditions of the trees.
unsafe fn add_trees(trees: &Trees, met: *const u8, margins: &mut [f32]) {
    for run in &trees.runs {
        // SAFETY: as the caller promises.
        unsafe {
            match run.layout {
                Layout::Heaps { height, start } => add_heaps(trees, run, (height, start), met, margins),
                Layout::Linked { root } => {
                    margins[usize::from(trees.groups[run.trees.start])] += linked(&trees.nodes, root, met);
                }
            }
        }
    }
}

/// # Safety
/// As of [`add_trees`].
#[inline(always)]
unsafe fn add_heaps(
    trees: &Trees,
    run: &Run,
    (height, start): (usize, usize),
    met: *const u8,
    margins: &mut [f32],
) {
    let groups = &trees.groups[run.trees.clone()];
    let mut conditions = trees.conditions[start..].as_ptr();
    let mut leaves = trees.leaves[start..].as_ptr();
    // A single margin stays in a register.
    let single = margins.len() == 1;
    let mut sum = margins[0];
    for groups in groups.chunks(ABREAST) {
        // SAFETY: there is room for as many trees as are abreast from the last one on, all conditions being of the part.
        let values = unsafe { walk(conditions, leaves, height, met) };
        for (value, group) in values.iter().zip(groups) {
            if single {
                sum += value;
            } else {
                margins[usize::from(*group)] += value;
            }
        }
        conditions = conditions.wrapping_add(ABREAST << height);
        leaves = leaves.wrapping_add(ABREAST << height);
    }
    if single {
        margins[0] = sum;
    }
}

/// The leaves that a row reaches in heaps side by side.
///
/// # Safety
/// There are conditions and leaves of [`ABREAST`] heaps, and an answer to each condition.
#[inline(always)]
unsafe fn walk(conditions: *const u16, leaves: *const f32, height: usize, met: *const u8) -> [f32; ABREAST] {
    let mut at = [1; ABREAST];
    // SAFETY: after `n` turns `at` is from `1 << n` to below `2 << n`.
    unsafe {
        for _ in 0..height {
            for (tree, at) in at.iter_mut().enumerate() {
                let condition = *conditions.add((tree << height) + *at);
                *at = 2 * *at + usize::from(*met.add(usize::from(condition)));
            }
        }
        std::array::from_fn(|tree| *leaves.add((tree << height) + at[tree] - (1 << height)))
    }
}

/// The leaf that a row reaches in a tree that is not a heap.
///
/// # Safety
/// As of [`add_trees`].
unsafe fn linked(nodes: &[LinkedNode], root: usize, met: *const u8) -> f32 {
    let mut node = nodes[root];
    while !node.leaf {
        // SAFETY: as the caller promises.
        let right = unsafe { *met.add(usize::from(node.condition)) };
        node = nodes[node.link as usize + usize::from(right)];
    }
    f32::from_bits(node.link)
}
