//! Which way a row goes through four levels, by what it meets of their fifteen nodes.

/// Levels of a block.
pub(in super::super) const LEVELS: usize = 4;
/// Nodes of a block in breadth-first order, and a place that is never met; ways through it.
pub(in super::super) const NODES: usize = 1 << LEVELS;

/// By what the first seven nodes say: the turns of the upper three levels, times 256.
static UPPER_TURNS: [u16; 128] = {
    let mut turns = [0; 128];
    let mut met = 0;
    while met < 128 {
        let mut at = 1;
        while at < 8 {
            at = 2 * at + (met >> (at - 1) & 1);
        }
        turns[met] = ((at - 8) << 8) as u16;
        met += 1;
    }
    turns
};

/// By the turns of the upper three levels and what the nodes of the last say: the turns of all four.
static ALL_TURNS: [u8; 8 << 8] = {
    let mut turns = [0; 8 << 8];
    let mut index = 0;
    while index < turns.len() {
        let upper = index >> 8;
        turns[index] = (2 * upper + (index >> upper & 1)) as u8;
        index += 1;
    }
    turns
};

/// The turns by what the nodes say, a bit for each from the lowest on; the root's turn is the highest of four bits.
///
/// # Safety
/// `met` has at most 15 bits.
#[inline(always)]
pub(in super::super) unsafe fn turns(met: usize) -> usize {
    debug_assert!(met >> (NODES - 1) == 0, "a block has fifteen nodes");
    // SAFETY: there are 7 bits, then 3 bits times 256 and 8 bits.
    unsafe {
        let upper = usize::from(*UPPER_TURNS.get_unchecked(met & 127));
        usize::from(*ALL_TURNS.get_unchecked(upper + (met >> 7)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_follow_the_nodes() {
        for met in 0..1 << (NODES - 1) {
            let mut at = 1;
            for _ in 0..LEVELS {
                at = 2 * at + (met >> (at - 1) & 1);
            }
            // SAFETY: there are 15 bits.
            assert_eq!(unsafe { turns(met) }, at - NODES);
        }
    }
}
