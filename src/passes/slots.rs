//! Which values each frame slot is known to hold: the analysis behind `mark_slots` and
//! `insert_refcounts`.
//!
//! For every slot, a set of names of its content: SSA values (by root), and one name for null.
//! Optimistic forward data flow; where paths meet, the names that all of them agree on, a
//! parameter being a name if every path passes a name of the content for it.

use crate::hir::cfg::{predecessors, reverse_postorder};
use crate::hir::liveness::roots;
use crate::hir::slot_states::flushes;
use crate::hir::{Block, FrameState, FsValue, Function, Inst, Op, Type, Value};
use std::collections::BTreeSet;

/// A name of a slot's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Null,
    Value(Value),
}

/// The names of every slot's content.
pub(super) type Contents = Vec<BTreeSet<Name>>;

/// The analysis.
pub(super) struct Slots {
    pub(super) roots: Vec<Value>,
    /// At the start of every block; `None` if it can't be reached.
    pub(super) at_start: Vec<Option<Contents>>,
}

impl Slots {
    pub(super) fn new(func: &Function) -> Slots {
        let roots = roots(func);
        let preds = predecessors(func);
        let order = reverse_postorder(func);
        let nulls = null_values(func);
        let mut slots = Slots {
            roots,
            at_start: vec![None; func.blocks.len()],
        };
        let mut at_end: Vec<Option<Contents>> = vec![None; func.blocks.len()];
        let entry = (0..func.nlocals).map(|slot| {
            if slot < func.nargs {
                BTreeSet::new()
            } else {
                BTreeSet::from([Name::Null])
            }
        });
        let mut entry: Contents = entry.collect();
        // Keyword-only arguments and the like are in slots behind the positional ones.
        for inst in &func.blocks[0].insts {
            if inst.op == Op::LoadLocal {
                entry[inst.imm_index(0) as usize].clear();
            }
        }
        slots.at_start[0] = Some(entry);
        let mut changed = true;
        while changed {
            changed = false;
            for block in &order {
                if *block != Function::ENTRY {
                    let merged = slots.merge(func, *block, &preds[block.index()], &at_end, &nulls);
                    if merged == slots.at_start[block.index()] && at_end[block.index()].is_some() {
                        continue;
                    }
                    slots.at_start[block.index()] = merged;
                } else if at_end[0].is_some() {
                    continue;
                }
                let Some(mut contents) = slots.at_start[block.index()].clone() else {
                    continue;
                };
                for inst in &func.blocks[block.index()].insts {
                    slots.step(func, inst, &mut contents, &nulls);
                }
                if at_end[block.index()].as_ref() != Some(&contents) {
                    at_end[block.index()] = Some(contents);
                    changed = true;
                }
            }
        }
        slots
    }

    fn merge(
        &self,
        func: &Function,
        block: Block,
        preds: &[Block],
        at_end: &[Option<Contents>],
        nulls: &BTreeSet<Value>,
    ) -> Option<Contents> {
        let params = &func.blocks[block.index()].params;
        let mut merged: Option<Contents> = None;
        for pred in preds {
            let Some(contents) = &at_end[pred.index()] else {
                continue;
            };
            let last = func.blocks[pred.index()]
                .insts
                .last()
                .expect("a terminator");
            for target in last.targets.iter().filter(|t| t.block == block) {
                let mut named = contents.clone();
                for names in &mut named {
                    for param in params {
                        // Of an earlier iteration.
                        names.remove(&Name::Value(*param));
                    }
                }
                for (names, before) in named.iter_mut().zip(contents) {
                    for (param, arg) in params.iter().zip(&target.args) {
                        if before.contains(&self.name(*arg, nulls)) {
                            names.insert(Name::Value(*param));
                        }
                    }
                }
                merged = Some(match merged {
                    None => named,
                    Some(so_far) => so_far
                        .iter()
                        .zip(&named)
                        .map(|(a, b)| a.intersection(b).copied().collect())
                        .collect(),
                });
            }
        }
        merged
    }

    /// How a value is named.
    pub(super) fn name(&self, value: Value, nulls: &BTreeSet<Value>) -> Name {
        if nulls.contains(&value) {
            Name::Null
        } else {
            Name::Value(self.roots[value.index()])
        }
    }

    /// The effect of an instruction on the contents.
    pub(super) fn step(
        &self,
        func: &Function,
        inst: &Inst,
        contents: &mut Contents,
        nulls: &BTreeSet<Value>,
    ) {
        if let Some(fs) = inst.fs
            && flushes(inst)
        {
            self.flush(func.frame_state(fs), contents, nulls);
        }
        match inst.op {
            Op::StoreLocal => {
                let slot = inst.imm_index(0) as usize;
                let name = self.name(inst.args[0], nulls);
                contents[slot] = BTreeSet::from([name]);
                if let Some(result) = inst.result {
                    contents[slot].insert(Name::Value(result));
                }
            }
            Op::AppendLocal => {
                let result = inst.result.expect("it has a result");
                contents[inst.imm_index(0) as usize] = BTreeSet::from([Name::Value(result)]);
            }
            Op::DropLocal => {
                contents[inst.imm_index(0) as usize] = BTreeSet::from([Name::Null]);
            }
            Op::LoadLocal => {
                if let Some(result) = inst.result {
                    // Elsewhere it would be a value of an earlier iteration.
                    for names in contents.iter_mut() {
                        names.remove(&Name::Value(result));
                    }
                    contents[inst.imm_index(0) as usize].insert(Name::Value(result));
                }
            }
            _ => {
                // A value of an earlier iteration is not this one.
                if let Some(result) = inst.result {
                    for names in contents {
                        names.remove(&Name::Value(result));
                    }
                }
            }
        }
    }

    /// Making unboxed locals visible writes their slots.
    fn flush(&self, state: &FrameState, contents: &mut Contents, nulls: &BTreeSet<Value>) {
        let is_there = |local: &FsValue, names: &BTreeSet<Name>| match local {
            FsValue::InSlot => true,
            FsValue::Null => names.contains(&Name::Null),
            FsValue::Value(v) => names.contains(&self.name(*v, nulls)),
            FsValue::RangeIter { .. } | FsValue::ListIter { .. } => false,
        };
        let hidden = state
            .locals
            .iter()
            .zip(contents.iter())
            .any(|(local, names)| matches!(local, FsValue::Value(_)) && !is_there(local, names));
        if !hidden {
            return;
        }
        for (local, names) in state.locals.iter().zip(contents.iter_mut()) {
            if !is_there(local, names) {
                *names = match local {
                    FsValue::Null => BTreeSet::from([Name::Null]),
                    _ => BTreeSet::new(),
                };
            }
        }
    }
}

/// Values that are surely null.
pub(super) fn null_values(func: &Function) -> BTreeSet<Value> {
    (0..func.values.len())
        .map(Value::from_index)
        .filter(|value| func.ty(*value) == Type::NULL)
        .collect()
}
