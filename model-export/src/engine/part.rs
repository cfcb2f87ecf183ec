//! Trees that share their conditions.
//!
//! Invariant: the trees of all parts one after the other are the ensemble's trees in their order.

use std::ops::Range;
use std::sync::OnceLock;

use super::batch::Programs;
use super::blocks::Blocks;
use super::column::{self, Column};
use super::conditions::Conditions;
use super::kernel::Kernel;
use super::layout::Trees;
use crate::ensemble::{Ensemble, EnsembleParts, FlatNode};

/// Conditions of a part, so that those of 512 rows fit a cache of the second level.
pub(super) const MAX_CONDITIONS: usize = 16_384;

/// Stands for a part where there is none.
const NO_PART: u32 = u32::MAX;

/// The condition that no row meets.
pub(super) const NEVER: u16 = 0;
/// The condition that every row meets.
pub(super) const ALWAYS: u16 = 1;
/// The first condition of the columns.
pub(super) const FIRST: usize = 2;

#[derive(Clone, Debug)]
pub(super) enum Part {
    Shared(Box<Shared>),
    /// A tree with more conditions than a part may have, for the plain evaluator.
    Plain(Box<Ensemble>),
}

/// Trees and the conditions they share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) columns: Vec<Column>,
    /// With the two that are the same of every row.
    pub(super) conditions: usize,
    pub(super) trees: Trees,
    /// `None` where the kernel has no use for them, or one row too many bytes.
    pub(super) blocks: Option<Blocks>,
    pub(super) programs: OnceLock<Programs>,
}

/// Divides an ensemble into parts.
pub(super) fn parts(ensemble: &Ensemble, kernel: Kernel) -> Vec<Part> {
    let mut division = Division::new(ensemble, kernel);
    let mut first = 0;
    for tree in 0..ensemble.trees() {
        if division.add(tree) {
            continue;
        }
        if first < tree {
            division.finish(first..tree);
            first = tree;
            if division.add(tree) {
                continue;
            }
        }
        division.used = 0;
        division.parts.push(Part::Plain(Box::new(alone(ensemble, tree))));
        first = tree + 1;
    }
    if first < ensemble.trees() {
        division.finish(first..ensemble.trees());
    }
    division.parts
}

struct Division<'trees> {
    ensemble: &'trees Ensemble,
    kernel: Kernel,
    conditions: Conditions<'trees>,
    parts: Vec<Part>,
    /// How many conditions the trees have that were added since the last part.
    used: usize,
    /// By condition: the number of parts when it was last used.
    used_in: Vec<u32>,
    /// By condition: its number in the part that used it last.
    numbers: Vec<u16>,
}

impl<'trees> Division<'trees> {
    fn new(ensemble: &'trees Ensemble, kernel: Kernel) -> Self {
        let conditions = Conditions::new(ensemble);
        Self {
            ensemble,
            kernel,
            parts: Vec::new(),
            used: 0,
            used_in: vec![NO_PART; conditions.distinct.len()],
            numbers: vec![NEVER; conditions.distinct.len()],
            conditions,
        }
    }

    /// Adds a tree to the part that is being made; `false` where that has no room for its conditions.
    fn add(&mut self, tree: usize) -> bool {
        let part = self.parts.len() as u32;
        let mut begun = Vec::new();
        for node in self.ensemble.tree_nodes(tree) {
            let Some(condition) = self.conditions.of_node(node) else {
                continue;
            };
            let used_in = &mut self.used_in[condition as usize];
            if *used_in != part {
                *used_in = part;
                begun.push(condition);
            }
        }
        let fits = FIRST + self.used + begun.len() <= MAX_CONDITIONS;
        if fits {
            self.used += begun.len();
        } else {
            for condition in begun {
                self.used_in[condition as usize] = NO_PART;
            }
        }
        fits
    }

    /// Makes a part of the trees that were added.
    fn finish(&mut self, trees: Range<usize>) {
        let part = self.parts.len() as u32;
        let conditions = 0..self.conditions.distinct.len() as u32;
        let used: Vec<u32> = conditions
            .filter(|condition| self.used_in[*condition as usize] == part)
            .collect();
        let numbers = &mut self.numbers;
        let columns = column::columns(&self.conditions.distinct, &used, FIRST, |condition, number| {
            numbers[condition as usize] = number as u16;
        });
        let number = |node| match self.conditions.of_node(node) {
            Some(condition) => self.numbers[condition as usize],
            None => NEVER,
        };
        let trees = Trees::new(self.ensemble, trees, number);
        self.parts.push(Part::Shared(Box::new(Shared {
            blocks: match self.kernel.goes_by_blocks() {
                true => Blocks::new(&columns, &trees),
                false => None,
            },
            conditions: FIRST + self.used,
            columns,
            trees,
            programs: OnceLock::new(),
        })));
        self.used = 0;
    }
}

/// One tree as an ensemble of its own.
fn alone(ensemble: &Ensemble, tree: usize) -> Ensemble {
    let range = ensemble.tree_nodes(tree);
    let mut category_sets = Vec::new();
    let move_node = |node: &FlatNode| {
        let mut node = *node;
        if !node.is_leaf() {
            node.left -= range.start as u32;
            if node.categorical {
                let set = ensemble.category_sets()[node.category_set()].clone();
                node.value = f32::from_bits(category_sets.len() as u32);
                category_sets.push(set);
            }
        }
        node
    };
    let nodes = ensemble.flat_nodes()[range.clone()]
        .iter()
        .map(move_node)
        .collect();
    Ensemble::from_parts(EnsembleParts {
        objective: ensemble.objective(),
        base_margins: ensemble.base_margins().to_vec(),
        features: ensemble.features(),
        roots: vec![0],
        tree_groups: vec![ensemble.tree_groups()[tree]],
        nodes,
        category_sets,
        covers: Vec::new(),
    })
}
