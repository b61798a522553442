//! The abstract frame while building, and the keys by which blocks are versioned.
//!
//! A bytecode block is built once per *type version*: the coarse types of all locals and stack
//! slots on arrival (lazy basic block versioning, after Chevalier-Boisvert and Feeley, 2015). So
//! the first iteration of a loop, where a local is still unbound or an accumulator is still an
//! `int`, peels itself off, and the loop proper has one type per local. Past a bound the versions
//! of a block are widened into one.

use crate::hir::{FrameState, FsValue, Locals, Type, Value};
use smallvec::{SmallVec, smallvec};

/// An item of the abstract value stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The `NULL` of `PUSH_NULL` and `LOAD_METHOD`.
    Null,
    Value(Value),
    /// A range iterator that is not allocated; all parts `I64`.
    Range {
        next: Value,
        remaining: Value,
        step: Value,
    },
    /// A list iterator that is not allocated.
    List {
        list: Value,
        index: Value,
    },
}

impl Item {
    /// How a frame state lists the item.
    pub(super) fn to_fs(self) -> FsValue {
        match self {
            Item::Null => FsValue::Null,
            Item::Value(v) => FsValue::Value(v),
            Item::Range {
                next,
                remaining,
                step,
            } => FsValue::RangeIter {
                next,
                remaining,
                step,
            },
            Item::List { list, index } => FsValue::ListIter { list, index },
        }
    }

    /// The SSA values in it, in order.
    pub(super) fn values(&self) -> SmallVec<[Value; 3]> {
        match *self {
            Item::Null => smallvec![],
            Item::Value(v) => smallvec![v],
            Item::Range {
                next,
                remaining,
                step,
            } => smallvec![next, remaining, step],
            Item::List { list, index } => smallvec![list, index],
        }
    }
}

/// Locals and stack at one point.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// `None`: surely unbound.
    pub(super) locals: Vec<Option<Value>>,
    pub(super) stack: Vec<Item>,
}

impl Clone for State {
    fn clone(&self) -> Self {
        State {
            locals: self.locals.clone(),
            stack: self.stack.clone(),
        }
    }

    // Memory is used again: a state is taken down at each instruction.
    fn clone_from(&mut self, other: &Self) {
        self.locals.clone_from(&other.locals);
        self.stack.clone_from(&other.stack);
    }
}

impl State {
    /// Locals and stack slots.
    pub(super) fn size(&self) -> usize {
        self.locals.len() + self.stack.len()
    }

    /// The interpreter's frame at `pc`; `before` is the state that was made before.
    pub(super) fn to_frame_state(&self, pc: u32, before: Option<&FrameState>) -> FrameState {
        let local = |local: &Option<Value>| local.map_or(FsValue::Null, FsValue::Value);
        let locals = self.locals.iter().map(local);
        FrameState {
            pc,
            locals: Locals::shared(locals, before.map(|state| &state.locals)),
            stack: self.stack.iter().map(|item| item.to_fs()).collect(),
        }
    }

    /// Makes every mention of `old` one of `new`, a refinement of it.
    pub(super) fn replace(&mut self, old: Value, new: Value) {
        for local in self.locals.iter_mut().flatten() {
            if *local == old {
                *local = new;
            }
        }
        for item in &mut self.stack {
            if *item == Item::Value(old) {
                *item = Item::Value(new);
            }
        }
    }
}

/// The coarse kind of a stack item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ItemKey {
    Null,
    Value(Type),
    Range,
    List,
}

/// What a version of a block assumes on arrival.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// `NULL` for surely unbound.
    pub(super) locals: Vec<Type>,
    pub(super) stack: Vec<ItemKey>,
}

/// The types that are worth a version of their own; the rest is `OBJECT` or `MAYBE`.
pub(super) fn coarse(ty: Type) -> Type {
    const WORTH: [Type; 4] = [Type::NULL, Type::INT, Type::FLOAT, Type::BOOL];
    if WORTH.contains(&ty) {
        ty
    } else if ty.is(Type::OBJECT) {
        Type::OBJECT
    } else {
        Type::MAYBE
    }
}

impl Key {
    /// Whether a state with key `other` may enter a block built for this key.
    pub(super) fn covers(&self, other: &Key) -> bool {
        self.locals.iter().zip(&other.locals).all(|(a, b)| b.is(*a))
            && self.same_shape(other)
            && self
                .stack
                .iter()
                .zip(&other.stack)
                .all(|(a, b)| match (a, b) {
                    (ItemKey::Value(a), ItemKey::Value(b)) => b.is(*a),
                    (a, b) => a == b,
                })
    }

    /// Whether the stacks differ in nothing but types.
    pub(super) fn same_shape(&self, other: &Key) -> bool {
        self.stack.len() == other.stack.len()
            && self
                .stack
                .iter()
                .zip(&other.stack)
                .all(|(a, b)| matches!((a, b), (ItemKey::Value(_), ItemKey::Value(_))) || a == b)
    }

    /// The least key that covers both (of the same shape).
    pub(super) fn join(&self, other: &Key) -> Key {
        Key {
            locals: self
                .locals
                .iter()
                .zip(&other.locals)
                .map(|(a, b)| coarse(*a | *b))
                .collect(),
            stack: self
                .stack
                .iter()
                .zip(&other.stack)
                .map(|(a, b)| match (a, b) {
                    (ItemKey::Value(a), ItemKey::Value(b)) => ItemKey::Value(coarse(*a | *b)),
                    (a, _) => *a,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_widens_only_what_differs() {
        let a = Key {
            locals: vec![Type::INT, Type::FLOAT, Type::NULL],
            stack: vec![ItemKey::Value(Type::INT), ItemKey::Range],
        };
        let b = Key {
            locals: vec![Type::INT, Type::INT, Type::BOOL],
            ..a.clone()
        };
        let joined = a.join(&b);
        assert_eq!(joined.locals, [Type::INT, Type::OBJECT, Type::MAYBE]);
        assert!(joined.covers(&a) && joined.covers(&b) && !a.covers(&b));
    }
}
