//! What the bytecode further on does with a local: which number it wants, and whether it could tell
//! one float object from an equal one.
//!
//! A float read from a list and stored to a local may live there unboxed, at no cost in references
//! and no allocation, if every use of that local is arithmetic: then nothing can see which object
//! it was.

use crate::bytecode::blocks::Shape;
use crate::bytecode::{Instr, opcode as o};
use crate::hir::Type;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// How far to look for the first use.
const HORIZON: usize = 100;

/// What a bytecode instruction does to the stack, for the few that arithmetic consists of.
fn effect(instr: &Instr) -> Option<(usize, usize)> {
    Some(match instr.op {
        o::NOP | o::RESUME => (0, 0),
        o::LOAD_FAST | o::LOAD_CONST => (0, 1),
        o::LOAD_GLOBAL => (0, 1 + (instr.arg & 1) as usize),
        o::BINARY_OP | o::COMPARE_OP | o::BINARY_SUBSCR => (2, 1),
        o::UNARY_NEGATIVE | o::UNARY_POSITIVE | o::LOAD_ATTR => (1, 1),
        o::STORE_FAST | o::POP_TOP => (1, 0),
        o::STORE_SUBSCR => (3, 0),
        o::STORE_ATTR => (2, 0),
        o::UNPACK_SEQUENCE => (1, instr.arg as usize),
        _ => return None,
    })
}

/// The number type that quickened instructions behind `position` want of local `slot`, if it is
/// used in arithmetic before any branch.
pub(super) fn wanted_number(shape: &Shape, position: usize, slot: u32) -> Option<Type> {
    // Which stack items are the local. What lies below the start is not.
    let mut stack: Vec<bool> = Vec::new();
    for instr in shape.instrs.iter().skip(position).take(HORIZON) {
        if shape.is_leader(instr.start) {
            return None;
        }
        let mut top = [false; 2];
        for (depth, item) in top.iter_mut().enumerate() {
            *item = stack
                .len()
                .checked_sub(depth + 1)
                .is_some_and(|at| stack[at]);
        }
        match instr.quick {
            o::BINARY_OP_ADD_FLOAT | o::BINARY_OP_MULTIPLY_FLOAT | o::BINARY_OP_SUBTRACT_FLOAT
                if top[0] || top[1] =>
            {
                return Some(Type::FLOAT);
            }
            o::BINARY_OP_ADD_INT | o::BINARY_OP_MULTIPLY_INT | o::BINARY_OP_SUBTRACT_INT
                if top[0] || top[1] =>
            {
                return Some(Type::INT);
            }
            _ => {}
        }
        if instr.op == o::STORE_FAST && instr.arg == slot {
            return None;
        }
        if instr.op == o::SWAP || instr.op == o::COPY {
            let depth = instr.arg as usize;
            while stack.len() < depth {
                stack.insert(0, false);
            }
            let len = stack.len();
            if instr.op == o::SWAP {
                stack.swap(len - 1, len - depth);
            } else {
                stack.push(stack[len - depth]);
            }
            continue;
        }
        let (pops, pushes) = effect(instr)?;
        stack.truncate(stack.len().saturating_sub(pops));
        for _ in 0..pushes {
            stack.push(instr.op == o::LOAD_FAST && instr.arg == slot);
        }
    }
    None
}

/// What there is to know of all instructions, found once: asked at each instruction anew it would take as long as the code is.
#[derive(Default)]
pub(super) struct Uses {
    /// By local, once somebody has asked: whether every load feeds arithmetic.
    arithmetic: OnceCell<Vec<bool>>,
    /// Names of globals that are assigned to.
    stored: BTreeSet<u32>,
    /// Units of the yields, in order.
    yields: Vec<u32>,
}

impl Uses {
    pub(super) fn new(shape: &Shape) -> Uses {
        let mut uses = Uses::default();
        for instr in &shape.instrs {
            match instr.op {
                o::STORE_GLOBAL | o::STORE_NAME => {
                    uses.stored.insert(instr.arg);
                }
                o::YIELD_VALUE => uses.yields.push(instr.pc),
                _ => {}
            }
        }
        uses
    }

    /// [`only_arithmetic`] of a local.
    pub(super) fn only_arithmetic(&self, shape: &Shape, slot: u32) -> bool {
        let all = self.arithmetic.get_or_init(|| only_arithmetic(shape));
        all.get(slot as usize).is_none_or(|only| *only)
    }

    /// Whether the code itself assigns to the global with name `number`.
    pub(super) fn stores_global(&self, number: u32) -> bool {
        self.stored.contains(&number)
    }

    /// Whether there is a yield between two units, both included.
    pub(super) fn yields_within(&self, first: u32, last: u32) -> bool {
        let at = self.yields.partition_point(|unit| *unit < first);
        self.yields.get(at).is_some_and(|unit| *unit <= last)
    }
}

/// By local: whether every load of it feeds arithmetic or a comparison, so that no use can tell
/// which of several equal objects it holds. Locals that are not loaded may be missing.
fn only_arithmetic(shape: &Shape) -> Vec<bool> {
    let mut only = Vec::new();
    for (position, instr) in shape.instrs.iter().enumerate() {
        if !matches!(instr.op, o::LOAD_FAST | o::DELETE_FAST) {
            continue;
        }
        let slot = instr.arg as usize;
        if slot >= only.len() {
            only.resize(slot + 1, true);
        }
        only[slot] &= instr.op == o::LOAD_FAST && feeds_arithmetic(shape, position);
    }
    only
}

/// Whether some load of local `slot` feeds arithmetic or a comparison.
pub(super) fn some_arithmetic(shape: &Shape, slot: u32) -> bool {
    shape
        .instrs
        .iter()
        .enumerate()
        .filter(|(_, instr)| instr.arg == slot && instr.op == o::LOAD_FAST)
        .any(|(position, _)| feeds_arithmetic(shape, position))
}

/// Whether the value loaded at `position` is consumed by arithmetic in the same block.
fn feeds_arithmetic(shape: &Shape, position: usize) -> bool {
    // Items above the loaded value.
    let mut above = 0usize;
    for instr in shape.instrs.iter().skip(position + 1).take(HORIZON) {
        if shape.is_leader(instr.start) {
            return false;
        }
        let Some((pops, pushes)) = effect(instr) else {
            return false;
        };
        if pops > above {
            return matches!(instr.op, o::BINARY_OP | o::COMPARE_OP | o::UNARY_NEGATIVE);
        }
        above = above - pops + pushes;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::{Code, decode};

    fn shape(units: &[(u8, u8)]) -> Shape {
        let code = Code {
            units: units
                .iter()
                .map(|(op, arg)| u16::from_le_bytes([*op, *arg]))
                .collect(),
            ..Code::default()
        };
        Shape::new(decode(&code))
    }

    #[test]
    fn a_float_operation_wants_a_float() {
        let shape = shape(&[
            (o::STORE_FAST, 0),
            (o::LOAD_FAST, 1),
            (o::LOAD_FAST, 0),
            (o::BINARY_OP_MULTIPLY_FLOAT, 5),
            (0, 0),
            (o::RETURN_VALUE, 0),
        ]);
        assert_eq!(wanted_number(&shape, 1, 0), Some(Type::FLOAT));
        assert_eq!(wanted_number(&shape, 1, 2), None);
        let uses = Uses::new(&shape);
        assert!(uses.only_arithmetic(&shape, 0) && uses.only_arithmetic(&shape, 1));
        assert!(some_arithmetic(&shape, 0) && !some_arithmetic(&shape, 2));
    }

    #[test]
    fn a_returned_local_keeps_its_identity() {
        let shape = shape(&[(o::LOAD_FAST, 0), (o::RETURN_VALUE, 0)]);
        assert!(!Uses::new(&shape).only_arithmetic(&shape, 0) && !some_arithmetic(&shape, 0));
    }
}
