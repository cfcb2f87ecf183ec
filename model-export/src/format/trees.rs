//! The trees section: what the trees share, then all trees node by node, in one coded stream.

mod pool;
mod splits;
mod tables;
mod uses;
mod walk;

use splits::Splits;
use tables::{Table, Tables};
use walk::{Given, Nodes, Walk};

use super::FormatError;
use super::bytes::{Reader, Writer};
use super::coder::{Bit, Coder, Number, RangeDecoder, RangeEncoder};
use super::values::{Layout, Values};
use crate::ensemble::{Ensemble, EnsembleParts, FlatNode, MAX_DEPTH, MAX_FEATURES, MAX_GROUPS};
use crate::objective::Objective;

/// Nodes and categories that a byte of the coded stream may stand for. Zeros follow a stream that is too short.
const ITEMS_A_BYTE: usize = 4;

/// What is announced before the coded stream.
#[derive(Clone, Copy)]
struct Announced {
    objective: Objective,
    nodes: usize,
    /// Of all category sets.
    categories: usize,
}

impl Announced {
    /// Bytes that the coded stream has at least.
    fn least_bytes(&self) -> usize {
        self.nodes.div_ceil(ITEMS_A_BYTE) + self.categories.div_ceil(ITEMS_A_BYTE)
    }
}

pub(super) fn write(ensemble: &Ensemble, writer: &mut Writer) {
    let announced = Announced {
        objective: ensemble.objective(),
        nodes: ensemble.nodes(),
        categories: ensemble.category_sets().iter().map(|set| set.len()).sum(),
    };
    writer.text(announced.objective.name());
    writer.varint(announced.nodes as u64);
    writer.varint(announced.categories as u64);
    let mut coder = RangeEncoder::new();
    let coded = code(&mut coder, announced, Some(ensemble));
    debug_assert!(coded.is_ok(), "an ensemble breaks a rule of the format");
    let mut bytes = coder.finish();
    bytes.resize(bytes.len().max(announced.least_bytes()), 0);
    writer.raw(&bytes);
}

pub(super) fn read(mut reader: Reader<'_>) -> Result<Ensemble, FormatError> {
    let name = reader.text()?;
    let objective = Objective::from_name(name);
    let announced = Announced {
        objective: objective.ok_or_else(|| FormatError::Objective(name.to_owned()))?,
        nodes: reader.varint_u32()? as usize,
        categories: reader.varint_u32()? as usize,
    };
    if announced.least_bytes() > reader.remaining() {
        return Err(reader.error("the section is too short for its nodes"));
    }
    let mut coder = RangeDecoder::new(reader)?;
    let ensemble = code(&mut coder, announced, None).map_err(|problem| coder.error(problem))?;
    coder.end_padded(announced.least_bytes())?;
    Ok(ensemble)
}

/// Codes everything after what is announced. The decoder is given no ensemble.
fn code(
    coder: &mut impl Coder,
    announced: Announced,
    given: Option<&Ensemble>,
) -> Result<Ensemble, &'static str> {
    let mut counts = Number::default();
    let mut count = |coder: &mut _, given: usize, most: usize| {
        let count = Coder::number(coder, &mut counts, given as u32) as usize;
        let problem = "the model has too many features, groups, trees or levels";
        (count <= most).then_some(count).ok_or(problem)
    };
    let features = 1 + count(
        coder,
        given.map_or(0, |given| given.features() - 1),
        MAX_FEATURES - 1,
    )?;
    let groups = 1 + count(coder, given.map_or(0, |given| given.groups() - 1), MAX_GROUPS - 1)?;
    let trees = count(coder, given.map_or(0, Ensemble::trees), announced.nodes)?;
    let depth = count(coder, given.map_or(0, deepest), MAX_DEPTH)?;
    let base_margins = code_base_margins(coder, groups, given.map_or(&[], Ensemble::base_margins))?;
    let splits = (announced.nodes - trees) / 2;
    let tables = given.map_or_else(Vec::new, Table::of);
    let tables = Tables::new().code(coder, features as u32, splits as u32, &tables)?;
    let given_nodes = given.map_or(&[][..], Ensemble::flat_nodes);
    let layout = Layout::of(leaf_values(given_nodes), true);
    let layout = layout.code(coder, true)?;

    let splits = Splits::new(&tables, announced.categories);
    let mut walk = Walk::new(splits, Values::new(layout), announced.nodes, depth);
    let mut out = Nodes {
        // No more than a few for each byte of the section.
        nodes: Vec::with_capacity(announced.nodes),
        category_sets: Vec::new(),
    };
    let mut roots = Vec::new();
    let mut tree_groups = Vec::new();
    let mut group_steps = Number::default();
    let mut group = groups - 1;
    for tree in 0..trees {
        if groups > 1 {
            let given = given.map_or(0, |given| usize::from(given.tree_groups()[tree]));
            let step = (given + groups - group) % groups;
            let step = coder.number(&mut group_steps, step as u32) as usize;
            if step >= groups {
                return Err("a tree is of a group that does not exist");
            }
            group = (group + step) % groups;
        }
        tree_groups.push(group as u16);
        roots.push(out.nodes.len() as u32);
        walk.tree(
            coder,
            given.map_or_else(Given::default, |given| Given::of(given, tree)),
            &mut out,
        )?;
    }
    let layout_fits = given.is_some() || walk.leaves().have_their_layout(leaf_values(&out.nodes), true);
    if out.nodes.len() != announced.nodes || !walk.is_complete() || !layout_fits {
        return Err("the trees are not those that were announced");
    }
    Ok(Ensemble::from_parts(EnsembleParts {
        objective: announced.objective,
        base_margins,
        features,
        roots,
        tree_groups,
        nodes: out.nodes,
        category_sets: out.category_sets,
        covers: Vec::new(),
    }))
}

/// The margin of each group, or that it is the one before.
fn code_base_margins(coder: &mut impl Coder, groups: usize, given: &[f32]) -> Result<Vec<f32>, &'static str> {
    let mut margins = Vec::with_capacity(groups);
    let mut repeats = Bit::default();
    let mut last = None;
    for group in 0..groups {
        let given = given.get(group).map_or(0, |margin| margin.to_bits());
        let repeated = last.filter(|last| coder.bit(&mut repeats, given == *last));
        let bits = repeated.unwrap_or_else(|| coder.raw(32, given));
        let margin = f32::from_bits(bits);
        if !margin.is_finite() || (repeated.is_none() && last == Some(bits)) {
            return Err("a base margin is not finite, or repeats the one before");
        }
        last = Some(bits);
        margins.push(margin);
    }
    Ok(margins)
}

fn leaf_values(nodes: &[FlatNode]) -> impl Iterator<Item = f32> + Clone {
    let leaves = nodes.iter().filter(|node| node.is_leaf());
    leaves.map(|leaf| leaf.value)
}

/// Splits above the deepest leaf of all trees.
fn deepest(ensemble: &Ensemble) -> usize {
    super::depths(ensemble).into_iter().max().unwrap_or(0)
}
