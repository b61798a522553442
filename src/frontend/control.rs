//! The instruction switch, locals, the value stack, jumps.

use super::builder::Builder;
use super::demand;
use super::state::Item;
use super::{Bailout, is_generator};
use crate::bytecode::opcode as o;
use crate::bytecode::{Instr, step};
use crate::hir::{Imm, Inst, Op, Type, UnOp, Value};

impl Builder<'_> {
    /// Builds one bytecode instruction.
    pub(super) fn instruction(&mut self, instr: &Instr) -> Result<(), Bailout> {
        match instr.op {
            o::NOP | o::CACHE => {}
            // Within `await` and `yield from` nobody gets a turn.
            o::RESUME if instr.arg >= 2 => {}
            o::RESUME => {
                self.guard(Op::Poll, &[], &[]);
            }
            o::POP_TOP => {
                self.state
                    .stack
                    .pop()
                    .ok_or(Bailout::Malformed("value stack underflow"))?;
            }
            o::PUSH_NULL => self.state.stack.push(Item::Null),
            o::COPY => {
                let value = self.peek(
                    (instr.arg as usize)
                        .checked_sub(1)
                        .ok_or(Bailout::Malformed("COPY 0"))?,
                )?;
                self.push(value);
            }
            o::SWAP => {
                let len = self.state.stack.len();
                let other = len
                    .checked_sub(instr.arg as usize)
                    .filter(|other| *other < len)
                    .ok_or(Bailout::Malformed("SWAP depth"))?;
                self.state.stack.swap(other, len - 1);
            }
            o::LOAD_CONST => {
                let constant = self
                    .code
                    .consts
                    .get(instr.arg as usize)
                    .ok_or(Bailout::Malformed("constant index"))?;
                let value = self.const_obj(constant.addr, constant.ty, &constant.repr);
                self.push(value);
            }
            o::LOAD_FAST => self.load_fast(instr)?,
            o::STORE_FAST => self.store_fast(instr)?,
            o::DELETE_FAST => {
                if self.local(instr.arg)?.is_none() {
                    self.exit();
                    return Ok(());
                }
                let value = self.local(instr.arg)?.expect("bound");
                if !self.ty(value).is(Type::OBJECT) {
                    self.guard(Op::GuardNotNull, &[value], &[]);
                }
                self.emit_void(Op::DropLocal, &[], &[Imm::Index(instr.arg)]);
                *self.local(instr.arg)? = None;
            }
            o::RETURN_VALUE => {
                self.guard(Op::GuardUnobserved, &[], &[]);
                let value = self.pop()?;
                let op = if is_generator(self.code.flags) {
                    Op::Finish
                } else {
                    Op::Return
                };
                self.terminate(Inst::new(op, &[value], &[]));
            }
            o::YIELD_VALUE => self.yield_value(instr)?,
            o::SEND => self.send(instr)?,

            o::LOAD_GLOBAL => self.load_global(instr)?,
            o::STORE_GLOBAL => self.store_global(instr)?,
            o::LOAD_ATTR => self.load_attr(instr, false)?,
            o::LOAD_METHOD => self.load_method(instr)?,
            o::STORE_ATTR => self.store_attr(instr)?,

            o::BINARY_OP => self.binary_op(instr)?,
            o::COMPARE_OP => self.compare_op(instr)?,
            o::UNARY_NEGATIVE => self.unary_op(instr, UnOp::Negative)?,
            o::UNARY_POSITIVE => self.unary_op(instr, UnOp::Positive)?,
            o::UNARY_INVERT => self.unary_op(instr, UnOp::Invert)?,
            o::UNARY_NOT => {
                let bit = self.pop_truth(instr)?;
                let not = self.emit(Op::BoolNot, &[bit], &[]);
                self.push_bool(not);
            }
            o::IS_OP => {
                let b = self.pop()?;
                let a = self.pop()?;
                let is = self.emit(Op::Is, &[a, b], &[]);
                self.push_maybe_inverted(is, instr.arg);
            }
            o::CONTAINS_OP => {
                let container = self.pop()?;
                let item = self.pop()?;
                let bit = self
                    .raising(instr, Op::Contains, &[item, container], &[])
                    .expect("a truth value");
                self.push_maybe_inverted(bit, instr.arg);
                self.after_escape(instr);
            }

            o::MAKE_CELL => self.make_cell(instr)?,
            o::COPY_FREE_VARS => self.copy_free_vars(instr)?,
            o::LOAD_CLOSURE => self.load_fast(instr)?,
            o::LOAD_DEREF => {
                let (_, value) = self.cell(instr)?;
                self.push(value);
            }
            o::STORE_DEREF => {
                let value = self.peek(0)?;
                let Some(cell) = (*self.local(instr.arg)?).map(|cell| self.not_null(cell)) else {
                    return Err(Bailout::Malformed("no cell"));
                };
                self.pop()?;
                self.emit_void(Op::StoreCell, &[cell, value], &[]);
            }
            o::DELETE_DEREF => {
                let (cell, _) = self.cell(instr)?;
                let null = self.emit(Op::ConstNull, &[], &[]);
                self.emit_void(Op::StoreCell, &[cell, null], &[]);
            }

            o::BINARY_SUBSCR => self.binary_subscr(instr)?,
            o::STORE_SUBSCR => self.store_subscr(instr)?,
            o::DELETE_SUBSCR => self.delete_subscr(instr)?,
            o::BUILD_TUPLE => self.build_sequence(instr, Op::BuildTuple)?,
            o::BUILD_LIST => self.build_sequence(instr, Op::BuildList)?,
            o::BUILD_SLICE => self.build_slice(instr)?,
            o::LIST_APPEND => self.list_append(instr)?,
            o::UNPACK_SEQUENCE => self.unpack_sequence(instr)?,
            o::GET_ITER if !self.iterates_at_once(instr) => {
                let value = self.pop()?;
                self.raising_push(instr, Op::GetIter, &[value], &[]);
            }
            o::GET_ITER => {
                // After `range(…)` the virtual iterator is there already.
                if !matches!(self.state.stack.last(), Some(Item::Range { .. })) {
                    self.get_iter(instr)?;
                }
            }
            o::FOR_ITER => self.for_iter(instr)?,

            o::KW_NAMES => {
                self.begin_sequence(instr);
                self.kw_names = Some(instr.arg);
            }
            o::PRECALL => {
                self.begin_sequence(instr);
                self.precall = instr.quick;
            }
            o::CALL => {
                self.call(instr)?;
                self.end_sequence();
            }

            o::JUMP_FORWARD | o::JUMP_BACKWARD_NO_INTERRUPT => self.jump(instr)?,
            o::JUMP_BACKWARD => {
                self.guard(Op::Poll, &[], &[]);
                self.jump(instr)?;
            }
            o::POP_JUMP_FORWARD_IF_FALSE
            | o::POP_JUMP_FORWARD_IF_TRUE
            | o::POP_JUMP_BACKWARD_IF_FALSE
            | o::POP_JUMP_BACKWARD_IF_TRUE => {
                let backward = matches!(
                    instr.op,
                    o::POP_JUMP_BACKWARD_IF_FALSE | o::POP_JUMP_BACKWARD_IF_TRUE
                );
                if backward {
                    self.guard(Op::Poll, &[], &[]);
                }
                let bit = self.pop_truth(instr)?;
                let on_true = matches!(
                    instr.op,
                    o::POP_JUMP_FORWARD_IF_TRUE | o::POP_JUMP_BACKWARD_IF_TRUE
                );
                self.conditional(instr, bit, on_true)?;
            }
            o::POP_JUMP_FORWARD_IF_NONE
            | o::POP_JUMP_FORWARD_IF_NOT_NONE
            | o::POP_JUMP_BACKWARD_IF_NONE
            | o::POP_JUMP_BACKWARD_IF_NOT_NONE => {
                let backward = matches!(
                    instr.op,
                    o::POP_JUMP_BACKWARD_IF_NONE | o::POP_JUMP_BACKWARD_IF_NOT_NONE
                );
                if backward {
                    self.guard(Op::Poll, &[], &[]);
                }
                let value = self.pop()?;
                let none = self.const_none();
                let bit = self.emit(Op::Is, &[value, none], &[]);
                let on_true = matches!(
                    instr.op,
                    o::POP_JUMP_FORWARD_IF_NONE | o::POP_JUMP_BACKWARD_IF_NONE
                );
                self.conditional(instr, bit, on_true)?;
            }
            o::JUMP_IF_TRUE_OR_POP | o::JUMP_IF_FALSE_OR_POP => {
                let value = self.peek(0)?;
                let bit = self.pop_truth(instr)?;
                let dropped = self.state.clone();
                let mut kept = self.state.clone();
                kept.stack.push(Item::Value(value));
                let target = instr
                    .jump_target()
                    .ok_or(Bailout::Malformed("jump before the code"))?;
                if instr.op == o::JUMP_IF_TRUE_OR_POP {
                    self.branch(bit, (target, kept), (instr.next, dropped));
                } else {
                    self.branch(bit, (instr.next, dropped), (target, kept));
                }
            }

            o::RAISE_VARARGS if instr.arg == 1 => {
                let shape = step::shape(instr.op, instr.arg).expect("it has one");
                self.step(instr, shape)?;
                // Never gets here.
                self.begin(instr.start);
                self.exit();
            }
            // Seldom reached, or not on the way to anything that is compiled.
            o::RAISE_VARARGS | o::RERAISE | o::LOAD_ASSERTION_ERROR | o::END_ASYNC_FOR => {
                self.exit();
            }
            o::LOAD_NAME if self.options.global_names => self.load_name(instr)?,
            o::STORE_NAME if self.options.global_names => self.store_global(instr)?,
            _ => match step::shape(instr.op, instr.arg) {
                Some(shape) => self.step(instr, shape)?,
                None => self.exit(),
            },
        }
        Ok(())
    }

    /// The slot of a local.
    pub(super) fn local(&mut self, slot: u32) -> Result<&mut Option<Value>, Bailout> {
        self.state
            .locals
            .get_mut(slot as usize)
            .ok_or(Bailout::Malformed("local index"))
    }

    fn load_fast(&mut self, instr: &Instr) -> Result<(), Bailout> {
        match *self.local(instr.arg)? {
            // The interpreter raises UnboundLocalError.
            None => self.exit(),
            Some(value) => {
                let value = self.not_null(value);
                self.push(value);
            }
        }
        Ok(())
    }

    fn store_fast(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let mut value = self.peek(0)?;
        if !self.ty(value).is_single_class()
            && self.may_speculate_here()
            && self.uses.only_arithmetic(&self.shape, instr.arg)
            && let Some(position) = self.shape.position(instr.next)
            && let Some(class) = demand::wanted_number(&self.shape, position, instr.arg)
            && let Some(number) = self.expect(value, class)
        {
            // A box made afresh needs no slot: the local lives in a register.
            value = if class == Type::FLOAT {
                let float = self.emit(Op::UnboxFloat, &[number], &[]);
                self.emit(Op::BoxFloat, &[float], &[])
            } else {
                let int = self.unbox_int(number).expect("an int");
                self.emit(Op::BoxInt, &[int], &[])
            };
        }
        self.pop()?;
        let stored = self.emit(Op::StoreLocal, &[value], &[Imm::Index(instr.arg)]);
        self.inherit(value, stored);
        *self.local(instr.arg)? = Some(stored);
        Ok(())
    }

    pub(super) fn push_bool(&mut self, bit: Value) {
        let boxed = self.emit(Op::BoxBool, &[bit], &[]);
        self.push(boxed);
    }

    fn push_maybe_inverted(&mut self, bit: Value, invert: u32) {
        let bit = if invert == 0 {
            bit
        } else {
            self.emit(Op::BoolNot, &[bit], &[])
        };
        self.push_bool(bit);
    }

    fn jump(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let target = instr
            .jump_target()
            .ok_or(Bailout::Malformed("jump before the code"))?;
        let target = self.version(target);
        self.terminate(Inst::new(Op::Jump, &[], &[]).with_targets([target]));
        Ok(())
    }

    fn conditional(&mut self, instr: &Instr, bit: Value, on_true: bool) -> Result<(), Bailout> {
        let target = instr
            .jump_target()
            .ok_or(Bailout::Malformed("jump before the code"))?;
        let (taken, not) = (
            (target, self.state.clone()),
            (instr.next, self.state.clone()),
        );
        if let Some(goes) = self.seen_branch(instr)
            && self.may_speculate_here()
            && !self.has_called(bit)
            && self
                .shape
                .same_loop(instr.pc, if goes { instr.next } else { target })
        {
            // The other way has never been gone: it leaves.
            let op = if goes == on_true {
                Op::GuardTrue
            } else {
                Op::GuardFalse
            };
            self.guard(op, &[bit], &[]);
            let target = self.version(if goes { target } else { instr.next });
            self.terminate(Inst::new(Op::Jump, &[], &[]).with_targets([target]));
            return Ok(());
        }
        if on_true {
            self.branch(bit, taken, not);
        } else {
            self.branch(bit, not, taken);
        }
        Ok(())
    }

    /// Whether the truth value `bit` came from a method of the program, which must not run again.
    fn has_called(&self, bit: Value) -> bool {
        self.defining(bit).is_some_and(|inst| inst.op == Op::IsTrue)
    }
}
