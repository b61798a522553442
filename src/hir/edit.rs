//! Changes that many passes make: replacing values, splitting edges, removing blocks, renumbering.

use super::cfg::{Edge, predecessors, reverse_postorder};
use super::entities::{Block, FrameStateId, Value};
use super::function::{BlockData, Function};
use super::inst::{Inst, Op, Target};
use std::collections::HashMap;

/// Calls `f` on every mention of a value that is a use, in instructions and in the frame states
/// that instructions carry (each state once).
pub fn map_uses(func: &mut Function, mut f: impl FnMut(Value) -> Value) {
    let mut used = vec![false; func.frame_states.len()];
    for inst in func.blocks.iter_mut().flat_map(|b| &mut b.insts) {
        let args = inst.args.iter_mut();
        let target_args = inst.targets.iter_mut().flat_map(|t| &mut t.args);
        for value in args.chain(target_args).chain(&mut inst.drops) {
            *value = f(*value);
        }
        if let Some(fs) = inst.fs {
            used[fs.index()] = true;
        }
    }
    for (state, used) in func.frame_states.iter_mut().zip(used) {
        if used {
            state.map(&mut f);
        }
    }
}

/// Uses `map[v]` wherever `v` was used; chains in the map are followed to their end. Definitions
/// stay where they are.
///
/// # Panics
/// If the map leads in a circle.
pub fn replace_all(func: &mut Function, map: &HashMap<Value, Value>) {
    if map.is_empty() {
        return;
    }
    let mut ends: HashMap<Value, Value> = HashMap::with_capacity(map.len());
    let mut chain = Vec::new();
    for &start in map.keys() {
        let mut at = start;
        while let Some(&next) = ends.get(&at).or_else(|| map.get(&at)).filter(|&&n| n != at) {
            chain.push(at);
            assert!(chain.len() <= map.len(), "{at} is replaced by itself");
            at = next;
        }
        ends.extend(chain.drain(..).map(|value| (value, at)));
    }
    map_uses(func, |value| ends.get(&value).copied().unwrap_or(value));
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

/// Removes the blocks that cannot be reached; the others keep their order. Whether there was one.
pub fn remove_unreachable(func: &mut Function) -> bool {
    let mut keep = vec![false; func.blocks.len()];
    for block in reverse_postorder(func) {
        keep[block.index()] = true;
    }
    if keep.iter().all(|&k| k) {
        return false;
    }
    let mut new_ids = vec![Function::ENTRY; func.blocks.len()];
    let mut kept = Vec::new();
    for (index, data) in std::mem::take(&mut func.blocks).into_iter().enumerate() {
        if keep[index] {
            new_ids[index] = Block::from_index(kept.len());
            kept.push(data);
        }
    }
    func.blocks = kept;
    renumber_targets(func, &new_ids);
    true
}

fn renumber_targets(func: &mut Function, new_ids: &[Block]) {
    for inst in func.blocks.iter_mut().flat_map(|b| &mut b.insts) {
        for target in &mut inst.targets {
            target.block = new_ids[target.block.index()];
        }
    }
}

/// Removes unreachable blocks and numbers everything in the order of the text: blocks in reverse
/// postorder, values and frame states as they are defined or first used. What nothing defines or
/// uses is dropped, so that the printed form reads back to an equal function.
///
/// # Panics
/// If a value is used that nothing reachable defines.
pub fn renumber(func: &mut Function) {
    let order = reverse_postorder(func);
    let mut new_ids = vec![Function::ENTRY; func.blocks.len()];
    let mut blocks: Vec<BlockData> = Vec::with_capacity(order.len());
    for (index, &block) in order.iter().enumerate() {
        new_ids[block.index()] = Block::from_index(index);
        blocks.push(std::mem::take(&mut func.blocks[block.index()]));
    }
    func.blocks = blocks;
    renumber_targets(func, &new_ids);

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
    map_uses(func, |value| {
        values[value.index()].unwrap_or_else(|| panic!("{value} is used but not defined"))
    });
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
        let pairs = [(6, 4), (4, 3), (3, 9), (2, 2)];
        let map = pairs.map(|(a, b)| (Value(a), Value(b))).into();
        replace_all(&mut func, &map);
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
    #[should_panic(expected = "is replaced by itself")]
    fn circles_are_refused() {
        let mut func = parse_function(TEXT).unwrap();
        let map = [(Value(6), Value(4)), (Value(4), Value(6))].into();
        replace_all(&mut func, &map);
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
    fn unreachable_blocks_go() {
        let mut func = parse_function(TEXT).unwrap();
        assert!(remove_unreachable(&mut func));
        assert_eq!(func.blocks.len(), 4);
        assert!(func.to_string().contains("branch v2, bb3, bb3\n"));
        assert!(!remove_unreachable(&mut func));
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
