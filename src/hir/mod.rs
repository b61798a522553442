//! HIR: the one SSA intermediate representation of Swallow.
//!
//! A [`Function`] is a graph of blocks with parameters; every instruction is described once, in the
//! table of [`inst`], and that row drives operands, immediates, effects, ownership, printing,
//! parsing, verification and serialisation. Guards and observable operations carry a
//! [`FrameState`]. Nothing here knows a CPython symbol or a struct offset.
#![forbid(unsafe_code)]

pub mod cfg;
pub mod defs;
pub mod dominators;
pub mod edit;
pub mod entities;
pub mod frame_state;
pub mod function;
pub mod inst;
pub mod interp;
mod lex;
pub mod liveness;
pub mod loops;
pub mod parse;
pub mod print;
pub mod serialise;
pub mod slot_states;
#[cfg(test)]
mod testing;
pub mod types;
pub mod verify;

pub use entities::{Block, CellId, ConstId, FrameStateId, Value};
pub use frame_state::{FrameState, FsValue, Locals};
pub use function::{BlockData, CallCell, Const, Function, ValueData};
pub use inst::{
    BinOp, CmpOp, DictKind, Effects, ExitReason, FsKind, Imm, ImmKind, Inst, Op, OpInfo, Ownership,
    ResultRule, Target, UnOp,
};
pub use parse::{ParseError, parse_function, parse_functions};
pub use types::Type;
pub use verify::{VerifyError, VerifyErrors, verify};
