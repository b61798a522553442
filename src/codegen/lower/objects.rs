//! References, type guards, boxes, attributes and dictionary values.

use super::super::machine::{Hint, IntOp, Machine, Memory, Ty};
use super::{Lower, Place};
use crate::helpers::{Data, Helper, tag};
use crate::hir::{CmpOp, DictKind, Inst, Type};
use crate::layout::{self, builtin, dict, object, typeobject};

impl<M: Machine> Lower<'_, M> {
    /// `AppendLocal`.
    pub(super) fn append_local(&mut self, inst: &Inst) -> M::V {
        self.prepare_escape(inst, false);
        let offset = self.m.int(i64::from(Self::slot_offset(inst)));
        let slot = self.m.offset(self.frame, offset);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let op = self.m.int(inst.imm_bin(1) as i64);
        let grown = self.m.call(Helper::AppendLocal, &[slot, a, b, op])[0];
        self.check_object(inst, grown);
        grown
    }

    // ---- references --------------------------------------------------------------------------

    pub(super) fn incref(&mut self, value: M::V) {
        self.change_count(value, IntOp::Add);
    }

    /// Counts a reference to an object more or less; what the count is then. `llvm-passes/passes/` knows these three operations.
    fn change_count(&mut self, value: M::V, op: IntOp) -> M::V {
        let (memory, offset) = (Memory::Count, object::OB_REFCNT);
        let count = self.m.load_from(memory, Ty::I64, value, offset);
        let one = self.m.int(1);
        let count = self.m.int_op(op, count, one);
        self.m.store_to(memory, Ty::I64, count, value, offset);
        self.count_reference(op);
        count
    }

    /// Counts a reference more or less in all, where that is wanted.
    fn count_reference(&mut self, op: IntOp) {
        if self.ref_total != 0 {
            let total = self.m.address(self.ref_total);
            let count = self.m.load_from(Memory::Own, Ty::I64, total, 0);
            let one = self.m.int(1);
            let count = self.m.int_op(op, count, one);
            self.m.store_to(Memory::Own, Ty::I64, count, total, 0);
        }
    }

    pub(super) fn incref_typed(&mut self, value: M::V, ty: Type) {
        if ty == Type::NULL {
            return;
        }
        if ty.contains(Type::NULL) {
            let null = self.is_null(value);
            self.unless(null, |this| this.incref(value));
        } else {
            self.incref(value);
        }
    }

    /// Releases a reference to an object of type `ty`; its destructor is cold.
    pub(super) fn decref(&mut self, value: M::V, ty: Type) {
        if ty == Type::NULL {
            return;
        }
        if ty.contains(Type::NULL) {
            let null = self.is_null(value);
            self.unless(null, |this| this.decref(value, ty - Type::NULL));
            return;
        }
        let count = self.change_count(value, IntOp::Sub);
        let zero = self.m.int(0);
        let dead = self.m.int_cmp(CmpOp::Eq, count, zero);
        self.when(dead, |this| {
            if ty.is(Type::TRIVIAL) {
                this.m.call(Helper::Dealloc, &[value]);
                return;
            }
            let (ts, frame, parent) = (this.ts, this.frame, this.parent);
            let instr = match this.place {
                Place::Returned => {
                    this.m
                        .call(Helper::DeallocBehind, &[value, ts, frame, parent]);
                    return;
                }
                Place::At(pc) => this.instr(pc),
                Place::Unknown => this.m.null(),
            };
            this.m
                .call(Helper::DeallocSeen, &[value, frame, instr, parent]);
        });
    }

    /// Runs `body` unless `bit`.
    pub(super) fn unless(&mut self, bit: M::V, body: impl FnOnce(&mut Self)) {
        let (run, on) = (self.m.block(&[], false), self.m.block(&[], false));
        self.m.branch(bit, on, run, Hint::None);
        self.m.switch_to(run);
        body(self);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }

    /// `DecRef` of a direct call's result.
    pub(super) fn decref_tagged(&mut self, tag_word: M::V, payload: M::V) {
        let object = self.m.int(tag::OBJECT);
        let other = self.m.int_cmp(CmpOp::Ne, tag_word, object);
        self.unless(other, |this| {
            let pointer = this.m.int_to_ptr(payload);
            this.decref(pointer, Type::OBJECT);
        });
    }

    // ---- guards --------------------------------------------------------------------------------

    fn class_of(&mut self, value: M::V) -> M::V {
        self.load_ptr(value, object::OB_TYPE)
    }

    /// The class that a lattice type stands for.
    fn class_data(ty: Type) -> Option<Data> {
        let pairs = [
            (Type::INT, Data::IntType),
            (Type::FLOAT, Data::FloatType),
            (Type::BOOL, Data::BoolType),
            (Type::STR, Data::StrType),
            (Type::LIST, Data::ListType),
            (Type::TUPLE, Data::TupleType),
            (Type::DICT, Data::DictType),
            (Type::RANGE, Data::RangeType),
            (Type::FUNC, Data::FunctionType),
        ];
        pairs.iter().find(|(t, _)| *t == ty).map(|(_, data)| *data)
    }

    pub(super) fn guard_type(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let wanted = inst.imm_type(0);
        if self.ty(inst.args[0]).contains(Type::NULL) {
            let null = self.is_null(value);
            self.leave_if(null, exit);
        }
        let fine = match Self::class_data(wanted) {
            Some(data) => {
                let class = self.class_of(value);
                let expected = self.m.data(data);
                self.m.same(class, expected)
            }
            None if wanted == Type::NONE => {
                let none = self.m.data(Data::None);
                self.m.same(value, none)
            }
            None => self.m.bit(false),
        };
        self.require(fine, exit);
        value
    }

    pub(super) fn guard_not_null(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let null = self.is_null(value);
        self.leave_if(null, exit);
        value
    }

    pub(super) fn guard_is(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let expected = self.m.address(self.func.constant(inst.imm_const(0)).addr);
        let same = self.m.same(value, expected);
        self.require(same, exit);
        value
    }

    pub(super) fn guard_bit(&mut self, inst: &Inst, expected: bool) {
        let exit = self.guard_exit(inst);
        let bit = self.v(inst.args[0]);
        if expected {
            self.require(bit, exit);
        } else {
            self.leave_if(bit, exit);
        }
    }

    /// Leaves unless the 32-bit word at `base + offset` is `expected`.
    fn require_word(&mut self, base: M::V, offset: i32, expected: u32, exit: M::B) {
        let word = self.m.load(Ty::I32, base, offset);
        // Loads are sign-extended, so the constant is too.
        let expected = self.m.int(i64::from(expected as i32));
        let same = self.m.int_cmp(CmpOp::Eq, word, expected);
        self.require(same, exit);
    }

    pub(super) fn guard_type_version(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let class = self.class_of(value);
        self.require_word(class, typeobject::TP_VERSION_TAG, inst.imm_index(0), exit);
        value
    }

    pub(super) fn type_version(&mut self, inst: &Inst) -> M::V {
        let value = self.v(inst.args[0]);
        let class = self.class_of(value);
        self.m.load(Ty::I32, class, typeobject::TP_VERSION_TAG)
    }

    pub(super) fn guard_keys_version(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let class = self.class_of(value);
        let keys = self.load_ptr(class, typeobject::HT_CACHED_KEYS);
        self.require_word(keys, dict::DK_VERSION, inst.imm_index(0), exit);
    }

    pub(super) fn guard_keys_count(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let class = self.class_of(value);
        let keys = self.load_ptr(class, typeobject::HT_CACHED_KEYS);
        // The lower half of a word: there are thirty names at most.
        self.require_word(keys, dict::DK_NENTRIES, inst.imm_index(0), exit);
    }

    pub(super) fn guard_inline_values(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let values = self.load_ptr(value, object::INLINE_VALUES);
        let null = self.is_null(values);
        self.leave_if(null, exit);
        // CPython moves the values into the dict when it makes one, but be exact.
        let dict = self.load_ptr(value, object::MANAGED_DICT);
        let none = self.is_null(dict);
        self.require(none, exit);
    }

    fn frame_dict(&mut self, inst: &Inst) -> M::V {
        let offset = match inst.imm_dict(0) {
            DictKind::Builtins => layout::frame::F_BUILTINS,
            DictKind::Globals => layout::frame::F_GLOBALS,
        };
        let frame = self.frame;
        self.load_ptr(frame, offset)
    }

    pub(super) fn guard_dict_version(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let dict = self.frame_dict(inst);
        let keys = self.load_ptr(dict, dict::MA_KEYS);
        self.require_word(keys, dict::DK_VERSION, inst.imm_index(1), exit);
    }

    pub(super) fn guard_module_version(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let value = self.v(inst.args[0]);
        let class = self.class_of(value);
        let module = self.m.data(Data::ModuleType);
        let same = self.m.same(class, module);
        self.require(same, exit);
        let dict = self.load_ptr(value, builtin::MODULE_DICT);
        let keys = self.load_ptr(dict, dict::MA_KEYS);
        self.require_word(keys, dict::DK_VERSION, inst.imm_index(0), exit);
    }

    pub(super) fn guard_depth(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let ts = self.ts;
        let left = self
            .m
            .load(Ty::I32, ts, layout::tstate::RECURSION_REMAINING);
        let zero = self.m.int(0);
        let full = self.m.int_cmp(CmpOp::Le, left, zero);
        self.leave_if(full, exit);
    }

    pub(super) fn guard_no_tracing(&mut self, inst: &Inst) {
        let exit = self.guard_exit(inst);
        let ts = self.ts;
        let cframe = self.load_ptr(ts, layout::tstate::CFRAME);
        let tracing = self.m.load(Ty::I8, cframe, layout::cframe::USE_TRACING);
        let zero = self.m.int(0);
        let on = self.m.int_cmp(CmpOp::Ne, tracing, zero);
        self.leave_if(on, exit);
    }

    /// The value at entry `index` of a unicode-keyed dict.
    fn dict_entry(&mut self, dict: M::V, index: u32) -> M::V {
        let keys = self.load_ptr(dict, dict::MA_KEYS);
        let log = self.m.load(Ty::I8, keys, dict::DK_LOG2_INDEX_BYTES);
        let one = self.m.int(1);
        let bytes = self.m.int_op(IntOp::Shl, one, log);
        let entries = self.m.offset(keys, bytes);
        self.load_ptr(
            entries,
            dict::DK_INDICES + index as i32 * dict::UNICODE_ENTRY_SIZE + dict::UNICODE_ENTRY_VALUE,
        )
    }

    pub(super) fn load_dict_value(&mut self, inst: &Inst) -> M::V {
        let dict = self.frame_dict(inst);
        self.dict_entry(dict, inst.imm_index(1))
    }

    /// By version and index, else by look-up.
    pub(super) fn load_global_cached(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let builtin = inst.imm_dict(0) == DictKind::Builtins;
        let (slow, done) = (self.m.block(&[], true), self.m.block(&[Ty::Ptr], false));
        let frame = self.frame;
        let globals = self.load_ptr(frame, layout::frame::F_GLOBALS);
        let keys = self.load_ptr(globals, dict::MA_KEYS);
        self.require_word(keys, dict::DK_VERSION, inst.imm_index(2), slow);
        let mut holder = globals;
        if builtin {
            holder = self.load_ptr(frame, layout::frame::F_BUILTINS);
            let keys = self.load_ptr(holder, dict::MA_KEYS);
            self.require_word(keys, dict::DK_VERSION, inst.imm_index(3), slow);
        }
        let value = self.dict_entry(holder, inst.imm_index(1));
        let null = self.is_null(value);
        self.leave_if(null, exit);
        self.m.jump(done, &[value]);
        self.m.switch_to(slow);
        let name = self.m.address(self.func.constant(inst.imm_const(4)).addr);
        let value = self.m.call(Helper::LookupGlobal, &[frame, name])[0];
        let null = self.is_null(value);
        self.leave_if(null, exit);
        self.m.jump(done, &[value]);
        self.m.switch_to(done);
        self.m.block_params(done)[0]
    }

    pub(super) fn load_module_value(&mut self, inst: &Inst) -> M::V {
        let module = self.v(inst.args[0]);
        let dict = self.load_ptr(module, builtin::MODULE_DICT);
        self.dict_entry(dict, inst.imm_index(0))
    }

    /// The address of inline value `imm 0` of operand 0, as base and offset.
    pub(super) fn inline_value(&mut self, inst: &Inst) -> (M::V, i32) {
        let instance = self.v(inst.args[0]);
        let values = self.load_ptr(instance, object::INLINE_VALUES);
        (values, inst.imm_index(0) as i32 * 8)
    }

    /// Stores an attribute that the instance may not have yet.
    pub(super) fn init_inline_value(&mut self, inst: &Inst) {
        let (values, offset) = self.inline_value(inst);
        let value = self.v(inst.args[1]);
        let before = self.load_ptr(values, offset);
        self.m.store(Ty::Ptr, value, values, offset);
        let null = self.m.null();
        let first = self.m.same(before, null);
        let (new, old, on) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[], false),
        );
        self.m.branch(first, new, old, Hint::Likely);
        self.m.switch_to(new);
        let index = self.m.int(inst.imm_index(0).into());
        self.m.call(Helper::NoteValue, &[values, index]);
        self.m.jump(on, &[]);
        self.m.switch_to(old);
        self.decref(before, Type::OBJECT);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }

    pub(super) fn slot_value(&mut self, inst: &Inst) -> (M::V, i32) {
        (self.v(inst.args[0]), inst.imm_index(0) as i32)
    }

    /// Puts a reference into memory and releases the one that was there.
    pub(super) fn replace(&mut self, place: (M::V, i32), value: M::V, old: Type) {
        self.replace_in(Memory::Other, place, value, old);
    }

    /// The same in some sort of memory.
    pub(super) fn replace_in(
        &mut self,
        memory: Memory,
        (base, offset): (M::V, i32),
        value: M::V,
        old: Type,
    ) {
        let before = (old != Type::NULL).then(|| self.m.load_from(memory, Ty::Ptr, base, offset));
        self.m.store_to(memory, Ty::Ptr, value, base, offset);
        if let Some(before) = before {
            self.decref(before, old);
        }
    }

    /// The same for a local's slot, which may be empty.
    pub(super) fn replace_local_float(&mut self, offset: i32, value: M::V) {
        let frame = self.frame;
        let before = self.load_ptr(frame, offset);
        let null = self.m.null();
        let empty = self.m.same(before, null);
        let (first, again, on) = (
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[], false),
        );
        self.m.branch(empty, first, again, Hint::Unlikely);
        self.m.switch_to(first);
        let boxed = self.box_float(value);
        self.m.store(Ty::Ptr, boxed, frame, offset);
        self.m.jump(on, &[]);
        self.m.switch_to(again);
        self.replace_float(Memory::Other, (frame, offset), value);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }

    /// Puts a double into a place that holds a reference: into the old box, if it is a float that
    /// nobody else refers to.
    pub(super) fn replace_float(
        &mut self,
        memory: Memory,
        (base, offset): (M::V, i32),
        value: M::V,
    ) {
        let before = self.m.load_from(memory, Ty::Ptr, base, offset);
        let class = self.class_of(before);
        let float = self.m.data(Data::FloatType);
        let is_float = self.m.same(class, float);
        let offset_of_count = object::OB_REFCNT;
        let count = self
            .m
            .load_from(Memory::Count, Ty::I64, before, offset_of_count);
        let one = self.m.int(1);
        let alone = self.m.int_cmp(CmpOp::Eq, count, one);
        let reuse = self.m.both(is_float, alone);
        let (again, fresh, on) = (
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[], false),
        );
        self.m.branch(reuse, again, fresh, Hint::Likely);
        self.m.switch_to(again);
        self.m.store(Ty::F64, value, before, builtin::FLOAT_VALUE);
        self.m.jump(on, &[]);
        self.m.switch_to(fresh);
        let boxed = self.box_float(value);
        self.m.store_to(memory, Ty::Ptr, boxed, base, offset);
        self.decref(before, Type::OBJECT);
        self.m.jump(on, &[]);
        self.m.switch_to(on);
    }

    // ---- boxes -----------------------------------------------------------------------------------

    pub(super) fn box_float(&mut self, value: M::V) -> M::V {
        self.m.call(Helper::BoxFloat, &[value])[0]
    }

    /// From CPython's table of small ints, else a new one.
    pub(super) fn box_int(&mut self, value: M::V) -> M::V {
        let (small, large, on) = (
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[Ty::Ptr], false),
        );
        let (least, most) = (
            self.m.int(builtin::SMALL_INT_MIN),
            self.m.int(builtin::SMALL_INT_MAX),
        );
        let above = self.m.int_cmp(CmpOp::Ge, value, least);
        let below = self.m.int_cmp(CmpOp::Le, value, most);
        let is_small = self.m.both(above, below);
        self.m.branch(is_small, small, large, Hint::None);
        self.m.switch_to(small);
        let table = self.m.data(Data::SmallInts);
        let index = self.m.int_op(IntOp::Sub, value, least);
        let shift = self.m.int(i64::from(builtin::LONG_SIZE.trailing_zeros()));
        let bytes = self.m.int_op(IntOp::Shl, index, shift);
        let cached = self.m.offset(table, bytes);
        self.incref(cached);
        self.m.jump(on, &[cached]);
        self.m.switch_to(large);
        let made = self.m.call(Helper::BoxInt, &[value])[0];
        self.m.jump(on, &[made]);
        self.m.switch_to(on);
        self.m.block_params(on)[0]
    }

    pub(super) fn box_bool(&mut self, bit: M::V) -> M::V {
        let (yes, no) = (self.m.data(Data::True), self.m.data(Data::False));
        self.m.select(bit, yes, no)
    }

    pub(super) fn unbox_bool(&mut self, value: M::V) -> M::V {
        let yes = self.m.data(Data::True);
        self.m.same(value, yes)
    }

    /// The value of an exact int: inline up to one digit, by helper beyond; leaves if it does not fit.
    pub(super) fn unbox_int(&mut self, value: M::V, exit: M::B) -> M::V {
        let (short, long, on) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[Ty::I64], false),
        );
        let size = self.m.load(Ty::I64, value, object::OB_SIZE);
        let one = self.m.int(1);
        let biased = self.m.int_op(IntOp::Add, size, one);
        // −1, 0 and 1 digits: 0 <= size + 1 <= 2; of zero the digit does not count.
        let (zero, two) = (self.m.int(0), self.m.int(2));
        let not_below = self.m.int_cmp(CmpOp::Ge, biased, zero);
        let not_above = self.m.int_cmp(CmpOp::Le, biased, two);
        let is_short = self.m.both(not_below, not_above);
        self.m.branch(is_short, short, long, Hint::Likely);
        self.m.switch_to(short);
        let digit = self.m.load(Ty::I32, value, builtin::LONG_DIGITS);
        // The size has the sign.
        let number = self.m.int_op(IntOp::Mul, digit, size);
        self.m.jump(on, &[number]);
        self.m.switch_to(long);
        let out = self.scratch;
        let fits = self.m.call(Helper::UnboxInt, &[value, out])[0];
        let no = self.m.int_cmp(CmpOp::Eq, fits, zero);
        self.leave_if(no, exit);
        let number = self.m.load(Ty::I64, out, 0);
        self.m.jump(on, &[number]);
        self.m.switch_to(on);
        self.m.block_params(on)[0]
    }

    pub(super) fn unbox_float(&mut self, value: M::V) -> M::V {
        self.m.load(Ty::F64, value, builtin::FLOAT_VALUE)
    }

    // ---- results of direct calls -------------------------------------------------------------------

    pub(super) fn box_tagged(&mut self, tag_word: M::V, payload: M::V) -> M::V {
        let (object, number, int, float, on) = (
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[], false),
            self.m.block(&[Ty::Ptr], false),
        );
        let known = self.m.int(tag::OBJECT);
        let is_object = self.m.int_cmp(CmpOp::Eq, tag_word, known);
        self.m.branch(is_object, object, number, Hint::Likely);
        self.m.switch_to(object);
        let pointer = self.m.int_to_ptr(payload);
        self.m.jump(on, &[pointer]);
        self.m.switch_to(number);
        let known = self.m.int(tag::INT);
        let is_int = self.m.int_cmp(CmpOp::Eq, tag_word, known);
        self.m.branch(is_int, int, float, Hint::None);
        self.m.switch_to(int);
        let boxed = self.box_int(payload);
        self.m.jump(on, &[boxed]);
        self.m.switch_to(float);
        let double = self.m.bits_to_float(payload);
        let boxed = self.box_float(double);
        self.m.jump(on, &[boxed]);
        self.m.switch_to(on);
        self.m.block_params(on)[0]
    }

    /// The number in a direct call's result: unboxed as it is, or out of a box of the right class.
    pub(super) fn untag(&mut self, inst: &Inst, wanted: i64, data: Data, ty: Ty) -> M::V {
        let exit = self.guard_exit(inst);
        let (tag_word, payload) = self.pair(inst.args[0]);
        let (plain, other, on) = (
            self.m.block(&[], false),
            self.m.block(&[], true),
            self.m.block(&[ty], false),
        );
        let tagged = self.m.int(wanted);
        let is_plain = self.m.int_cmp(CmpOp::Eq, tag_word, tagged);
        self.m.branch(is_plain, plain, other, Hint::Likely);
        self.m.switch_to(plain);
        let number = if ty == Ty::F64 {
            self.m.bits_to_float(payload)
        } else {
            payload
        };
        self.m.jump(on, &[number]);
        self.m.switch_to(other);
        let object = self.m.int(tag::OBJECT);
        let is_object = self.m.int_cmp(CmpOp::Eq, tag_word, object);
        self.require(is_object, exit);
        let pointer = self.m.int_to_ptr(payload);
        let class = self.class_of(pointer);
        let expected = self.m.data(data);
        let fine = self.m.same(class, expected);
        self.require(fine, exit);
        let number = if ty == Ty::F64 {
            self.unbox_float(pointer)
        } else {
            self.unbox_int(pointer, exit)
        };
        self.m.jump(on, &[number]);
        self.m.switch_to(on);
        self.m.block_params(on)[0]
    }
}
