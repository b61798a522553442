//! Frame states: what the interpreter's frame holds at one instruction.
//!
//! A frame state says how to rebuild the frame so that CPython's evaluator can go on: the
//! instruction, every local and every stack slot. How it is *used* depends on the instruction that
//! carries it (see [`crate::hir::FsKind`]): a guard resumes *at* `pc`; an operation that raised
//! throws *from* `pc`, its operands already popped.

use super::entities::Value;
use serde::{Deserialize, Serialize};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

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

/// The locals of a frame state. Most states have those of the one before, and share them until one is changed: otherwise they would be
/// most of the memory of a function that is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Locals(Arc<Vec<FsValue>>);

impl Locals {
    /// The locals that `values` yields: those of `before`, if they are the same.
    pub fn shared<I>(values: I, before: Option<&Locals>) -> Locals
    where
        I: Iterator<Item = FsValue> + Clone,
    {
        match before {
            Some(before) if before.iter().cloned().eq(values.clone()) => before.clone(),
            _ => values.collect(),
        }
    }

    /// Whether they are the same memory, and so equal.
    fn is_shared_with(&self, other: &Locals) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl FromIterator<FsValue> for Locals {
    fn from_iter<I: IntoIterator<Item = FsValue>>(values: I) -> Self {
        Vec::from_iter(values).into()
    }
}

impl From<Vec<FsValue>> for Locals {
    fn from(values: Vec<FsValue>) -> Self {
        Locals(Arc::new(values))
    }
}

impl Deref for Locals {
    type Target = Vec<FsValue>;

    fn deref(&self) -> &Vec<FsValue> {
        &self.0
    }
}

impl DerefMut for Locals {
    fn deref_mut(&mut self) -> &mut Vec<FsValue> {
        Arc::make_mut(&mut self.0)
    }
}

/// One interpreter frame, rebuilt on demand. Inlined frames will add a parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FrameState {
    /// Index of the instruction, in code units (2 bytes each) from the start of the code.
    pub pc: u32,
    /// One entry per slot of `co_nlocalsplus`.
    pub locals: Locals,
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

/// Frame states as bytes: each as what differs from the one before. In a function of many locals nearly all of
/// its bytes would be frame states otherwise, and most of the time that the program waits would go there.
pub(super) mod changes {
    use super::{FrameState, FsValue, Locals};
    use serde::de::{Error, SeqAccess, Visitor};
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::fmt;

    /// Locals and stack slots that are accepted, in all states: few bytes could tell of many.
    const MAX_VALUES: usize = 1 << 22;

    /// A state beside the one before it.
    #[derive(Serialize, Deserialize)]
    struct Change<S, L> {
        pc: u32,
        /// How many locals there are.
        count: u32,
        /// Those that are others than before, or new, with their slots.
        locals: L,
        stack: S,
    }

    pub fn serialize<S: Serializer>(states: &[FrameState], to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(states.len()))?;
        let mut locals: Vec<(u32, &FsValue)> = Vec::new();
        let nothing = Locals::default();
        let mut before = &nothing;
        for state in states {
            locals.clear();
            if !state.locals.is_shared_with(before) {
                let both = before.len().min(state.locals.len());
                for (slot, (old, new)) in before.iter().zip(state.locals.iter()).enumerate() {
                    if old != new {
                        locals.push((slot as u32, new));
                    }
                }
                let more = state.locals.iter().enumerate().skip(both);
                locals.extend(more.map(|(slot, new)| (slot as u32, new)));
            }
            seq.serialize_element(&Change {
                pc: state.pc,
                count: state.locals.len() as u32,
                locals: &locals,
                stack: &state.stack,
            })?;
            before = &state.locals;
        }
        seq.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FrameState>, D::Error> {
        struct States;
        impl<'de> Visitor<'de> for States {
            type Value = Vec<FrameState>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("frame states")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                type Found = Change<Vec<FsValue>, Vec<(u32, FsValue)>>;
                let mut states: Vec<FrameState> = Vec::new();
                let mut values = 0;
                while let Some(change) = seq.next_element::<Found>()? {
                    let count = change.count as usize;
                    values += count + change.stack.len();
                    if values > MAX_VALUES {
                        return Err(A::Error::custom("frame states of too many values"));
                    }
                    let mut locals = states
                        .last()
                        .map_or(Locals::default(), |s| s.locals.clone());
                    if locals.len() != count {
                        locals.resize(count, FsValue::Null);
                    }
                    for (slot, value) in change.locals {
                        *locals
                            .get_mut(slot as usize)
                            .ok_or_else(|| A::Error::custom("no such local"))? = value;
                    }
                    states.push(FrameState {
                        pc: change.pc,
                        locals,
                        stack: change.stack,
                    });
                }
                Ok(states)
            }
        }
        from.deserialize_seq(States)
    }
}
