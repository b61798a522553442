//! Arithmetic and comparison, with short ways for small ints and floats; kinds of operands.

use super::{class, decref};
use crate::feedback::Kind;
use crate::hir::CmpOp;
use crate::host::ffi::{self, PyObject, read, write};
use crate::layout::{builtin, object};
use pyo3_ffi as py;
use std::ptr::addr_of_mut;

#[inline(always)]
pub(super) fn int_class() -> *mut PyObject {
    addr_of_mut!(py::PyLong_Type).cast()
}

#[inline(always)]
pub(super) fn float_class() -> *mut PyObject {
    addr_of_mut!(py::PyFloat_Type).cast()
}

/// Most digits (of 30 bits) of an int that counts as small.
const SMALL_DIGITS: isize = 2;

/// The kind of an object.
#[inline(always)]
pub(super) unsafe fn kind(object: *mut PyObject) -> Kind {
    // SAFETY: alive (caller).
    let class = unsafe { class(object) };
    if class == int_class() {
        // SAFETY: an int has its size there.
        let size: isize = unsafe { read(object, object::OB_SIZE) };
        return if size.unsigned_abs() <= SMALL_DIGITS as usize {
            Kind::Int
        } else {
            Kind::BigInt
        };
    }
    if class == float_class() {
        return Kind::Float;
    }
    if class == addr_of_mut!(py::PyList_Type).cast() {
        return Kind::List;
    }
    if class == addr_of_mut!(py::PyTuple_Type).cast() {
        return Kind::Tuple;
    }
    if class == addr_of_mut!(py::PyUnicode_Type).cast() {
        return Kind::Str;
    }
    kind_of_other(class)
}

fn kind_of_other(class: *mut PyObject) -> Kind {
    let known = [
        (addr_of_mut!(py::PyDict_Type).cast(), Kind::Dict),
        (addr_of_mut!(py::PyBool_Type).cast(), Kind::Bool),
        (addr_of_mut!(ffi::PyFunction_Type).cast(), Kind::Function),
        (addr_of_mut!(ffi::PyRange_Type).cast(), Kind::Range),
    ];
    // SAFETY: `None` is immortal while the interpreter lives.
    let none = unsafe { read::<*mut PyObject>(py::Py_None(), object::OB_TYPE) };
    if class == none {
        return Kind::NoneType;
    }
    known
        .iter()
        .find(|(known, _)| *known == class)
        .map_or(Kind::Other, |(_, kind)| *kind)
}

/// The value of an int of at most one digit.
#[inline(always)]
pub(super) unsafe fn one_digit(int: *mut PyObject) -> Option<i64> {
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

#[inline(always)]
pub(super) unsafe fn double(float: *mut PyObject) -> f64 {
    // SAFETY: a float (caller).
    unsafe { read(float, builtin::FLOAT_VALUE) }
}

/// `NB_*` numbers of the operators with short ways, without the in-place half.
const ADD: u32 = 0;
const MULTIPLY: u32 = 5;
const SUBTRACT: u32 = 10;
const TRUE_DIVIDE: u32 = 11;
const IN_PLACE: u32 = 13;

/// `a op b` for two floats, whose references are used up; `None` if it is not done here.
#[inline(always)]
pub(super) unsafe fn float_op(
    a: *mut PyObject,
    b: *mut PyObject,
    op: u32,
) -> Option<*mut PyObject> {
    // SAFETY: two floats (caller).
    unsafe {
        let (x, y) = (double(a), double(b));
        let plain = if op >= IN_PLACE { op - IN_PLACE } else { op };
        let value = match plain {
            ADD => x + y,
            SUBTRACT => x - y,
            MULTIPLY => x * y,
            TRUE_DIVIDE if y != 0.0 => x / y,
            _ => return None,
        };
        // A float that nobody else has is as good as a new one.
        for (reused, other) in [(a, b), (b, a)] {
            if read::<isize>(reused, object::OB_REFCNT) == 1 {
                write(reused, builtin::FLOAT_VALUE, value);
                decref(other);
                return Some(reused);
            }
        }
        let result = py::PyFloat_FromDouble(value);
        decref(a);
        decref(b);
        Some(result)
    }
}

/// `a op b` for two ints, borrowed; `None` if it is not done here.
#[inline(always)]
pub(super) unsafe fn int_op(a: *mut PyObject, b: *mut PyObject, op: u32) -> Option<*mut PyObject> {
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
#[inline(always)]
pub(super) unsafe fn compare(a: *mut PyObject, b: *mut PyObject, op: u32) -> Option<bool> {
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
