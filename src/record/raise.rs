//! Instructions of `raise`, `except` and `with`.

use super::eval::size_of_var;
use super::rare::{State, Step};
use super::{class, decref, incref, unwind, xdecref};
use crate::host::ffi::{self, PyObject, read};
use crate::layout::tstate;
use crate::runtime;
use pyo3_ffi as py;
use std::ffi::CStr;
use std::ptr::{addr_of_mut, null_mut};

// SAFETY of all handlers: as in `rare`.

pub(super) unsafe fn load_assertion_error(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let error = py::PyExc_AssertionError;
        incref(error);
        state.push(error);
        Step::Next
    }
}

unsafe fn is_exception_class(object: *mut PyObject) -> bool {
    // SAFETY: alive (caller).
    unsafe { py::PyExceptionClass_Check(object) != 0 }
}

pub(super) unsafe fn raise_varargs(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let exception = if state.arg == 1 {
            state.peek(1)
        } else {
            return Step::Leave;
        };
        if is_exception_class(exception) {
            state.sp = state.sp.sub(1);
            let value = py::PyObject_CallNoArgs(exception);
            if value.is_null() {
                decref(exception);
                return Step::Error;
            }
            if py::PyExceptionInstance_Check(value) == 0 {
                py::PyErr_Format(
                    py::PyExc_TypeError,
                    c"calling %R should have returned an instance of BaseException, not %R"
                        .as_ptr(),
                    exception,
                    class(value),
                );
            } else {
                py::PyErr_SetObject(exception, value);
            }
            decref(value);
            decref(exception);
            return Step::Error;
        }
        if py::PyExceptionInstance_Check(exception) != 0 {
            state.sp = state.sp.sub(1);
            py::PyErr_SetObject(class(exception), exception);
            decref(exception);
            return Step::Error;
        }
        Step::Leave
    }
}

pub(super) unsafe fn reraise(state: &mut State) -> Step {
    // SAFETY: see `rare`; the compiler pushes an exception, and the instruction's number where it says so.
    unsafe {
        if unwind::handler(state.code, state.pc).is_none() {
            // CPython's evaluator takes it from here without naming the frame again.
            return Step::Leave;
        }
        if state.arg != 0 {
            let last = py::PyLong_AsLong(state.peek(state.arg + 1));
            state.frame.set_last_instruction(last);
        }
        let value = state.pop();
        let of = class(value);
        incref(of);
        let traceback = py::PyException_GetTraceback(value);
        py::PyErr_Restore(of, value, traceback);
        Step::Reraise
    }
}

/// The innermost exception that is being handled: a slot with a reference, or null.
unsafe fn handled(state: &State) -> *mut *mut PyObject {
    // SAFETY: a thread state always has a stack of them; the value is its first word.
    unsafe { read(state.ts, tstate::EXC_INFO) }
}

pub(super) unsafe fn push_exc_info(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let value = state.pop();
        let slot = handled(state);
        let mut outer = *slot;
        if outer.is_null() {
            outer = py::Py_None();
            incref(outer);
        }
        state.push(outer);
        incref(value);
        state.push(value);
        *slot = value;
        Step::Next
    }
}

pub(super) unsafe fn pop_except(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let slot = handled(state);
        let outer = state.pop();
        let value = std::mem::replace(&mut *slot, outer);
        xdecref(value);
        Step::Next
    }
}

pub(super) unsafe fn check_exc_match(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let wanted = state.peek(1);
        let valid = if class(wanted) == addr_of_mut!(py::PyTuple_Type).cast() {
            (0..size_of_var(wanted)).all(|at| is_exception_class(py::PyTuple_GetItem(wanted, at)))
        } else {
            is_exception_class(wanted)
        };
        if !valid {
            return Step::Leave;
        }
        state.sp = state.sp.sub(1);
        let matches = py::PyErr_GivenExceptionMatches(state.peek(1), wanted) != 0;
        decref(wanted);
        state.truth(matches.into(), false)
    }
}

/// A special method of an object: a new reference, or null, perhaps with an exception.
unsafe fn special(object: *mut PyObject, name: &CStr) -> *mut PyObject {
    // SAFETY: alive (caller).
    unsafe {
        let name = py::PyUnicode_InternFromString(name.as_ptr());
        if name.is_null() {
            return null_mut();
        }
        let method = ffi::_PyObject_LookupSpecial(object, name);
        decref(name);
        method
    }
}

pub(super) unsafe fn before_with(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe { enter_context(state, c"__enter__", c"__exit__") }
}

/// Replaces a context manager by its bound method of leaving, and the result of its method of entering.
pub(super) unsafe fn enter_context(state: &mut State, enter: &CStr, exit: &CStr) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let manager = state.peek(1);
        let missing = || {
            if py::PyErr_Occurred().is_null() {
                Step::Leave
            } else {
                Step::Error
            }
        };
        let enter = special(manager, enter);
        if enter.is_null() {
            return missing();
        }
        let exit = special(manager, exit);
        if exit.is_null() {
            decref(enter);
            return missing();
        }
        *state.sp.sub(1) = exit;
        decref(manager);
        let result = py::PyObject_CallNoArgs(enter);
        decref(enter);
        state.result(result)
    }
}

pub(super) unsafe fn with_except_start(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let value = state.peek(1);
        let exit = state.peek(4);
        let traceback = py::PyException_GetTraceback(value);
        let shown = if traceback.is_null() {
            py::Py_None()
        } else {
            traceback
        };
        let mut args = [null_mut(), class(value), value, shown];
        let flags = 3 | runtime::ARGUMENTS_OFFSET;
        let result = py::PyObject_Vectorcall(exit, args.as_mut_ptr().add(1), flags, null_mut());
        xdecref(traceback);
        state.result(result)
    }
}
