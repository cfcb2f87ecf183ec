//! A heap as a network of choices between bits of rows.
//!
//! The index of the leaf that a row reaches is the sequence of its turns, the root's being the highest bit. The turns of a
//! split are its own condition, then those of the child that the condition chooses.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::lanes::Lanes;
use super::{Bits, WORDS};

/// Turns from a node on down, a bit of each row for each.
pub(super) trait Turns<L>: Copy {
    const COUNT: usize;

    /// # Safety
    /// The processor has the instructions of `L`.
    unsafe fn choose(condition: L, left: Self, right: Self) -> Self;

    /// Writes the turns to `planes`, the lowest bit's first.
    fn write(self, planes: &mut [L]);
}

impl<L: Lanes> Turns<L> for () {
    const COUNT: usize = 0;

    #[inline(always)]
    unsafe fn choose(_: L, (): (), (): ()) {}

    #[inline(always)]
    fn write(self, _: &mut [L]) {}
}

impl<L: Lanes, T: Turns<L>> Turns<L> for (L, T) {
    const COUNT: usize = T::COUNT + 1;

    #[inline(always)]
    unsafe fn choose(condition: L, left: Self, right: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            (
                L::choose(condition, left.0, right.0),
                T::choose(condition, left.1, right.1),
            )
        }
    }

    #[inline(always)]
    fn write(self, planes: &mut [L]) {
        planes[T::COUNT] = self.0;
        self.1.write(planes);
    }
}

/// Where the conditions of each level of a tree begin, and the rows that meet conditions.
#[derive(Clone, Copy)]
pub(super) struct Levels {
    starts: [*const u16; 8],
    met: *const u64,
}

impl Levels {
    /// `height` levels from the node `root` of a heap down.
    ///
    /// # Safety
    /// The heap has that many levels of conditions from `root` on, and `met` has words of the rows that meet each.
    #[inline(always)]
    unsafe fn new(conditions: *const u16, root: usize, height: usize, met: *const u64) -> Self {
        let mut starts = [conditions; 8];
        for (level, start) in starts.iter_mut().take(height).enumerate() {
            // SAFETY: as the caller promises.
            *start = unsafe { conditions.add(root << level) };
        }
        Self { starts, met }
    }

    /// The rows that meet the condition of a node.
    ///
    /// # Safety
    /// There is that node.
    #[inline(always)]
    unsafe fn met<L: Lanes>(&self, level: usize, node: usize) -> L {
        // SAFETY: as the caller promises.
        unsafe {
            let condition = usize::from(*self.starts[level].add(node));
            const { assert!(size_of::<Bits>() == 8 * WORDS) };
            L::load(self.met.add(condition * WORDS))
        }
    }
}

/// A complete tree of some height.
///
/// # Safety
/// Of all functions: the processor has the instructions of `L`, and the node is one of `levels`.
pub(super) trait Height<L: Lanes> {
    type Turns: Turns<L>;

    /// The turns from a node on.
    unsafe fn turns(levels: &Levels, level: usize, node: usize) -> Self::Turns;

    /// Which of `below`, one for each leaf, the turns from a node on lead to.
    unsafe fn select(levels: &Levels, level: usize, node: usize, below: *const L) -> L;
}

pub(super) struct Leaf;
pub(super) struct Above<H>(PhantomData<H>);

impl<L: Lanes> Height<L> for Leaf {
    type Turns = ();

    #[inline(always)]
    unsafe fn turns(_: &Levels, _: usize, _: usize) {}

    #[inline(always)]
    unsafe fn select(_: &Levels, _: usize, node: usize, below: *const L) -> L {
        // SAFETY: as the caller promises.
        unsafe { *below.add(node) }
    }
}

impl<L: Lanes, H: Height<L>> Height<L> for Above<H> {
    type Turns = (L, H::Turns);

    #[inline(always)]
    unsafe fn turns(levels: &Levels, level: usize, node: usize) -> Self::Turns {
        // SAFETY: as the caller promises.
        unsafe {
            let left = H::turns(levels, level + 1, 2 * node);
            let right = H::turns(levels, level + 1, 2 * node + 1);
            let condition = levels.met(level, node);
            (condition, H::Turns::choose(condition, left, right))
        }
    }

    #[inline(always)]
    unsafe fn select(levels: &Levels, level: usize, node: usize, below: *const L) -> L {
        // SAFETY: as the caller promises.
        unsafe {
            let left = H::select(levels, level + 1, 2 * node, below);
            let right = H::select(levels, level + 1, 2 * node + 1, below);
            L::choose(levels.met(level, node), left, right)
        }
    }
}

pub(super) type Height1 = Above<Leaf>;
pub(super) type Height2 = Above<Height1>;
pub(super) type Height3 = Above<Height2>;
pub(super) type Height4 = Above<Height3>;
pub(super) type Height5 = Above<Height4>;
pub(super) type Height6 = Above<Height5>;
pub(super) type Height7 = Above<Height6>;
pub(super) type Height8 = Above<Height7>;

/// How the turns of a tree are computed.
pub(super) trait Network<L: Lanes> {
    /// Writes the turns of a tree, the lowest bit's first.
    ///
    /// # Safety
    /// The processor has the instructions of `L`; `conditions` has those of the tree, and `met` words of the rows that meet
    /// each.
    unsafe fn turns(conditions: *const u16, met: *const u64, planes: &mut [L; 8]);
}

/// All of a tree at once.
pub(super) struct Whole<H>(PhantomData<H>);

impl<L: Lanes, H: Height<L>> Network<L> for Whole<H> {
    #[inline(always)]
    unsafe fn turns(conditions: *const u16, met: *const u64, planes: &mut [L; 8]) {
        // SAFETY: as the caller promises.
        unsafe {
            let levels = Levels::new(conditions, 1, H::Turns::COUNT, met);
            H::turns(&levels, 0, 0).write(planes);
        }
    }
}

/// A tree of more than four levels, the lower four of which are computed one subtree at a time, so that few registers do.
pub(super) struct Stacked<Upper>(PhantomData<Upper>);

impl<L: Lanes, Upper: Height<L>> Network<L> for Stacked<Upper> {
    #[inline(always)]
    unsafe fn turns(conditions: *const u16, met: *const u64, planes: &mut [L; 8]) {
        // SAFETY: as the caller promises; there are at most 16 subtrees.
        unsafe {
            let upper = Upper::Turns::COUNT;
            // By plane and subtree.
            let mut below = [const { [const { MaybeUninit::uninit() }; 16] }; 4];
            for subtree in 0..1 << upper {
                let levels = Levels::new(conditions, (1 << upper) + subtree, 4, met);
                let (a, (b, (c, (d, ())))) = <Height4 as Height<L>>::turns(&levels, 0, 0);
                below[3].get_unchecked_mut(subtree).write(a);
                below[2].get_unchecked_mut(subtree).write(b);
                below[1].get_unchecked_mut(subtree).write(c);
                below[0].get_unchecked_mut(subtree).write(d);
            }
            let levels = Levels::new(conditions, 1, upper, met);
            Upper::turns(&levels, 0, 0).write(&mut planes[4..]);
            for (plane, below) in planes.iter_mut().zip(&below) {
                *plane = Upper::select(&levels, 0, 0, below.as_ptr().cast());
            }
        }
    }
}
