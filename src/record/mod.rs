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
mod globals;
mod names;
mod numbers;
mod raise;
mod rare;
mod sequences;
mod unwind;

pub use eval::{End, run};
pub use globals::{finish, prepare};

use crate::host::ffi::{PyObject, read, write};
use crate::layout::object;

/// Takes a reference.
#[inline(always)]
unsafe fn incref(object: *mut PyObject) {
    // SAFETY: alive (caller); the GIL is held.
    unsafe {
        let count: isize = read(object, object::OB_REFCNT);
        write(object, object::OB_REFCNT, count + 1);
    }
}

/// Gives a reference up.
#[inline(always)]
unsafe fn decref(object: *mut PyObject) {
    // SAFETY: alive, and the reference is the caller's; the GIL is held.
    unsafe {
        let count: isize = read(object, object::OB_REFCNT);
        write(object, object::OB_REFCNT, count - 1);
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
