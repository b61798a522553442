//! Short ways for small ints and floats, for native code's generic operations and for the evaluator.

use crate::hir::CmpOp;
use crate::host::ffi::{PyObject, read};
use crate::host::snapshot::class_of;
use crate::layout::{builtin, object};
use pyo3_ffi as py;
use std::ptr::addr_of_mut;

#[inline(always)]
unsafe fn class(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: alive (caller).
    unsafe { class_of(object).cast() }
}

/// `int`.
#[must_use]
#[inline(always)]
pub fn int_class() -> *mut PyObject {
    addr_of_mut!(py::PyLong_Type).cast()
}

/// `float`.
#[must_use]
#[inline(always)]
pub fn float_class() -> *mut PyObject {
    addr_of_mut!(py::PyFloat_Type).cast()
}

/// The value of an int of at most one digit.
///
/// # Safety
/// An int.
#[inline(always)]
pub unsafe fn one_digit(int: *mut PyObject) -> Option<i64> {
    // SAFETY: an int (caller); the digit is there if the size is not 0, and 0 is read as such below.
    unsafe {
        let size: isize = read(int, object::OB_SIZE);
        if !(-1..=1).contains(&size) {
            return None;
        }
        let digit: u32 = read(int, builtin::LONG_DIGITS);
        Some(size as i64 * i64::from(digit))
    }
}

/// The value of a float.
///
/// # Safety
/// A float.
#[must_use]
#[inline(always)]
pub unsafe fn double(float: *mut PyObject) -> f64 {
    // SAFETY: a float (caller).
    unsafe { read(float, builtin::FLOAT_VALUE) }
}

/// `NB_*` numbers of the operators with short ways, without the in-place half.
const ADD: u32 = 0;
const MULTIPLY: u32 = 5;
const SUBTRACT: u32 = 10;
const TRUE_DIVIDE: u32 = 11;
const IN_PLACE: u32 = 13;

/// `x op y`; `None` if it is not done here.
#[must_use]
#[inline(always)]
pub fn float_value(x: f64, y: f64, op: u32) -> Option<f64> {
    let plain = if op >= IN_PLACE { op - IN_PLACE } else { op };
    Some(match plain {
        ADD => x + y,
        SUBTRACT => x - y,
        MULTIPLY => x * y,
        TRUE_DIVIDE if y != 0.0 => x / y,
        _ => return None,
    })
}

/// The value of a float or of an int of at most one digit.
unsafe fn as_double(number: *mut PyObject) -> Option<f64> {
    // SAFETY: alive (caller).
    unsafe {
        let of = class(number);
        if of == float_class() {
            Some(double(number))
        } else if of == int_class() {
            one_digit(number).map(|int| int as f64)
        } else {
            None
        }
    }
}

/// `a op b` for two small numbers, borrowed, of whatever class; `None` if it is not done here.
///
/// # Safety
/// Alive.
#[inline]
pub(super) unsafe fn number_op(
    a: *mut PyObject,
    b: *mut PyObject,
    op: u32,
) -> Option<*mut PyObject> {
    // SAFETY: alive (caller); the GIL is held.
    unsafe {
        if class(a) == int_class() && class(b) == int_class() {
            return int_op(a, b, op);
        }
        let value = float_value(as_double(a)?, as_double(b)?, op)?;
        Some(py::PyFloat_FromDouble(value))
    }
}

/// `a op b` for two ints, borrowed; `None` if it is not done here.
///
/// # Safety
/// Two ints.
#[inline(always)]
pub unsafe fn int_op(a: *mut PyObject, b: *mut PyObject, op: u32) -> Option<*mut PyObject> {
    // SAFETY: two ints (caller); the GIL is held.
    unsafe {
        let (x, y) = (one_digit(a)?, one_digit(b)?);
        let plain = if op >= IN_PLACE { op - IN_PLACE } else { op };
        let value = match plain {
            ADD => x + y,
            SUBTRACT => x - y,
            MULTIPLY => x * y,
            _ => return None,
        };
        Some(py::PyLong_FromLongLong(value))
    }
}

/// `a op b` for two numbers of one class; `None` if it is not done here.
///
/// # Safety
/// Alive.
#[inline(always)]
pub unsafe fn compare(a: *mut PyObject, b: *mut PyObject, op: u32) -> Option<bool> {
    // SAFETY: alive (caller).
    unsafe {
        let of = class(a);
        if of != class(b) {
            return None;
        }
        let order = if of == int_class() {
            Some(one_digit(a)?.cmp(&one_digit(b)?))
        } else if of == float_class() {
            double(a).partial_cmp(&double(b))
        } else {
            return None;
        };
        use std::cmp::Ordering::{Equal, Greater, Less};
        Some(match CmpOp::ALL[op as usize] {
            CmpOp::Lt => order == Some(Less),
            CmpOp::Le => matches!(order, Some(Less | Equal)),
            CmpOp::Eq => order == Some(Equal),
            CmpOp::Ne => order != Some(Equal),
            CmpOp::Gt => order == Some(Greater),
            CmpOp::Ge => matches!(order, Some(Greater | Equal)),
        })
    }
}
