//! Machine arithmetic with Python's semantics.

use super::super::machine::{CheckedOp, FloatOp, FloatUnary, Hint, IntOp, Machine, Ty};
use super::Lower;
use crate::helpers::Helper;
use crate::hir::{CmpOp, Imm, Inst, Value};

/// Integers up to this magnitude are doubles exactly, so their quotient is rounded once.
const EXACT_IN_DOUBLE: i64 = 1 << 53;

impl<M: Machine> Lower<'_, M> {
    pub(super) fn checked_op(&mut self, inst: &Inst, op: CheckedOp) -> M::V {
        let exit = self.guard_exit(inst);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let (result, overflow) = self.m.checked(op, a, b);
        self.leave_if(overflow, exit);
        result
    }

    /// Leaves through `exit` if `bit`.
    pub(super) fn leave_if(&mut self, bit: M::V, exit: M::B) {
        let on = self.m.block(&[], false);
        self.m.branch(bit, exit, on, Hint::Unlikely);
        self.m.switch_to(on);
    }

    pub(super) fn int_neg(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let a = self.v(inst.args[0]);
        let zero = self.m.int(0);
        let (result, overflow) = self.m.checked(CheckedOp::Sub, zero, a);
        self.leave_if(overflow, exit);
        result
    }

    /// Leaves on a zero divisor, and on the one quotient that overflows.
    fn check_divisor(&mut self, a: M::V, b: M::V, divisor: Value, exit: M::B) {
        if let Some(known) = self.known_int(divisor)
            && known != 0
            && known != -1
        {
            return;
        }
        let zero = self.m.int(0);
        let is_zero = self.m.int_cmp(CmpOp::Eq, b, zero);
        self.leave_if(is_zero, exit);
        let (least, minus_one) = (self.m.int(i64::MIN), self.m.int(-1));
        let a_least = self.m.int_cmp(CmpOp::Eq, a, least);
        let b_minus = self.m.int_cmp(CmpOp::Eq, b, minus_one);
        let overflow = self.m.both(a_least, b_minus);
        self.leave_if(overflow, exit);
    }

    pub(super) fn known_int(&self, value: Value) -> Option<i64> {
        match self.constants.get(&value)?.imms.first()? {
            Imm::Int(n) => Some(*n),
            Imm::Float(_)
            | Imm::Bool(_)
            | Imm::Index(_)
            | Imm::Type(_)
            | Imm::Cmp(_)
            | Imm::Bin(_)
            | Imm::Un(_)
            | Imm::Const(_)
            | Imm::Cell(_)
            | Imm::Dict(_)
            | Imm::Reason(_) => None,
        }
    }

    /// Truncating division, corrected towards minus infinity when the remainder's sign differs.
    pub(super) fn int_divide(&mut self, inst: &Inst, remainder: bool) -> M::V {
        let exit = self.guard_exit(inst);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        self.check_divisor(a, b, inst.args[1], exit);
        let known = self.known_int(inst.args[1]).filter(|divisor| *divisor > 0);
        if let Some(divisor) = known
            && divisor.count_ones() == 1
        {
            // Bits do what Python wants of negative numbers, too.
            return if remainder {
                let mask = self.m.int(divisor - 1);
                self.m.int_op(IntOp::And, a, mask)
            } else {
                let count = self.m.int(divisor.trailing_zeros().into());
                self.m.int_op(IntOp::Shr, a, count)
            };
        }
        let rem = self.m.int_op(IntOp::Rem, a, b);
        let zero = self.m.int(0);
        let fix = if known.is_some() {
            self.m.int_cmp(CmpOp::Lt, rem, zero)
        } else {
            self.signs_differ(rem, b)
        };
        if remainder {
            let fixed = self.m.int_op(IntOp::Add, rem, b);
            return self.m.select(fix, fixed, rem);
        }
        let quotient = self.m.int_op(IntOp::Div, a, b);
        let fix = self.m.bit_to_int(fix);
        self.m.int_op(IntOp::Sub, quotient, fix)
    }

    /// Whether a remainder has the other sign than its divisor.
    fn signs_differ(&mut self, rem: M::V, b: M::V) -> M::V {
        let zero = self.m.int(0);
        let inexact = self.m.int_cmp(CmpOp::Ne, rem, zero);
        let signs = self.m.int_op(IntOp::Xor, rem, b);
        let differ = self.m.int_cmp(CmpOp::Lt, signs, zero);
        self.m.both(inexact, differ)
    }

    pub(super) fn int_true_div(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let zero = self.m.int(0);
        let is_zero = self.m.int_cmp(CmpOp::Eq, b, zero);
        self.leave_if(is_zero, exit);
        for (value, id) in [(a, inst.args[0]), (b, inst.args[1])] {
            if self
                .known_int(id)
                .is_some_and(|n| n.unsigned_abs() <= EXACT_IN_DOUBLE.unsigned_abs())
            {
                continue;
            }
            let (most, least) = (self.m.int(EXACT_IN_DOUBLE), self.m.int(-EXACT_IN_DOUBLE));
            let above = self.m.int_cmp(CmpOp::Gt, value, most);
            let below = self.m.int_cmp(CmpOp::Lt, value, least);
            let inexact = self.m.either(above, below);
            self.leave_if(inexact, exit);
        }
        let (a, b) = (self.m.int_to_float(a), self.m.int_to_float(b));
        self.m.float_op(FloatOp::Div, a, b)
    }

    pub(super) fn int_shl(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        self.check_shift(b, exit);
        let result = self.m.int_op(IntOp::Shl, a, b);
        let back = self.m.int_op(IntOp::Shr, result, b);
        let lost = self.m.int_cmp(CmpOp::Ne, back, a);
        self.leave_if(lost, exit);
        result
    }

    /// Leaves unless `0 <= b < 64`.
    fn check_shift(&mut self, b: M::V, exit: M::B) {
        let (zero, most) = (self.m.int(0), self.m.int(63));
        let negative = self.m.int_cmp(CmpOp::Lt, b, zero);
        let large = self.m.int_cmp(CmpOp::Gt, b, most);
        let bad = self.m.either(negative, large);
        self.leave_if(bad, exit);
    }

    pub(super) fn int_shr(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let zero = self.m.int(0);
        let negative = self.m.int_cmp(CmpOp::Lt, b, zero);
        self.leave_if(negative, exit);
        let most = self.m.int(63);
        let large = self.m.int_cmp(CmpOp::Gt, b, most);
        let count = self.m.select(large, most, b);
        self.m.int_op(IntOp::Shr, a, count)
    }

    /// A helper that answers through memory: (a, b, …, out) -> 1, or 0 to leave.
    pub(super) fn by_helper(&mut self, inst: &Inst, helper: Helper, ty: Ty) -> M::V {
        let exit = self.guard_exit(inst);
        let mut args: Vec<M::V> = inst.args.iter().map(|a| self.v(*a)).collect();
        let out = self.scratch;
        args.push(out);
        let ok = self.m.call(helper, &args)[0];
        let zero = self.m.int(0);
        let failed = self.m.int_cmp(CmpOp::Eq, ok, zero);
        self.leave_if(failed, exit);
        self.m.load(ty, out, 0)
    }

    /// Division and remainder of doubles: leaves on a zero divisor.
    pub(super) fn float_divide(&mut self, inst: &Inst, helper: Option<Helper>) -> M::V {
        let exit = self.guard_exit(inst);
        let (a, b) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let is_zero = match self.converted.get(&inst.args[1]) {
            // It is zero where the integer is, which is known without a conversion and in one comparison.
            Some(int) => {
                let (int, zero) = (self.v(*int), self.m.int(0));
                self.m.int_cmp(CmpOp::Eq, int, zero)
            }
            None => {
                let zero = self.m.float(0.0);
                self.m.float_cmp(CmpOp::Eq, b, zero)
            }
        };
        self.leave_if(is_zero, exit);
        match helper {
            Some(helper) => self.m.call(helper, &[a, b])[0],
            None => self.m.float_op(FloatOp::Div, a, b),
        }
    }

    pub(super) fn float_sqrt(&mut self, inst: &Inst) -> M::V {
        let exit = self.guard_exit(inst);
        let a = self.v(inst.args[0]);
        let zero = self.m.float(0.0);
        let fine = self.m.float_cmp(CmpOp::Ge, a, zero);
        self.require(fine, exit);
        self.m.float_unary(FloatUnary::Sqrt, a)
    }

    /// The length of a range: inline for a step of one, else by helper.
    pub(super) fn range_len(&mut self, inst: &Inst) -> M::V {
        if self.known_int(inst.args[2]) != Some(1) {
            return self.by_helper(inst, Helper::RangeLen, Ty::I64);
        }
        let exit = self.guard_exit(inst);
        let (start, stop) = (self.v(inst.args[0]), self.v(inst.args[1]));
        let (len, overflow) = self.m.checked(CheckedOp::Sub, stop, start);
        self.leave_if(overflow, exit);
        let zero = self.m.int(0);
        let empty = self.m.int_cmp(CmpOp::Lt, len, zero);
        self.m.select(empty, zero, len)
    }
}
