//! Items of lists and tuples, lengths, displays.

use super::super::machine::{Hint, IntOp, Machine, Memory, Ty};
use super::Lower;
use crate::helpers::{Data, Helper};
use crate::hir::{CmpOp, Inst, Type, Value};
use crate::layout::{builtin, dict, object};

impl<M: Machine> Lower<'_, M> {
    /// The address of item `args[1]` of list or tuple `args[0]`, counted from the end if negative;
    /// leaves when there is no such item.
    pub(super) fn item(&mut self, inst: &Inst, is_list: bool) -> M::V {
        let exit = self.guard_exit(inst);
        let (container, index) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let len = self.m.load(Ty::I64, container, object::OB_SIZE);
        if self.known_int(inst.args[1]).is_some_and(|at| at >= 0) {
            let outside = self.m.int_cmp(CmpOp::Le, len, index);
            self.leave_if(outside, exit);
            return self.place(container, index, is_list);
        }
        let zero = self.m.int(0);
        let negative = self.m.int_cmp(CmpOp::Lt, index, zero);
        let wrapped = self.m.int_op(IntOp::Add, index, len);
        let at = self.m.select(negative, wrapped, index);
        // Without its sign an index that is still negative is beyond every length.
        let inside = self.m.below(at, len);
        self.require(inside, exit);
        self.place(container, at, is_list)
    }

    /// The address of an item that exists.
    pub(super) fn place(&mut self, container: M::V, at: M::V, is_list: bool) -> M::V {
        if is_list {
            let array = self.load_ptr(container, builtin::LIST_ITEMS);
            self.element(array, at)
        } else {
            // A tuple's items are in the object.
            let base = self.element(container, at);
            let offset = self.m.int(i64::from(builtin::TUPLE_ITEMS));
            self.m.offset(base, offset)
        }
    }

    /// `Item`: no check.
    pub(super) fn known_item(&mut self, inst: &Inst) -> M::V {
        let container = self.v(inst.args[0]);
        let offset = 8 * inst.imm_index(0) as i32;
        if self.ty(inst.args[0]) == Type::LIST {
            let array = self.load_ptr(container, builtin::LIST_ITEMS);
            self.m.load_from(Memory::Items, Ty::Ptr, array, offset)
        } else {
            self.load_ptr(container, builtin::TUPLE_ITEMS + offset)
        }
    }

    pub(super) fn guard_len(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let container = self.v(inst.args[0]);
        let len = self.m.load(Ty::I64, container, object::OB_SIZE);
        let wanted = self.m.int(i64::from(inst.imm_index(0)));
        let fine = self.m.int_cmp(CmpOp::Eq, len, wanted);
        self.require(fine, exit);
    }

    /// A part of a range iterator, as the virtual one has it.
    pub(super) fn range_part(&mut self, inst: &Inst) -> M::V {
        let iterator = self.v(inst.args[0]);
        let mut field = |offset| self.m.load(Ty::I64, iterator, offset);
        match inst.imm_index(0) {
            0 => {
                let (start, step) = (
                    field(builtin::RANGEITER_START),
                    field(builtin::RANGEITER_STEP),
                );
                let index = field(builtin::RANGEITER_INDEX);
                let offset = self.m.int_op(IntOp::Mul, index, step);
                self.m.int_op(IntOp::Add, start, offset)
            }
            1 => {
                let (length, index) = (
                    field(builtin::RANGEITER_LENGTH),
                    field(builtin::RANGEITER_INDEX),
                );
                self.m.int_op(IntOp::Sub, length, index)
            }
            _ => field(builtin::RANGEITER_STEP),
        }
    }

    pub(super) fn list_has(&mut self, inst: &Inst) -> M::V {
        let (list, index) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let len = self.m.load(Ty::I64, list, object::OB_SIZE);
        self.m.int_cmp(CmpOp::Lt, index, len)
    }

    pub(super) fn len(&mut self, inst: &Inst) -> M::V {
        let value = self.v(inst.args[0]);
        let ty = self.ty(inst.args[0]);
        if ty == Type::STR {
            self.m.load(Ty::I64, value, builtin::STR_LENGTH)
        } else if ty == Type::DICT {
            self.m.load(Ty::I64, value, dict::MA_USED)
        } else if ty.intersects(Type::DICT) {
            let class = self.load_ptr(value, object::OB_TYPE);
            let expected = self.m.data(Data::DictType);
            let is_dict = self.m.same(class, expected);
            let (used, size) = (
                self.m.load(Ty::I64, value, dict::MA_USED),
                self.m.load(Ty::I64, value, object::OB_SIZE),
            );
            self.m.select(is_dict, used, size)
        } else {
            self.m.load(Ty::I64, value, object::OB_SIZE)
        }
    }

    /// Writes references to the argument buffer, from its second word on; its address.
    pub(super) fn argument_buffer(&mut self, args: &[Value]) -> M::V {
        for (at, arg) in args.iter().enumerate() {
            let value = self.v(*arg);
            let buffer = self.arguments;
            self.m.store(Ty::Ptr, value, buffer, 8 * (at as i32 + 1));
        }
        let word = self.m.int(8);
        let buffer = self.arguments;
        self.m.offset(buffer, word)
    }

    pub(super) fn build_sequence(&mut self, inst: &Inst, helper: Helper) -> M::V {
        self.prepare_escape(inst, false);
        let items = self.argument_buffer(&inst.args);
        let count = self.m.int(inst.args.len() as i64);
        let made = self.m.call(helper, &[items, count])[0];
        self.check_object(inst, made);
        made
    }

    /// `FreeVar`: out of the function's closure.
    pub(super) fn free_var(&mut self, inst: &Inst) -> M::V {
        let frame = self.frame;
        let function = self.load_ptr(frame, crate::layout::frame::F_FUNC);
        let closure = self.load_ptr(function, crate::layout::function::FUNC_CLOSURE);
        self.load_ptr(closure, builtin::TUPLE_ITEMS + 8 * inst.imm_index(0) as i32)
    }

    /// One bytecode instruction, by the evaluator's handler.
    pub(super) fn bytecode_step(&mut self, inst: &Inst) -> M::V {
        self.prepare_escape(inst, false);
        let items = self.argument_buffer(&inst.args);
        let what = i64::from(inst.imm_index(0)) | i64::from(inst.imm_index(1)) << 8;
        let (what, depth) = (self.m.int(what), self.m.int(inst.imm_index(2).into()));
        let count = self.m.int(inst.args.len() as i64);
        let (ts, frame) = (self.ts, self.frame);
        let result = self
            .m
            .call(Helper::Step, &[ts, frame, what, depth, items, count])[0];
        self.check_object(inst, result);
        result
    }

    /// `ListAppend`: in place when there is room, else by helper.
    pub(super) fn list_append(&mut self, inst: &Inst) {
        let (list, item) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let (room, full, on) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[], false),
        );
        let len = self.m.load(Ty::I64, list, object::OB_SIZE);
        let allocated = self.m.load(Ty::I64, list, builtin::LIST_ALLOCATED);
        let fits = self.m.int_cmp(CmpOp::Lt, len, allocated);
        self.m.branch(fits, room, full, Hint::Likely);
        self.m.switch_to(room);
        let array = self.load_ptr(list, builtin::LIST_ITEMS);
        let place = self.element(array, len);
        self.m.store_to(Memory::Items, Ty::Ptr, item, place, 0);
        let one = self.m.int(1);
        let more = self.m.int_op(IntOp::Add, len, one);
        self.m.store(Ty::I64, more, list, object::OB_SIZE);
        self.m.jump(on, &[]);
        self.m.switch_to(full);
        self.prepare_escape(inst, false);
        let status = self.m.call(Helper::ListAppend, &[list, item])[0];
        self.check_status(inst, status);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }
}
