//! Arithmetic, comparison and truth.

use super::Bailout;
use super::builder::Builder;
use crate::bytecode::{Instr, opcode};
use crate::hir::{BinOp, CmpOp, Imm, Op, Type, UnOp, Value};

/// Integers up to this magnitude are doubles exactly.
const EXACT_IN_DOUBLE: i64 = 1 << 53;

/// How an operand takes part in arithmetic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    Int,
    Float,
}

impl Builder<'_> {
    pub(super) fn binary_op(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let op = *BinOp::ALL
            .get(instr.arg as usize)
            .ok_or(Bailout::Malformed("binary operator"))?;
        let (a, b) = (self.peek(1)?, self.peek(0)?);
        let quick = match instr.quick {
            opcode::BINARY_OP_ADD_INT
            | opcode::BINARY_OP_SUBTRACT_INT
            | opcode::BINARY_OP_MULTIPLY_INT => Some((Number::Int, Number::Int)),
            opcode::BINARY_OP_ADD_FLOAT
            | opcode::BINARY_OP_SUBTRACT_FLOAT
            | opcode::BINARY_OP_MULTIPLY_FLOAT => Some((Number::Float, Number::Float)),
            _ => self.seen_numbers(instr),
        };
        if !self.seen_big(instr)
            && let Some((ka, kb)) = self.number_kinds(a, b, quick)
            && let Some(result) = self.arithmetic(op.plain(), a, b, ka, kb)?
        {
            self.pop()?;
            self.pop()?;
            self.push(result);
            return Ok(());
        }
        let b = self.pop()?;
        let a = self.pop()?;
        self.raising_push(instr, Op::BinaryOp, &[a, b], &[Imm::Bin(op)]);
        Ok(())
    }

    /// What kinds of number to take two operands for: what is known, what the quickened
    /// instruction says, or that the unknown one is like the known one.
    fn number_kinds(
        &self,
        a: Value,
        b: Value,
        quick: Option<(Number, Number)>,
    ) -> Option<(Number, Number)> {
        let kind = |value: Value| {
            let ty = self.likely(value);
            if ty.is(Type::INT) || ty.is(Type::BOOL) {
                Some(Number::Int)
            } else if ty.is(Type::FLOAT) {
                Some(Number::Float)
            } else {
                None
            }
        };
        // Some class is known and it is no number: the generic operation.
        let hopeless = |value: Value| {
            !self
                .ty(value)
                .intersects(Type::INT.union(Type::FLOAT).union(Type::BOOL))
        };
        if hopeless(a) || hopeless(b) {
            return None;
        }
        let may_guess = self.may_speculate_here();
        let (ka, kb) = (kind(a), kind(b));
        match (ka, kb) {
            (Some(ka), Some(kb)) => Some((ka, kb)),
            _ if !may_guess => None,
            (Some(known), None) => Some((known, quick.map_or(known, |(_, b)| b))),
            (None, Some(known)) => Some((quick.map_or(known, |(a, _)| a), known)),
            (None, None) => quick,
        }
    }

    /// The numbers that feedback has seen here, if it was always the same pair.
    fn seen_numbers(&self, instr: &Instr) -> Option<(Number, Number)> {
        let number = |ty| match ty {
            Type::INT => Some(Number::Int),
            Type::FLOAT => Some(Number::Float),
            _ => None,
        };
        let (a, b) = self.seen_operands(instr)?;
        Some((number(a)?, number(b)?))
    }

    /// Emits typed arithmetic; `None` when it has no exact machine form.
    fn arithmetic(
        &mut self,
        op: BinOp,
        a: Value,
        b: Value,
        ka: Number,
        kb: Number,
    ) -> Result<Option<Value>, Bailout> {
        let both_bool = self.ty(a) == Type::BOOL && self.ty(b) == Type::BOOL;
        if ka == Number::Int && kb == Number::Int {
            use BinOp as B;
            let int_op = match op {
                B::Add => Op::IntAdd,
                B::Subtract => Op::IntSub,
                B::Multiply => Op::IntMul,
                B::FloorDivide => Op::IntFloorDiv,
                B::Remainder => Op::IntMod,
                B::Power => Op::IntPow,
                B::Lshift => Op::IntShl,
                B::Rshift => Op::IntShr,
                B::TrueDivide => Op::IntTrueDiv,
                // On two bools these yield a bool.
                B::And if !both_bool => Op::IntAnd,
                B::Or if !both_bool => Op::IntOr,
                B::Xor if !both_bool => Op::IntXor,
                _ => return Ok(None),
            };
            if !self.may_speculate_here() && int_op.info().reason.is_some() {
                // The operation itself failed too often here: overflow, a negative exponent.
                return Ok(None);
            }
            let Some((a, b)) = self.unbox_int(a).zip(self.unbox_int(b)) else {
                return Ok(None);
            };
            let result = if int_op.info().reason.is_some() {
                self.guard(int_op, &[a, b], &[]).expect("a number")
            } else {
                self.emit(int_op, &[a, b], &[])
            };
            let boxed = if int_op == Op::IntTrueDiv {
                Op::BoxFloat
            } else {
                Op::BoxInt
            };
            return Ok(Some(self.emit(boxed, &[result], &[])));
        }
        let float_op = match op {
            BinOp::Add => Op::FloatAdd,
            BinOp::Subtract => Op::FloatSub,
            BinOp::Multiply => Op::FloatMul,
            BinOp::TrueDivide => Op::FloatDiv,
            BinOp::FloorDivide => Op::FloatFloorDiv,
            BinOp::Remainder => Op::FloatMod,
            BinOp::Power => Op::FloatPow,
            _ => return Ok(None),
        };
        if !self.may_speculate_here() && float_op.info().reason.is_some() {
            return Ok(None);
        }
        let Some((a, b)) = self.double(a, ka).zip(self.double(b, kb)) else {
            return Ok(None);
        };
        let result = if float_op.info().reason.is_some() {
            self.guard(float_op, &[a, b], &[]).expect("a number")
        } else {
            self.emit(float_op, &[a, b], &[])
        };
        Ok(Some(self.emit(Op::BoxFloat, &[result], &[])))
    }

    /// The 64-bit value of an int or bool; `None` if it surely is neither or may not be assumed.
    pub(super) fn unbox_int(&mut self, value: Value) -> Option<Value> {
        if self.ty(value) == Type::BOOL {
            let bit = self.emit(Op::UnboxBool, &[value], &[]);
            return Some(self.emit(Op::BoolToInt, &[bit], &[]));
        }
        let int = self.expect(value, Type::INT)?;
        self.guard(Op::UnboxInt, &[int], &[])
    }

    fn double(&mut self, value: Value, kind: Number) -> Option<Value> {
        match kind {
            Number::Float => {
                let float = self.expect(value, Type::FLOAT)?;
                Some(self.emit(Op::UnboxFloat, &[float], &[]))
            }
            Number::Int => {
                let int = self.unbox_int(value)?;
                Some(self.emit(Op::IntToFloat, &[int], &[]))
            }
        }
    }

    pub(super) fn compare_op(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let cmp = *CmpOp::ALL
            .get(instr.arg as usize)
            .ok_or(Bailout::Malformed("comparison"))?;
        let (a, b) = (self.peek(1)?, self.peek(0)?);
        let quick = match instr.quick {
            opcode::COMPARE_OP_INT_JUMP => Some((Number::Int, Number::Int)),
            opcode::COMPARE_OP_FLOAT_JUMP => Some((Number::Float, Number::Float)),
            _ => self.seen_numbers(instr),
        };
        if !self.seen_big(instr)
            && let Some(bit) = self.compare_numbers(cmp, a, b, quick)
        {
            self.pop()?;
            self.pop()?;
            let boxed = self.emit(Op::BoxBool, &[bit], &[]);
            self.push(boxed);
            return Ok(());
        }
        let b = self.pop()?;
        let a = self.pop()?;
        self.raising_push(instr, Op::CompareOp, &[a, b], &[Imm::Cmp(cmp)]);
        Ok(())
    }

    fn compare_numbers(
        &mut self,
        cmp: CmpOp,
        a: Value,
        b: Value,
        quick: Option<(Number, Number)>,
    ) -> Option<Value> {
        let (ka, kb) = self.number_kinds(a, b, quick)?;
        match (ka, kb) {
            (Number::Int, Number::Int) => {
                let (a, b) = self.unbox_int(a).zip(self.unbox_int(b))?;
                Some(self.emit(Op::IntCmp, &[a, b], &[Imm::Cmp(cmp)]))
            }
            (Number::Float, Number::Float) => {
                let (a, b) = self.double(a, ka).zip(self.double(b, kb))?;
                Some(self.emit(Op::FloatCmp, &[a, b], &[Imm::Cmp(cmp)]))
            }
            // Python compares an int with a float exactly; through a double that is right only
            // for small constants.
            _ => {
                let exact = |value: Value, kind: Number| {
                    kind == Number::Float || self.small_constant(value)
                };
                if !exact(a, ka) || !exact(b, kb) {
                    return None;
                }
                let (a, b) = self.double(a, ka).zip(self.double(b, kb))?;
                Some(self.emit(Op::FloatCmp, &[a, b], &[Imm::Cmp(cmp)]))
            }
        }
    }

    /// Whether `value` is a constant int that a double represents exactly.
    fn small_constant(&self, value: Value) -> bool {
        self.constant_int(value)
            .is_some_and(|n| n.abs() <= EXACT_IN_DOUBLE)
    }

    pub(super) fn unary_op(&mut self, instr: &Instr, op: UnOp) -> Result<(), Bailout> {
        let value = self.peek(0)?;
        let ty = self.likely(value);
        let speculate = self.may_speculate_here();
        let result = match op {
            UnOp::Negative if ty == Type::FLOAT => self.expect(value, ty).map(|v| {
                let float = self.emit(Op::UnboxFloat, &[v], &[]);
                let negated = self.emit(Op::FloatNeg, &[float], &[]);
                self.emit(Op::BoxFloat, &[negated], &[])
            }),
            UnOp::Negative if ty == Type::INT && speculate => self.unbox_int(value).map(|int| {
                let negated = self.guard(Op::IntNeg, &[int], &[]).expect("a number");
                self.emit(Op::BoxInt, &[negated], &[])
            }),
            UnOp::Invert if ty == Type::INT && speculate => self.unbox_int(value).map(|int| {
                let inverted = self.emit(Op::IntInvert, &[int], &[]);
                self.emit(Op::BoxInt, &[inverted], &[])
            }),
            UnOp::Positive if ty == Type::INT || ty == Type::FLOAT => self.expect(value, ty),
            _ => None,
        };
        if let Some(result) = result {
            self.pop()?;
            self.push(result);
            return Ok(());
        }
        let value = self.pop()?;
        self.raising_push(instr, Op::UnaryOp, &[value], &[Imm::Un(op)]);
        Ok(())
    }

    /// Pops the top and yields its truth as a machine bit.
    pub(super) fn pop_truth(&mut self, instr: &Instr) -> Result<Value, Bailout> {
        let value = self.peek(0)?;
        let known = self.ty(value);
        let bit = if known == Type::BOOL {
            Some(self.emit(Op::UnboxBool, &[value], &[]))
        } else if known == Type::INT && self.may_speculate_here() {
            let int = self.unbox_int(value).expect("an int");
            let zero = self.const_int(0);
            Some(self.emit(Op::IntCmp, &[int, zero], &[Imm::Cmp(CmpOp::Ne)]))
        } else if known == Type::FLOAT {
            let float = self.emit(Op::UnboxFloat, &[value], &[]);
            let zero = self.emit(Op::ConstFloat, &[], &[Imm::Float(0)]);
            Some(self.emit(Op::FloatCmp, &[float, zero], &[Imm::Cmp(CmpOp::Ne)]))
        } else if known == Type::NONE {
            Some(self.emit(Op::ConstBool, &[], &[Imm::Bool(false)]))
        } else if [Type::LIST, Type::TUPLE, Type::STR, Type::DICT].contains(&known) {
            let len = self.emit(Op::Len, &[value], &[]);
            let zero = self.const_int(0);
            Some(self.emit(Op::IntCmp, &[len, zero], &[Imm::Cmp(CmpOp::Ne)]))
        } else {
            None
        };
        self.pop()?;
        match bit {
            Some(bit) => Ok(bit),
            None => Ok(self
                .raising(instr, Op::IsTrue, &[value], &[])
                .expect("a truth value")),
        }
    }
}
