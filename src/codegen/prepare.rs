//! What every code generator does first: the request is decoded and checked, its HIR goes through the passes, and
//! the unit is judged.
#![forbid(unsafe_code)]

use super::{CodegenError, CompileRequest, FORMAT_VERSION, Outcome, Phase, is_promising};
use crate::hir::{FsValue, Function};
use crate::passes;
use crate::timing;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Units with more HIR instructions than this are compiled without optimisation, unless options say how: what LLVM
/// takes for them grows faster than they do, and it is seldom for numbers that a function is large.
const LARGE_HIR: usize = 1200;

/// The same for locals and stack slots that are values where a unit may be left, all such places together: LLVM keeps
/// them all apart, and its time grows with their square.
const LARGE_STATES: usize = 20_000;

/// Measures phases one after the other.
pub struct Clock {
    last: Instant,
    /// The same on the clocks of [`timing`].
    start: u64,
    spent: u64,
    pub phases: Vec<Phase>,
}

impl Clock {
    fn new() -> Self {
        Clock {
            last: Instant::now(),
            start: timing::now(),
            spent: timing::spent(),
            phases: Vec::new(),
        }
    }

    /// Ends the phase that has gone on since the last one, or since the beginning.
    pub fn lap(&mut self, name: &str) {
        let now = Instant::now();
        let seconds = (now - self.last).as_secs_f64();
        let spent = timing::spent();
        tracing::debug!(phase = name, seconds, "code generation");
        self.phases.push(Phase {
            name: name.to_owned(),
            seconds,
            own: spent.saturating_sub(self.spent) as f64 / 1e9,
        });
        timing::note_span(name, "phase", self.start);
        self.spent = spent;
        self.last = now;
        self.start = timing::now();
    }
}

/// A request behind the passes on HIR.
pub struct Prepared {
    pub request: CompileRequest,
    pub clock: Clock,
}

/// Decodes, checks, optimises and judges; `Err` within `Ok` is what became of a unit that is not compiled.
///
/// # Errors
/// [`CodegenError::BadRequest`]; a panic of a pass is a [`CodegenError::Backend`].
pub fn prepare(bytes: &[u8]) -> Result<Result<Prepared, Outcome>, CodegenError> {
    timing::begin(timing::Wanted::default());
    let mut clock = Clock::new();
    let mut request: CompileRequest =
        postcard::from_bytes(bytes).map_err(|error| CodegenError::BadRequest(error.to_string()))?;
    if request.head.version != FORMAT_VERSION {
        return Err(CodegenError::BadRequest(format!(
            "format version {} instead of {FORMAT_VERSION}",
            request.head.version
        )));
    }
    timing::begin(request.head.options.measure);
    crate::hir::verify(&request.function)
        .map_err(|errors| CodegenError::BadRequest(errors.to_string()))?;
    clock.lap("decode");
    let function = &mut request.function;
    guarded("passes on HIR", || passes::optimise(function))?;
    clock.lap("optimise");
    let insts = function.inst_count();
    // The passes have been paid for: how hot it is does not matter any more.
    if let Some(entry) = request.head.judged
        && !is_promising(function, insts, entry)
    {
        return Ok(Err(Outcome::NotPromising));
    }
    let is_large = insts > LARGE_HIR || values_in_states(function) > LARGE_STATES;
    if request.head.options.cheap_if_large && is_large {
        request.head.options.pipeline = "o0".to_owned();
        request.head.options.codegen_level = 0;
    }
    Ok(Ok(Prepared { request, clock }))
}

/// What is to be written into frames, in all the places where a unit may be left.
fn values_in_states(function: &Function) -> usize {
    let insts = function.blocks.iter().flat_map(|block| &block.insts);
    insts
        .filter_map(|inst| inst.fs)
        .map(|fs| {
            let state = function.frame_state(fs);
            let values = state.locals.iter().chain(&state.stack);
            values
                .filter(|value| !matches!(value, FsValue::Null | FsValue::InSlot))
                .count()
        })
        .sum()
}

/// Runs a part of the compiler; a panic of it is an error.
///
/// # Errors
/// [`CodegenError::Backend`], which names the part.
pub fn guarded<R>(part: &str, body: impl FnOnce() -> R) -> Result<R, CodegenError> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "panic".to_owned());
        CodegenError::Backend(format!("{part}: {text}"))
    })
}
