//! Puts everything into the frame where a generator yields: the native frame ends there.
//!
//! ```text
//!                                          v4 = box_int v2
//!                                          v5 = store_local v4, 1
//!                                          put_stack v1, 2
//! yield v3, 1, fs0                   =>    yield v3, 1, fs1
//! fs0 = pc 8 locals [slot, v2] stack [v1]  fs1 = pc 8 locals [slot, slot] stack []
//! ```
//!
//! After `mark_slots`, which finds the locals that are there already.

use crate::hir::{FsValue, Function, Imm, Inst, Op, Type, Value};

/// The pass. Whether anything changed.
pub fn store_at_yields(func: &mut Function) -> bool {
    let mut changed = false;
    for block in func.block_ids() {
        let Some(end) = func.blocks[block.index()]
            .insts
            .pop_if(|last| last.op == Op::Yield)
        else {
            continue;
        };
        let fs = end.fs.expect("verified: a yield has a frame state");
        let state = func.frame_state(fs).clone();
        let pc = Some(state.pc);
        let mut settled = state.clone();
        for (slot, local) in state.locals.iter().enumerate() {
            let place = [Imm::Index(slot as u32)];
            let inst = match local {
                FsValue::InSlot => continue,
                FsValue::Null => Inst::new(Op::DropLocal, &[], &place).at(pc),
                FsValue::Value(value) => {
                    let value = boxed(func, block, *value);
                    Inst::new(Op::StoreLocal, &[value], &place).at(pc)
                }
                FsValue::RangeIter { .. } | FsValue::ListIter { .. } => {
                    unreachable!("an iterator is no local")
                }
            };
            func.push(block, inst);
            settled.locals[slot] = FsValue::InSlot;
            changed = true;
        }
        for (depth, item) in state.stack.iter().enumerate() {
            let value = match item {
                FsValue::Value(value) => boxed(func, block, *value),
                FsValue::Null => func
                    .push(block, Inst::new(Op::ConstNull, &[], &[]))
                    .expect("a constant"),
                FsValue::InSlot | FsValue::RangeIter { .. } | FsValue::ListIter { .. } => {
                    unreachable!("the frontend has objects on the stack where it yields")
                }
            };
            let slot = func.nlocals + depth as u32;
            func.push(
                block,
                Inst::new(Op::PutStack, &[value], &[Imm::Index(slot)]),
            );
            changed = true;
        }
        settled.stack.clear();
        let fs = func.add_frame_state(settled);
        func.blocks[block.index()].insts.push(Inst {
            fs: Some(fs),
            ..end
        });
    }
    changed
}

/// The object for a value, made at the end of a block if there is none.
fn boxed(func: &mut Function, block: crate::hir::Block, value: Value) -> Value {
    let ty = func.ty(value);
    let op = if ty == Type::I64 {
        Op::BoxInt
    } else if ty == Type::F64 {
        Op::BoxFloat
    } else if ty == Type::I1 {
        Op::BoxBool
    } else if ty == Type::TAGGED {
        Op::BoxTagged
    } else {
        return value;
    };
    func.push(block, Inst::new(op, &[value], &[]))
        .expect("a box")
}
