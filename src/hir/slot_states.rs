//! Which local slots hold something: forward data flow, so that a store need not look for what it replaces, and the end of a unit not
//! release what is not there.
//!
//! Nobody but the unit itself empties or fills the slots of its frame while it runs natively; a unit that is entered by a call finds nothing but its parameters in them.

use super::cfg::{predecessors, reverse_postorder};
use super::entities::{Block, Value};
use super::frame_state::{FrameState, FsValue};
use super::function::Function;
use super::inst::{Effects, FsKind, Inst, Op};
use super::liveness::roots;
use super::types::Type;

/// What is known of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// It is null.
    Empty,
    /// It holds a reference to an object of that type.
    Full(Type),
    /// It holds what it held when the unit was entered, and that may be null.
    AsEntered,
    Unknown,
}

impl SlotState {
    /// Where two paths meet.
    #[must_use]
    pub fn or(self, other: SlotState) -> SlotState {
        match (self, other) {
            (SlotState::Full(a), SlotState::Full(b)) => SlotState::Full(a | b),
            _ if self == other => self,
            _ => SlotState::Unknown,
        }
    }

    /// The type of what it holds, null included.
    #[must_use]
    pub fn ty(self) -> Type {
        match self {
            SlotState::Empty => Type::NULL,
            SlotState::Full(ty) => ty,
            SlotState::AsEntered | SlotState::Unknown => Type::MAYBE,
        }
    }
}

/// The analysis of one function.
pub struct SlotStates {
    /// The slot that a value was loaded from at the beginning, by root.
    loaded: Vec<Option<u32>>,
    roots: Vec<Value>,
    /// At the start of every block; `None` if it can't be reached.
    at_start: Vec<Option<Vec<SlotState>>>,
}

impl SlotStates {
    /// Solves the data-flow problem.
    #[must_use]
    pub fn new(func: &Function) -> SlotStates {
        let mut entry = vec![SlotState::Empty; func.nlocals as usize];
        entry[..func.nargs.min(func.nlocals) as usize].fill(SlotState::AsEntered);
        let mut loaded = vec![None; func.values.len()];
        for inst in &func.blocks[Function::ENTRY.index()].insts {
            if let (Op::LoadLocal, Some(result)) = (inst.op, inst.result) {
                let slot = inst.imm_index(0);
                entry[slot as usize] = SlotState::AsEntered;
                loaded[result.index()] = Some(slot);
            }
        }
        let mut states = SlotStates {
            loaded,
            roots: roots(func),
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
            .unwrap_or_else(|| vec![SlotState::Unknown; func.nlocals as usize])
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
                let ty = func.ty(inst.args[0]);
                slots[slot(inst)] = if ty == Type::NULL {
                    SlotState::Empty
                } else if ty.is(Type::OBJECT) {
                    SlotState::Full(ty)
                } else {
                    SlotState::Unknown
                };
            }
            Op::StoreLocalFloat => slots[slot(inst)] = SlotState::Full(Type::FLOAT),
            Op::AppendLocal => slots[slot(inst)] = SlotState::Full(Type::OBJECT),
            Op::DropLocal | Op::TakeLocal => slots[slot(inst)] = SlotState::Empty,
            _ => {
                // What was loaded from a slot, and is no longer possibly null.
                if let Some(result) = inst.result
                    && let ty = func.ty(result)
                    && ty.is(Type::OBJECT)
                    && let Some(slot) = self.loaded[self.roots[result.index()].index()]
                    && let state = &mut slots[slot as usize]
                    && *state == SlotState::AsEntered
                {
                    *state = SlotState::Full(ty);
                }
            }
        }
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
            FsValue::Null => SlotState::Empty,
            _ => SlotState::Full(Type::OBJECT),
        };
        *slot = slot.or(after);
    }
}
