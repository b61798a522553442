//! Frame states: what the interpreter's frame holds at one instruction.
//!
//! A frame state says how to rebuild the frame so that CPython's evaluator can go on: the
//! instruction, every local and every stack slot. How it is *used* depends on the instruction that
//! carries it (see [`crate::hir::FsKind`]): a guard resumes *at* `pc`; an operation that raised
//! throws *from* `pc`, its operands already popped.

use super::entities::Value;
use serde::{Deserialize, Serialize};

/// Where one local or stack slot comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FsValue {
    /// Unbound local or a `NULL` pushed on the stack (`PUSH_NULL`).
    Null,
    /// A local whose frame slot in memory already holds the right reference. Locals only.
    InSlot,
    /// An SSA value; machine values are boxed when the frame is rebuilt.
    Value(Value),
    /// A range iterator that was never allocated: the next item, how many remain, the step
    /// (all `I64`). Rebuilt as `iter(range(next, next + remaining * step, step))`.
    RangeIter {
        next: Value,
        remaining: Value,
        step: Value,
    },
    /// A list iterator that was never allocated: the list and the next index (`I64`).
    ListIter { list: Value, index: Value },
}

impl FsValue {
    /// Calls `f` on every SSA value used.
    pub fn for_each(&self, mut f: impl FnMut(Value)) {
        match self {
            FsValue::Null | FsValue::InSlot => {}
            FsValue::Value(v) => f(*v),
            FsValue::RangeIter {
                next,
                remaining,
                step,
            } => {
                f(*next);
                f(*remaining);
                f(*step);
            }
            FsValue::ListIter { list, index } => {
                f(*list);
                f(*index);
            }
        }
    }

    /// Replaces every SSA value used by `f` of it.
    pub fn map(&mut self, mut f: impl FnMut(Value) -> Value) {
        match self {
            FsValue::Null | FsValue::InSlot => {}
            FsValue::Value(v) => *v = f(*v),
            FsValue::RangeIter {
                next,
                remaining,
                step,
            } => {
                *next = f(*next);
                *remaining = f(*remaining);
                *step = f(*step);
            }
            FsValue::ListIter { list, index } => {
                *list = f(*list);
                *index = f(*index);
            }
        }
    }
}

/// One interpreter frame, rebuilt on demand. Inlined frames will add a parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FrameState {
    /// Index of the instruction, in code units (2 bytes each) from the start of the code.
    pub pc: u32,
    /// One entry per slot of `co_nlocalsplus`.
    pub locals: Vec<FsValue>,
    /// The value stack, bottom first.
    pub stack: Vec<FsValue>,
}

impl FrameState {
    /// Calls `f` on every SSA value used by locals, then stack.
    pub fn for_each(&self, mut f: impl FnMut(Value)) {
        for value in self.locals.iter().chain(&self.stack) {
            value.for_each(&mut f);
        }
    }

    /// Replaces every SSA value used by `f` of it.
    pub fn map(&mut self, mut f: impl FnMut(Value) -> Value) {
        for value in self.locals.iter_mut().chain(&mut self.stack) {
            value.map(&mut f);
        }
    }
}
