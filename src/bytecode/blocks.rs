//! Where blocks start, and which of them are loop heads.
#![forbid(unsafe_code)]

use super::decode::Instr;
use super::opcode;
use std::collections::BTreeMap;

/// The shape of a code object: instructions by unit, and the units where blocks begin.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub instrs: Vec<Instr>,
    /// Position in `instrs` by starting unit; [`Shape::NOTHING`] where no instruction starts.
    positions: Vec<u32>,
    /// Which units are jumped to, or follow a jump.
    leaders: Vec<bool>,
    /// How many ways lead to each unit, the one from the instruction before included.
    arrivals: Vec<u32>,
    /// Units that a backward jump goes to, with the unit of the last jump there.
    pub loops: BTreeMap<u32, u32>,
    /// Whether there is a loop of the program's: not only one that waits for what an `await` or `yield from` yields.
    has_turns: bool,
    /// The head of the innermost loop around each unit, [`Shape::NOTHING`] where there is none.
    innermost: Vec<u32>,
}

impl Shape {
    /// Finds the blocks of decoded instructions.
    #[must_use]
    pub fn new(instrs: Vec<Instr>) -> Shape {
        let size = instrs.last().map_or(1, |instr| instr.next as usize + 1);
        let mut shape = Shape {
            positions: vec![Self::NOTHING; size],
            leaders: vec![false; size],
            arrivals: vec![0; size],
            innermost: vec![Self::NOTHING; size],
            ..Shape::default()
        };
        shape.leaders[0] = true;
        for (position, instr) in instrs.iter().enumerate() {
            shape.positions[instr.start as usize] = position as u32;
            if let Some(target) = instr.jump_target() {
                // A target outside of the code is nobody's beginning.
                if let Some(arrivals) = shape.arrivals.get_mut(target as usize) {
                    *arrivals += 1;
                    shape.leaders[target as usize] = true;
                }
                shape.leaders[instr.next as usize] = true;
                if opcode::jump_kind(instr.op) == Some(opcode::JumpKind::Backward) {
                    // Instructions come in order, so the last one wins.
                    shape.loops.insert(target, instr.pc);
                    shape.has_turns |= instr.op != opcode::JUMP_BACKWARD_NO_INTERRUPT;
                }
            }
            if !opcode::ends_block(instr.op) {
                shape.arrivals[instr.next as usize] += 1;
            }
        }
        let mut loops: Vec<(u32, u32)> = shape.loops.iter().map(|(h, l)| (*h, *l)).collect();
        // An inner loop comes after those around it.
        loops
            .sort_by_key(|(head, last)| (std::cmp::Reverse(last - head), std::cmp::Reverse(*head)));
        for (head, last) in loops {
            shape.innermost[head as usize..=last as usize].fill(head);
        }
        shape.instrs = instrs;
        shape
    }

    const NOTHING: u32 = u32::MAX;

    /// The position in `instrs` of the instruction that starts at a unit.
    #[must_use]
    pub fn position(&self, unit: u32) -> Option<usize> {
        let position = *self.positions.get(unit as usize)?;
        (position != Self::NOTHING).then_some(position as usize)
    }

    /// Whether a unit is jumped to, or follows a jump.
    #[must_use]
    pub fn is_leader(&self, unit: u32) -> bool {
        self.leaders.get(unit as usize).is_some_and(|is| *is)
    }

    /// Whether there is exactly one way to a unit.
    #[must_use]
    pub fn has_one_arrival(&self, unit: u32) -> bool {
        self.arrivals.get(unit as usize) == Some(&1)
    }

    /// Whether the code has a loop.
    #[must_use]
    pub fn has_loop(&self) -> bool {
        !self.loops.is_empty()
    }

    /// Whether the code has a loop of the program's, in which it does more than wait.
    #[must_use]
    pub fn has_turns(&self) -> bool {
        self.has_turns
    }

    /// Whether a unit lies between a loop's head and its last backward jump.
    #[must_use]
    pub fn is_in_loop(&self, unit: u32) -> bool {
        self.innermost
            .get(unit as usize)
            .is_some_and(|head| *head != Self::NOTHING)
    }

    /// Whether going from `from` to `to` stays in the innermost loop around `from`.
    #[must_use]
    pub fn same_loop(&self, from: u32, to: u32) -> bool {
        let head = self.innermost.get(from as usize);
        head.and_then(|head| self.loops.get_key_value(head))
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
