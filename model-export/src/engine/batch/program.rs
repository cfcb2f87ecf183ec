//! A tree of any shape as a list of choices between bits of rows.
//!
//! Leaves are numbered from left to right and the numbers coded such that neighbours differ in one bit. Each bit of the code
//! of the leaf that a row reaches is a function of the conditions it meets: of a split, what the condition chooses between
//! those of its children. Where these are the same no choice is made.

use super::super::layout::{Layout, LinkedNode, Trees};
use super::super::part::{ALWAYS, NEVER, Shared};
use super::lanes::Lanes;
use super::{Bits, ROWS};

/// Bits of a code. Trees with more leaves are walked.
const MOST_BITS: usize = 12;

/// The programs of a part's trees that aren't heaps.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Programs {
    /// In the order of trees; `None` of a tree with too many leaves.
    pub(super) all: Vec<Option<Program>>,
    /// Bits of rows that programs need beyond those of conditions.
    registers: usize,
}

/// One tree.
#[derive(Clone, Debug)]
pub(super) struct Program {
    choices: Vec<Choice>,
    /// Where each bit of the code is in the end.
    code: [u16; MOST_BITS],
    bits: usize,
    /// By code.
    leaves: Vec<f32>,
}

/// A register becomes `right` where the condition is met and `left` where it isn't.
#[derive(Clone, Copy, Debug)]
struct Choice {
    to: u16,
    condition: u16,
    left: u16,
    right: u16,
}

impl Programs {
    /// Registers from `conditions` on are free.
    pub(in super::super) fn new(trees: &Trees, conditions: usize) -> Self {
        let mut programs = Self::default();
        for run in &trees.runs {
            let Layout::Linked { root } = run.layout else {
                continue;
            };
            let mut compiler = Compiler::new(&trees.nodes, conditions);
            programs.all.push(compiler.compile(root));
            programs.registers = programs.registers.max(compiler.end as usize - conditions);
        }
        programs
    }

    /// Bits of rows that programs need beyond those of conditions.
    pub(super) fn registers(&self) -> usize {
        self.registers
    }
}

impl Shared {
    /// Made when first asked for.
    pub(super) fn programs(&self) -> &Programs {
        self.programs
            .get_or_init(|| Programs::new(&self.trees, self.conditions))
    }
}

struct Compiler<'trees> {
    nodes: &'trees [LinkedNode],
    choices: Vec<Choice>,
    /// By code.
    leaves: Vec<f32>,
    /// Leaves so far.
    count: usize,
    bits: usize,
    /// Registers below this are of conditions.
    first: u16,
    free: Vec<u16>,
    /// The first register that was never used.
    end: u16,
}

/// Where each bit of the code is.
type Code = [u16; MOST_BITS];

impl<'trees> Compiler<'trees> {
    fn new(nodes: &'trees [LinkedNode], conditions: usize) -> Self {
        Self {
            nodes,
            choices: Vec::new(),
            leaves: Vec::new(),
            count: 0,
            bits: 0,
            first: conditions as u16,
            free: Vec::new(),
            end: conditions as u16,
        }
    }

    fn compile(&mut self, root: usize) -> Option<Program> {
        let leaves = self.count_leaves(root)?;
        self.bits = leaves.next_power_of_two().ilog2() as usize;
        self.leaves = vec![0.0; 1 << self.bits];
        let code = self.node(root);
        Some(Program {
            choices: std::mem::take(&mut self.choices),
            code,
            bits: self.bits,
            leaves: std::mem::take(&mut self.leaves),
        })
    }

    /// `None` where there are more than can be coded.
    fn count_leaves(&self, root: usize) -> Option<usize> {
        let (mut level, mut leaves) = (vec![root], 0);
        while let Some(index) = level.pop() {
            let node = &self.nodes[index];
            match node.leaf {
                true => leaves += 1,
                false => level.extend([node.link as usize, node.link as usize + 1]),
            }
            if leaves > 1 << MOST_BITS {
                return None;
            }
        }
        Some(leaves)
    }

    /// Appends the choices that give the code of the leaf that a row reaches from a node on.
    fn node(&mut self, index: usize) -> Code {
        let node = self.nodes[index];
        if node.leaf {
            let code = self.count ^ self.count >> 1;
            self.leaves[code] = f32::from_bits(node.link);
            self.count += 1;
            return std::array::from_fn(|bit| if code >> bit & 1 == 1 { ALWAYS } else { NEVER });
        }
        let (left, right) = (self.node(node.link as usize), self.node(node.link as usize + 1));
        let mut code = [NEVER; MOST_BITS];
        for bit in 0..self.bits {
            code[bit] = self.choose(node.condition, left[bit], right[bit]);
        }
        code
    }

    /// Where the choice between two registers is, which are free from then on.
    fn choose(&mut self, condition: u16, left: u16, right: u16) -> u16 {
        if left == right {
            return left;
        }
        if (left, right) == (NEVER, ALWAYS) {
            return condition;
        }
        let to = self.free.pop().unwrap_or_else(|| {
            self.end += 1;
            self.end - 1
        });
        self.free.extend(
            [left, right]
                .into_iter()
                .filter(|register| *register >= self.first),
        );
        self.choices.push(Choice {
            to,
            condition,
            left,
            right,
        });
        to
    }
}

impl Program {
    /// Adds to each row's margin the leaf it reaches.
    ///
    /// # Safety
    /// The processor has the instructions of `L`; `met` has all registers, and rows up to `words` words.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) unsafe fn run<L: Lanes>(&self, words: usize, met: &mut [Bits], margins: &mut [f32; ROWS]) {
        let met = met.as_mut_ptr();
        for word in (0..words).step_by(L::WORDS) {
            // SAFETY: registers were counted when the program was made; codes have as many bits as there are leaves for.
            unsafe {
                let at = |register: u16| {
                    (&raw mut (*met.add(usize::from(register))).0)
                        .cast::<u64>()
                        .add(word)
                };
                for choice in &self.choices {
                    let (left, right) = (L::load(at(choice.left)), L::load(at(choice.right)));
                    L::choose(L::load(at(choice.condition)), left, right).store(at(choice.to));
                }
                let mut low = [L::none(); 8];
                let mut high = [L::none(); 8];
                for (bit, register) in self.code.iter().enumerate().take(self.bits) {
                    let planes = if bit < 8 { &mut low } else { &mut high };
                    planes[bit % 8] = L::load(at(*register));
                }
                let margins = margins.as_mut_ptr().add(word * 64);
                if self.bits <= 8 {
                    L::add_leaves(&low, self.leaves.as_ptr(), margins);
                    continue;
                }
                let mut bytes = [[0_u8; ROWS]; 2];
                L::bytes(&low, bytes[0].as_mut_ptr());
                L::bytes(&high, bytes[1].as_mut_ptr());
                for (row, (low, high)) in bytes[0].iter().zip(&bytes[1]).enumerate().take(64 * L::WORDS) {
                    let code = usize::from(*high) << 8 | usize::from(*low);
                    *margins.add(row) += *self.leaves.as_ptr().add(code);
                }
            }
        }
    }
}
