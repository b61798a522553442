//! Changing functions: replacing values everywhere, definitions, splitting edges, merging and
//! dropping blocks, renumbering.

use super::cfg::{Edge, predecessors, reverse_postorder};
use super::entities::{Block, FrameStateId, Value};
use super::function::Function;
use super::inst::{Inst, Op, Target};
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
    let mut joined = false;
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
            joined = true;
        }
    }
    replacements.apply(func);
    drop_unreachable(func) || joined
}

/// Drops blocks that can't be reached, and numbers the others anew in reverse postorder. Whether
/// that made a difference.
fn drop_unreachable(func: &mut Function) -> bool {
    let order = reverse_postorder(func);
    if order.iter().copied().eq(func.block_ids()) {
        return false;
    }
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
    true
}

/// Puts a new block on an edge and returns it. The new block takes over the arguments: the edge
/// leads to it without any, and it jumps on with them.
///
/// # Panics
/// If there is no such edge.
pub fn split_edge(func: &mut Function, edge: Edge) -> Block {
    let middle = func.new_block();
    let last = func.blocks[edge.from.index()].insts.last_mut();
    let target = &mut last.expect("a block with an edge has a terminator").targets[edge.index];
    let onward = std::mem::replace(
        target,
        Target {
            block: middle,
            args: Vec::new(),
        },
    );
    func.push(middle, Inst::new(Op::Jump, &[], &[]).with_targets([onward]));
    middle
}

/// Splits every edge from a block with several successors to one with several predecessors.
/// Whether there was one.
pub fn split_critical_edges(func: &mut Function) -> bool {
    let preds = predecessors(func);
    let mut changed = false;
    for from in func.block_ids() {
        let targets: Vec<Block> = func.successors(from).collect();
        if targets.len() < 2 {
            continue;
        }
        for (index, to) in targets.into_iter().enumerate() {
            if preds[to.index()].len() > 1 {
                split_edge(func, Edge { from, index });
                changed = true;
            }
        }
    }
    changed
}

/// Removes unreachable blocks and numbers everything in the order of the text: blocks in reverse
/// postorder, values and frame states as they are defined or first used. What nothing defines or
/// uses is dropped, so that the printed form reads back to an equal function.
///
/// # Panics
/// If a value is used that nothing reachable defines.
pub fn renumber(func: &mut Function) {
    drop_unreachable(func);
    let mut values: Vec<Option<Value>> = vec![None; func.values.len()];
    let mut data = Vec::new();
    let mut state_ids: Vec<Option<FrameStateId>> = vec![None; func.frame_states.len()];
    let mut states = Vec::new();
    for block in &mut func.blocks {
        let mut define = |value: &mut Value| {
            data.push(func.values[value.index()]);
            let new = Value::from_index(data.len() - 1);
            values[value.index()] = Some(new);
            *value = new;
        };
        block.params.iter_mut().for_each(&mut define);
        for inst in &mut block.insts {
            inst.result.iter_mut().for_each(&mut define);
            if let Some(fs) = &mut inst.fs {
                let old = fs.index();
                *fs = *state_ids[old].get_or_insert_with(|| {
                    states.push(func.frame_states[old].clone());
                    FrameStateId::from_index(states.len() - 1)
                });
            }
        }
    }
    func.values = data;
    func.frame_states = states;
    let new = |value: Value| {
        values[value.index()].unwrap_or_else(|| panic!("{value} is used but not defined"))
    };
    for inst in func.blocks.iter_mut().flat_map(|b| &mut b.insts) {
        let target_args = inst.targets.iter_mut().flat_map(|t| &mut t.args);
        for value in inst
            .args
            .iter_mut()
            .chain(target_args)
            .chain(&mut inst.drops)
        {
            *value = new(*value);
        }
    }
    for state in &mut func.frame_states {
        state.map(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::defs::{Def, Defs, use_counts};
    use crate::hir::parse_function;

    const TEXT: &str = r#"function "f" args 1 locals 1 {
bb0:
  v9 = const_int 1
  v2 = const_bool true
  branch v2, bb2(v9), bb1
bb1:
  v4 = const_int 2
  poll fs3
  jump bb2(v4)
  fs3 = pc 2 locals [v4] stack [range(v9, v4, v9)]
bb2(v6: i64):
  v7 = int_add v6, v6, fs5 drops [v2]
  branch v2, bb4, bb4
  fs5 = pc 4 locals [v6] stack []
bb3:
  jump bb2(v9)
bb4:
  return_int v7
}
"#;

    #[test]
    fn chains_of_replacements() {
        let mut func = parse_function(TEXT).unwrap();
        let mut replacements = Replacements::default();
        for (old, new) in [(6, 4), (2, 2), (4, 3), (3, 9), (9, 6)] {
            replacements.insert(Value(old), Value(new));
        }
        replacements.apply(&mut func);
        let text = func.to_string();
        assert!(
            text.contains("v7 = int_add v9, v9, fs5 drops [v2]"),
            "{text}"
        );
        assert!(text.contains("jump bb2(v9)"));
        assert!(text.contains("fs5 = pc 4 locals [v9]"));
        assert!(text.contains("stack [range(v9, v9, v9)]"));
        assert!(text.contains("v4 = const_int 2"));
    }

    #[test]
    fn critical_edges() {
        let mut func = parse_function(TEXT).unwrap();
        assert!(split_critical_edges(&mut func));
        let text = func.to_string();
        assert!(text.contains("branch v2, bb5, bb1"), "{text}");
        assert!(text.contains("bb5:\n  jump bb2(v9)"));
        assert!(text.contains("branch v2, bb6, bb7"));
        assert!(!split_critical_edges(&mut func));
    }

    #[test]
    fn chains_of_blocks_are_joined() {
        let mut func = parse_function(
            "function \"f\" args 0 locals 0 {\nbb0:\n v0 = const_int 1\n jump bb2(v0)\nbb1:\n \
             jump bb2(v0)\nbb2(v1: i64):\n jump bb3(v1)\nbb3(v2: i64):\n return_int v2\n}",
        )
        .unwrap();
        assert!(tidy_blocks(&mut func));
        let want = "bb0:\n  v0 = const_int 1\n  return_int v0\n}\n";
        assert!(func.to_string().ends_with(want), "{func}");
        assert!(!tidy_blocks(&mut func));
    }

    #[test]
    fn renumbered_in_the_order_of_the_text() {
        let mut func = parse_function(TEXT).unwrap();
        renumber(&mut func);
        let want = r#"function "f" args 1 locals 1 {
bb0:
  v0 = const_int 1
  v1 = const_bool true
  branch v1, bb2(v0), bb1
bb1:
  v2 = const_int 2
  poll fs0
  jump bb2(v2)
  fs0 = pc 2 locals [v2] stack [range(v0, v2, v0)]
bb2(v3: i64):
  v4 = int_add v3, v3, fs1 drops [v1]
  branch v1, bb3, bb3
  fs1 = pc 4 locals [v3] stack []
bb3:
  return_int v4
}
"#;
        assert_eq!(func.to_string(), want);
        assert_eq!(parse_function(want).unwrap(), func);
    }

    #[test]
    fn definitions_and_uses() {
        let func = parse_function(TEXT).unwrap();
        let defs = Defs::new(&func);
        let block = Block(2);
        assert_eq!(defs.get(Value(6)), Some(Def::Param { block, index: 0 }));
        assert_eq!(defs.get(Value(7)), Some(Def::Inst { block, index: 0 }));
        assert_eq!(defs.get(Value(8)), None);
        assert_eq!(defs.get(Value(800)), None);
        assert_eq!(defs.inst(&func, Value(7)).unwrap().op, Op::IntAdd);
        let counts = use_counts(&func);
        assert_eq!(counts[9], 4);
        assert_eq!(counts[2], 3);
        assert_eq!(counts[6], 3);
    }
}
