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
    /// Units that a backward jump goes to.
    pub loop_heads: BTreeSet<u32>,
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
                    shape.loop_heads.insert(target);
                }
            }
        }
        shape.instrs = instrs;
        shape
    }

    /// Whether the code has a loop.
    #[must_use]
    pub fn has_loop(&self) -> bool {
        !self.loop_heads.is_empty()
    }
}
