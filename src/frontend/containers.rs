//! Subscripts, displays, unpacking, iteration.

use super::Bailout;
use super::builder::Builder;
use super::state::Item;
use crate::bytecode::{Instr, opcode, step};
use crate::hir::{CmpOp, Imm, Op, Type, Value};

impl Builder<'_> {
    pub(super) fn binary_subscr(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let (container, key) = (self.peek(1)?, self.peek(0)?);
        let class = match instr.quick {
            opcode::BINARY_SUBSCR_LIST_INT => Type::LIST,
            opcode::BINARY_SUBSCR_TUPLE_INT => Type::TUPLE,
            _ => self.likely(container),
        };
        let quick = instr.quick != instr.op && instr.quick != opcode::BINARY_SUBSCR_ADAPTIVE;
        if (class == Type::LIST || class == Type::TUPLE)
            && self.may_speculate_here()
            && (quick || self.likely(key) == Type::INT)
            && let Some(container) = self.expect(container, class)
            && let Some(index) = self.unbox_int(key)
        {
            let op = if class == Type::LIST {
                Op::ListGet
            } else {
                Op::TupleGet
            };
            let item = self.guard(op, &[container, index], &[]).expect("an item");
            if let Some(seen) = self.seen_item(instr) {
                self.hint(item, seen);
            }
            self.pop()?;
            self.pop()?;
            self.push(item);
            return Ok(());
        }
        let key = self.pop()?;
        let container = self.pop()?;
        self.raising_push(instr, Op::Subscr, &[container, key], &[]);
        Ok(())
    }

    pub(super) fn store_subscr(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let (value, container, key) = (self.peek(2)?, self.peek(1)?, self.peek(0)?);
        let quick = instr.quick == opcode::STORE_SUBSCR_LIST_INT;
        if self.may_speculate_here()
            && (quick || self.likely(container) == Type::LIST && self.likely(key) == Type::INT)
            && let Some(list) = self.expect(container, Type::LIST)
            && let Some(index) = self.unbox_int(key)
        {
            self.guard(Op::ListSet, &[list, index, value], &[]);
            for _ in 0..3 {
                self.pop()?;
            }
            return Ok(());
        }
        for _ in 0..3 {
            self.pop()?;
        }
        self.raising(instr, Op::StoreSubscr, &[container, key, value], &[]);
        self.after_escape(instr);
        Ok(())
    }

    pub(super) fn delete_subscr(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let key = self.pop()?;
        let container = self.pop()?;
        self.raising(instr, Op::DeleteSubscr, &[container, key], &[]);
        self.after_escape(instr);
        Ok(())
    }

    /// `BUILD_TUPLE`, `BUILD_LIST`.
    pub(super) fn build_sequence(&mut self, instr: &Instr, op: Op) -> Result<(), Bailout> {
        let mut items = Vec::new();
        for _ in 0..instr.arg {
            items.push(self.pop()?);
        }
        items.reverse();
        self.raising_push(instr, op, &items, &[]);
        Ok(())
    }

    pub(super) fn build_slice(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let step = if instr.arg == 3 {
            self.pop()?
        } else {
            self.const_none()
        };
        let stop = self.pop()?;
        let start = self.pop()?;
        self.raising_push(instr, Op::BuildSlice, &[start, stop, step], &[]);
        Ok(())
    }

    /// `LIST_APPEND`: the list stays `arg` below the item.
    pub(super) fn list_append(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let list = self.peek(instr.arg as usize)?;
        let Some(list) = self.expect(list, Type::LIST) else {
            let shape = step::shape(instr.op, instr.arg).expect("it has one");
            return self.step(instr, shape);
        };
        let item = self.pop()?;
        self.raising(instr, Op::ListAppend, &[list, item], &[]);
        Ok(())
    }

    pub(super) fn unpack_sequence(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let value = self.peek(0)?;
        let class = match instr.quick {
            opcode::UNPACK_SEQUENCE_TUPLE | opcode::UNPACK_SEQUENCE_TWO_TUPLE => Type::TUPLE,
            opcode::UNPACK_SEQUENCE_LIST => Type::LIST,
            _ => self.likely(value),
        };
        let known = (class == Type::TUPLE || class == Type::LIST) && self.may_speculate_here();
        let sequence = match known.then(|| self.expect(value, class)).flatten() {
            Some(sequence) => {
                self.guard(Op::GuardLen, &[sequence], &[Imm::Index(instr.arg)]);
                self.items(sequence, instr.arg)
            }
            None => {
                let value = self.pop()?;
                let tuple = self
                    .raising(
                        instr,
                        Op::UnpackSequence,
                        &[value],
                        &[Imm::Index(instr.arg)],
                    )
                    .expect("a tuple");
                self.push(tuple);
                self.items(tuple, instr.arg)
            }
        };
        self.pop()?;
        for item in sequence.into_iter().rev() {
            self.push(item);
        }
        Ok(())
    }

    /// The items of a sequence whose length is known.
    fn items(&mut self, sequence: Value, count: u32) -> Vec<Value> {
        (0..count)
            .map(|at| self.emit(Op::Item, &[sequence], &[Imm::Index(at)]))
            .collect()
    }

    pub(super) fn get_iter(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let value = self.peek(0)?;
        let seen = self.seen_operand(instr);
        if seen.unwrap_or_else(|| self.likely(value)) == Type::LIST
            && let Some(list) = self.expect(value, Type::LIST)
        {
            self.pop()?;
            let index = self.const_int(0);
            self.state.stack.push(Item::List { list, index });
            return Ok(());
        }
        let value = self.pop()?;
        self.raising_push(instr, Op::GetIter, &[value], &[]);
        Ok(())
    }

    pub(super) fn for_iter(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let end = instr
            .jump_target()
            .ok_or(Bailout::Malformed("FOR_ITER without target"))?;
        let top = self.state.stack.last().cloned();
        let mut exhausted = self.state.clone();
        exhausted.stack.pop();
        match top {
            Some(Item::Range {
                next,
                remaining,
                step,
            }) => {
                let zero = self.const_int(0);
                let more = self.emit(Op::IntCmp, &[remaining, zero], &[Imm::Cmp(CmpOp::Gt)]);
                let item = self.emit(Op::BoxInt, &[next], &[]);
                let minus_one = self.const_int(-1);
                let next = self.emit(Op::IntAddWrap, &[next, step], &[]);
                let remaining = self.emit(Op::IntAddWrap, &[remaining, minus_one], &[]);
                let mut body = exhausted.clone();
                body.stack.push(Item::Range {
                    next,
                    remaining,
                    step,
                });
                body.stack.push(Item::Value(item));
                self.branch(more, (instr.next, body), (end, exhausted));
            }
            Some(Item::List { list, index }) => {
                let more = self.emit(Op::ListHas, &[list, index], &[]);
                self.branch_then(more, (end, exhausted), |this| {
                    let item = this.emit(Op::ListItem, &[list, index], &[]);
                    let one = this.const_int(1);
                    let index = this.emit(Op::IntAddWrap, &[index, one], &[]);
                    this.state.stack.pop();
                    this.state.stack.push(Item::List { list, index });
                    this.state.stack.push(Item::Value(item));
                });
                let target = self.version(instr.next);
                self.terminate(crate::hir::Inst::new(Op::Jump, &[], &[]).with_targets([target]));
            }
            Some(Item::Value(iterator)) => {
                let item = self
                    .raising(instr, Op::IterNext, &[iterator], &[])
                    .expect("an item or null");
                let null = self.emit(Op::ConstNull, &[], &[]);
                let done = self.emit(Op::Is, &[item, null], &[]);
                let more = self.emit(Op::BoolNot, &[done], &[]);
                self.branch_then(more, (end, exhausted), |this| {
                    // Not a guard: going back before the iteration would lose the item.
                    let item = this.emit(Op::AssumeNotNull, &[item], &[]);
                    this.push(item);
                    this.after_escape(instr);
                });
                let target = self.version(instr.next);
                self.terminate(crate::hir::Inst::new(Op::Jump, &[], &[]).with_targets([target]));
            }
            _ => return Err(Bailout::Malformed("FOR_ITER without iterator")),
        }
        Ok(())
    }
}
