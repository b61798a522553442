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

/// Where the thread state has its trace and its profile function.
const FIELDS: [i32; 2] = [tstate::C_TRACEFUNC, tstate::C_PROFILEFUNC];

thread_local! {
    /// The thread's own functions, while [`skip`] stands in for them.
    static OWN: [Cell<Option<Trace>>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

/// Takes the event, and puts the thread's own function back.
unsafe extern "C-unwind" fn skip<const WHICH: usize>(
    _: *mut PyObject,
    _: *mut PyObject,
    _: c_int,
    _: *mut PyObject,
) -> c_int {
    // SAFETY: CPython calls this on a thread with the GIL.
    unsafe { put_back(pyo3_ffi::PyThreadState_Get(), WHICH) };
    0
}

/// Puts the thread's own function back, unless that has been done.
unsafe fn put_back(ts: *mut PyThreadState, which: usize) {
    if let Some(own) = OWN.with(|own| own[which].take()) {
        // SAFETY: the field is that of the thread state (caller).
        unsafe { write(ts, FIELDS[which], own) };
    }
}

/// Has CPython's evaluator unwind a frame with the exception that is set, and go on if there is a handler.
///
/// # Safety
/// As an evaluation function.
pub(super) unsafe fn unwind(jit: &Jit, ts: *mut PyThreadState, frame: Frame) -> *mut PyObject {
    // SAFETY: the caller's promise; the evaluator calls both functions before it does anything else.
    unsafe {
        if !is_tracing(ts) {
            return jit.interpret(ts, frame, true);
        }
        for (which, stand_in) in [skip::<0> as Trace, skip::<1>].into_iter().enumerate() {
            let own: Option<Trace> = read(ts, FIELDS[which]);
            if own.is_some() {
                OWN.with(|cells| cells[which].set(own));
                write(ts, FIELDS[which], stand_in);
            }
        }
        let result = jit.interpret(ts, frame, true);
        // Where the evaluator has refused the frame, for want of stack, it has called neither.
        put_back(ts, 0);
        put_back(ts, 1);
        result
    }
}
