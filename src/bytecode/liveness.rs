//! Which locals may still be read, at the start of each instruction.
//!
//! Only explicit loads count: introspection (`locals()`, debuggers) can read a dead local too, so
//! this guides decisions about representation and never lets a value be forgotten. Paths through
//! exception handlers are not followed.
#![forbid(unsafe_code)]

use super::blocks::Shape;
use super::decode::Instr;
use super::opcode as o;
use std::collections::BTreeMap;

/// A set of locals, a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locals {
    words: Vec<u64>,
}

impl Locals {
    fn empty(count: usize) -> Locals {
        Locals {
            words: vec![0; count.div_ceil(64)],
        }
    }

    fn insert(&mut self, slot: u32) {
        if let Some(word) = self.words.get_mut(slot as usize / 64) {
            *word |= 1 << (slot % 64);
        }
    }

    fn remove(&mut self, slot: u32) {
        if let Some(word) = self.words.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    fn extend(&mut self, other: &Locals) {
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// Goes back over an instruction.
    fn step_back(&mut self, instr: &Instr) {
        if instr.op == o::STORE_FAST {
            self.remove(instr.arg);
        } else if is_read(instr.op) {
            self.insert(instr.arg);
        }
    }

    /// Whether `slot` is one of them.
    #[must_use]
    pub fn contains(&self, slot: u32) -> bool {
        self.words
            .get(slot as usize / 64)
            .is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }
}

/// Whether an instruction reads the local that it names.
fn is_read(op: u8) -> bool {
    matches!(
        op,
        o::LOAD_FAST
            | o::DELETE_FAST
            | o::LOAD_CLOSURE
            | o::MAKE_CELL
            | o::LOAD_DEREF
            | o::STORE_DEREF
            | o::DELETE_DEREF
            | o::LOAD_CLASSDEREF
    )
}

/// Live locals by block. One set for each block, and not for each instruction: large functions have many of both.
#[derive(Clone, Debug, Default)]
pub struct LiveLocals {
    /// The first position in `Shape::instrs` of each block, and what is live there.
    blocks: BTreeMap<usize, Locals>,
    /// Locals that are named.
    count: usize,
}

impl LiveLocals {
    /// Solves the backward data-flow problem.
    #[must_use]
    pub fn new(shape: &Shape) -> LiveLocals {
        let named = |instr: &&Instr| instr.op == o::STORE_FAST || is_read(instr.op);
        let slots = shape.instrs.iter().filter(named).map(|instr| instr.arg);
        let count = slots.max().map_or(0, |slot| slot as usize + 1);
        let mut live = LiveLocals {
            blocks: BTreeMap::new(),
            count,
        };
        for (position, instr) in shape.instrs.iter().enumerate() {
            let starts = shape.is_leader(instr.start)
                || position > 0 && o::ends_block(shape.instrs[position - 1].op);
            if starts || position == 0 {
                live.blocks.insert(position, Locals::empty(count));
            }
        }
        let starts: Vec<usize> = live.blocks.keys().copied().collect();
        let mut changed = true;
        while changed {
            changed = false;
            for start in starts.iter().rev() {
                let set = live.before(shape, *start);
                if live.blocks.get(start) != Some(&set) {
                    live.blocks.insert(*start, set);
                    changed = true;
                }
            }
        }
        live
    }

    /// What is live before the instruction at `position`, by what is at the beginnings of blocks.
    fn before(&self, shape: &Shape, position: usize) -> Locals {
        let end = self
            .blocks
            .range(position + 1..)
            .next()
            .map_or(shape.instrs.len(), |(start, _)| *start);
        let mut set = Locals::empty(self.count);
        if let Some(last) = shape.instrs.get(end - 1)
            && !o::ends_block(last.op)
            && let Some(next) = self.blocks.get(&end)
        {
            set.extend(next);
        }
        for instr in shape.instrs[position..end].iter().rev() {
            if let Some(target) = instr
                .jump_target()
                .and_then(|target| shape.position(target))
                .and_then(|at| self.blocks.get(&at))
            {
                set.extend(target);
            }
            set.step_back(instr);
        }
        set
    }

    /// The locals that may be read at or after the instruction that starts at unit `pc`; `None` if there is no such instruction.
    #[must_use]
    pub fn at(&self, shape: &Shape, pc: u32) -> Option<Locals> {
        let position = shape.position(pc)?;
        let known = self.blocks.get(&position).cloned();
        Some(known.unwrap_or_else(|| self.before(shape, position)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::{Code, decode};

    fn shape(instructions: &[(u8, u8)]) -> Shape {
        let units = instructions
            .iter()
            .map(|(op, arg)| u16::from_le_bytes([*op, *arg]));
        Shape::new(decode(&Code {
            units: units.collect(),
            ..Code::default()
        }))
    }

    #[test]
    fn a_local_is_dead_before_it_is_stored() {
        let units = [
            (o::LOAD_CONST, 0),
            (o::STORE_FAST, 0),
            (o::LOAD_FAST, 0),
            (o::RETURN_VALUE, 0),
        ];
        let shape = shape(&units);
        let live = LiveLocals::new(&shape);
        let at = |pc| live.at(&shape, pc).unwrap();
        assert!(!at(0).contains(0));
        assert!(at(2).contains(0));
        assert!(!at(3).contains(0));
        assert!(live.at(&shape, 9).is_none());
    }

    #[test]
    fn what_a_loop_reads_is_live_where_it_jumps_back() {
        let units = [
            (o::LOAD_CONST, 0),
            (o::STORE_FAST, 70),
            (o::LOAD_FAST, 70),
            (o::STORE_FAST, 1),
            (o::JUMP_BACKWARD, 3),
        ];
        let shape = shape(&units);
        let live = LiveLocals::new(&shape);
        let reads = |pc| live.at(&shape, pc).unwrap().contains(70);
        assert_eq!([0, 1, 2, 3, 4].map(reads), [false, false, true, true, true]);
        assert!(!live.at(&shape, 0).unwrap().contains(1));
    }
}
