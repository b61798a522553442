//! Iteration, unpacking, displays.

use crate::host::Owned;
use crate::host::ffi::PyObject;
use crate::host::snapshot::class_of;
use pyo3_ffi as py;
use std::ffi::c_int;
use std::ptr::null_mut;

/// # Safety
/// The operand is alive.
pub(super) unsafe extern "C-unwind" fn swl_get_iter(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: an alive operand, the GIL held.
    unsafe { py::PyObject_GetIter(a) }
}

/// # Safety
/// The operand is an alive iterator.
pub(super) unsafe extern "C-unwind" fn swl_iter_next(iterator: *mut PyObject) -> *mut PyObject {
    // SAFETY: an iterator's class has `tp_iternext`.
    unsafe {
        let Some(next) = (*class_of(iterator)).tp_iternext else {
            py::PyErr_SetString(py::PyExc_TypeError, c"iterator expected".as_ptr());
            return null_mut();
        };
        let item = next(iterator);
        if item.is_null()
            && !py::PyErr_Occurred().is_null()
            && py::PyErr_ExceptionMatches(py::PyExc_StopIteration) != 0
        {
            py::PyErr_Clear();
        }
        item
    }
}

/// # Safety
/// Alive operands; `returned` may be written to.
pub unsafe extern "C-unwind" fn swl_send(
    receiver: *mut PyObject,
    value: *mut PyObject,
    returned: *mut i64,
) -> *mut PyObject {
    let mut result = null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        let status = py::PyIter_Send(receiver, value, &mut result);
        *returned = i64::from(status == py::PySendResult::PYGEN_RETURN);
    }
    // Null for an error.
    result
}

/// # Safety
/// The operand is alive.
pub unsafe extern "C-unwind" fn swl_unpack_sequence(
    value: *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: alive operands, the GIL held; every reference is owned by a value of type `Owned`.
    unsafe {
        let Some(iterator) = Owned::from_raw(py::PyObject_GetIter(value)) else {
            let class = class_of(value);
            if py::PyErr_ExceptionMatches(py::PyExc_TypeError) != 0
                && (*class).tp_iter.is_none()
                && py::PySequence_Check(value) == 0
            {
                py::PyErr_Format(
                    py::PyExc_TypeError,
                    c"cannot unpack non-iterable %.200s object".as_ptr(),
                    (*class).tp_name,
                );
            }
            return null_mut();
        };
        let mut items = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let Some(item) = Owned::from_raw(py::PyIter_Next(iterator.as_ptr())) else {
                if py::PyErr_Occurred().is_null() {
                    py::PyErr_Format(
                        py::PyExc_ValueError,
                        c"not enough values to unpack (expected %d, got %d)".as_ptr(),
                        count as c_int,
                        items.len() as c_int,
                    );
                }
                return null_mut();
            };
            items.push(item);
        }
        let extra = Owned::from_raw(py::PyIter_Next(iterator.as_ptr()));
        if extra.is_some() {
            py::PyErr_Format(
                py::PyExc_ValueError,
                c"too many values to unpack (expected %d)".as_ptr(),
                count as c_int,
            );
            return null_mut();
        }
        if !py::PyErr_Occurred().is_null() {
            return null_mut();
        }
        let tuple = py::PyTuple_New(count as isize);
        if !tuple.is_null() {
            for (at, item) in items.into_iter().enumerate() {
                py::PyTuple_SetItem(tuple, at as isize, item.into_raw());
            }
        }
        tuple
    }
}

/// Builds a container from `count` references that it takes over, even when it fails.
///
/// # Safety
/// `items` points to `count` owned references.
unsafe fn build(
    items: *const *mut PyObject,
    count: i64,
    new: unsafe extern "C" fn(isize) -> *mut PyObject,
    set: unsafe extern "C" fn(*mut PyObject, isize, *mut PyObject) -> c_int,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let made = new(count as isize);
        for at in 0..count as isize {
            let item = *items.offset(at);
            if made.is_null() {
                py::Py_DecRef(item);
            } else {
                set(made, at, item);
            }
        }
        made
    }
}

/// # Safety
/// `items` points to `count` owned references.
pub(super) unsafe extern "C-unwind" fn swl_build_tuple(
    items: *const *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe { build(items, count, py::PyTuple_New, py::PyTuple_SetItem) }
}

/// # Safety
/// `items` points to `count` owned references.
pub(super) unsafe extern "C-unwind" fn swl_build_list(
    items: *const *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe { build(items, count, py::PyList_New, py::PyList_SetItem) }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_build_slice(
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: alive operands, the GIL held.
    unsafe { py::PySlice_New(start, stop, step) }
}

/// # Safety
/// A list, and an item whose reference is taken over.
pub(super) unsafe extern "C-unwind" fn swl_list_append(
    list: *mut PyObject,
    item: *mut PyObject,
) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        let status = py::PyList_Append(list, item);
        py::Py_DecRef(item);
        i64::from(status)
    }
}
