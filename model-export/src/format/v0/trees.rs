//! The trees section of version 0: one plain stream per field, all trees after one another in breadth-first order.

use crate::ensemble::{Ensemble, EnsembleError, EnsembleParts, FlatNode, MAX_DEPTH, MAX_FEATURES};
use crate::format::FormatError;
use crate::format::bytes::{Bits, Reader};
use crate::objective::Objective;

pub(super) fn read(mut reader: Reader<'_>) -> Result<Ensemble, FormatError> {
    let base_margin = f32::from_bits(u32::from_le_bytes(reader.array()?));
    if !base_margin.is_finite() {
        return Err(EnsembleError::BaseMargin.into());
    }
    let features = reader.count(8)?;
    if features == 0 || features > MAX_FEATURES {
        return Err(EnsembleError::Features(features).into());
    }
    // A tree takes at least one bit of structure and a leaf of four bytes.
    let trees = reader.count(33)?;
    let feature_width = index_width(features);
    let shape = read_structure(&mut reader, trees, feature_width)?;
    let tables = (0..features)
        .map(|_| read_table(&mut reader))
        .collect::<Result<Vec<_>, _>>()?;
    let mut nodes = shape.nodes;
    for node in nodes.iter_mut().filter(|node| node.left != 0) {
        let feature = reader.fixed(feature_width)?;
        if feature as usize >= features {
            return Err(reader.error("a split names a feature that does not exist"));
        }
        node.feature = feature as u16;
    }
    for node in nodes.iter_mut().filter(|node| node.left != 0) {
        let table = &tables[usize::from(node.feature)];
        let index = reader.fixed(index_width(table.len()))?;
        let threshold = table.get(index as usize);
        node.value =
            *threshold.ok_or_else(|| reader.error("a split names a threshold that does not exist"))?;
    }
    let directions = reader.bits(shape.splits)?;
    for (index, node) in nodes.iter_mut().filter(|node| node.left != 0).enumerate() {
        node.default_left = directions.get(index) == Some(true);
    }
    for leaf in nodes.iter_mut().filter(|node| node.left == 0) {
        leaf.value = finite(&mut reader)?;
    }
    reader.end()?;
    Ok(Ensemble::from_parts(EnsembleParts {
        objective: Objective::BINARY_LOGISTIC,
        base_margins: vec![base_margin],
        features,
        tree_groups: vec![0; shape.roots.len()],
        roots: shape.roots,
        nodes,
        category_sets: Vec::new(),
        covers: Vec::new(),
    }))
}

struct Structure {
    roots: Vec<u32>,
    nodes: Vec<FlatNode>,
    splits: usize,
}

/// Follows the structure bits of `trees` trees: every split opens two nodes of the level below.
fn read_structure(
    reader: &mut Reader<'_>,
    trees: usize,
    feature_width: usize,
) -> Result<Structure, FormatError> {
    let (count, splits) = count_nodes(reader, trees)?;
    let leaves = count - splits;
    let least = count.div_ceil(8) + splits * feature_width + 4 * leaves;
    if least > reader.remaining() || u32::try_from(count).is_err() {
        return Err(reader.error("the section is too short for its nodes"));
    }
    let bits = reader.bits(count)?;
    let mut shape = Structure {
        roots: Vec::with_capacity(trees),
        nodes: Vec::with_capacity(count),
        splits,
    };
    for _ in 0..trees {
        let root = shape.nodes.len();
        shape.roots.push(root as u32);
        let (mut end, mut level_end, mut depth) = (root + 1, root + 1, 0);
        while shape.nodes.len() < end {
            let split = bits.get(shape.nodes.len()) == Some(true);
            let left = if split { end as u32 } else { 0 };
            shape.nodes.push(FlatNode {
                left,
                ..FlatNode::leaf(0.0)
            });
            end += if split { 2 } else { 0 };
            if shape.nodes.len() == level_end {
                level_end = end;
                depth += 1;
            }
        }
        // The last level has leaves only, so that `depth` is one more than the splits on the longest path.
        if depth > MAX_DEPTH + 1 {
            return Err(reader.error("a tree is deeper than 512 levels"));
        }
    }
    Ok(shape)
}

/// Nodes and splits of `trees` trees, found without storing anything.
fn count_nodes(reader: &Reader<'_>, trees: usize) -> Result<(usize, usize), FormatError> {
    let bits: Bits<'_> = reader.peek_bits();
    let (mut count, mut splits) = (0, 0);
    // Each tree has one more leaf than splits, so `trees` trees end at the node where the leaves are `trees` ahead.
    while count - splits < splits + trees {
        match bits.get(count) {
            Some(split) => splits += usize::from(split),
            None => return Err(reader.error("the structure of the trees does not end")),
        }
        count += 1;
    }
    Ok((count, splits))
}

fn read_table(reader: &mut Reader<'_>) -> Result<Vec<f32>, FormatError> {
    let count = reader.count(32)?;
    let mut table: Vec<f32> = Vec::with_capacity(count);
    for _ in 0..count {
        let threshold = finite(reader)?;
        if table
            .last()
            .is_some_and(|last| last.total_cmp(&threshold).is_ge())
        {
            return Err(reader.error("the thresholds of a feature are not in ascending order"));
        }
        table.push(threshold);
    }
    Ok(table)
}

fn finite(reader: &mut Reader<'_>) -> Result<f32, FormatError> {
    let value = f32::from_bits(u32::from_le_bytes(reader.array()?));
    if value.is_finite() {
        Ok(value)
    } else {
        Err(reader.error("a threshold or leaf value is not finite"))
    }
}

/// Bytes of an index below `count`.
fn index_width(count: usize) -> usize {
    match count {
        0..=1 => 0,
        2..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        0x1_0001..=0x100_0000 => 3,
        _ => 4,
    }
}
