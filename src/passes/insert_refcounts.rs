//! Inserts `incref` and `decref`, and fills in what each exit must release. The last pass.
//!
//! Every reference is one of: *immortal*; *owned* (a new reference, consumed exactly once on every
//! path); borrowed *from a slot* of the frame, while the slot holds it; borrowed *from memory*,
//! until something may change that memory. A borrowed value that is needed for longer is made
//! owned where it is defined. A parameter whose argument always sits in one slot is borrowed from
//! that slot; other parameters are owned, and jumps hand references over.
//!
//! ```text
//! v2 = binary_op v0, v1, add, fs0            v2 = binary_op v0, v1, add, fs0
//! v3 = subscr v2, v1, fs1               =>   v3 = subscr v2, v1, fs1 drops [v2]
//! return v3                                  decref v2
//!                                            return v3
//! ```
//!
//! What is returned of a slot is taken out of it, as the frame ends:
//!
//! ```text
//! return v1                             =>   v2 = take_local 1
//!                                            return v2
//! ```
//!
//! Relies on: no branch with arguments (they are split here), frame states marked by `mark_slots`.
//! After: CinderX's refcount insertion, in the idea of borrow support.

use super::slots::{Contents, Name, Slots, null_values};
use crate::hir::cfg::predecessors;
use crate::hir::liveness::{Liveness, ValueSet, for_each_use, is_counted, step_back};
use crate::hir::slot_states::{SlotState, SlotStates, flushes};
use crate::hir::{
    Block, BlockData, Effects, FsKind, Function, Imm, Inst, Op, Ownership, Target, Type, Value,
};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

/// How a root's reference is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// Not a reference, or never freed.
    Not,
    Owned,
    /// Borrowed from this slot.
    Slot(u32),
    /// Borrowed from memory.
    Memory,
}

/// The pass. Whether anything was inserted.
pub fn insert_refcounts(func: &mut Function) -> bool {
    split_branches_with_arguments(func);
    let slots = Slots::new(func);
    let live = Liveness::new(func, &slots.roots);
    let mut counter = Counter {
        held: classify(func, &slots),
        slots,
        live,
    };
    counter.settle(func);
    counter.insert(func);
    true
}

/// Gives every branch target with arguments a block of its own.
fn split_branches_with_arguments(func: &mut Function) {
    for block in 0..func.blocks.len() {
        let Some(last) = func.blocks[block].insts.last() else {
            continue;
        };
        if last.op != Op::Branch {
            continue;
        }
        for at in 0..2 {
            let target = func.blocks[block].insts.last().expect("checked").targets[at].clone();
            if target.args.is_empty() {
                continue;
            }
            let edge = func.new_block();
            func.push(edge, Inst::new(Op::Jump, &[], &[]).with_targets([target]));
            func.blocks[block]
                .insts
                .last_mut()
                .expect("checked")
                .targets[at] = Target {
                block: edge,
                args: vec![],
            };
        }
    }
}

/// The first, most optimistic answer for every root.
fn classify(func: &Function, slots: &Slots) -> Vec<Held> {
    let mut held = vec![Held::Not; func.values.len()];
    for block in func.block_ids() {
        let data = &func.blocks[block.index()];
        for param in &data.params {
            if is_counted(func.ty(*param)) {
                let slot = slots.at_start[block.index()].as_ref().and_then(|contents| {
                    contents
                        .iter()
                        .position(|names| names.contains(&Name::Value(*param)))
                });
                held[param.index()] = slot.map_or(Held::Owned, |slot| Held::Slot(slot as u32));
            }
        }
        for inst in &data.insts {
            let Some(result) = inst.result else { continue };
            held[result.index()] = match inst.info().ownership {
                Ownership::Owned => Held::Owned,
                Ownership::Memory => Held::Memory,
                Ownership::Slot => Held::Slot(inst.imm_index(0)),
                Ownership::None | Ownership::Immortal | Ownership::Same => Held::Not,
            };
        }
    }
    held
}

struct Counter {
    held: Vec<Held>,
    slots: Slots,
    live: Liveness,
}

impl Counter {
    fn held(&self, root: Value) -> Held {
        self.held[root.index()]
    }

    /// Makes borrowed values owned until no borrow outlives its support.
    fn settle(&mut self, func: &Function) {
        let nulls = null_values(func);
        loop {
            let mut need = BTreeSet::new();
            for block in func.block_ids() {
                if let Some(contents) = self.slots.at_start[block.index()].clone() {
                    self.check_block(func, block, contents, &nulls, &mut need);
                }
            }
            if need.is_empty() {
                return;
            }
            for root in need {
                self.held[root.index()] = Held::Owned;
            }
        }
    }

    /// Values live after each instruction of a block.
    fn live_after(&self, func: &Function, block: Block) -> Vec<ValueSet> {
        let insts = &func.blocks[block.index()].insts;
        let mut live = self.live.live_out[block.index()].clone();
        let mut after = Vec::with_capacity(insts.len());
        for inst in insts.iter().rev() {
            after.push(live.clone());
            step_back(func, &self.slots.roots, inst, &mut live);
        }
        after.reverse();
        after
    }

    /// Collects the borrows that end too early.
    fn check_block(
        &self,
        func: &Function,
        block: Block,
        mut contents: Contents,
        nulls: &BTreeSet<Value>,
        need: &mut BTreeSet<Value>,
    ) {
        let insts = &func.blocks[block.index()].insts;
        let after = self.live_after(func, block);
        let unsupported = |live: &ValueSet, contents: &Contents, need: &mut BTreeSet<Value>| {
            for root in live.iter() {
                if let Held::Slot(slot) = self.held(root)
                    && !contents[slot as usize].contains(&Name::Value(root))
                {
                    need.insert(root);
                }
            }
        };
        let mut start = self.live.live_in[block.index()].clone();
        for param in &func.blocks[block.index()].params {
            start.insert(*param);
        }
        unsupported(&start, &contents, need);
        for root in start.iter() {
            if self.held(root) == Held::Memory {
                need.insert(root);
            }
        }
        for (at, inst) in insts.iter().enumerate() {
            if self.step(func, inst, &mut contents, nulls) {
                unsupported(&after[at], &contents, need);
                // What is used while the slot changes must not hang on it.
                if self.slots_written(inst) {
                    for_each_use(func, &self.slots.roots, inst, |root| {
                        if let Held::Slot(slot) = self.held(root)
                            && !contents[slot as usize].contains(&Name::Value(root))
                            && !matches!(inst.op, Op::StoreLocal | Op::AppendLocal)
                        {
                            need.insert(root);
                        }
                    });
                }
            }
            let effects = inst.info().effects;
            let clobbers = effects >= Effects::Write || self.kills(func, inst, &after[at]);
            if clobbers {
                for root in after[at].iter() {
                    if self.held(root) == Held::Memory && Some(root) != inst.result {
                        need.insert(root);
                    }
                }
            }
            if effects == Effects::Escape && inst.info().fs == FsKind::Raise {
                let mut hold = |root: Value| {
                    if self.held(root) == Held::Memory {
                        need.insert(root);
                    }
                };
                if !matches!(inst.op, Op::IsTrue | Op::IsInstance) {
                    for_each_use(func, &self.slots.roots, inst, hold);
                } else if let Some(fs) = inst.fs {
                    // It holds its operands itself, where it calls anything; but not what the frame has.
                    func.frame_state(fs)
                        .for_each(|value| hold(self.slots.roots[value.index()]));
                }
            }
            // The item read from a container that dies with this very instruction.
            if let Some(result) = inst.result
                && self.held(result) == Held::Memory
                && self.kills(func, inst, &after[at])
            {
                need.insert(result);
            }
        }
    }

    /// The effect of an instruction on the contents; whether they are others now.
    fn step(
        &self,
        func: &Function,
        inst: &Inst,
        contents: &mut Contents,
        nulls: &BTreeSet<Value>,
    ) -> bool {
        let is_store = matches!(inst.op, Op::StoreLocal | Op::AppendLocal | Op::DropLocal);
        if is_store && !flushes(inst) {
            // A comparison of all slots at each store would grow with the square of the locals.
            let slot = inst.imm_index(0) as usize;
            let before = contents[slot].clone();
            self.slots.step(func, inst, contents, nulls);
            return before != contents[slot];
        }
        let is_named = |result| {
            let name = Name::Value(result);
            contents.iter().any(|names| names.contains(&name))
        };
        let may_change =
            flushes(inst) || inst.op == Op::LoadLocal || inst.result.is_some_and(is_named);
        if !may_change {
            return false;
        }
        let before = contents.clone();
        self.slots.step(func, inst, contents, nulls);
        before != *contents
    }

    fn slots_written(&self, inst: &Inst) -> bool {
        matches!(inst.op, Op::StoreLocal | Op::AppendLocal | Op::DropLocal) || flushes(inst)
    }

    /// Whether an owned reference that may free more than itself dies with this instruction.
    fn kills(&self, func: &Function, inst: &Inst, after: &ValueSet) -> bool {
        let mut kills = false;
        for_each_use(func, &self.slots.roots, inst, |root| {
            kills |= self.held(root) == Held::Owned
                && !after.contains(root)
                && !func.ty(root).is(Type::TRIVIAL);
        });
        kills
    }

    fn insert(&self, func: &mut Function) {
        let states = OnceCell::new();
        let preds = predecessors(func);
        let mut at_starts: HashMap<Block, Vec<Value>> = HashMap::new();
        let mut splits: Vec<(Block, usize, Vec<Value>)> = Vec::new();
        for block in func.block_ids().collect::<Vec<_>>() {
            if self.slots.at_start[block.index()].is_none() {
                continue;
            }
            // Owned values that only one side of a branch needs.
            let targets: Vec<Block> = func.successors(block).collect();
            if targets.len() > 1 {
                for (at, target) in targets.iter().enumerate() {
                    let dying: Vec<Value> = self.live.live_out[block.index()]
                        .iter()
                        .filter(|root| {
                            self.held(*root) == Held::Owned
                                && !self.live.live_in[target.index()].contains(*root)
                        })
                        .collect();
                    if dying.is_empty() {
                        continue;
                    }
                    if preds[target.index()].len() == 1 {
                        at_starts.entry(*target).or_default().extend(dying);
                    } else {
                        splits.push((block, at, dying));
                    }
                }
            }
        }
        for block in func.block_ids().collect::<Vec<_>>() {
            if self.slots.at_start[block.index()].is_none() {
                continue;
            }
            let dying = at_starts.remove(&block).unwrap_or_default();
            let mut insts = self.rewrite(func, block, &dying);
            self.hand_over(func, &states, block, &mut insts);
            func.blocks[block.index()].insts = insts;
        }
        for (block, at, dying) in splits {
            let last = func.blocks[block.index()]
                .insts
                .last()
                .expect("a terminator");
            let target = last.targets[at].clone();
            let edge = func.new_block();
            for root in dying {
                func.push(edge, Inst::new(Op::DecRef, &[root], &[]));
            }
            func.push(edge, Inst::new(Op::Jump, &[], &[]).with_targets([target]));
            let last = func.blocks[block.index()]
                .insts
                .last_mut()
                .expect("a terminator");
            last.targets[at] = Target {
                block: edge,
                args: vec![],
            };
        }
    }

    /// A block with its reference counting.
    fn rewrite(&self, func: &Function, block: Block, dying: &[Value]) -> Vec<Inst> {
        let BlockData { params, insts } = &func.blocks[block.index()];
        let after = self.live_after(func, block);
        let mut out = Vec::with_capacity(insts.len() * 2);
        let decref = |root: Value| Inst::new(Op::DecRef, &[root], &[]);
        let incref = |value: Value| Inst::new(Op::IncRef, &[value], &[]);
        for root in dying {
            out.push(decref(*root));
        }
        let mut first = after.first().cloned().unwrap_or_default();
        if let Some(inst) = insts.first() {
            step_back(func, &self.slots.roots, inst, &mut first);
        }
        for param in params {
            if self.held(*param) == Held::Owned && !first.contains(*param) {
                out.push(decref(*param));
            }
        }
        for (at, inst) in insts.iter().enumerate() {
            let after = &after[at];
            let mut before = after.clone();
            step_back(func, &self.slots.roots, inst, &mut before);
            let mut inst = inst.clone();
            // Stolen operands: the reference itself if this is its end, else one more.
            let stolen = self.stolen(func, &inst);
            let mut consumed: Vec<Value> = Vec::new();
            let mut extra: Vec<Value> = Vec::new();
            for value in &stolen {
                let root = self.slots.roots[value.index()];
                let last = self.held(root) == Held::Owned
                    && !after.contains(root)
                    && !consumed.contains(&root);
                if last {
                    consumed.push(root);
                } else if func.ty(*value) != Type::NULL {
                    out.push(incref(*value));
                    extra.push(*value);
                }
            }
            if inst.fs.is_some() && inst.info().fs != FsKind::Suspend {
                let guard = inst.info().fs == FsKind::Guard;
                let mut drops: Vec<Value> = before
                    .iter()
                    .filter(|root| {
                        self.held(*root) == Held::Owned && (guard || !consumed.contains(root))
                    })
                    .collect();
                if guard {
                    drops.extend(extra);
                }
                inst.drops = drops.into();
            }
            let mut dead: Vec<Value> = Vec::new();
            for_each_use(func, &self.slots.roots, &inst, |root| {
                if self.held(root) == Held::Owned
                    && !after.contains(root)
                    && !consumed.contains(&root)
                    && !dead.contains(&root)
                {
                    dead.push(root);
                }
            });
            let result = inst.result;
            let terminator = inst.is_terminator();
            if terminator {
                // An exit releases what is left by itself.
                if inst.op != Op::Exit {
                    out.extend(dead.iter().map(|root| decref(*root)));
                }
                out.push(inst);
                continue;
            }
            let borrows = result.is_some_and(|result| {
                self.slots.roots[result.index()] == result
                    && self.held(result) == Held::Owned
                    && matches!(inst.info().ownership, Ownership::Memory | Ownership::Slot)
            });
            out.push(inst);
            if let Some(result) = result
                && borrows
            {
                out.push(incref(result));
            }
            out.extend(dead.iter().map(|root| decref(*root)));
            if let Some(result) = result
                && self.slots.roots[result.index()] == result
                && self.held(result) == Held::Owned
                && !after.contains(result)
            {
                out.push(decref(result));
            }
        }
        out
    }

    /// What a local holds is returned with the local's own reference: the frame ends here. Not where a destructor of another local could
    /// count references.
    fn hand_over(
        &self,
        func: &mut Function,
        states: &OnceCell<SlotStates>,
        block: Block,
        insts: &mut [Inst],
    ) {
        let [.., count, end] = insts else { return };
        if (count.op, end.op) != (Op::IncRef, Op::Return) || count.args != end.args {
            return;
        }
        let root = self.slots.roots[end.args[0].index()];
        let Held::Slot(slot) = self.held(root) else {
            return;
        };
        let nulls = null_values(func);
        let mut contents = self.slots.at_start[block.index()]
            .clone()
            .expect("it can be reached");
        let states = states.get_or_init(|| SlotStates::new(func));
        let mut held = states.at_start(func, block);
        for inst in &func.blocks[block.index()].insts {
            self.slots.step(func, inst, &mut contents, &nulls);
            states.step(func, inst, &mut held);
        }
        held.swap_remove(slot as usize);
        let dies_silently = |state: &SlotState| state.ty.is(Type::TRIVIAL | Type::NULL);
        if contents[slot as usize].contains(&Name::Value(root)) && held.iter().all(dies_silently) {
            *count = Inst::new(Op::TakeLocal, &[], &[Imm::Index(slot)]);
            let taken = func.new_value(Type::OBJECT);
            count.result = Some(taken);
            end.args[0] = taken;
        }
    }

    /// Operands whose reference is consumed, jump arguments for owned parameters among them.
    fn stolen(&self, func: &Function, inst: &Inst) -> Vec<Value> {
        let mut stolen: Vec<Value> = inst
            .args
            .iter()
            .enumerate()
            .filter(|(at, value)| inst.steals(*at) && is_counted(func.ty(**value)))
            .map(|(_, value)| *value)
            .collect();
        for target in &inst.targets {
            let params = &func.blocks[target.block.index()].params;
            for (param, arg) in params.iter().zip(&target.args) {
                if self.held(*param) == Held::Owned && is_counted(func.ty(*arg)) {
                    stolen.push(*arg);
                }
            }
        }
        stolen
    }
}
