//! Which values are needed later, at block borders; and who owns a value at the root.

use super::cfg::reverse_postorder;
use super::entities::{Block, Value};
use super::function::Function;
use super::inst::{Inst, Ownership};
use super::types::Type;

/// A set of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSet(Vec<u64>);

impl ValueSet {
    /// An empty set for `count` values.
    #[must_use]
    pub fn new(count: usize) -> Self {
        ValueSet(vec![0; count.div_ceil(64)])
    }

    pub fn insert(&mut self, value: Value) {
        self.0[value.index() / 64] |= 1 << (value.index() % 64);
    }

    pub fn remove(&mut self, value: Value) {
        self.0[value.index() / 64] &= !(1 << (value.index() % 64));
    }

    #[must_use]
    pub fn contains(&self, value: Value) -> bool {
        self.0[value.index() / 64] & 1 << (value.index() % 64) != 0
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &ValueSet) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    /// The members, in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            // Most words are zero.
            let mut rest = *bits;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(Value::from_index(word * 64 + bit))
            })
        })
    }
}

/// For every value the one whose reference it is: refinements (`Ownership::Same`) lead to their
/// operand's root.
#[must_use]
pub fn roots(func: &Function) -> Vec<Value> {
    let mut roots: Vec<Value> = (0..func.values.len()).map(Value::from_index).collect();
    for block in reverse_postorder(func) {
        for inst in &func.blocks[block.index()].insts {
            if let Some(result) = inst.result
                && inst.info().ownership == Ownership::Same
            {
                roots[result.index()] = roots[inst.args[0].index()];
            }
        }
    }
    roots
}

/// Whether a value is a reference (or may hold one).
#[must_use]
pub fn is_counted(ty: Type) -> bool {
    ty.is_boxed() || ty == Type::TAGGED
}

/// Calls `f` on the root of every reference that an instruction uses: operands, jump arguments,
/// frame state.
pub fn for_each_use(func: &Function, roots: &[Value], inst: &Inst, mut f: impl FnMut(Value)) {
    let mut visit = |value: Value| {
        if is_counted(func.ty(value)) {
            f(roots[value.index()]);
        }
    };
    inst.args.iter().copied().for_each(&mut visit);
    for target in &inst.targets {
        target.args.iter().copied().for_each(&mut visit);
    }
    if let Some(fs) = inst.fs {
        func.frame_state(fs).for_each(&mut visit);
    }
}

/// References live at the start and end of every block, by root.
pub struct Liveness {
    pub live_in: Vec<ValueSet>,
    pub live_out: Vec<ValueSet>,
}

impl Liveness {
    /// Solves the backward data-flow problem.
    #[must_use]
    pub fn new(func: &Function, roots: &[Value]) -> Liveness {
        let count = func.values.len();
        let mut live = Liveness {
            live_in: vec![ValueSet::new(count); func.blocks.len()],
            live_out: vec![ValueSet::new(count); func.blocks.len()],
        };
        let mut order = reverse_postorder(func);
        order.reverse();
        let mut changed = true;
        while changed {
            changed = false;
            for block in &order {
                let mut out = ValueSet::new(count);
                for successor in func.successors(*block) {
                    out.extend(&live.live_in[successor.index()]);
                }
                let before = block_start(func, roots, *block, &out);
                if before != live.live_in[block.index()] {
                    live.live_in[block.index()] = before;
                    changed = true;
                }
                live.live_out[block.index()] = out;
            }
        }
        live
    }
}

/// What is live at the start of a block, parameters excluded.
fn block_start(func: &Function, roots: &[Value], block: Block, out: &ValueSet) -> ValueSet {
    let mut live = out.clone();
    let data = &func.blocks[block.index()];
    for inst in data.insts.iter().rev() {
        step_back(func, roots, inst, &mut live);
    }
    for param in &data.params {
        live.remove(*param);
    }
    live
}

/// From what is live after an instruction to what is live before it.
pub fn step_back(func: &Function, roots: &[Value], inst: &Inst, live: &mut ValueSet) {
    if let Some(result) = inst.result
        && roots[result.index()] == result
    {
        live.remove(result);
    }
    for_each_use(func, roots, inst, |value| live.insert(value));
}
