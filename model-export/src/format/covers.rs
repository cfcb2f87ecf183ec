//! The covers section: the sum of hessians of every node, exactly.
//!
//! Covers of leaves are values like leaves. That of a split is nearly the sum of its children's, so that only the
//! difference is coded; children come before their parents.

use super::FormatError;
use super::bytes::{Reader, Writer};
use super::coder::{Coder, Number, RangeDecoder, RangeEncoder};
use super::values::{Layout, SIZES, Sibling, Values};
use crate::ensemble::{Ensemble, FlatNode};
use crate::order::{at_place, place};

pub(super) fn write(ensemble: &Ensemble, writer: &mut Writer) {
    let mut coder = RangeEncoder::new();
    let coded = code(&mut coder, ensemble, Some(ensemble.covers()));
    debug_assert!(coded.is_ok(), "covers break a rule of the format");
    writer.raw(&coder.finish());
}

/// The ensemble with covers, which it has none of.
pub(super) fn read(reader: Reader<'_>, ensemble: Ensemble) -> Result<Ensemble, FormatError> {
    let mut coder = RangeDecoder::new(reader)?;
    if ensemble.nodes() == 0 {
        return Err(coder.error("there are no nodes to have covers"));
    }
    let covers = code(&mut coder, &ensemble, None).map_err(|problem| coder.error(problem))?;
    coder.end()?;
    Ok(ensemble.with_covers(covers))
}

/// The decoder is given no covers.
fn code(
    coder: &mut impl Coder,
    ensemble: &Ensemble,
    given: Option<&[f32]>,
) -> Result<Vec<f32>, &'static str> {
    let (nodes, depths) = (ensemble.flat_nodes(), super::depths(ensemble));
    let layout = Layout::of(leaf_covers(nodes, given.unwrap_or_default()), false);
    let layout = layout.code(coder, false)?;
    let mut values = Values::new(layout);
    let mut differences = Number::default();
    let mut covers = vec![0.0; nodes.len()];
    let mut right = Sibling::default();
    for (at, node) in nodes.iter().enumerate().rev() {
        let given = given.map(|covers| covers[at]);
        if node.is_leaf() {
            let size = depths[at].min(SIZES - 1);
            let (cover, sibling) = values.code(coder, right, size, given);
            covers[at] = cover;
            right = sibling;
        } else {
            right = Sibling::default();
            let left = node.left as usize;
            let sum = covers[left] + covers[left + 1];
            // Platforms differ in which NaN they compute.
            let sum = place(if sum.is_nan() { f32::NAN } else { sum });
            let difference = given.map_or(0, |cover| place(cover).wrapping_sub(sum) as i32);
            let difference = coder.signed(&mut differences, 0, difference);
            covers[at] = at_place(sum.wrapping_add(difference as u32));
        }
    }
    if given.is_none() && !values.have_their_layout(leaf_covers(nodes, &covers), false) {
        return Err("the covers are not laid out as they must");
    }
    Ok(covers)
}

fn leaf_covers(nodes: &[FlatNode], covers: &[f32]) -> impl Iterator<Item = f32> + Clone {
    let leaves = nodes.iter().zip(covers).filter(|(node, _)| node.is_leaf());
    leaves.map(|(_, cover)| *cover)
}
