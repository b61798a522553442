//! Calls: Python functions get their frame here, as CPython's evaluator makes it.

use super::{class, decref, incref};
use crate::bytecode::code::flags;
use crate::host::Frame;
use crate::host::ffi::{self, PyObject, PyThreadState, read, write};
use crate::host::frame::current;
use crate::layout::{code as c, frame as f, function, tstate};
use crate::runtime;
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::Ordering;

/// Kinds of code whose frames are made elsewhere.
const UNUSUAL: u32 = flags::VARARGS
    | flags::VARKEYWORDS
    | flags::GENERATOR
    | flags::COROUTINE
    | flags::ITERABLE_COROUTINE
    | flags::ASYNC_GENERATOR;

/// `CO_OPTIMIZED | CO_NEWLOCALS`: a function's code.
const FUNCTION: u32 = flags::OPTIMIZED | flags::NEWLOCALS;

pub(super) fn function_class() -> *mut PyObject {
    addr_of_mut!(ffi::PyFunction_Type).cast()
}

/// The code object of a Python function.
#[inline(always)]
pub(super) unsafe fn code_of(callee: *mut PyObject) -> *mut PyObject {
    // SAFETY: a Python function (caller).
    unsafe { read(callee, function::FUNC_CODE) }
}

/// Calls `callable` with `count` owned arguments that lie behind it (and, below it, one more word);
/// all references, that to the callable too, are used up. A new reference, or null with an exception.
#[inline(always)]
pub(super) unsafe fn call(
    ts: *mut PyThreadState,
    callable: *mut PyObject,
    args: *mut *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as documented; the word below the arguments may be overwritten by the callee and is restored.
    unsafe {
        if class(callable) == function_class()
            && names.is_null()
            && let Some(result) = call_function(ts, callable, args, count)
        {
            return result;
        }
        let named = if names.is_null() {
            0
        } else {
            py::PyTuple_Size(names) as usize
        };
        let flags = (count - named) | runtime::ARGUMENTS_OFFSET;
        let result = py::PyObject_Vectorcall(callable, args, flags, names);
        for at in 0..count {
            decref(*args.add(at));
        }
        decref(callable);
        result
    }
}

/// Pushes a frame for a function that is called with exactly its positional arguments; `None` for
/// any other call.
#[inline(never)]
unsafe fn call_function(
    ts: *mut PyThreadState,
    callee: *mut PyObject,
    args: *mut *mut PyObject,
    count: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the function, its code and the arguments are alive; the data stack has room, which is
    // checked; references move from the caller's stack into the frame.
    unsafe {
        let code = code_of(callee);
        let kind: i32 = read(code, c::CO_FLAGS);
        let wanted: i32 = read(code, c::CO_ARGCOUNT);
        let keyword_only: i32 = read(code, c::CO_KWONLYARGCOUNT);
        if kind as u32 & (UNUSUAL | FUNCTION) != FUNCTION
            || wanted as usize != count
            || keyword_only != 0
        {
            return None;
        }
        let nlocals: i32 = read(code, c::CO_NLOCALSPLUS);
        let depth: i32 = read(code, c::CO_STACKSIZE);
        let size = 8 * (f::SPECIALS_WORDS as usize + (nlocals + depth) as usize);
        let top: *mut u8 = read(ts, tstate::DATASTACK_TOP);
        let limit: *mut u8 = read(ts, tstate::DATASTACK_LIMIT);
        if limit as usize - top as usize <= size {
            return None;
        }
        let hook = runtime::ENTER.load(Ordering::Relaxed);
        if hook == 0 {
            return None;
        }
        write(ts, tstate::DATASTACK_TOP, top.add(size));
        let frame = Frame::from_raw(top.cast());
        incref(code);
        frame.initialise(callee, code);
        for slot in 0..nlocals as usize {
            let value = if slot < count {
                *args.add(slot)
            } else {
                null_mut()
            };
            frame.set_slot(slot, value);
        }
        frame.set_previous(current(ts));
        let hook: ffi::EvalFrame = std::mem::transmute(hook as usize);
        let result = hook(ts, frame.as_ptr(), 0);
        runtime::swl_frame_clear(ts, frame.as_ptr());
        write(ts, tstate::DATASTACK_TOP, top);
        Some(result)
    }
}
