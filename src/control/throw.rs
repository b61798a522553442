//! Handing a frame to CPython's evaluator with an exception to unwind.
//!
//! Entered like that, CPython's evaluator tells trace and profile functions that the frame is being called: it expects
//! generators that something is thrown into. Our frames have been called before, so the first event that such a
//! function would get is kept from it.

use super::Jit;
use crate::host::Frame;
use crate::host::ffi::{PyObject, PyThreadState, read, write};
use crate::host::frame::is_tracing;
use crate::layout::tstate;
use std::cell::Cell;
use std::ffi::c_int;

/// `Py_tracefunc`.
type Trace =
    unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject, c_int, *mut PyObject) -> c_int;

thread_local! {
    /// The thread's own functions, while [`skip`] and [`skip_profile`] stand in for them.
    static TRACE: Cell<Option<Trace>> = const { Cell::new(None) };
    static PROFILE: Cell<Option<Trace>> = const { Cell::new(None) };
}

unsafe extern "C-unwind" fn skip(
    _: *mut PyObject,
    _: *mut PyObject,
    _: c_int,
    _: *mut PyObject,
) -> c_int {
    // SAFETY: CPython calls this on a thread with the GIL; the field is that of the thread state.
    unsafe {
        let ts: *mut PyThreadState = pyo3_ffi::PyThreadState_Get();
        write(ts, tstate::C_TRACEFUNC, TRACE.take());
    }
    0
}

unsafe extern "C-unwind" fn skip_profile(
    _: *mut PyObject,
    _: *mut PyObject,
    _: c_int,
    _: *mut PyObject,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        let ts: *mut PyThreadState = pyo3_ffi::PyThreadState_Get();
        write(ts, tstate::C_PROFILEFUNC, PROFILE.take());
    }
    0
}

/// Has CPython's evaluator unwind a frame with the exception that is set, and go on if there is a handler.
///
/// # Safety
/// As an evaluation function.
pub(super) unsafe fn unwind(jit: &Jit, ts: *mut PyThreadState, frame: Frame) -> *mut PyObject {
    // SAFETY: the caller's promise; the evaluator calls both functions before it does anything else.
    unsafe {
        if is_tracing(ts) {
            let trace: Option<Trace> = read(ts, tstate::C_TRACEFUNC);
            let profile: Option<Trace> = read(ts, tstate::C_PROFILEFUNC);
            if trace.is_some() {
                TRACE.set(trace);
                write(ts, tstate::C_TRACEFUNC, Some(skip as Trace));
            }
            if profile.is_some() {
                PROFILE.set(profile);
                write(ts, tstate::C_PROFILEFUNC, Some(skip_profile as Trace));
            }
        }
        jit.interpret(ts, frame, true)
    }
}
