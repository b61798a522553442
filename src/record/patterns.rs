//! Instructions of `match` that look into mappings and objects.

use super::rare::{State, Step};
use super::{class, decref, incref, xdecref};
use crate::host::Owned;
use crate::host::ffi::{PyObject, read};
use crate::layout::typeobject;
use pyo3_ffi as py;
use std::ffi::{CStr, c_char};
use std::ptr::{addr_of_mut, null_mut};

/// `_Py_TPFLAGS_MATCH_SELF`: of classes such as `int` a positional pattern matches the object itself.
const MATCH_SELF: u64 = 1 << 22;

// SAFETY of all functions: as in `rare`. `None` means that an exception is set, unless a function says otherwise.

/// The name of a class.
unsafe fn name_of(class: *mut PyObject) -> *const c_char {
    // SAFETY: a class (caller).
    unsafe { (*class.cast::<py::PyTypeObject>()).tp_name }
}

/// Adds a key or name to those that the pattern has had; false if it is there, or with an exception.
unsafe fn is_new(seen: &Owned, key: *mut PyObject) -> bool {
    // SAFETY: see above.
    unsafe { py::PySet_Contains(seen.as_ptr(), key) == 0 && py::PySet_Add(seen.as_ptr(), key) == 0 }
}

/// The values for `keys` of a mapping, as a tuple; `None`, the object, if one is missing.
unsafe fn values(mapping: *mut PyObject, keys: *mut PyObject) -> Option<Owned> {
    // SAFETY: see above; the compiler pushes a tuple of keys.
    unsafe {
        let count = py::PyTuple_Size(keys);
        let found = Owned::from_raw(py::PyTuple_New(count))?;
        if count == 0 {
            return Some(found);
        }
        let get = Owned::from_raw(py::PyObject_GetAttrString(mapping, c"get".as_ptr()))?;
        let seen = Owned::from_raw(py::PySet_New(null_mut()))?;
        let object = addr_of_mut!(py::PyBaseObject_Type).cast::<PyObject>();
        let absent = Owned::from_raw(py::PyObject_CallNoArgs(object))?;
        for at in 0..count {
            let key = py::PyTuple_GetItem(keys, at);
            if !is_new(&seen, key) {
                if py::PyErr_Occurred().is_null() {
                    py::PyErr_Format(
                        py::PyExc_ValueError,
                        c"mapping pattern checks duplicate key (%R)".as_ptr(),
                        key,
                    );
                }
                return None;
            }
            let args = [key, absent.as_ptr()];
            let value = Owned::from_raw(py::PyObject_Vectorcall(
                get.as_ptr(),
                args.as_ptr(),
                2,
                null_mut(),
            ))?;
            if value.as_ptr() == absent.as_ptr() {
                return Owned::new_ref(py::Py_None());
            }
            py::PyTuple_SetItem(found.as_ptr(), at, value.into_raw());
        }
        Some(found)
    }
}

pub(super) unsafe fn match_keys(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let found = values(state.peek(2), state.peek(1));
        state.result(found.map_or(null_mut(), Owned::into_raw))
    }
}

/// Appends attribute `name` of the subject to those matched. `None` without an exception: it has none.
unsafe fn take_attribute(
    (subject, of): (*mut PyObject, *mut PyObject),
    name: *mut PyObject,
    seen: &Owned,
    matched: &Owned,
) -> Option<()> {
    // SAFETY: see above.
    unsafe {
        if !is_new(seen, name) {
            if py::PyErr_Occurred().is_null() {
                py::PyErr_Format(
                    py::PyExc_TypeError,
                    c"%s() got multiple sub-patterns for attribute %R".as_ptr(),
                    name_of(of),
                    name,
                );
            }
            return None;
        }
        let Some(value) = Owned::from_raw(py::PyObject_GetAttr(subject, name)) else {
            if py::PyErr_ExceptionMatches(py::PyExc_AttributeError) != 0 {
                py::PyErr_Clear();
            }
            return None;
        };
        (py::PyList_Append(matched.as_ptr(), value.as_ptr()) == 0).then_some(())
    }
}

/// The names of a class's positional patterns, and whether there is but one, for the object itself.
unsafe fn positional(of: *mut PyObject) -> Option<(Owned, bool)> {
    // SAFETY: see above.
    unsafe {
        let attribute = py::PyObject_GetAttrString(of, c"__match_args__".as_ptr());
        let Some(names) = Owned::from_raw(attribute) else {
            if py::PyErr_ExceptionMatches(py::PyExc_AttributeError) == 0 {
                return None;
            }
            py::PyErr_Clear();
            let flags: u64 = read(of, typeobject::TP_FLAGS);
            return Some((
                Owned::from_raw(py::PyTuple_New(0))?,
                flags & MATCH_SELF != 0,
            ));
        };
        let given = class(names.as_ptr());
        if given != addr_of_mut!(py::PyTuple_Type).cast() {
            py::PyErr_Format(
                py::PyExc_TypeError,
                c"%s.__match_args__ must be a tuple (got %s)".as_ptr(),
                name_of(of),
                name_of(given),
            );
            return None;
        }
        Some((names, false))
    }
}

/// What the patterns of a class pattern are matched with, as a tuple. `None` without an exception: it is no match.
unsafe fn attributes(
    subject: *mut PyObject,
    of: *mut PyObject,
    count: usize,
    keywords: *mut PyObject,
) -> Option<Owned> {
    // SAFETY: see above; the compiler pushes a tuple of names.
    unsafe {
        if py::PyType_Check(of) == 0 {
            let text: &CStr = c"called match pattern must be a type";
            py::PyErr_SetString(py::PyExc_TypeError, text.as_ptr());
            return None;
        }
        if py::PyObject_IsInstance(subject, of) <= 0 {
            return None;
        }
        let seen = Owned::from_raw(py::PySet_New(null_mut()))?;
        let matched = Owned::from_raw(py::PyList_New(0))?;
        if count != 0 {
            let (names, itself) = positional(of)?;
            let allowed = if itself {
                1
            } else {
                py::PyTuple_Size(names.as_ptr()) as usize
            };
            if allowed < count {
                py::PyErr_Format(
                    py::PyExc_TypeError,
                    c"%s() accepts %zd positional sub-pattern%s (%zd given)".as_ptr(),
                    name_of(of),
                    allowed,
                    if allowed == 1 { c"" } else { c"s" }.as_ptr(),
                    count,
                );
                return None;
            }
            if itself && py::PyList_Append(matched.as_ptr(), subject) != 0 {
                return None;
            }
            for at in 0..if itself { 0 } else { count } {
                let name = py::PyTuple_GetItem(names.as_ptr(), at as isize);
                let kind = class(name);
                if kind != addr_of_mut!(py::PyUnicode_Type).cast() {
                    py::PyErr_Format(
                        py::PyExc_TypeError,
                        c"__match_args__ elements must be strings (got %s)".as_ptr(),
                        name_of(kind),
                    );
                    return None;
                }
                take_attribute((subject, of), name, &seen, &matched)?;
            }
        }
        for at in 0..py::PyTuple_Size(keywords) {
            let name = py::PyTuple_GetItem(keywords, at);
            take_attribute((subject, of), name, &seen, &matched)?;
        }
        Owned::from_raw(py::PyList_AsTuple(matched.as_ptr()))
    }
}

pub(super) unsafe fn match_class(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let (names, of, subject) = (state.peek(1), state.peek(2), state.peek(3));
        state.sp = state.sp.sub(3);
        let mut found =
            attributes(subject, of, state.arg, names).map_or(null_mut(), Owned::into_raw);
        decref(names);
        decref(of);
        if found.is_null() && py::PyErr_Occurred().is_null() {
            found = py::Py_None();
            incref(found);
        }
        xdecref(subject);
        state.result(found)
    }
}
