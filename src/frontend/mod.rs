//! Bytecode to HIR.
//!
//! The builder interprets the bytecode abstractly, block by block, over SSA values. What it emits
//! is naive on purpose: every arithmetic operation guards and unboxes its operands and boxes its
//! result; the passes remove what is redundant. Types come from the feedback map, else from CPython's quickened
//! instructions and inline caches, from the arguments seen at entry, and from what follows of them.
//!
//! Invariants: a guard's frame state is the state before its bytecode instruction, and nothing
//! that was emitted for that instruction before the guard has an effect; a raising operation's
//! frame state has the operands popped. An instruction without an operation of its own is done by the
//! recording evaluator's handler; the few that it leaves to CPython end the unit.
#![forbid(unsafe_code)]

mod attributes;
mod builder;
mod calls;
mod containers;
mod control;
mod demand;
mod dispatch;
mod feedback;
mod inline;
mod numbers;
mod progress;
mod state;
mod steps;
mod versions;

pub use progress::{Progress, Watch};

use crate::bytecode::code::flags;
use crate::bytecode::{Code, Oracle, decode};
use crate::feedback::Map;
use crate::hir::{ExitReason, Function};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Code objects with more instructions than this are refused.
pub const MAX_BYTECODES: usize = 3000;

/// Units with more HIR values or instructions than this are refused.
pub const MAX_HIR: usize = 12_000;

/// Units whose frame states have more locals and stack slots than this, all together, are refused: each state lists
/// every local, so that they are what grows with the square of a function of many locals.
pub const MAX_STATES: usize = 50_000;

/// How to build.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FrontendOptions {
    pub doubts: Doubts,
    /// What the recording evaluator has seen; where it has seen nothing, CPython's inline caches count.
    pub feedback: Option<Map>,
    /// Start in the middle instead of at the beginning.
    pub start: Option<EntryPoint>,
    /// The names of code that is not a function's are those of its globals.
    pub global_names: bool,
}

/// Entry into a running loop (on-stack replacement), a generator that goes on, or an exception handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPoint {
    /// The instruction.
    pub pc: u32,
    /// What is on the value stack there, bottom first.
    pub stack: Vec<EntryItem>,
}

/// An item of the value stack on entry in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryItem {
    Null,
    /// Any object.
    Object,
    /// A range iterator that nobody else refers to.
    Range,
    /// A list iterator that nobody else refers to, and that is not exhausted.
    List,
}

/// Instructions (code unit indices) whose assumptions failed too often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubts {
    /// It is not always the same object.
    pub identity: BTreeSet<u32>,
    /// It is not always the same function that is called.
    pub callee: BTreeSet<u32>,
    /// Any other: none is made there any more.
    pub any: BTreeSet<u32>,
    /// Another class came, or a branch went the other way, for the first time: what has been
    /// recorded since says more.
    pub once: BTreeSet<u32>,
}

impl Doubts {
    /// Notes that a guard for this reason failed too often.
    pub fn add(&mut self, pc: u32, reason: ExitReason) {
        match reason {
            ExitReason::Identity => self.identity.insert(pc),
            ExitReason::Callee => self.callee.insert(pc),
            ExitReason::TypeVersion | ExitReason::Condition => self.once.insert(pc),
            _ => self.any.insert(pc),
        };
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: &Doubts) {
        self.identity.extend(&other.identity);
        self.callee.extend(&other.callee);
        self.any.extend(&other.any);
        for pc in &other.once {
            if !self.once.insert(*pc) {
                self.any.insert(*pc);
            }
        }
    }
}

/// Why a code object stays interpreted. Found once, kept with the code object, counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bailout {
    /// Code that is not entered at its beginning.
    #[error("{0}")]
    CodeKind(&'static str),
    /// Too many instructions.
    #[error("code too large: {0} instructions")]
    TooLarge(usize),
    /// Too many HIR instructions; how many there may be.
    #[error("code too large: more than {0} HIR instructions")]
    TooMuchHir(usize),
    /// Too much in frame states; how much there may be.
    #[error("code too large: more than {0} values in its frame states")]
    TooMuchState(usize),
    /// What it is made of is not faster than in CPython's evaluator.
    #[error("mostly generic operations: no gain expected")]
    NotPromising,
    /// Bytecode that no compiler of 3.11 emits.
    #[error("malformed bytecode: {0}")]
    Malformed(&'static str),
}

/// Whether code is short enough, by its code units.
///
/// # Errors
/// [`Bailout::TooLarge`].
pub fn check_length(units: &[u16]) -> Result<(), Bailout> {
    match units.len() {
        ..=MAX_BYTECODES => Ok(()),
        _ => match decode::count(units) {
            ..=MAX_BYTECODES => Ok(()),
            count => Err(Bailout::TooLarge(count)),
        },
    }
}

/// Builds the HIR of a whole code object, or of what follows an entry point.
///
/// # Errors
/// The reason why the code object is to stay interpreted.
pub fn build(
    code: &Code,
    oracle: &dyn Oracle,
    options: &FrontendOptions,
) -> Result<Function, Bailout> {
    build_watched(code, oracle, options, None)
}

/// The same; `watch` may stop it.
///
/// # Errors
/// The reason why the code object is to stay interpreted, which may be the one that `watch` has given.
pub fn build_watched(
    code: &Code,
    oracle: &dyn Oracle,
    options: &FrontendOptions,
    watch: Option<Watch>,
) -> Result<Function, Bailout> {
    if options.start.is_none() && !is_entered_at_start(code.flags) {
        return Err(Bailout::CodeKind(if is_generator(code.flags) {
            "a generator or coroutine is entered where it goes on"
        } else {
            "a module or class body is entered at its loops"
        }));
    }
    builder::Builder::new(code, oracle, options, watch)?.run()
}

/// Whether a call of such code makes a generator or coroutine, which runs later.
#[must_use]
pub fn is_generator(flags: u32) -> bool {
    flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR) != 0
}

/// Whether such code is compiled as a whole. A module or class body is not: it runs once.
#[must_use]
pub fn is_entered_at_start(flags: u32) -> bool {
    flags & flags::OPTIMIZED != 0 && flags & flags::NEWLOCALS != 0 && !is_generator(flags)
}
