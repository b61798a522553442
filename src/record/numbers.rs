//! Kinds of operands, and arithmetic on floats that are used up.

use super::{class, decref};
use crate::feedback::Kind;
use crate::host::ffi::{self, PyObject, read, write};
use crate::layout::{builtin, object};
pub(super) use crate::runtime::short::{compare, float_class, int_class, int_op, one_digit};
use crate::runtime::short::{double, float_value};
use pyo3_ffi as py;
use std::ptr::addr_of_mut;

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

/// `a op b` for two floats, whose references are used up; `None` if it is not done here.
#[inline(always)]
pub(super) unsafe fn float_op(
    a: *mut PyObject,
    b: *mut PyObject,
    op: u32,
) -> Option<*mut PyObject> {
    // SAFETY: two floats (caller).
    unsafe {
        let value = float_value(double(a), double(b), op)?;
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
