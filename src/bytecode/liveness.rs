//! Which locals may still be read, at the start of each instruction.
//!
//! Only explicit loads count: introspection (`locals()`, debuggers) can read a dead local too, so
//! this guides decisions about representation and never lets a value be forgotten. Paths through
//! exception handlers are not followed.
#![forbid(unsafe_code)]

use super::blocks::Shape;
use super::opcode as o;
use std::collections::BTreeSet;

/// Live locals by starting unit of the instruction.
#[derive(Clone, Debug, Default)]
pub struct LiveLocals {
    /// Parallel to `Shape::instrs`.
    live: Vec<BTreeSet<u32>>,
}

impl LiveLocals {
    /// Solves the backward data-flow problem.
    #[must_use]
    pub fn new(shape: &Shape) -> LiveLocals {
        let mut live = vec![BTreeSet::new(); shape.instrs.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for (position, instr) in shape.instrs.iter().enumerate().rev() {
                let mut set = BTreeSet::new();
                if !o::ends_block(instr.op)
                    && let Some(next) = live.get(position + 1)
                {
                    set.extend(next);
                }
                if let Some(at) = instr
                    .jump_target()
                    .and_then(|target| shape.by_start.get(&target))
                {
                    set.extend(&live[*at]);
                }
                match instr.op {
                    o::STORE_FAST => {
                        set.remove(&instr.arg);
                    }
                    o::LOAD_FAST
                    | o::DELETE_FAST
                    | o::LOAD_CLOSURE
                    | o::MAKE_CELL
                    | o::LOAD_DEREF
                    | o::STORE_DEREF
                    | o::DELETE_DEREF
                    | o::LOAD_CLASSDEREF => {
                        set.insert(instr.arg);
                    }
                    _ => {}
                }
                if set != live[position] {
                    live[position] = set;
                    changed = true;
                }
            }
        }
        LiveLocals { live }
    }

    /// Whether `slot` may be read at or after the instruction that starts at unit `pc`.
    #[must_use]
    pub fn is_live(&self, shape: &Shape, pc: u32, slot: u32) -> bool {
        shape
            .by_start
            .get(&pc)
            .is_none_or(|at| self.live[*at].contains(&slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::{Code, decode};

    #[test]
    fn a_local_is_dead_before_it_is_stored() {
        let units = [
            (o::LOAD_CONST, 0),
            (o::STORE_FAST, 0),
            (o::LOAD_FAST, 0),
            (o::RETURN_VALUE, 0),
        ];
        let code = Code {
            units: units
                .map(|(op, arg)| u16::from_le_bytes([op, arg]))
                .to_vec(),
            ..Code::default()
        };
        let shape = Shape::new(decode(&code));
        let live = LiveLocals::new(&shape);
        assert!(!live.is_live(&shape, 0, 0));
        assert!(live.is_live(&shape, 2, 0));
        assert!(!live.is_live(&shape, 3, 0));
    }
}
