//! Loops that CPython's evaluator runs, as they were entered while it was left alone: they are taken over at a back-edge.

use super::warm::{self, EDGES_PER_TURN, Outcome};
use super::{enter, jit, throw};
use crate::code::unit::{PlaceKind, State};
use crate::config::Mode;
use crate::frontend;
use crate::host::ffi::{self, PyThreadState};
use crate::host::takeover::{self, Handover};
use crate::host::{Frame, PyObject};
use crate::record;
use crate::runtime;
use crate::stats::{COUNTERS, count};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
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
    if !ASKED.swap(true, Ordering::Relaxed) {
        // SAFETY: this needs neither a thread state nor the GIL; the function is never unloaded.
        let status = unsafe { pyo3_ffi::Py_AddPendingCall(Some(come_by), null_mut()) };
        if status != 0 {
            ASKED.store(false, Ordering::Relaxed);
            return;
        }
    }
    // CPython has its evaluator look only where the thread that asks is the main one. Where another one has come to run
    // meanwhile, it must not: with a tracer, its evaluator would look for ever.
    runtime::set_breaker();
    if !main_runs() {
        runtime::reset_breaker();
    }
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
            EDGES_PER_TURN,
            PlaceKind::Loop,
        );
        let result = match warm::try_evaluate(jit, ts, frame, next) {
            Outcome::GivenUp => return Handover::GoOn,
            Outcome::Raised
                if !record::has_handler(frame.code(), frame.next_unit() as usize - 1) =>
            {
                return Handover::Raise;
            }
            // There is a handler, but it could not be entered; or someone traces that.
            Outcome::Raised => throw::unwind(jit, ts, frame),
            Outcome::Returned(value) => value,
        };
        if result.is_null() {
            Handover::Unwound
        } else {
            Handover::Return(result)
        }
    }
}
