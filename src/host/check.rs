//! Does the running interpreter have the layout that we were written for?

use super::ffi::{self, read};
use super::frame::current;
use crate::layout::{self, builtin, tstate};
use pyo3_ffi::{
    Py_DecRef, PyCode_Type, PyFloat_Type, PyList_Type, PyLong_FromLong, PyThreadState_Get,
    PyTuple_Type,
};
use std::ptr::addr_of;

/// Checks version and layouts.
///
/// # Errors
/// One line that names what does not fit.
pub fn check_interpreter() -> Result<(), String> {
    // SAFETY: a constant of the interpreter.
    let version = unsafe { ffi::Py_Version };
    if version >> 16 != 0x030b {
        return Err(format!(
            "this is CPython {}.{}, only 3.11 is supported",
            version >> 24,
            version >> 16 & 0xff
        ));
    }
    // SAFETY: static classes of the interpreter; only sizes are read.
    let sizes = unsafe {
        [
            (
                "code",
                (*addr_of!(PyCode_Type)).tp_basicsize,
                layout::code::SIZE,
            ),
            (
                "function",
                (*addr_of!(ffi::PyFunction_Type)).tp_basicsize,
                layout::function::SIZE,
            ),
            (
                "float",
                (*addr_of!(PyFloat_Type)).tp_basicsize,
                builtin::FLOAT_VALUE as usize + 8,
            ),
            (
                "list",
                (*addr_of!(PyList_Type)).tp_basicsize,
                builtin::LIST_ALLOCATED as usize + 8,
            ),
            (
                "generator",
                (*addr_of!(pyo3_ffi::PyGen_Type)).tp_basicsize,
                (layout::generator::FRAME + layout::frame::LOCALSPLUS) as usize,
            ),
            (
                "tuple",
                (*addr_of!(PyTuple_Type)).tp_basicsize,
                builtin::TUPLE_ITEMS as usize,
            ),
        ]
    };
    for (name, found, expected) in sizes {
        if found as usize != expected {
            return Err(format!(
                "this interpreter's {name} objects have {found} bytes, expected {expected}"
            ));
        }
    }
    check_small_ints()?;
    check_thread_state()
}

/// The address of the cached int −5.
#[must_use]
pub fn small_ints() -> u64 {
    // SAFETY: zero is a cached int that lives for ever.
    let zero = unsafe {
        let zero = PyLong_FromLong(0);
        Py_DecRef(zero);
        zero
    };
    (zero as i64 + builtin::SMALL_INT_MIN * i64::from(builtin::LONG_SIZE)) as u64
}

fn check_small_ints() -> Result<(), String> {
    let base = small_ints();
    for value in builtin::SMALL_INT_MIN..=builtin::SMALL_INT_MAX {
        // SAFETY: a cached int that lives for ever.
        let address = unsafe {
            let object = PyLong_FromLong(value);
            Py_DecRef(object);
            object as u64
        };
        let index = (value - builtin::SMALL_INT_MIN) as u64;
        if address != base + index * builtin::LONG_SIZE as u64 {
            return Err("this interpreter lays out its small ints differently".to_owned());
        }
    }
    Ok(())
}

fn check_thread_state() -> Result<(), String> {
    // SAFETY: the GIL is held, so there is a thread state; the fields are compared before anything
    // behind them is trusted.
    unsafe {
        let ts = PyThreadState_Get();
        let interp: *mut ffi::PyInterpreterState = read(ts, tstate::INTERP);
        // Null stands for the default evaluator.
        let hook: usize = read(interp, layout::interp::EVAL_FRAME);
        let (limit, left): (i32, i32) = (
            read(ts, tstate::RECURSION_LIMIT),
            read(ts, tstate::RECURSION_REMAINING),
        );
        let (top, end): (usize, usize) = (
            read(ts, tstate::DATASTACK_TOP),
            read(ts, tstate::DATASTACK_LIMIT),
        );
        let expected = ffi::_PyInterpreterState_GetEvalFrameFunc(interp);
        let fine = interp == pyo3_ffi::PyInterpreterState_Get()
            && (hook == expected as usize || hook == 0)
            && limit == pyo3_ffi::Py_GetRecursionLimit()
            && left <= limit
            && top <= end
            && (current(ts).is_null() || (*current(ts).cast::<*mut u8>()) as usize > 4096);
        if fine {
            Ok(())
        } else {
            Err("this interpreter's thread state is laid out differently".to_owned())
        }
    }
}

/// Whether this thread runs the main interpreter: others (PEP 554) have no JIT.
#[must_use]
pub fn is_main_interpreter() -> bool {
    // SAFETY: the GIL is held, so there is an interpreter.
    unsafe {
        let current = pyo3_ffi::PyInterpreterState_Get();
        std::ptr::addr_eq(current, super::ffi::PyInterpreterState_Main())
    }
}
