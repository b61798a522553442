//! Boxes that only frame states mention need not exist: a side exit makes them.
//!
//! ```text
//! v3 = box_float v2
//! v4: float = store_local v3, 1            (nothing; perhaps drop_local 1)
//! guard_len v5, 2, fs0               =>    guard_len v5, 2, fs0
//! fs0 = pc 9 locals [null, v4] …           fs0 = pc 9 locals [null, v2] …
//! ```
//!
//! - frame states use the number itself;
//! - a store of a box whose result nobody else uses goes away; what was in the slot is dropped unless it
//!   is surely null or of a trivial class, whose death nobody can see;
//! - the same for a box that is only wanted behind the loop in which it is made: it is made there;
//! - returns and stores into lists and instances take the number where they can.

use crate::hir::cfg::{Cfg, Edge, predecessors, reverse_postorder};
use crate::hir::dominators::Dominators;
use crate::hir::edit::{definitions, split_edge};
use crate::hir::liveness::roots;
use crate::hir::loops::LoopForest;
use crate::hir::{Block, Function, Imm, Inst, Op, Type, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The pass. Whether anything changed.
pub fn sink_boxes(func: &mut Function) -> bool {
    let mut changed = split_exits(func);
    let stores = sinkable_stores(func);
    changed |= !stores.is_empty();
    drop_stores(func, &stores);
    let definitions = definitions(func);
    changed |= unbox_frame_states(func, &definitions);
    changed |= use_numbers(func, &definitions);
    changed |= move_boxes(func);
    changed
}

/// Gives edges that take a box out of a loop a block of their own.
fn split_exits(func: &mut Function) -> bool {
    let definitions = definitions(func);
    let cfg = Cfg::new(func);
    let loops = LoopForest::new(&cfg, &Dominators::of(&cfg));
    let is_boxed = |value: &Value| {
        let inst = definitions[value.index()].as_ref();
        inst.is_some_and(|inst| {
            let object = match inst.op {
                Op::StoreLocal => inst.args[0],
                _ => *value,
            };
            box_operand(&definitions, object).is_some()
        })
    };
    let mut edges = Vec::new();
    for from in func.block_ids() {
        let Some(last) = func.blocks[from.index()].insts.last() else {
            continue;
        };
        if last.targets.len() < 2 {
            continue;
        }
        for (index, target) in last.targets.iter().enumerate() {
            if leaves_loop(&loops, from, target.block) && target.args.iter().any(is_boxed) {
                edges.push(Edge { from, index });
            }
        }
    }
    for edge in &edges {
        split_edge(func, *edge);
    }
    !edges.is_empty()
}

/// Moves a box that is only used in one other block, which is in no further loop, to its first use
/// there: out of a loop whose dead number is only wanted behind it.
fn move_boxes(func: &mut Function) -> bool {
    let cfg = Cfg::new(func);
    let loops = LoopForest::new(&cfg, &Dominators::of(&cfg));
    let user = single_users(func);
    let mut moved: BTreeMap<Block, Vec<Inst>> = BTreeMap::new();
    for block in func.block_ids().collect::<Vec<_>>() {
        func.blocks[block.index()].insts.retain(|inst| {
            if !matches!(inst.op, Op::BoxInt | Op::BoxFloat) {
                return true;
            }
            let Some(result) = inst.result else {
                return true;
            };
            match user[result.index()] {
                Some(Ok(there)) if there != block && in_no_further_loop(&loops, block, there) => {
                    moved.entry(there).or_default().push(inst.clone());
                    false
                }
                _ => true,
            }
        });
    }
    let changed = !moved.is_empty();
    for (block, boxes) in moved {
        for inst in boxes {
            let result = inst.result.expect("a box");
            let insts = &mut func.blocks[block.index()].insts;
            let at = insts
                .iter()
                .position(|user| {
                    user.args.contains(&result)
                        || user.targets.iter().any(|t| t.args.contains(&result))
                })
                .unwrap_or(0);
            insts.insert(at, inst);
        }
    }
    changed
}

fn box_operand(definitions: &[Option<Inst>], value: Value) -> Option<Value> {
    let inst = definitions[value.index()].as_ref()?;
    matches!(inst.op, Op::BoxInt | Op::BoxFloat | Op::BoxBool).then(|| inst.args[0])
}

/// Results of stores of boxes that are used by frame states only, or else in one block that is out
/// of a loop around the store.
fn sinkable_stores(func: &Function) -> BTreeSet<Value> {
    let definitions = definitions(func);
    let cfg = Cfg::new(func);
    let loops = LoopForest::new(&cfg, &Dominators::of(&cfg));
    let users = single_users(func);
    // Slots that are read again.
    let loaded: BTreeSet<u32> = func.blocks[1..]
        .iter()
        .flat_map(|b| &b.insts)
        .filter(|inst| inst.op == Op::LoadLocal)
        .map(|inst| inst.imm_index(0))
        .collect();
    let stores = func.block_ids().flat_map(|block| {
        let insts = &func.blocks[block.index()].insts;
        insts.iter().map(move |inst| (block, inst))
    });
    stores
        .filter(|(_, inst)| inst.op == Op::StoreLocal && !loaded.contains(&inst.imm_index(0)))
        .filter(|(_, inst)| box_operand(&definitions, inst.args[0]).is_some())
        .filter_map(|(block, inst)| Some((block, inst.result?)))
        .filter(|(block, result)| match users[result.index()] {
            None => true,
            Some(Ok(user)) => leaves_loop(&loops, *block, user),
            Some(Err(())) => false,
        })
        .map(|(_, result)| result)
        .collect()
}

/// Whether `to` is in fewer of the loops around `from`, and in no other.
fn leaves_loop(loops: &LoopForest, from: Block, to: Block) -> bool {
    in_no_further_loop(loops, from, to) && loops.innermost(from) != loops.innermost(to)
}

/// Whether every loop around `to` is around `from`, too.
fn in_no_further_loop(loops: &LoopForest, from: Block, to: Block) -> bool {
    loops
        .innermost(to)
        .is_none_or(|around| loops.contains(around, from))
}

/// For each value the one block whose instructions use it, if there is one; `Err` if there are several.
fn single_users(func: &Function) -> Vec<Option<Result<Block, ()>>> {
    let mut user: Vec<Option<Result<Block, ()>>> = vec![None; func.values.len()];
    for block in func.block_ids() {
        for inst in &func.blocks[block.index()].insts {
            let jumps = inst.targets.iter().flat_map(|t| &t.args);
            for value in inst.args.iter().chain(jumps) {
                let entry = &mut user[value.index()];
                *entry = match entry {
                    None => Some(Ok(block)),
                    Some(Ok(known)) if *known == block => Some(Ok(block)),
                    Some(_) => Some(Err(())),
                };
            }
        }
    }
    user
}

/// Removes the stores; frame states then use the box.
fn drop_stores(func: &mut Function, stores: &BTreeSet<Value>) {
    if stores.is_empty() {
        return;
    }
    let trivial = Trivial::new(func, stores);
    let mut replacements = crate::hir::edit::Replacements::default();
    for block in func.block_ids().collect::<Vec<_>>() {
        let Some(mut slots) = trivial.at_start[block.index()].clone() else {
            continue;
        };
        let insts = std::mem::take(&mut func.blocks[block.index()].insts);
        let mut out = Vec::with_capacity(insts.len());
        for inst in insts {
            match inst.result {
                Some(result) if stores.contains(&result) => {
                    replacements.insert(result, inst.args[0]);
                    let slot = inst.imm_index(0);
                    if !slots[slot as usize] {
                        out.push(Inst::new(Op::DropLocal, &[], &[Imm::Index(slot)]).at(inst.pc));
                    }
                    slots[slot as usize] = true;
                }
                _ => {
                    trivial.step(func, &inst, &mut slots);
                    out.push(inst);
                }
            }
        }
        func.blocks[block.index()].insts = out;
    }
    replacements.apply(func);
}

/// For every slot, whether its content is surely null or of a trivial class.
struct Trivial {
    at_start: Vec<Option<Vec<bool>>>,
}

impl Trivial {
    fn new(func: &Function, stores: &BTreeSet<Value>) -> Trivial {
        let preds = predecessors(func);
        let order = reverse_postorder(func);
        let mut trivial = Trivial {
            at_start: vec![None; func.blocks.len()],
        };
        let mut at_end: Vec<Option<Vec<bool>>> = vec![None; func.blocks.len()];
        trivial.at_start[0] = Some(entry_slots(func));
        let mut changed = true;
        while changed {
            changed = false;
            for block in &order {
                if *block != Function::ENTRY {
                    let mut merged: Option<Vec<bool>> = None;
                    for end in preds[block.index()]
                        .iter()
                        .filter_map(|p| at_end[p.index()].as_ref())
                    {
                        merged = Some(match merged {
                            None => end.clone(),
                            Some(so_far) => so_far.iter().zip(end).map(|(a, b)| *a && *b).collect(),
                        });
                    }
                    trivial.at_start[block.index()] = merged;
                }
                let Some(mut slots) = trivial.at_start[block.index()].clone() else {
                    continue;
                };
                for inst in &func.blocks[block.index()].insts {
                    if inst.result.is_some_and(|result| stores.contains(&result)) {
                        slots[inst.imm_index(0) as usize] = true;
                    } else {
                        trivial.step(func, inst, &mut slots);
                    }
                }
                if at_end[block.index()].as_ref() != Some(&slots) {
                    at_end[block.index()] = Some(slots);
                    changed = true;
                }
            }
        }
        trivial
    }

    fn step(&self, func: &Function, inst: &Inst, slots: &mut [bool]) {
        match inst.op {
            Op::StoreLocal => {
                slots[inst.imm_index(0) as usize] = func.ty(inst.args[0]).is(Type::TRIVIAL);
            }
            Op::AppendLocal => slots[inst.imm_index(0) as usize] = false,
            Op::DropLocal => slots[inst.imm_index(0) as usize] = true,
            _ => {}
        }
    }
}

/// At entry: arguments are trivial if the entry block guards them to be, other locals are null.
fn entry_slots(func: &Function) -> Vec<bool> {
    let roots = roots(func);
    let mut slots: Vec<bool> = (0..func.nlocals).map(|slot| slot >= func.nargs).collect();
    let entry = &func.blocks[0].insts;
    for load in entry.iter().filter(|inst| inst.op == Op::LoadLocal) {
        slots[load.imm_index(0) as usize] = entry
            .iter()
            // Only guards before the first change of a local count.
            .take_while(|inst| !matches!(inst.op, Op::StoreLocal | Op::AppendLocal | Op::DropLocal))
            .any(|inst| {
                inst.op == Op::GuardType
                    && inst.imm_type(0).is(Type::TRIVIAL)
                    && load.result == Some(roots[inst.args[0].index()])
            });
    }
    slots
}

/// Frame states use the number in a box.
fn unbox_frame_states(func: &mut Function, definitions: &[Option<Inst>]) -> bool {
    let mut changed = false;
    for state in &mut func.frame_states {
        state.map(|value| match box_operand(definitions, value) {
            Some(number) => {
                changed = true;
                number
            }
            None => value,
        });
    }
    changed
}

/// Operations that take a number as well as its box.
fn use_numbers(func: &mut Function, definitions: &[Option<Inst>]) -> bool {
    let mut changed = false;
    for inst in func.blocks.iter_mut().flat_map(|b| &mut b.insts) {
        let Some(last) = inst.args.last().copied() else {
            continue;
        };
        let Some(number) = box_operand(definitions, last) else {
            continue;
        };
        let ty = func.values[number.index()].ty;
        let op = match inst.op {
            Op::Return if ty == Type::I64 => Op::ReturnInt,
            Op::Return if ty == Type::F64 => Op::ReturnFloat,
            Op::ListSet if ty == Type::F64 => Op::ListSetFloat,
            Op::StoreInlineValue if ty == Type::F64 => Op::StoreInlineFloat,
            _ => continue,
        };
        inst.op = op;
        let at = inst.args.len() - 1;
        inst.args[at] = number;
        changed = true;
    }
    changed
}
