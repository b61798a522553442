//! Marks locals in frame states whose frame slot holds the right reference already.
//!
//! ```text
//! v1 = store_local v0, 2                     v1 = store_local v0, 2
//! guard_len v1, 3, fs0                  =>   guard_len v1, 3, fs1
//! fs0 = pc 4 locals [null, v5, v1] …         fs1 = pc 4 locals [slot, v5, slot] …
//! ```
//!
//! Leaving native code then need not touch those slots, and the values need not be kept alive for it.

use super::slots::{Name, Slots, null_values};
use crate::hir::{FrameState, FrameStateId, FsValue, Function};
use std::collections::HashMap;

/// The pass. Whether anything was marked.
pub fn mark_slots(func: &mut Function) -> bool {
    let slots = Slots::new(func);
    let nulls = null_values(func);
    let mut interned: HashMap<FrameState, FrameStateId> = HashMap::new();
    let mut changed = false;
    for block in func.block_ids() {
        let Some(mut contents) = slots.at_start[block.index()].clone() else {
            continue;
        };
        for at in 0..func.blocks[block.index()].insts.len() {
            let inst = &func.blocks[block.index()].insts[at];
            if let Some(fs) = inst.fs {
                let mut state = func.frame_state(fs).clone();
                for (local, names) in state.locals.iter_mut().zip(&contents) {
                    let name = match local {
                        FsValue::Null => Name::Null,
                        FsValue::Value(v) => slots.name(*v, &nulls),
                        _ => continue,
                    };
                    if names.contains(&name) {
                        *local = FsValue::InSlot;
                    }
                }
                if state != *func.frame_state(fs) {
                    changed = true;
                    let id = match interned.get(&state) {
                        Some(id) => *id,
                        None => {
                            let id = func.add_frame_state(state.clone());
                            interned.insert(state, id);
                            id
                        }
                    };
                    func.blocks[block.index()].insts[at].fs = Some(id);
                }
            }
            let inst = &func.blocks[block.index()].insts[at];
            slots.step(func, inst, &mut contents, &nulls);
        }
    }
    changed
}
