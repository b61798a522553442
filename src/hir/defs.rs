//! Where values are defined, and how often they are used.

use super::entities::{Block, Value};
use super::function::Function;
use super::inst::Inst;

/// What defines a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Def {
    /// Parameter `index` of `block`.
    Param { block: Block, index: usize },
    /// Instruction `index` of `block`.
    Inst { block: Block, index: usize },
}

impl Def {
    /// The block of the definition.
    #[must_use]
    pub fn block(self) -> Block {
        match self {
            Def::Param { block, .. } | Def::Inst { block, .. } => block,
        }
    }
}

/// The definition of every value at one moment.
#[derive(Clone, Debug)]
pub struct Defs(Vec<Option<Def>>);

impl Defs {
    /// The definitions in `func`; not updated when `func` changes.
    #[must_use]
    pub fn new(func: &Function) -> Defs {
        let mut defs = vec![None; func.values.len()];
        for block in func.block_ids() {
            let data = &func.blocks[block.index()];
            for (index, param) in data.params.iter().enumerate() {
                defs[param.index()] = Some(Def::Param { block, index });
            }
            for (index, inst) in data.insts.iter().enumerate() {
                if let Some(result) = inst.result {
                    defs[result.index()] = Some(Def::Inst { block, index });
                }
            }
        }
        Defs(defs)
    }

    /// What defines `value`; `None` if nothing does (any more).
    #[must_use]
    pub fn get(&self, value: Value) -> Option<Def> {
        self.0.get(value.index()).copied().flatten()
    }

    /// The instruction that defines `value`, if one does.
    #[must_use]
    pub fn inst<'a>(&self, func: &'a Function, value: Value) -> Option<&'a Inst> {
        match self.get(value)? {
            Def::Inst { block, index } => Some(&func.blocks[block.index()].insts[index]),
            Def::Param { .. } => None,
        }
    }
}

/// Calls `f` on every value that `inst` uses: operands, target arguments, frame state and dropped
/// references; values used several times come several times.
pub fn for_each_use(func: &Function, inst: &Inst, mut f: impl FnMut(Value)) {
    inst.args.iter().copied().for_each(&mut f);
    for target in &inst.targets {
        target.args.iter().copied().for_each(&mut f);
    }
    if let Some(fs) = inst.fs {
        func.frame_state(fs).for_each(&mut f);
    }
    inst.drops.iter().copied().for_each(&mut f);
}

/// How often every value is used; a mention in a frame state counts once for each instruction that
/// carries the state.
#[must_use]
pub fn use_counts(func: &Function) -> Vec<u32> {
    let mut counts = vec![0; func.values.len()];
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        for_each_use(func, inst, |value| counts[value.index()] += 1);
    }
    counts
}
