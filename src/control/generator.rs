//! Generators and coroutines that go on: their frames come to the hook each time.
//!
//! Calling a generator function is CPython's. Code is compiled from each of the places where the generator goes on, and
//! ends where it yields: everything is in the frame then, as CPython has it.

use super::Jit;
use super::enter::{PER_CALL, count_call};
use super::warm::{self, Arrival, Left, Next};
use crate::code::unit::{PlaceKind, State, Unit};
use crate::config::Mode;
use crate::host::ffi::{PyObject, PyThreadState};
use crate::host::frame::Frame;

/// Runs the frame of a generator until it yields or returns.
///
/// # Safety
/// As an evaluation function; the frame is a generator's, and nothing is thrown into it.
pub(super) unsafe fn go_on(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
) -> *mut PyObject {
    // SAFETY: the caller's promise; the frame holds its code object, which holds its record.
    unsafe {
        let Some(unit) = jit.unit(frame.code()) else {
            return begin(jit, ts, frame);
        };
        if let State::Refused(_) | State::Released = unit.state {
            return jit.interpret(ts, frame, false);
        }
        unit.count_call(PER_CALL);
        let pc = frame.next_unit();
        let place = unit.places.iter().find(|place| place.pc == pc);
        if let Some(installed) = place.and_then(|place| warm::native(frame, place)) {
            return match warm::enter_place(jit, ts, frame, &*installed) {
                Left::Returned(value) => value,
                Left::InTheMiddle { raised } => warm::go_on(jit, ts, frame, raised),
            };
        }
        at_point(jit, ts, frame, pc)
    }
}

/// The same where there is no native code yet.
unsafe fn at_point(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    pc: u32,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let next = warm::at_place(jit, frame, pc, Arrival::at(PlaceKind::Resume));
        if let Next::Record = next {
            let records = |unit: &mut Unit| unit.records && warm::is_recorded(unit);
            let always = jit.mode() == Mode::Always;
            if always || !jit.unit(frame.code()).is_some_and(records) {
                return jit.interpret(ts, frame, false);
            }
        }
        warm::evaluate(jit, ts, frame, next)
    }
}

/// The same for code without a record.
unsafe fn begin(jit: &'static Jit, ts: *mut PyThreadState, frame: Frame) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let code = frame.code();
        if jit.mode() == Mode::Always && jit.unit_or_new(code).is_some() {
            return at_point(jit, ts, frame, frame.next_unit());
        }
        match count_call(jit, code) {
            Some(count) if count.records(jit) => warm::call(jit, ts, frame, Some(count)),
            _ => jit.interpret(ts, frame, false),
        }
    }
}
