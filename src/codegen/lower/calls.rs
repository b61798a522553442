//! Calls: helpers that may raise, direct calls of Python functions, polling, prologue and epilogue.

use super::super::machine::{CheckedOp, Hint, IntOp, Machine, Ty};
use super::{Lower, Place};
use crate::helpers::{Data, Helper, call_cell, tag};
use crate::hir::{CmpOp, FsValue, Inst, Type, Value};
use crate::layout::{self, code, frame, function, generator, tstate};

/// What a call counts, where a back-edge counts 1.
const HEAT_OF_CALL: i64 = 10;

/// Every so many frames the C stack is looked at.
const STACK_CHECK_INTERVAL: i64 = 32;

impl<M: Machine> Lower<'_, M> {
    /// Leaves with the exception if `value` is null.
    pub(super) fn check_object(&mut self, inst: &Inst, value: M::V) {
        let exit = self.raise_exit(inst);
        let failed = self.is_null(value);
        self.leave_if(failed, exit);
    }

    /// Leaves with the exception if `status` is negative.
    pub(super) fn check_status(&mut self, inst: &Inst, status: M::V) {
        let exit = self.raise_exit(inst);
        let zero = self.m.int(0);
        let failed = self.m.int_cmp(CmpOp::Lt, status, zero);
        self.leave_if(failed, exit);
    }

    /// An operation on objects by helper, yielding an object.
    pub(super) fn object_op(&mut self, inst: &Inst, helper: Helper, extra: &[M::V]) -> M::V {
        self.prepare_escape(inst, false);
        let args = self.operands(inst, extra);
        let result = self.m.call(helper, &args)[0];
        self.check_object(inst, result);
        result
    }

    /// The same, yielding a status that is negative for an exception.
    pub(super) fn status_op(&mut self, inst: &Inst, helper: Helper, extra: &[M::V]) -> M::V {
        self.prepare_escape(inst, false);
        let args = self.operands(inst, extra);
        let status = self.m.call(helper, &args)[0];
        self.check_status(inst, status);
        status
    }

    pub(super) fn truth_op(&mut self, inst: &Inst, helper: Helper) -> M::V {
        let status = self.status_op(inst, helper, &[]);
        let zero = self.m.int(0);
        self.m.int_cmp(CmpOp::Ne, status, zero)
    }

    /// `True`, `False`, `None` and ints inline; the rest by helper, which may run Python code.
    pub(super) fn is_true(&mut self, inst: &Inst) -> M::V {
        let value = self.v(inst.args[0]);
        let (check, slow, done) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[Ty::I64], false),
        );
        let (yes, no, none) = (
            self.m.data(Data::True),
            self.m.data(Data::False),
            self.m.data(Data::None),
        );
        let (zero, one) = (self.m.int(0), self.m.int(1));
        let is_true = self.m.same(value, yes);
        let edge = self.m.block(&[], false);
        self.m.branch(is_true, edge, check, Hint::None);
        self.m.switch_to(edge);
        self.m.jump(done, &[one]);
        self.m.switch_to(check);
        let is_false = self.m.same(value, no);
        let is_none = self.m.same(value, none);
        let falsy = self.m.either(is_false, is_none);
        let (edge, other, number) = (
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[], false),
        );
        self.m.branch(falsy, edge, other, Hint::None);
        self.m.switch_to(edge);
        self.m.jump(done, &[zero]);
        self.m.switch_to(other);
        let class = self.load_ptr(value, layout::object::OB_TYPE);
        let int = self.m.data(Data::IntType);
        let is_int = self.m.same(class, int);
        self.m.branch(is_int, number, slow, Hint::Likely);
        self.m.switch_to(number);
        let size = self.m.load(Ty::I64, value, layout::object::OB_SIZE);
        self.m.jump(done, &[size]);
        self.ask_truth(inst, Helper::IsTrue, slow, done)
    }

    /// The end of a truth test: in `slow` the helper is asked, which may run Python code; `done` gets the answer, there and from elsewhere.
    fn ask_truth(&mut self, inst: &Inst, helper: Helper, slow: M::B, done: M::B) -> M::V {
        self.m.switch_to(slow);
        self.prepare_escape(inst, false);
        let args = self.operands(inst, &[]);
        // They may be borrowed from memory that the call changes.
        for value in &args {
            self.incref(*value);
        }
        let status = self.m.call(helper, &args)[0];
        for (value, arg) in args.iter().zip(&inst.args) {
            self.decref(*value, self.ty(*arg));
        }
        self.check_status(inst, status);
        self.m.jump(done, &[status]);
        self.m.switch_to(done);
        let status = self.m.block_params(done)[0];
        let zero = self.m.int(0);
        self.m.int_cmp(CmpOp::Ne, status, zero)
    }

    /// The class itself inline; by helper what no Python code has a say in; the rest as CPython does it.
    pub(super) fn is_instance(&mut self, inst: &Inst) -> M::V {
        let (value, of) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let (exact, check, slow, done) = (
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[Ty::I64], false),
        );
        let (one, two) = (self.m.int(1), self.m.int(2));
        let class = self.load_ptr(value, layout::object::OB_TYPE);
        let is_exact = self.m.same(class, of);
        self.m.branch(is_exact, exact, check, Hint::None);
        self.m.switch_to(exact);
        self.m.jump(done, &[one]);
        self.m.switch_to(check);
        let known = self.m.call(Helper::IsInstanceQuick, &[value, of])[0];
        let is_open = self.m.int_cmp(CmpOp::Eq, known, two);
        let edge = self.m.block(&[], false);
        self.m.branch(is_open, slow, edge, Hint::Unlikely);
        self.m.switch_to(edge);
        self.m.jump(done, &[known]);
        self.ask_truth(inst, Helper::IsInstance, slow, done)
    }

    fn operands(&self, inst: &Inst, extra: &[M::V]) -> Vec<M::V> {
        let mut args: Vec<M::V> = inst.args.iter().map(|a| self.v(*a)).collect();
        args.extend_from_slice(extra);
        args
    }

    pub(super) fn iter_next(&mut self, inst: &Inst) -> M::V {
        self.prepare_escape(inst, false);
        let iterator = self.v(inst.args[0]);
        let item = self.m.call(Helper::IterNext, &[iterator])[0];
        let none = self.is_null(item);
        let exit = self.raise_exit(inst);
        self.when(none, |this| {
            let ts = this.ts;
            let exception = this.load_ptr(ts, tstate::CUREXC_TYPE);
            let clear = this.is_null(exception);
            this.require(clear, exit);
        });
        item
    }

    pub(super) fn send(&mut self, inst: &Inst) -> M::V {
        let returned = self.scratch;
        self.object_op(inst, Helper::Send, &[returned])
    }

    /// What the helper has said about the value that it gave.
    pub(super) fn send_returned(&mut self) -> M::V {
        let word = self.m.load(Ty::I64, self.scratch, 0);
        let zero = self.m.int(0);
        self.m.int_cmp(CmpOp::Ne, word, zero)
    }

    pub(super) fn call(&mut self, inst: &Inst) -> M::V {
        self.prepare_escape(inst, false);
        let callable = self.v(inst.args[0]);
        let args = self.argument_buffer(&inst.args[1..]);
        let count = self.m.int(inst.args.len() as i64 - 1);
        let constant = self.func.constant(inst.imm_const(0));
        let names = if constant.ty == Type::TUPLE {
            self.m.address(constant.addr)
        } else {
            self.m.null()
        };
        let result = self.m.call(Helper::Call, &[callable, args, count, names])[0];
        self.check_object(inst, result);
        result
    }

    pub(super) fn guard_code(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let callee = self.v(inst.args[0]);
        let class = self.load_ptr(callee, layout::object::OB_TYPE);
        let expected = self.m.data(Data::FunctionType);
        let is_function = self.m.same(class, expected);
        self.require(is_function, exit);
        let cell = self.m.address(self.func.cell(inst.imm_cell(0)).addr);
        let wanted = self.load_ptr(cell, call_cell::CODE);
        let code = self.load_ptr(callee, function::FUNC_CODE);
        let same = self.m.same(code, wanted);
        self.require(same, exit);
        callee
    }

    /// A direct call: a frame on the data stack, filled in here, then the callee's entry point.
    pub(super) fn call_py(&mut self, inst: &Inst) -> [M::V; 2] {
        let act = self.prepare_escape(inst, true);
        let cell = self.func.cell(inst.imm_cell(0)).clone();
        let (ts, caller) = (self.ts, self.frame);
        let callee = self.v(inst.args[0]);
        let args: Vec<Value> = inst.args[1..].to_vec();

        let (room, full, done) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[Ty::I64, Ty::I64], false),
        );
        let top = self.load_ptr(ts, tstate::DATASTACK_TOP);
        let limit = self.load_ptr(ts, tstate::DATASTACK_LIMIT);
        let (top_word, limit_word) = (self.m.ptr_to_int(top), self.m.ptr_to_int(limit));
        let left = self.m.int_op(IntOp::Sub, limit_word, top_word);
        let size = self.m.int(8 * i64::from(cell.frame_words));
        let fits = self.m.int_cmp(CmpOp::Gt, left, size);
        self.m.branch(fits, room, full, Hint::Likely);

        self.m.switch_to(full);
        if self.hides_locals(inst) {
            let act = self.act;
            self.m.call(Helper::Flush, &[act]);
        } else {
            self.flush_parent();
        }
        let buffer = self.argument_buffer(&args);
        let count = self.m.int(args.len() as i64);
        let slow = self
            .m
            .call(Helper::CallPySlow, &[ts, callee, buffer, count]);
        self.m.jump(done, &[slow[0], slow[1]]);

        self.m.switch_to(room);
        let new_top = self.m.offset(top, size);
        self.m.store(Ty::Ptr, new_top, ts, tstate::DATASTACK_TOP);
        let new = top;
        let code = self.load_ptr(callee, function::FUNC_CODE);
        let globals = self.load_ptr(callee, function::FUNC_GLOBALS);
        let builtins = self.load_ptr(callee, function::FUNC_BUILTINS);
        // The frame takes the reference to the function that the operation has been given.
        self.incref(code);
        let null = self.m.null();
        self.m.store(Ty::Ptr, callee, new, frame::F_FUNC);
        self.m.store(Ty::Ptr, globals, new, frame::F_GLOBALS);
        self.m.store(Ty::Ptr, builtins, new, frame::F_BUILTINS);
        self.m.store(Ty::Ptr, null, new, frame::F_LOCALS);
        self.m.store(Ty::Ptr, code, new, frame::F_CODE);
        self.m.store(Ty::Ptr, null, new, frame::FRAME_OBJ);
        self.m.store(Ty::Ptr, caller, new, frame::PREVIOUS);
        let before_first = self.m.int(i64::from(code::CO_CODE_ADAPTIVE) - 2);
        let instr = self.m.offset(code, before_first);
        self.m.store(Ty::Ptr, instr, new, frame::PREV_INSTR);
        let minus_one = self.m.int(-1);
        self.m.store(Ty::I32, minus_one, new, frame::STACKTOP);
        let one = self.m.int(1);
        self.m.store(Ty::I8, one, new, frame::IS_ENTRY);
        let zero = self.m.int(0);
        self.m.store(Ty::I8, zero, new, frame::OWNER);
        for slot in 0..cell.nlocals {
            let value = match args.get(slot as usize) {
                Some(arg) => self.v(*arg),
                None => null,
            };
            self.m
                .store(Ty::Ptr, value, new, frame::LOCALSPLUS + 8 * slot as i32);
        }
        let cframe = self.load_ptr(ts, tstate::CFRAME);
        self.m
            .store(Ty::Ptr, new, cframe, layout::cframe::CURRENT_FRAME);
        let cell_addr = self.m.address(cell.addr);
        let entry = self.load_ptr(cell_addr, call_cell::ENTRY);
        let (tag_word, payload) = self.m.call_entry(entry, [ts, new, act]);

        let cframe = self.load_ptr(ts, tstate::CFRAME);
        self.m
            .store(Ty::Ptr, caller, cframe, layout::cframe::CURRENT_FRAME);
        let object = self.load_ptr(new, frame::FRAME_OBJ);
        let locals = self.load_ptr(new, frame::F_LOCALS);
        let stacktop = self.m.load(Ty::I32, new, frame::STACKTOP);
        let zero = self.m.int(0);
        let no_object = self.is_null(object);
        let no_locals = self.is_null(locals);
        let empty = self.m.int_cmp(CmpOp::Eq, stacktop, zero);
        let clean = self.m.both(no_object, no_locals);
        let clean = self.m.both(clean, empty);
        let (fast, slow, popped) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[], false),
        );
        self.m.branch(clean, fast, slow, Hint::Likely);
        self.m.switch_to(slow);
        self.m.call(Helper::FrameClear, &[ts, new]);
        self.m.jump(popped, &[]);
        self.m.switch_to(fast);
        self.decref(callee, Type::FUNC);
        self.decref(code, Type::OTHER);
        self.m.jump(popped, &[]);
        self.m.switch_to(popped);
        self.m.store(Ty::Ptr, new, ts, tstate::DATASTACK_TOP);
        self.m.jump(done, &[tag_word, payload]);

        self.m.switch_to(done);
        let result = self.m.block_params(done);
        let exit = self.raise_exit(inst);
        let both = self.m.int_op(IntOp::Or, result[0], result[1]);
        let zero = self.m.int(0);
        let failed = self.m.int_cmp(CmpOp::Eq, both, zero);
        self.leave_if(failed, exit);
        [result[0], result[1]]
    }

    /// Whether the frame state has locals that are not in the frame.
    fn hides_locals(&self, inst: &Inst) -> bool {
        inst.fs.is_some_and(|fs| {
            self.func
                .frame_state(fs)
                .locals
                .iter()
                .any(|local| matches!(local, FsValue::Value(_)))
        })
    }

    pub(super) fn poll(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let breaker = self.m.data(Data::EvalBreaker);
        let word = self.m.load_volatile(breaker);
        let zero = self.m.int(0);
        let asked = self.m.int_cmp(CmpOp::Ne, word, zero);
        self.when(asked, |this| {
            this.prepare_escape(inst, false);
            let ts = this.ts;
            let leave = this.m.call(Helper::Poll, &[ts])[0];
            let zero = this.m.int(0);
            let stay = this.m.int_cmp(CmpOp::Eq, leave, zero);
            this.require(stay, exit);
        });
        self.cool(1, |this, leave| {
            let zero = this.m.int(0);
            let stay = this.m.int_cmp(CmpOp::Eq, leave, zero);
            this.require(stay, exit);
        });
    }

    /// Counts heat down if that is asked for; at the end goes on with whether the code is to be left.
    fn cool(&mut self, by: i64, then: impl FnOnce(&mut Self, M::V)) {
        if self.heat == 0 {
            return;
        }
        let counter = self.m.address(self.heat);
        let left = self.m.load(Ty::I64, counter, 0);
        let in_loop = self.m.int(i64::from(by == 1));
        let by = self.m.int(by);
        let left = self.m.int_op(IntOp::Sub, left, by);
        self.m.store(Ty::I64, left, counter, 0);
        let zero = self.m.int(0);
        let is_hot = self.m.int_cmp(CmpOp::Lt, left, zero);
        self.when(is_hot, |this| {
            let unit = this.m.address(this.unit_token);
            let leave = this.m.call(Helper::Hot, &[unit, in_loop])[0];
            then(this, leave);
        });
    }

    /// Counts the recursion, and looks at the C stack now and then.
    pub(super) fn prologue(&mut self) {
        let ts = self.ts;
        let (refuse, check, enter) = (
            self.m.block(&[], true),
            self.m.block(&[], true),
            self.m.block(&[], false),
        );
        let (probe, count) = (self.m.block(&[], false), self.m.block(&[], false));
        let left = self.m.load(Ty::I32, ts, tstate::RECURSION_REMAINING);
        let zero = self.m.int(0);
        let some = self.m.int_cmp(CmpOp::Gt, left, zero);
        self.m.branch(some, probe, refuse, Hint::Likely);
        self.m.switch_to(probe);
        let mask = self.m.int(STACK_CHECK_INTERVAL - 1);
        let low = self.m.int_op(IntOp::And, left, mask);
        let skip = self.m.int_cmp(CmpOp::Ne, low, zero);
        self.m.branch(skip, count, check, Hint::Likely);
        self.m.switch_to(check);
        let ok = self.m.call(Helper::StackOk, &[ts])[0];
        let fine = self.m.int_cmp(CmpOp::Ne, ok, zero);
        self.m.branch(fine, count, refuse, Hint::Likely);
        self.m.switch_to(refuse);
        let (frame, parent) = (self.frame, self.parent);
        let result = self.m.call(Helper::Interpret, &[ts, frame, parent]);
        self.m.ret(result[0], result[1]);
        self.m.switch_to(count);
        let one = self.m.int(1);
        let (left, _) = self.m.checked(CheckedOp::Sub, left, one);
        self.m.store(Ty::I32, left, ts, tstate::RECURSION_REMAINING);
        self.m.jump(enter, &[]);
        self.m.switch_to(enter);
        // A call goes on where it is: the next one finds the other code.
        self.cool(HEAT_OF_CALL, |_, _| {});
    }

    /// Leaves when someone holds the frame: the interpreter executes the return, so that the frame
    /// object has all its locals.
    pub(super) fn guard_unobserved(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let own = self.frame;
        let object = self.load_ptr(own, frame::FRAME_OBJ);
        let unseen = self.is_null(object);
        self.require(unseen, exit);
    }

    /// Returns through the common epilogue.
    pub(super) fn leave_unit(&mut self, tag_word: i64, payload: M::V) {
        let block = match self.epilogue {
            Some(block) => block,
            None => {
                let block = self.m.block(&[Ty::I64, Ty::I64], false);
                self.epilogue = Some(block);
                block
            }
        };
        let here = self.slots.iter().copied();
        self.at_returns = Some(match &self.at_returns {
            Some(before) => before.iter().zip(here).map(|(a, b)| a.or(b)).collect(),
            None => here.collect(),
        });
        let tag_word = self.m.int(tag_word);
        self.m.jump(block, &[tag_word, payload]);
    }

    /// Fills the epilogue: releases the locals in slot order, counts the recursion back.
    pub(super) fn emit_epilogue(&mut self) {
        let Some(block) = self.epilogue else { return };
        self.m.switch_to(block);
        let result = self.m.block_params(block);
        let own = self.frame;
        self.place = Place::Returned;
        let slots = self.at_returns.take().unwrap_or_default();
        for (slot, state) in slots.into_iter().enumerate() {
            let offset = frame::LOCALSPLUS + 8 * slot as i32;
            let null = self.m.null();
            let clear = |this: &mut Self, value| {
                this.m.store(Ty::Ptr, null, own, offset);
                this.decref(value, state.ty - Type::NULL);
            };
            if state.ty == Type::NULL {
                continue;
            }
            let value = self.load_ptr(own, offset);
            if state.ty.contains(Type::NULL) {
                let empty = self.m.same(value, null);
                self.unless(empty, |this| clear(this, value));
            } else {
                clear(self, value);
            }
        }
        let zero = self.m.int(0);
        self.m.store(Ty::I32, zero, own, frame::STACKTOP);
        self.place = Place::Unknown;
        self.count_back();
        self.m.ret(result[0], result[1]);
    }

    /// One level of recursion less.
    fn count_back(&mut self) {
        let ts = self.ts;
        let left = self.m.load(Ty::I32, ts, tstate::RECURSION_REMAINING);
        let one = self.m.int(1);
        let left = self.m.int_op(IntOp::Add, left, one);
        self.m.store(Ty::I32, left, ts, tstate::RECURSION_REMAINING);
    }

    /// Leaves a generator's frame with a value; `items` stay on its value stack.
    fn hand_out(&mut self, inst: &Inst, items: u32) {
        self.count_back();
        let top = self.m.int(i64::from(self.func.nlocals + items));
        let own = self.frame;
        self.m.store(Ty::I32, top, own, frame::STACKTOP);
        let value = self.v(inst.args[0]);
        let (tag_word, payload) = self.object_payload(value);
        let tag_word = self.m.int(tag_word);
        self.m.ret(tag_word, payload);
    }

    /// Suspends a generator.
    pub(super) fn yield_value(&mut self, inst: &Inst) {
        let fs = inst.fs.expect("verified: has a frame state");
        self.set_prev_instr(self.func.frame_state(fs).pc);
        let state = self.m.int(i64::from(generator::SUSPENDED));
        let own = self.frame;
        self.m
            .store(Ty::I8, state, own, generator::STATE_BEFORE_FRAME);
        self.hand_out(inst, inst.imm_index(0));
    }

    /// Ends a generator: CPython clears its frame.
    pub(super) fn finish(&mut self, inst: &Inst) {
        self.hand_out(inst, 0);
    }

    /// The tag and payload words of a returned object.
    pub(super) fn object_payload(&mut self, value: M::V) -> (i64, M::V) {
        (tag::OBJECT, self.m.ptr_to_int(value))
    }
}
