//! Locals that nothing but frame states wants go back to their frame slots.
//!
//! ```text
//!   jump bb1(v8)                          v9 = store_local v8, 2
//! bb1(v5: maybe):                         jump bb1
//!   poll fs0                        =>  bb1:
//!   jump bb2                              v5 = load_local 2      ; dead once slots are marked
//!   fs0 = pc 4 locals [slot, v5] …        poll fs0
//!                                         fs0 = pc 4 locals [slot, v5] …
//! ```
//!
//! A local that is dead but was assigned (`x` of the last round, at the head of a loop that assigns it
//! anew) can still be seen in the frame. As a parameter it would be kept alive, and released on every
//! way out. `mark_slots`, which comes next, finds that the slot holds it.
//!
//! From here on there are loads of locals outside the entry block.

use super::slots::{Contents, Slots, null_values};
use crate::hir::cfg::Edge;
use crate::hir::edit::split_edge;
use crate::hir::{Block, FsValue, Function, Imm, Inst, Op, Type, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The pass. Whether anything changed.
pub fn spill_params(func: &mut Function) -> bool {
    let spilled = candidates(func);
    if spilled.is_empty() {
        return false;
    }
    let passed = load_at_entry(func, &spilled);
    store_on_edges(func, &passed);
    true
}

/// What an edge passed for a parameter that is loaded now.
struct Passed {
    edge: Edge,
    slot: u32,
    value: Value,
}

/// The parameters to spill and the slots that they belong to: boxed ones that are used by frame
/// states as one and the same local, or passed on for such a parameter.
fn candidates(func: &Function) -> BTreeMap<Value, u32> {
    let mut home: Vec<Home> = vec![Home::Bad; func.values.len()];
    for block in &func.blocks {
        for param in &block.params {
            if func.ty(*param).is_boxed() {
                home[param.index()] = Home::Unknown;
            }
        }
    }
    // Parameters that values are passed on to.
    let mut flows: BTreeSet<(Value, Value)> = BTreeSet::new();
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        for arg in &inst.args {
            home[arg.index()] = Home::Bad;
        }
        if let Some(fs) = inst.fs {
            let state = func.frame_state(fs);
            for (slot, local) in state.locals.iter().enumerate() {
                match local {
                    FsValue::Value(value) => home[value.index()].meet(Home::Slot(slot as u32)),
                    other => other.for_each(|value| home[value.index()] = Home::Bad),
                }
            }
            for item in &state.stack {
                item.for_each(|value| home[value.index()] = Home::Bad);
            }
        }
        for target in &inst.targets {
            let params = &func.blocks[target.block.index()].params;
            flows.extend(target.args.iter().copied().zip(params.iter().copied()));
        }
    }
    // What is passed on for a parameter shares its slot, or its being bad.
    loop {
        let before = home.clone();
        for (arg, param) in &flows {
            let to = home[param.index()];
            home[arg.index()].meet(to);
        }
        for block in &func.blocks {
            // A slot has one content.
            let mut seen = BTreeSet::new();
            for param in &block.params {
                if let Home::Slot(slot) = home[param.index()]
                    && !seen.insert(slot)
                {
                    home[param.index()] = Home::Bad;
                }
            }
        }
        if home == before {
            // Nobody uses these, yet they want an argument.
            let unused = home.iter_mut().filter(|home| **home == Home::Unknown);
            if unused.map(|home| *home = Home::Bad).count() == 0 {
                break;
            }
        }
    }
    func.blocks
        .iter()
        .flat_map(|block| &block.params)
        .filter_map(|param| match home[param.index()] {
            Home::Slot(slot) => Some((*param, slot)),
            Home::Unknown | Home::Bad => None,
        })
        .collect()
}

/// What is known about the slot of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    /// No use so far.
    Unknown,
    /// All uses so far are as this local.
    Slot(u32),
    /// Used otherwise.
    Bad,
}

impl Home {
    fn meet(&mut self, other: Home) {
        *self = match (*self, other) {
            (Home::Unknown, other) => other,
            (known, Home::Unknown) => known,
            (known, other) if known == other => known,
            _ => Home::Bad,
        };
    }
}

/// Makes the parameters loads of their slots.
fn load_at_entry(func: &mut Function, spilled: &BTreeMap<Value, u32>) -> Vec<Passed> {
    let mut passed = Vec::new();
    let params: Vec<Vec<Value>> = func.blocks.iter().map(|b| b.params.clone()).collect();
    for from in func.block_ids() {
        let Some(last) = func.blocks[from.index()].insts.last_mut() else {
            continue;
        };
        for (index, target) in last.targets.iter_mut().enumerate() {
            let mut at = params[target.block.index()].iter();
            target.args.retain(|arg| {
                let param = at.next().expect("an argument a parameter");
                let Some(slot) = spilled.get(param) else {
                    return true;
                };
                passed.push(Passed {
                    edge: Edge { from, index },
                    slot: *slot,
                    value: *arg,
                });
                false
            });
        }
    }
    for block in &mut func.blocks {
        let loads: Vec<Inst> = block
            .params
            .iter()
            .filter_map(|param| {
                let mut load = Inst::new(Op::LoadLocal, &[], &[Imm::Index(*spilled.get(param)?)]);
                load.result = Some(*param);
                Some(load)
            })
            .collect();
        block.params.retain(|param| !spilled.contains_key(param));
        block.insts.splice(0..0, loads);
    }
    // What is loaded is as wide as a load's result.
    for param in spilled.keys() {
        func.values[param.index()].ty = Type::MAYBE;
    }
    passed
}

/// Stores what was passed where the slot doesn't hold it already.
fn store_on_edges(func: &mut Function, passed: &[Passed]) {
    let slots = Slots::new(func);
    let nulls = null_values(func);
    let mut at_end: BTreeMap<Block, Contents> = BTreeMap::new();
    for block in func.block_ids() {
        if let Some(mut contents) = slots.at_start[block.index()].clone() {
            for inst in &func.blocks[block.index()].insts {
                slots.step(func, inst, &mut contents, &nulls);
            }
            at_end.insert(block, contents);
        }
    }
    let mut stores: BTreeMap<(Block, usize), Vec<Inst>> = BTreeMap::new();
    for pass in passed {
        let name = slots.name(pass.value, &nulls);
        let there = at_end
            .get(&pass.edge.from)
            .is_none_or(|contents| contents[pass.slot as usize].contains(&name));
        if there {
            continue;
        }
        let imm = Imm::Index(pass.slot);
        let store = if nulls.contains(&pass.value) {
            Inst::new(Op::DropLocal, &[], &[imm])
        } else {
            Inst::new(Op::StoreLocal, &[pass.value], &[imm])
        };
        let edge = (pass.edge.from, pass.edge.index);
        stores.entry(edge).or_default().push(store);
    }
    for ((from, index), insts) in stores {
        let only = func.blocks[from.index()]
            .insts
            .last()
            .is_some_and(|last| last.targets.len() == 1);
        let block = if only {
            from
        } else {
            split_edge(func, Edge { from, index })
        };
        let end = func.blocks[block.index()].insts.pop();
        for inst in insts {
            func.push(block, inst);
        }
        func.blocks[block.index()].insts.extend(end);
    }
}
