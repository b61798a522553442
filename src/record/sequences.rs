//! Fast ways of subscripts, unpacking and string building.

use super::eval::size_of_var;
use super::{class, decref, incref, xdecref};
use crate::bytecode::opcode as o;
use crate::host::ffi::{PyObject, read};
use crate::layout::builtin;
use crate::runtime;
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};

/// Whether `a + b` is the `s += t` that CPython does in place: the local that it is stored to next holds `a`.
#[inline(always)]
pub(super) unsafe fn appends_in_place(
    a: *mut PyObject,
    b: *mut PyObject,
    op: usize,
    next: *const u16,
    locals: *mut *mut PyObject,
) -> bool {
    let text = addr_of_mut!(py::PyUnicode_Type).cast();
    // SAFETY: alive operands; an instruction follows.
    unsafe {
        if class(a) != text || class(b) != text || !matches!(op, 0 | 13) {
            return false;
        }
        let unit = *next;
        o::deopt(unit as u8) == o::STORE_FAST && *locals.add(usize::from(unit >> 8)) == a
    }
}

/// The index that a small int means for a sequence of this size.
#[inline(always)]
unsafe fn index_of(key: *mut PyObject, size: isize) -> Option<usize> {
    // SAFETY: alive (caller).
    unsafe {
        if class(key) != super::numbers::int_class() {
            return None;
        }
        let index = super::numbers::one_digit(key)? as isize;
        let index = if index < 0 { index + size } else { index };
        (0..size).contains(&index).then_some(index as usize)
    }
}

/// `container[key]`: a new reference, or null with an exception.
#[inline(always)]
pub(super) unsafe fn item(container: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: alive operands; the index is within bounds.
    unsafe {
        let of = class(container);
        if of == addr_of_mut!(py::PyList_Type).cast() {
            if let Some(at) = index_of(key, size_of_var(container)) {
                let items: *mut *mut PyObject = read(container, builtin::LIST_ITEMS);
                let item = *items.add(at);
                incref(item);
                return item;
            }
        } else if of == addr_of_mut!(py::PyTuple_Type).cast()
            && let Some(at) = index_of(key, size_of_var(container))
        {
            let item: *mut PyObject = read(container, builtin::TUPLE_ITEMS + 8 * at as i32);
            incref(item);
            return item;
        }
        py::PyObject_GetItem(container, key)
    }
}

/// `container[key] = value`; whether it succeeded.
#[inline(always)]
pub(super) unsafe fn set_item(
    container: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> bool {
    // SAFETY: alive operands; the index is within bounds.
    unsafe {
        if class(container) == addr_of_mut!(py::PyList_Type).cast()
            && let Some(at) = index_of(key, size_of_var(container))
        {
            let items: *mut *mut PyObject = read(container, builtin::LIST_ITEMS);
            incref(value);
            let old = std::mem::replace(&mut *items.add(at), value);
            decref(old);
            return true;
        }
        py::PyObject_SetItem(container, key, value) == 0
    }
}

/// Puts the `count` items of an iterable at `to`, the first uppermost; whether it had that many.
pub(super) unsafe fn unpack(sequence: *mut PyObject, count: usize, to: *mut *mut PyObject) -> bool {
    // SAFETY: an alive iterable; the stack has room.
    unsafe {
        let of = class(sequence);
        let is_tuple = of == addr_of_mut!(py::PyTuple_Type).cast();
        let is_list = of == addr_of_mut!(py::PyList_Type).cast();
        let mut owned = null_mut();
        let items: *mut *mut PyObject = if is_tuple && size_of_var(sequence) == count as isize {
            sequence
                .cast::<u8>()
                .offset(builtin::TUPLE_ITEMS as isize)
                .cast()
        } else if is_list && size_of_var(sequence) == count as isize {
            read(sequence, builtin::LIST_ITEMS)
        } else {
            owned = runtime::swl_unpack_sequence(sequence, count as i64);
            if owned.is_null() {
                return false;
            }
            owned
                .cast::<u8>()
                .offset(builtin::TUPLE_ITEMS as isize)
                .cast()
        };
        for at in 0..count {
            let item = *items.add(at);
            incref(item);
            *to.add(count - 1 - at) = item;
        }
        xdecref(owned);
        true
    }
}

/// `PyMethodObject.im_func` and `im_self`.
const IM_FUNC: i32 = 16;
const IM_SELF: i32 = 24;

/// Replaces a null and the bound method above it by the function and the object.
pub(super) unsafe fn unpack_method(slots: *mut *mut PyObject) {
    // SAFETY: a bound method (caller).
    unsafe {
        let bound = *slots.add(1);
        let (function, object): (*mut PyObject, *mut PyObject) =
            (read(bound, IM_FUNC), read(bound, IM_SELF));
        incref(function);
        incref(object);
        *slots = function;
        *slots.add(1) = object;
        decref(bound);
    }
}
