//! A small interpreter of HIR: the third opinion beside the code generators, for tests.
//!
//! [`run`] executes a function over numbers and objects known by label. What the outside world
//! does (results of operations that may run Python code, guards on its state) is given by a
//! [`World`]; what the function does to it comes back as a list of [`Event`]s.
//!
//! A pass is right if in every world [`Run::agrees_with`] holds between the changed function's run
//! and the original's: leaving at a guard is not seen by the program, so a guard may go, or leave
//! where another one could have left, but results, events and exceptions stay.
//!
//! With `World::counting` every reference is counted, and the run fails on a use after free, a leak
//! or a reference released too often: for functions with reference counting inserted. The world is
//! hostile there: nobody but the frame holds the arguments, and whatever may run Python code
//! replaces all objects that could be borrowed from dictionaries and attributes.
//!
//! Limits: sizes of `str` and `dict` are unknown; containers and attributes behave as if nobody
//! else changed their contents.

mod arith;
mod heap;
mod machine;
mod step;
#[cfg(test)]
mod tests;

use super::inst::ExitReason;
use super::types::Type;
use std::fmt;

/// An object or number that the world hands in.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    Null,
    /// The singleton `None`.
    None,
    Int(i64),
    Float(f64),
    Bool(bool),
    /// An object of this type whose insides do not matter.
    Object(Type),
    /// Items may not be null.
    List(Vec<Datum>),
    Tuple(Vec<Datum>),
}

/// How an operation on the world ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It yields this (or an object, where this cannot be).
    Yields(Datum),
    /// It raises an exception.
    Raises,
}

/// The world in which a function runs.
#[derive(Clone, Debug)]
pub struct World {
    /// The arguments; slots behind them start out null.
    pub args: Vec<Datum>,
    /// What operations answer, one after the other, starting over at the end. None: objects.
    pub answers: Vec<Answer>,
    /// The how manieth guard on the world (versions, tracing, poll) fails, if one does.
    pub failing_guard: Option<usize>,
    /// The how manieth guard of any kind leaves although it holds, if one does.
    pub forced_exit: Option<usize>,
    /// Whether direct calls yield numbers unboxed.
    pub unboxed_results: bool,
    /// Whether operations look at the frame, which makes unboxed locals visible.
    pub looks_at_frames: bool,
    /// Whether to count references.
    pub counting: bool,
    /// Whether to note every guard that is tried.
    pub traced: bool,
    /// Instructions after which to give up.
    pub max_steps: u64,
}

impl Default for World {
    fn default() -> Self {
        World {
            args: Vec::new(),
            answers: Vec::new(),
            failing_guard: None,
            forced_exit: None,
            unboxed_results: false,
            looks_at_frames: false,
            counting: false,
            traced: false,
            max_steps: 100_000,
        }
    }
}

/// What can be told of a value from outside; a boxed number is like an unboxed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Null,
    Int(i64),
    /// Bits; NaNs are all alike.
    Float(u64),
    Bool(bool),
    Object(String),
    List(Vec<Shown>),
    Tuple(Vec<Shown>),
    /// A range iterator: next item, how many remain, step.
    RangeIter(i64, i64, i64),
    /// A list iterator: the list, next index.
    ListIter(Box<Shown>, i64),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shown::Null => f.write_str("null"),
            Shown::Int(value) => write!(f, "{value}"),
            Shown::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Shown::Bool(value) => write!(f, "{value}"),
            Shown::Object(label) => f.write_str(label),
            Shown::List(items) => f.debug_list().entries(items).finish(),
            Shown::Tuple(items) => write!(f, "tuple {items:?}"),
            Shown::RangeIter(next, remaining, step) => {
                write!(f, "range({next}, {remaining}, {step})")
            }
            Shown::ListIter(list, index) => write!(f, "list({list}, {index})"),
        }
    }
}

/// Something done to the world, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The operation and its immediates.
    pub what: String,
    pub args: Vec<Shown>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Returned(Shown),
    /// The interpreter goes on with this frame.
    Left(Frame),
}

/// An interpreter frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub pc: u32,
    /// An exception is on its way.
    pub raised: bool,
    pub locals: Vec<Shown>,
    pub stack: Vec<Shown>,
}

/// A state in which a guard could have left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub frame: Frame,
    /// Number of events before.
    pub events: usize,
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct Run {
    pub outcome: Outcome,
    pub events: Vec<Event>,
    /// With `World::traced`: every guard that was tried, in order.
    pub trace: Vec<Passed>,
    /// Why native code was left, if it was. Not part of the outcome: passes may merge guards.
    pub reason: Option<ExitReason>,
    /// Guards of any kind that were tried.
    pub guards: usize,
    /// Instructions executed.
    pub steps: u64,
}

impl Run {
    /// Whether a guard left, or an exit: nothing that the program could tell.
    #[must_use]
    pub fn left_silently(&self) -> bool {
        matches!(&self.outcome, Outcome::Left(frame) if !frame.raised)
    }

    /// Whether this run does what the (traced) run `original` does. After a guard of the original
    /// has left, the interpreter would go on; what this run does then is not compared.
    #[must_use]
    pub fn agrees_with(&self, original: &Run) -> bool {
        if self.outcome == original.outcome && self.events == original.events {
            return true;
        }
        if original.left_silently() && self.events.starts_with(&original.events) {
            return true;
        }
        match &self.outcome {
            Outcome::Left(frame) if !frame.raised => {
                let passed = Passed {
                    frame: frame.clone(),
                    events: self.events.len(),
                };
                original.events.starts_with(&self.events) && original.trace.contains(&passed)
            }
            _ => false,
        }
    }
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpError {
    #[error("not done within the allowed number of steps")]
    TooManySteps,
    #[error("not interpreted: {0}")]
    Unsupported(String),
    #[error("use after free of {0}")]
    UseAfterFree(String),
    #[error("{object} has {have} references instead of {want}")]
    Unbalanced {
        object: String,
        have: i64,
        want: i64,
    },
    /// The function is malformed.
    #[error("malformed: {0}")]
    Malformed(String),
    #[error("{error}, at `{inst}`")]
    At { inst: String, error: Box<Self> },
}

type Result<T> = std::result::Result<T, InterpError>;

pub use machine::run;
