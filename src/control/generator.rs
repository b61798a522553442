//! Generators and coroutines that go on: their frames come to the hook each time.
//!
//! Calling a generator function is CPython's. Code is compiled from each of the places where the generator goes on, and
//! ends where it yields: everything is in the frame then, as CPython has it.

use super::enter::{PER_CALL, count_call};
use super::warm::{self, Next};
use super::Jit;
use crate::code::unit::{PlaceKind, State};
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
    let code = frame.code();
    let always = jit.mode() == Mode::Always;
    // SAFETY: the caller's promise; the frame holds its code object.
    unsafe {
        let unit = match jit.unit(code) {
            Some(unit) => unit,
            None if always => match jit.unit_or_new(code) {
                Some(unit) => unit,
                None => return jit.interpret(ts, frame, false),
            },
            None => {
                return match count_call(jit, code) {
                    Some(count) if count.records(jit) => warm::call(jit, ts, frame, Some(count)),
                    _ => jit.interpret(ts, frame, false),
                };
            }
        };
        if let State::Refused(_) | State::Released = unit.state {
            return jit.interpret(ts, frame, false);
        }
        unit.count_call(PER_CALL);
        let records = !always && unit.records && warm::is_recorded(unit);
        match warm::at_place(jit, frame, frame.next_unit(), PER_CALL, PlaceKind::Resume) {
            Next::Record if !records => jit.interpret(ts, frame, false),
            next => warm::evaluate(jit, ts, frame, next),
        }
    }
}
