//! Sums that replace one of their own operands in a local let that operand grow where it is.
//!
//! ```text
//! v4 = binary_op v2, v3, iadd, fs0          v4 = append_local v2, v3, 1, iadd, fs0
//! guard_no_tracing fs1                 =>   guard_no_tracing fs1
//! v5: object = store_local v4, 1
//! ```
//!
//! where slot 1 holds `v2`. Without this `s += t` in a loop would copy the string each time, which is quadratic. CPython
//! has an instruction for it (`BINARY_OP_INPLACE_ADD_UNICODE`).

use super::slots::{Slots, null_values};
use crate::hir::edit::Replacements;
use crate::hir::{BinOp, Function, Inst, Op};

/// The pass. Whether anything changed.
pub fn append_locals(func: &mut Function) -> bool {
    let slots = Slots::new(func);
    let nulls = null_values(func);
    let mut stores = Replacements::default();
    for block in func.block_ids() {
        let Some(mut contents) = slots.at_start[block.index()].clone() else {
            continue;
        };
        for at in 0..func.blocks[block.index()].insts.len() {
            let insts = &func.blocks[block.index()].insts;
            let inst = &insts[at];
            let store = match replaced_by(insts, at) {
                Some(store) if adds(inst) => {
                    let held = &contents[store.imm_index(0) as usize];
                    held.contains(&slots.name(inst.args[0], &nulls))
                        .then(|| (store.result, store.imms[0]))
                }
                _ => None,
            };
            slots.step(func, inst, &mut contents, &nulls);
            if let Some((Some(stored), slot)) = store {
                let inst = &mut func.blocks[block.index()].insts[at];
                inst.op = Op::AppendLocal;
                inst.imms.insert(0, slot);
                let sum = inst.result.expect("a sum");
                stores.insert(stored, sum);
            }
        }
        func.blocks[block.index()].insts.retain(|inst| {
            inst.result
                .is_none_or(|result| stores.get(result) == result)
        });
    }
    stores.apply(func);
    !stores.is_empty()
}

fn adds(inst: &Inst) -> bool {
    inst.op == Op::BinaryOp && inst.imm_bin(0).plain() == BinOp::Add
}

/// The store of the result of an instruction, if that comes next.
fn replaced_by(insts: &[Inst], at: usize) -> Option<&Inst> {
    let next = insts[at + 1..]
        .iter()
        .find(|inst| inst.op != Op::GuardNoTracing)?;
    let stores = next.op == Op::StoreLocal && Some(next.args[0]) == insts[at].result;
    stores.then_some(next)
}
