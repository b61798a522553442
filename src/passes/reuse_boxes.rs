//! A local's old float is overwritten instead of making a new one, where nothing else holds it.
//!
//! ```text
//! v3 = box_float v2
//! v4: float = store_local v3, 1      =>      store_local_float v2, 1
//! ```
//!
//! For boxes that have no other use, which are mostly those made when a loop ends. Runs after reference
//! counts are inserted, when the frame states that mean this local say `slot`.

use crate::hir::edit::definitions;
use crate::hir::{Function, Op, Type, Value};

/// The pass. Whether anything changed.
pub fn reuse_boxes(func: &mut Function) -> bool {
    let mut uses = vec![0u32; func.values.len()];
    for inst in func.blocks.iter().flat_map(|block| &block.insts) {
        let targets = inst.targets.iter().flat_map(|target| &target.args);
        for value in inst.args.iter().chain(targets).chain(&inst.drops) {
            uses[value.index()] += 1;
        }
    }
    for state in &func.frame_states {
        state.for_each(|value| uses[value.index()] += 1);
    }
    let mut changed = false;
    let numbers: Vec<Option<Value>> = definitions(func)
        .iter()
        .map(|inst| {
            let inst = inst.as_ref().filter(|inst| inst.op == Op::BoxFloat);
            inst.map(|inst| inst.args[0])
        })
        .collect();
    for block in &mut func.blocks {
        for inst in &mut block.insts {
            let Some(stored) = inst.result.filter(|_| inst.op == Op::StoreLocal) else {
                continue;
            };
            let boxed = inst.args[0];
            if let Some(number) = numbers[boxed.index()]
                && uses[boxed.index()] == 1
                && uses[stored.index()] == 0
            {
                debug_assert_eq!(func.values[number.index()].ty, Type::F64);
                inst.op = Op::StoreLocalFloat;
                inst.args[0] = number;
                inst.result = None;
                uses[boxed.index()] = 0;
                changed = true;
            }
        }
    }
    for block in &mut func.blocks {
        block.insts.retain(|inst| {
            inst.op != Op::BoxFloat || inst.result.is_none_or(|value| uses[value.index()] > 0)
        });
    }
    changed
}
