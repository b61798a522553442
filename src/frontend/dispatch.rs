//! Sites that have seen a few classes: a way for each, tried in the order of their frequency, as in the
//! polymorphic inline caches of Hölzle, Chambers and Ungar (1991). An object of another class leaves.
//!
//! Attributes meet again behind the ways. Methods don't: the rest of the bytecode block is built once for
//! each, so that each call knows what it calls.

use super::builder::Builder;
use super::state::State;
use crate::bytecode::ObjectInfo;
use crate::feedback::{Attr, Place};
use crate::hir::{Block, CmpOp, Imm, Inst, Op, Target, Type, Value};

/// Method sites of a unit that are split by class; further ones are looked up.
const MAX_SPLITS: usize = 8;

/// A method of one of the classes.
pub(super) struct Way {
    pub(super) case: Attr,
    pub(super) method: ObjectInfo,
}

impl Builder<'_> {
    /// A block for each class but the last, which is guarded, and goes on in the current block. Calls `way` in
    /// each with its number and the object.
    fn by_class(
        &mut self,
        object: Value,
        versions: &[u32],
        mut way: impl FnMut(&mut Self, usize, Value),
    ) {
        let Some((last, others)) = versions.split_last() else {
            return;
        };
        let before = self.state.clone();
        if !others.is_empty() {
            let found = self.emit(Op::TypeVersion, &[object], &[]);
            for (number, version) in others.iter().enumerate() {
                let wanted = self.const_int(i64::from(*version as i32));
                let same = self.emit(Op::IntCmp, &[found, wanted], &[Imm::Cmp(CmpOp::Eq)]);
                let (hit, miss) = (self.func.new_block(), self.func.new_block());
                let targets = [hit, miss].map(to);
                self.func.push(
                    self.block,
                    Inst::new(Op::Branch, &[same], &[]).with_targets(targets),
                );
                self.go_on_in(hit, before.clone());
                way(self, number, object);
                self.go_on_in(miss, before.clone());
            }
        }
        let object = self.guard_class(object, *last);
        way(self, others.len(), object);
    }

    /// Goes on in another block.
    fn go_on_in(&mut self, block: Block, state: State) {
        self.block = block;
        self.state = state;
    }

    /// An attribute of an object of one of several classes, if all have it where it can be read directly.
    pub(super) fn load_from_one_of(&mut self, object: Value, cases: &[Attr]) -> Option<Value> {
        if !are_direct(cases) {
            return None;
        }
        let before = self.state.clone();
        let join = self.func.new_block();
        let param = self.func.add_param(join, Type::OBJECT);
        self.by_class(object, &versions(cases), |this, number, object| {
            let value = this.load_direct(object, &cases[number]);
            let target = Target {
                block: join,
                args: vec![value],
            };
            this.func.push(
                this.block,
                Inst::new(Op::Jump, &[], &[]).with_targets([target]),
            );
        });
        self.go_on_in(join, before);
        Some(param)
    }

    /// Stores an attribute of an object of one of several classes; whether that could be done.
    pub(super) fn store_to_one_of(
        &mut self,
        object: Value,
        value: Value,
        cases: &[Attr],
        creates: bool,
    ) -> bool {
        if !are_direct(cases) {
            return false;
        }
        let before = self.state.clone();
        let join = self.func.new_block();
        self.by_class(object, &versions(cases), |this, number, object| {
            this.store_direct(object, value, &cases[number], creates);
            this.func.push(
                this.block,
                Inst::new(Op::Jump, &[], &[]).with_targets([to(join)]),
            );
        });
        self.go_on_in(join, before);
        true
    }

    /// Reads an attribute of an instance whose class was checked.
    pub(super) fn load_direct(&mut self, object: Value, case: &Attr) -> Value {
        let index = [Imm::Index(case.index.into())];
        let value = if case.place == Place::Inline {
            self.guard(Op::GuardInlineValues, &[object], &[]);
            self.emit(Op::LoadInlineValue, &[object], &index)
        } else {
            self.emit(Op::LoadSlot, &[object], &index)
        };
        self.not_null(value)
    }

    /// Stores an attribute of an instance whose class was checked; it must have the attribute, unless it is
    /// probably only being created here.
    pub(super) fn store_direct(&mut self, object: Value, value: Value, case: &Attr, creates: bool) {
        let index = [Imm::Index(case.index.into())];
        if case.place == Place::Inline {
            self.guard(Op::GuardInlineValues, &[object], &[]);
            if creates {
                self.emit_void(Op::InitInlineValue, &[object, value], &index);
                return;
            }
            let old = self.emit(Op::LoadInlineValue, &[object], &index);
            self.guard(Op::GuardNotNull, &[old], &[]);
            self.emit_void(Op::StoreInlineValue, &[object, value], &index);
        } else {
            self.emit_void(Op::StoreSlot, &[object, value], &index);
        }
    }

    /// `LOAD_METHOD` on an object of one of several classes; the instruction that follows is at `next`.
    pub(super) fn load_method_of_one(&mut self, object: Value, ways: &[Way], next: u32) -> bool {
        if ways.len() > 1 {
            if self.splits >= MAX_SPLITS {
                return false;
            }
            self.splits += 1;
        }
        let versions: Vec<u32> = ways.iter().map(|way| way.case.version).collect();
        self.by_class(object, &versions, |this, number, object| {
            let Way { case, method } = &ways[number];
            if case.place == Place::Method {
                this.guard(Op::GuardInlineValues, &[object], &[]);
                this.guard(
                    Op::GuardKeysCount,
                    &[object],
                    &[Imm::Index(case.index.into())],
                );
            }
            this.push_method(object, method.clone());
            if number + 1 < ways.len() {
                this.continue_at(next);
            }
        });
        true
    }

    /// Replaces the object on top of the stack by its method and itself.
    pub(super) fn push_method(&mut self, object: Value, info: ObjectInfo) {
        let method = self.live_obj(object, info.addr, info.ty, &info.repr);
        self.set_info(method, info);
        self.state.stack.pop();
        self.push(method);
        self.push(object);
    }
}

fn to(block: Block) -> Target {
    Target {
        block,
        args: vec![],
    }
}

/// Whether native code can reach the attribute itself in all cases.
pub(super) fn are_direct(cases: &[Attr]) -> bool {
    !cases.is_empty()
        && cases
            .iter()
            .all(|case| matches!(case.place, Place::Inline | Place::Slot))
}

fn versions(cases: &[Attr]) -> Vec<u32> {
    cases.iter().map(|case| case.version).collect()
}
