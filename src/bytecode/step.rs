//! Instructions that compiled code has done by the evaluator's own handler, one at a time: what they do
//! to the value stack.
#![forbid(unsafe_code)]

use super::opcode as o;

/// What an instruction does to the value stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepShape {
    /// Items that it takes from the top.
    pub pops: u32,
    /// Items that it puts there.
    pub pushes: u32,
    /// An item that it works on and that stays where it is: how far below the top after the pops, from 1 on.
    pub keeps: Option<u32>,
    /// Items at the top that it looks at and that stay; only where it takes none.
    pub peeks: u32,
}

impl StepShape {
    const fn new(pops: u32, pushes: u32) -> StepShape {
        StepShape {
            pops,
            pushes,
            keeps: None,
            peeks: 0,
        }
    }

    const fn keeping(self, depth: u32) -> StepShape {
        StepShape {
            keeps: Some(depth),
            ..self
        }
    }

    const fn peeking(peeks: u32) -> StepShape {
        StepShape {
            peeks,
            ..StepShape::new(0, 1)
        }
    }

    /// Operands that stay on the stack.
    #[must_use]
    pub fn kept(&self) -> u32 {
        self.peeks + self.keeps.is_some() as u32
    }

    /// Whether the argument is the depth of the item that stays.
    #[must_use]
    pub fn is_into(op: u8) -> bool {
        matches!(
            op,
            o::LIST_APPEND
                | o::SET_ADD
                | o::MAP_ADD
                | o::LIST_EXTEND
                | o::SET_UPDATE
                | o::DICT_UPDATE
                | o::DICT_MERGE
        )
    }
}

/// The shape of an instruction that can be done on its own.
#[must_use]
pub fn shape(op: u8, arg: u32) -> Option<StepShape> {
    let new = StepShape::new;
    Some(match op {
        o::DELETE_GLOBAL | o::DELETE_NAME => new(0, 0),
        o::DELETE_ATTR | o::STORE_NAME => new(1, 0),
        o::LOAD_NAME | o::LOAD_BUILD_CLASS | o::LOAD_ASSERTION_ERROR => new(0, 1),
        o::IMPORT_NAME => new(2, 1),
        o::IMPORT_FROM | o::GET_LEN | o::MATCH_MAPPING | o::MATCH_SEQUENCE | o::GET_ANEXT => {
            StepShape::peeking(1)
        }
        o::MAKE_FUNCTION => new(1 + (arg & 15).count_ones(), 1),
        o::CALL_FUNCTION_EX => new(3 + (arg & 1), 1),
        o::BUILD_SET | o::BUILD_STRING => new(arg, 1),
        o::BUILD_MAP => new(2 * arg, 1),
        o::BUILD_CONST_KEY_MAP => new(arg + 1, 1),
        o::FORMAT_VALUE => new(1 + u32::from(arg & 4 != 0), 1),
        o::LIST_TO_TUPLE => new(1, 1),
        o::MAP_ADD => new(2, 0).keeping(arg),
        op if StepShape::is_into(op) => new(1, 0).keeping(arg),
        o::UNPACK_EX => new(1, 1 + (arg & 0xff) + (arg >> 8)),
        o::BEFORE_WITH | o::BEFORE_ASYNC_WITH | o::PUSH_EXC_INFO => new(1, 2),
        o::POP_EXCEPT => new(1, 0),
        o::RAISE_VARARGS if arg == 1 => new(1, 0),
        o::CHECK_EXC_MATCH => new(2, 2),
        o::MATCH_KEYS => StepShape::peeking(2),
        o::MATCH_CLASS => new(3, 1),
        o::WITH_EXCEPT_START => StepShape::peeking(4),
        o::GET_AWAITABLE | o::GET_YIELD_FROM_ITER | o::GET_AITER | o::ASYNC_GEN_WRAP => new(1, 1),
        _ => return None,
    })
}
