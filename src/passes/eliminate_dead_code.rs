//! Removes what nobody needs: operations, parameters, blocks.
//!
//! Guards stay, except those that are operations on numbers (their result unused, whether they would
//! leave does not matter). A parameter is needed only if something other than parameters that
//! aren't needed themselves uses it.

use crate::hir::edit::tidy_blocks;
use crate::hir::{Effects, Function, Inst, Op, Value};

/// The pass. Whether anything changed.
pub fn eliminate_dead_code(func: &mut Function) -> bool {
    let mut changed = tidy_blocks(func);
    let needed = needed_values(func);
    for block in 0..func.blocks.len() {
        let keep: Vec<bool> = func.blocks[block]
            .params
            .iter()
            .map(|param| needed[param.index()])
            .collect();
        if keep.iter().any(|keep| !keep) {
            changed = true;
            let mut at = keep.iter();
            func.blocks[block]
                .params
                .retain(|_| *at.next().expect("one each"));
            for target in func
                .blocks
                .iter_mut()
                .flat_map(|b| &mut b.insts)
                .flat_map(|i| &mut i.targets)
                .filter(|t| t.block.index() == block)
            {
                let mut at = keep.iter();
                target.args.retain(|_| *at.next().expect("one each"));
            }
        }
        let before = func.blocks[block].insts.len();
        // Loads in the entry block tell which locals are arguments.
        let entry = block == Function::ENTRY.index();
        func.blocks[block].insts.retain(|inst| {
            !(is_removable(inst) || inst.op == Op::LoadLocal && !entry)
                || inst.result.is_some_and(|result| needed[result.index()])
        });
        changed |= before != func.blocks[block].insts.len();
    }
    changed
}

/// Whether an instruction may go when its result is unused.
fn is_removable(inst: &Inst) -> bool {
    if inst.is_terminator() || inst.result.is_none() {
        return false;
    }
    match inst.op {
        Op::GuardType
        | Op::GuardNotNull
        | Op::GuardIs
        | Op::GuardTypeVersion
        | Op::GuardCode
        | Op::LoadLocal
        | Op::UntagInt
        | Op::UntagFloat => false,
        // A failing index must raise.
        Op::ListGet | Op::TupleGet => false,
        // The result of an operation on numbers that would raise or overflow: the interpreter may
        // have to raise.
        Op::IntFloorDiv
        | Op::IntMod
        | Op::IntTrueDiv
        | Op::IntPow
        | Op::IntShl
        | Op::IntShr
        | Op::FloatDiv
        | Op::FloatFloorDiv
        | Op::FloatMod
        | Op::FloatPow
        | Op::FloatSqrt
        | Op::RangeLen => false,
        _ => inst.info().effects <= Effects::Read,
    }
}

/// Values that something kept uses.
fn needed_values(func: &Function) -> Vec<bool> {
    let mut needed = vec![false; func.values.len()];
    let mut work: Vec<Value> = Vec::new();
    let mut definitions: Vec<Option<&Inst>> = vec![None; func.values.len()];
    // For a parameter, the arguments passed for it.
    let mut arguments: Vec<Vec<Value>> = vec![Vec::new(); func.values.len()];
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        if let Some(result) = inst.result {
            definitions[result.index()] = Some(inst);
        }
        if !is_removable(inst) {
            uses(func, inst, &mut work);
        }
        for target in &inst.targets {
            let params = &func.blocks[target.block.index()].params;
            for (param, arg) in params.iter().zip(&target.args) {
                arguments[param.index()].push(*arg);
            }
        }
    }
    while let Some(value) = work.pop() {
        if std::mem::replace(&mut needed[value.index()], true) {
            continue;
        }
        work.extend(arguments[value.index()].iter().copied());
        if let Some(inst) = definitions[value.index()]
            && is_removable(inst)
        {
            uses(func, inst, &mut work);
        }
    }
    needed
}

/// Operands and frame state, not jump arguments.
fn uses(func: &Function, inst: &Inst, work: &mut Vec<Value>) {
    work.extend(inst.args.iter().copied());
    if let Some(fs) = inst.fs {
        func.frame_state(fs).for_each(|value| work.push(value));
    }
}
