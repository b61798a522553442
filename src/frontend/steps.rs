//! Cells of closures, and instructions that the evaluator's handlers do.

use super::Bailout;
use super::builder::Builder;
use super::state::Item;
use crate::bytecode::Instr;
use crate::bytecode::opcode as o;
use crate::bytecode::step::StepShape;
use crate::hir::{Imm, Inst, Op, Value};

impl Builder<'_> {
    /// `MAKE_CELL`: the local, an argument perhaps, moves into a cell.
    pub(super) fn make_cell(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let contents = match *self.local(instr.arg)? {
            Some(value) => value,
            None => self.emit(Op::ConstNull, &[], &[]),
        };
        let cell = self
            .raising(instr, Op::MakeCell, &[contents], &[])
            .expect("a cell");
        self.set_local(instr.arg, cell)
    }

    /// `COPY_FREE_VARS`: the closure's cells become the last locals.
    pub(super) fn copy_free_vars(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let first = self
            .code
            .nlocalsplus
            .checked_sub(instr.arg)
            .ok_or(Bailout::Malformed("too many free variables"))?;
        for at in 0..instr.arg {
            let cell = self.emit(Op::FreeVar, &[], &[Imm::Index(at)]);
            self.set_local(first + at, cell)?;
        }
        Ok(())
    }

    fn set_local(&mut self, slot: u32, value: Value) -> Result<(), Bailout> {
        let stored = self.emit(Op::StoreLocal, &[value], &[Imm::Index(slot)]);
        *self.local(slot)? = Some(stored);
        Ok(())
    }

    /// A cell and what it refers to; leaves where that is nothing, for CPython to raise.
    pub(super) fn cell(&mut self, instr: &Instr) -> Result<(Value, Value), Bailout> {
        let Some(cell) = *self.local(instr.arg)? else {
            return Err(Bailout::Malformed("no cell"));
        };
        let cell = self.not_null(cell);
        let value = self.emit(Op::LoadCell, &[cell], &[]);
        Ok((cell, self.not_null(value)))
    }

    /// Whether the iterator that an instruction makes is for a loop right behind it.
    pub(super) fn iterates_at_once(&self, get_iter: &Instr) -> bool {
        let next = self.shape.position(get_iter.next);
        next.map(|at| self.shape.instrs[at])
            .is_some_and(|next| next.op == o::FOR_ITER && !self.yields_in_loop(next.start))
    }

    /// Whether the loop with its head at `head` yields: what is on the stack there must be an object.
    fn yields_in_loop(&self, head: u32) -> bool {
        self.shape
            .loops
            .get(&head)
            .is_some_and(|last| self.uses.yields_within(head, *last))
    }

    /// `YIELD_VALUE`: the unit ends.
    pub(super) fn yield_value(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let below = self.state.stack.iter();
        if below
            .clone()
            .any(|item| matches!(item, Item::Range { .. } | Item::List { .. }))
        {
            self.exit();
            return Ok(());
        }
        let depth = below.len().saturating_sub(1) as u32;
        let value = self.pop()?;
        let fs = self.state_at(instr.pc);
        self.terminate(Inst::new(Op::Yield, &[value], &[Imm::Index(depth)]).with_fs(fs));
        Ok(())
    }

    /// `SEND`: what the receiver yields is pushed, what it returns takes its place.
    pub(super) fn send(&mut self, instr: &Instr) -> Result<(), Bailout> {
        let end = instr
            .jump_target()
            .ok_or(Bailout::Malformed("SEND without target"))?;
        let value = self.pop()?;
        let receiver = self.peek(0)?;
        let result = self
            .raising(instr, Op::Send, &[receiver, value], &[])
            .expect("a result");
        let returned = self.emit(Op::SendReturned, &[], &[]);
        let yielded = self.emit(Op::BoolNot, &[returned], &[]);
        let mut done = self.state.clone();
        done.stack.pop();
        done.stack.push(Item::Value(result));
        self.branch_then(yielded, (end, done), |this| {
            this.push(result);
            this.after_escape(instr);
        });
        let target = self.version(instr.next);
        self.terminate(Inst::new(Op::Jump, &[], &[]).with_targets([target]));
        Ok(())
    }

    /// An instruction that the evaluator's handler does.
    pub(super) fn step(&mut self, instr: &Instr, shape: StepShape) -> Result<(), Bailout> {
        let mut operands = Vec::new();
        for _ in 0..shape.pops {
            let operand = match self.state.stack.pop() {
                Some(Item::Value(value)) => value,
                Some(Item::Null) => self.emit(Op::ConstNull, &[], &[]),
                _ => return Err(Bailout::Malformed("an iterator or nothing used as a value")),
            };
            operands.push(operand);
        }
        for depth in 0..shape.peeks {
            operands.push(self.peek(depth as usize)?);
        }
        if let Some(depth) = shape.keeps {
            let depth = depth.checked_sub(1).ok_or(Bailout::Malformed("depth 0"))?;
            operands.push(self.peek(depth as usize)?);
        }
        operands.reverse();
        let depth = self.state.stack.len() as u32;
        let imms = [u32::from(instr.op), instr.arg, depth].map(Imm::Index);
        let op = match (shape.kept(), shape.pushes) {
            (0, 1) => Op::Step,
            (0, _) => Op::StepVoid,
            (_, 0) => Op::StepInto,
            (_, _) => Op::StepPeek,
        };
        if let Some(result) = self.raising(instr, op, &operands, &imms) {
            self.push(result);
        } else {
            for at in 0..shape.pushes {
                let slot = self.code.nlocalsplus + depth + at;
                let result = self.emit(Op::TakeStack, &[], &[Imm::Index(slot)]);
                self.push(result);
            }
        }
        self.after_escape(instr);
        Ok(())
    }
}
