//! Handing a frame to CPython's evaluator with an exception to unwind.
//!
//! Entered like that, CPython's evaluator tells trace and profile functions that the frame is being called: it expects
//! generators that something is thrown into. Our frames have been called before, so the first event that such a
//! function would get is kept from it.

use super::Jit;
use crate::host::Frame;
use crate::host::events;
use crate::host::ffi::{PyObject, PyThreadState};
use crate::host::frame::is_tracing;

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
        events::skip(ts, events::TRACE);
        events::skip(ts, events::PROFILE);
        let result = jit.interpret(ts, frame, true);
        // Where the evaluator has refused the frame, for want of stack, it has called neither.
        events::put_back(ts, events::TRACE);
        events::put_back(ts, events::PROFILE);
        result
    }
}
