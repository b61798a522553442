//! The recording evaluator: CPython 3.11's bytecode over CPython's own objects and frames.
//!
//! Warm code runs here for a short while. It does what CPython's evaluator does, fills the code
//! object's [feedback map](crate::feedback), and comes back to its caller at back-edges, so that a loop
//! that is entered once can become native code in the middle.
//!
//! Every instruction has one place: those that programs spend their time in are arms of the loop in
//! `eval`, the others small handlers in a table (`rare`). It may leave the frame to CPython at any
//! instruction, and does for what it can't do exactly: the frame in memory is then what CPython's
//! evaluator expects, at that very instruction. So an instruction that is missing here costs speed,
//! never correctness. An exception is unwound here if the frame has a handler for it, else CPython
//! does it.
//!
//! The value stack holds owned references, as in CPython's evaluator; a handler owns what it pops and
//! gives up what it pushes.

mod attributes;
mod build;
mod calls;
mod eval;
mod generators;
mod globals;
mod names;
mod numbers;
mod patterns;
mod raise;
mod rare;
mod sequences;
mod step;
mod unwind;

pub use globals::{finish, prepare};
pub use step::{restart, swl_step};
pub use unwind::unwind;

use crate::feedback::Map;
use crate::host::Frame;
use crate::host::ffi::{PyObject, PyThreadState, read, write};
use crate::layout::object;

/// Why [`run`] came back. The frame is what CPython's evaluator expects in each case but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The frame has returned or yielded this; a new reference.
    Returned(*mut PyObject),
    /// An exception that the frame has no handler for is set: CPython unwinds it.
    Raised,
    /// CPython must go on at the frame's next instruction.
    Leave,
    /// The budget of back-edges is used up; the last one led to this code unit, which is next.
    Edge(u32),
}

/// Runs a frame that is current, from where it is, until it returns, must be left, or has taken
/// `budget` back-edges; also how many are left. With a map, attributes and globals are recorded, and
/// with `all` everything else.
///
/// # Safety
/// `ts` is the current thread state, the frame one that nothing else runs; `map` is null or that of the frame's code, and nothing else uses it but through other
/// activations of this function on the same thread.
pub unsafe fn run(
    ts: *mut PyThreadState,
    frame: Frame,
    map: *mut Map,
    all: bool,
    budget: u32,
) -> (End, u32) {
    // SAFETY: the caller's promise.
    unsafe {
        if map.is_null() {
            eval::interpret::<BLIND>(ts, frame, map, budget)
        } else if all {
            eval::interpret::<FULL>(ts, frame, map, budget)
        } else {
            eval::interpret::<CACHED>(ts, frame, map, budget)
        }
    }
}

/// No map.
const BLIND: u8 = 0;
/// The map serves as inline caches, and only they are kept up.
const CACHED: u8 = 1;
/// Everything is recorded.
const FULL: u8 = 2;

/// Whether a code object has a handler for exceptions of code unit `pc`.
///
/// # Safety
/// The code object is alive.
pub unsafe fn has_handler(code: *mut PyObject, pc: usize) -> bool {
    // SAFETY: alive (caller).
    unsafe { unwind::handler(code, pc).is_some() }
}

/// Takes a reference.
#[inline(always)]
unsafe fn incref(object: *mut PyObject) {
    // SAFETY: alive (caller); the GIL is held.
    unsafe {
        let count: isize = read(object, object::OB_REFCNT);
        write(object, object::OB_REFCNT, count + 1);
        crate::host::ffi::count_reference(1);
    }
}

/// Gives a reference up.
#[inline(always)]
unsafe fn decref(object: *mut PyObject) {
    // SAFETY: alive, and the reference is the caller's; the GIL is held.
    unsafe {
        let count: isize = read(object, object::OB_REFCNT);
        write(object, object::OB_REFCNT, count - 1);
        crate::host::ffi::count_reference(-1);
        if count == 1 {
            crate::host::ffi::_Py_Dealloc(object);
        }
    }
}

/// Gives a reference up, if it is one.
#[inline(always)]
unsafe fn xdecref(object: *mut PyObject) {
    if !object.is_null() {
        // SAFETY: as in `decref`.
        unsafe { decref(object) }
    }
}

/// The class of an object.
#[inline(always)]
unsafe fn class(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: every object has a class.
    unsafe { read(object, object::OB_TYPE) }
}
