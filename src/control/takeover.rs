//! Loops that CPython's evaluator runs, as they were entered while it was left alone: they are taken over at a back-edge.

use super::warm::{self, Arrival, EDGES_PER_TURN, Outcome};
use super::{enter, jit, throw};
use crate::code::unit::State;
use crate::config::Mode;
use crate::frontend;
use crate::host::ffi::{self, PyThreadState};
use crate::host::frame::is_tracing;
use crate::host::takeover::{self, Handover};
use crate::host::{Frame, PyObject};
use crate::record;
use crate::runtime;
use crate::stats::{COUNTERS, count};
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether CPython has been asked, and has not come by yet.
static ASKED: AtomicBool = AtomicBool::new(false);

/// To be called on the thread that starts the JIT, or that has forked.
pub(super) fn prepare() {
    ASKED.store(false, Ordering::Relaxed);
    runtime::find_main_thread();
}

/// Whether the main thread has the GIL, at the moment.
fn main_runs() -> bool {
    runtime::is_main_thread(ffi::current_thread_state())
}

/// Asks CPython to have the main thread's innermost loop taken over. May be called on any thread, without the GIL.
pub(super) fn ask() {
    let Some(jit) = jit() else { return };
    // Native code and the recording evaluator would be left for CPython's.
    if !main_runs() || !jit.lull.is_cpython() {
        return;
    }
    if !add() {
        return;
    }
    // CPython has its evaluator look only where the thread that asks is the main one.
    runtime::set_breaker();
    if !main_runs() {
        // Where another thread has come to run, it must not look: with a tracer, its evaluator would do nothing else any more.
        runtime::reset_breaker();
    } else if !ASKED.load(Ordering::Relaxed) {
        // It has come by in between, and would find nothing, time and again.
        add();
    }
}

/// Adds the pending call, unless it is there; whether it is.
fn add() -> bool {
    if !ASKED.swap(true, Ordering::Relaxed) && !runtime::add_pending_call(come_by) {
        ASKED.store(false, Ordering::Relaxed);
        return false;
    }
    true
}

/// Called by CPython on the main thread, between two instructions.
extern "C" fn come_by(_: *mut c_void) -> c_int {
    ASKED.store(false, Ordering::Relaxed);
    let Some(jit) = jit() else { return 0 };
    if jit.mode() == Mode::Never {
        return 0;
    }
    // SAFETY: CPython holds the GIL; nothing runs between the look and the arming.
    unsafe {
        let ts = pyo3_ffi::PyThreadState_Get();
        if let Some((frame, pc)) = takeover::at_loop(ts)
            && is_wanted(frame.code())
            && !record::has_handler(frame.code(), pc as usize)
        {
            takeover::arm(ts, (frame, pc), run);
        }
    }
    0
}

/// Whether the loops of a code object can be compiled.
fn is_wanted(code: *mut PyObject) -> bool {
    let is_refused = |state: &State| matches!(state, State::Refused(_) | State::Released);
    let unit = jit().and_then(|jit| jit.unit(code));
    !frontend::is_generator(enter::flags_of(code))
        && !unit.is_some_and(|unit| is_refused(&unit.state))
}

/// Runs a frame from the head of a loop on, as far as it goes.
///
/// # Safety
/// As [`takeover::Body`].
unsafe fn run(ts: *mut PyThreadState, frame: Frame) -> Handover {
    let Some(jit) = jit() else {
        return Handover::GoOn;
    };
    count(&COUNTERS.takeovers);
    // SAFETY: the frame is at the head of a loop, whole and not current.
    unsafe {
        let next = warm::at_place(
            jit,
            frame,
            frame.next_unit(),
            Arrival::at_loop(EDGES_PER_TURN, u32::MAX),
        );
        match warm::try_evaluate(jit, ts, frame, next) {
            Outcome::Returned(value) if value.is_null() => Handover::Finished(value),
            Outcome::Returned(value) => Handover::Return(value),
            // The instruction would not be told of.
            Outcome::GivenUp if is_tracing(ts) => {
                Handover::Finished(jit.interpret(ts, frame, false))
            }
            Outcome::GivenUp => Handover::GoOn,
            Outcome::Raised
                if !record::has_handler(frame.code(), frame.next_unit() as usize - 1) =>
            {
                Handover::Raise
            }
            // There is a handler, but it could not be entered; or someone traces that.
            Outcome::Raised => Handover::Finished(throw::unwind(jit, ts, frame)),
        }
    }
}
