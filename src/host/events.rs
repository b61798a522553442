//! Events of trace and profile functions that are kept from them: CPython's evaluator tells of a frame that another one has told of.

use super::ffi::{PyObject, PyThreadState, read, write};
use crate::layout::tstate;
use std::cell::Cell;
use std::ffi::c_int;

/// `Py_tracefunc`.
pub type Trace =
    unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject, c_int, *mut PyObject) -> c_int;

/// The two functions that a thread may have.
pub const TRACE: usize = 0;
pub const PROFILE: usize = 1;

/// Where the thread state has them.
const FIELDS: [i32; 2] = [tstate::C_TRACEFUNC, tstate::C_PROFILEFUNC];

thread_local! {
    /// The thread's own functions, while [`swallow`] stands in for them.
    static OWN: [Cell<Option<Trace>>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

/// Takes the event, and puts the thread's own function back.
unsafe extern "C-unwind" fn swallow<const WHICH: usize>(
    _: *mut PyObject,
    _: *mut PyObject,
    _: c_int,
    _: *mut PyObject,
) -> c_int {
    // SAFETY: CPython calls this on a thread with the GIL.
    unsafe { put_back(pyo3_ffi::PyThreadState_Get(), WHICH) };
    0
}

/// Keeps the next event from the thread's trace or profile function, if it has one.
///
/// # Safety
/// The current thread state; nothing runs before that event that sets either function.
pub unsafe fn skip(ts: *mut PyThreadState, which: usize) {
    let stand_in = [swallow::<TRACE> as Trace, swallow::<PROFILE>][which];
    // SAFETY: the field is that of the thread state (caller).
    unsafe {
        let own: Option<Trace> = read(ts, FIELDS[which]);
        if own.is_some() {
            OWN.with(|cells| cells[which].set(own));
            write(ts, FIELDS[which], stand_in);
        }
    }
}

/// Puts the thread's own function back, unless that has been done.
///
/// # Safety
/// The current thread state.
pub unsafe fn put_back(ts: *mut PyThreadState, which: usize) {
    if let Some(own) = OWN.with(|own| own[which].take()) {
        // SAFETY: the field is that of the thread state (caller).
        unsafe { write(ts, FIELDS[which], own) };
    }
}
