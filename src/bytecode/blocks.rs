//! Where blocks start, and which of them are loop heads.
#![forbid(unsafe_code)]

use super::decode::Instr;
use super::opcode;
use std::collections::{BTreeMap, BTreeSet};

/// The shape of a code object: instructions by unit, and the units where blocks begin.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub instrs: Vec<Instr>,
    /// Position in `instrs` by starting unit.
    pub by_start: BTreeMap<u32, usize>,
    /// Units that are jumped to, or follow a conditional jump.
    pub leaders: BTreeSet<u32>,
    /// Units that a backward jump goes to, with the unit of the last jump there.
    pub loops: BTreeMap<u32, u32>,
}

impl Shape {
    /// Finds the blocks of decoded instructions.
    #[must_use]
    pub fn new(instrs: Vec<Instr>) -> Shape {
        let mut shape = Shape::default();
        shape.leaders.insert(0);
        for (position, instr) in instrs.iter().enumerate() {
            shape.by_start.insert(instr.start, position);
            if let Some(target) = instr.jump_target() {
                shape.leaders.insert(target);
                shape.leaders.insert(instr.next);
                if opcode::jump_kind(instr.op) == Some(opcode::JumpKind::Backward) {
                    // Instructions come in order, so the last one wins.
                    shape.loops.insert(target, instr.pc);
                }
            }
        }
        shape.instrs = instrs;
        shape
    }

    /// Whether the code has a loop.
    #[must_use]
    pub fn has_loop(&self) -> bool {
        !self.loops.is_empty()
    }

    /// Whether going from `from` to `to` stays in the innermost loop around `from`.
    #[must_use]
    pub fn same_loop(&self, from: u32, to: u32) -> bool {
        self.loops
            .iter()
            .filter(|(head, last)| (**head..=**last).contains(&from))
            .min_by_key(|(head, last)| *last - *head)
            .is_none_or(|(head, last)| (*head..=*last).contains(&to))
    }

    /// The last unit of the outermost loop around its head `pc`; `None` if that is no loop's head.
    #[must_use]
    pub fn outermost_loop(&self, pc: u32) -> Option<u32> {
        self.loops.get(&pc)?;
        let around = self
            .loops
            .iter()
            .filter(|(head, last)| (**head..=**last).contains(&pc));
        around.map(|(_, last)| *last).max()
    }

    /// Whether `pc` is the head of a loop that contains another loop.
    #[must_use]
    pub fn is_outer_loop_head(&self, pc: u32) -> bool {
        self.loops
            .get(&pc)
            .is_some_and(|last| self.loops.range(pc + 1..*last).next().is_some())
    }
}
