//! Changing functions: replacing values everywhere, definitions, merging and dropping blocks.

use super::cfg::reverse_postorder;
use super::entities::{Block, Value};
use super::function::Function;
use super::inst::{Inst, Op};
use std::collections::HashMap;

/// Replacements of values, followed to the end.
#[derive(Debug, Default)]
pub struct Replacements(HashMap<Value, Value>);

impl Replacements {
    /// From now on `old` is `new`.
    pub fn insert(&mut self, old: Value, new: Value) {
        let new = self.get(new);
        if old != new {
            self.0.insert(old, new);
        }
    }

    /// What stands for `value`.
    #[must_use]
    pub fn get(&self, mut value: Value) -> Value {
        while let Some(next) = self.0.get(&value) {
            value = *next;
        }
        value
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rewrites operands and jump arguments of one instruction.
    pub fn apply_to(&self, inst: &mut Inst) {
        for arg in &mut inst.args {
            *arg = self.get(*arg);
        }
        for arg in inst.targets.iter_mut().flat_map(|t| &mut t.args) {
            *arg = self.get(*arg);
        }
        for drop in &mut inst.drops {
            *drop = self.get(*drop);
        }
    }

    /// Rewrites the whole function, frame states included.
    pub fn apply(&self, func: &mut Function) {
        if self.is_empty() {
            return;
        }
        for inst in func.blocks.iter_mut().flat_map(|b| &mut b.insts) {
            self.apply_to(inst);
        }
        for state in &mut func.frame_states {
            state.map(|value| self.get(value));
        }
    }
}

/// The defining instruction of every value; `None` for parameters.
#[must_use]
pub fn definitions(func: &Function) -> Vec<Option<Inst>> {
    let mut definitions = vec![None; func.values.len()];
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        if let Some(result) = inst.result {
            definitions[result.index()] = Some(inst.clone());
        }
    }
    definitions
}

/// Joins every block that has one predecessor, which jumps to it, with that predecessor; drops
/// blocks that can't be reached. Whether anything changed.
pub fn tidy_blocks(func: &mut Function) -> bool {
    let before = func.blocks.len();
    let mut replacements = Replacements::default();
    let mut arrivals = vec![0usize; func.blocks.len()];
    for block in reverse_postorder(func) {
        for successor in func.successors(block) {
            arrivals[successor.index()] += 1;
        }
    }
    for block in reverse_postorder(func) {
        while let Some(last) = func.blocks[block.index()].insts.last() {
            if last.op != Op::Jump {
                break;
            }
            let target = last.targets[0].clone();
            let next = target.block;
            if arrivals[next.index()] != 1 || next == Function::ENTRY || next == block {
                break;
            }
            let taken = std::mem::take(&mut func.blocks[next.index()]);
            for (param, arg) in taken.params.iter().zip(&target.args) {
                replacements.insert(*param, *arg);
            }
            let insts = &mut func.blocks[block.index()].insts;
            insts.pop();
            insts.extend(taken.insts);
            arrivals[next.index()] = 0;
        }
    }
    replacements.apply(func);
    drop_unreachable(func);
    func.blocks.len() != before
}

/// Drops blocks that can't be reached, and numbers the others anew in reverse postorder.
fn drop_unreachable(func: &mut Function) {
    let order = reverse_postorder(func);
    let mut numbers: Vec<Option<Block>> = vec![None; func.blocks.len()];
    let mut blocks = Vec::with_capacity(order.len());
    for (number, block) in order.iter().enumerate() {
        numbers[block.index()] = Some(Block::from_index(number));
        blocks.push(std::mem::take(&mut func.blocks[block.index()]));
    }
    for target in blocks
        .iter_mut()
        .flat_map(|b| &mut b.insts)
        .flat_map(|i| &mut i.targets)
    {
        target.block = numbers[target.block.index()].expect("a successor is reachable");
    }
    func.blocks = blocks;
}
