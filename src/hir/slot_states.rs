//! Which local slots hold something: forward data flow, so that a store need not look for what it replaces, and the end of a unit not
//! release what is not there.
//!
//! Nobody but the unit itself empties or fills the slots of its frame while it runs natively; a unit that is entered by a call finds nothing but its parameters in them.

use super::cfg::{predecessors, reverse_postorder};
use super::entities::{Block, Value};
use super::frame_state::{FrameState, FsValue};
use super::function::Function;
use super::inst::{Effects, FsKind, Inst, Op, Ownership};
use super::types::Type;

/// What is known of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The type of what it holds, null included.
    pub ty: Type,
    /// The value that what it holds was first known as: what is found out about that holds for the slot.
    object: Option<Value>,
}

impl SlotState {
    /// It is null.
    pub const EMPTY: SlotState = SlotState::of(Type::NULL);

    const fn of(ty: Type) -> SlotState {
        SlotState { ty, object: None }
    }

    /// Where two paths meet.
    #[must_use]
    pub fn or(self, other: SlotState) -> SlotState {
        SlotState {
            ty: self.ty | other.ty,
            object: self.object.filter(|_| self.object == other.object),
        }
    }
}

/// The analysis of one function.
pub struct SlotStates {
    /// The value that the object of each value was first known as.
    objects: Vec<Value>,
    /// At the start of every block; `None` if it can't be reached.
    at_start: Vec<Option<Vec<SlotState>>>,
}

impl SlotStates {
    /// Solves the data-flow problem.
    #[must_use]
    pub fn new(func: &Function) -> SlotStates {
        let mut entry = vec![SlotState::EMPTY; func.nlocals as usize];
        entry[..func.nargs.min(func.nlocals) as usize].fill(SlotState::of(Type::MAYBE));
        for inst in &func.blocks[Function::ENTRY.index()].insts {
            if inst.op == Op::LoadLocal {
                entry[inst.imm_index(0) as usize] = SlotState::of(Type::MAYBE);
            }
        }
        let mut states = SlotStates {
            objects: objects(func),
            at_start: vec![None; func.blocks.len()],
        };
        let order = reverse_postorder(func);
        let preds = predecessors(func);
        let mut at_end: Vec<Option<Vec<SlotState>>> = vec![None; func.blocks.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for block in &order {
                let ends = preds[block.index()]
                    .iter()
                    .filter_map(|pred| at_end[pred.index()].clone());
                let start = (*block == Function::ENTRY).then(|| entry.clone());
                let Some(mut slots) = start.into_iter().chain(ends).reduce(meet) else {
                    continue;
                };
                for param in &func.blocks[block.index()].params {
                    forget(*param, &mut slots);
                }
                states.at_start[block.index()] = Some(slots.clone());
                for inst in &func.blocks[block.index()].insts {
                    states.step(func, inst, &mut slots);
                }
                if at_end[block.index()].as_ref() != Some(&slots) {
                    at_end[block.index()] = Some(slots);
                    changed = true;
                }
            }
        }
        states
    }

    /// At the start of a block; of one that can't be reached nothing is known.
    #[must_use]
    pub fn at_start(&self, func: &Function, block: Block) -> Vec<SlotState> {
        self.at_start[block.index()]
            .clone()
            .unwrap_or_else(|| vec![SlotState::of(Type::MAYBE); func.nlocals as usize])
    }

    /// The effect of an instruction.
    pub fn step(&self, func: &Function, inst: &Inst, slots: &mut [SlotState]) {
        if let Some(fs) = inst.fs
            && flushes(inst)
        {
            flush(func.frame_state(fs), slots);
        }
        let slot = |inst: &Inst| inst.imm_index(0) as usize;
        match inst.op {
            Op::StoreLocal => {
                slots[slot(inst)] = SlotState {
                    ty: func.ty(inst.args[0]),
                    object: Some(self.objects[inst.args[0].index()]),
                };
            }
            Op::StoreLocalFloat => slots[slot(inst)] = SlotState::of(Type::FLOAT),
            Op::AppendLocal => slots[slot(inst)] = SlotState::of(Type::OBJECT),
            Op::DropLocal | Op::TakeLocal => slots[slot(inst)] = SlotState::EMPTY,
            _ => {
                let Some(result) = inst.result else { return };
                let object = self.objects[result.index()];
                if object == result {
                    forget(object, slots);
                } else {
                    for state in slots.iter_mut().filter(|s| s.object == Some(object)) {
                        state.ty &= func.ty(result);
                    }
                }
                if inst.op == Op::LoadLocal {
                    slots[slot(inst)].object = Some(result);
                }
            }
        }
    }
}

/// For every value the one that its object was first known as: what [`roots`](super::liveness::roots) says, and through stores to locals.
fn objects(func: &Function) -> Vec<Value> {
    let mut objects: Vec<Value> = (0..func.values.len()).map(Value::from_index).collect();
    for block in reverse_postorder(func) {
        for inst in &func.blocks[block.index()].insts {
            let is_same = inst.info().ownership == Ownership::Same || inst.op == Op::StoreLocal;
            if let Some(result) = inst.result
                && is_same
            {
                objects[result.index()] = objects[inst.args[0].index()];
            }
        }
    }
    objects
}

/// A value is made: what a slot holds of that name is of an earlier turn of a loop.
fn forget(value: Value, slots: &mut [SlotState]) {
    for state in slots.iter_mut().filter(|s| s.object == Some(value)) {
        state.object = None;
    }
}

fn meet(a: Vec<SlotState>, b: Vec<SlotState>) -> Vec<SlotState> {
    a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect()
}

/// Whether an instruction may make unboxed locals visible.
#[must_use]
pub fn flushes(inst: &Inst) -> bool {
    inst.info().effects == Effects::Escape
        && (inst.info().fs == FsKind::Raise || inst.op == Op::Poll)
        || inst.op == Op::ListAppend
}

/// Making unboxed locals visible writes their slots, if it happens.
fn flush(state: &FrameState, slots: &mut [SlotState]) {
    for (local, slot) in state.locals.iter().zip(slots) {
        let after = match local {
            FsValue::InSlot => continue,
            FsValue::Null => Type::NULL,
            _ => Type::OBJECT,
        };
        *slot = slot.or(SlotState::of(after));
    }
}
