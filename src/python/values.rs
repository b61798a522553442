//! Plain data to Python objects and back.

use crate::hir::Type;
use crate::host::Owned;
use crate::host::ffi::PyObject;
use crate::host::snapshot::{text, type_of};
use pyo3_ffi as py;
use serde_json::Value;
use std::ptr::null_mut;

fn string(value: &str) -> *mut PyObject {
    // SAFETY: valid UTF-8 of that length.
    unsafe { py::PyUnicode_FromStringAndSize(value.as_ptr().cast(), value.len() as isize) }
}

/// A new reference to the Python form of `value`; null with an exception if memory is out.
pub(super) fn to_python(value: &Value) -> *mut PyObject {
    // SAFETY: the GIL is held; containers are filled before anyone sees them, and every reference
    // is owned by a value of type `Owned` until it is handed over.
    unsafe {
        match value {
            Value::Null => py::Py_NewRef(py::Py_None()),
            Value::Bool(value) => py::PyBool_FromLong(i64::from(*value)),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => py::PyLong_FromLongLong(value),
                (None, Some(value)) => py::PyLong_FromUnsignedLongLong(value),
                (None, None) => py::PyFloat_FromDouble(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(value) => string(value),
            Value::Array(items) => {
                let list = py::PyList_New(0);
                for item in items {
                    let Some(item) = Owned::from_raw(to_python(item)) else {
                        return null_mut();
                    };
                    if list.is_null() || py::PyList_Append(list, item.as_ptr()) != 0 {
                        return null_mut();
                    }
                }
                list
            }
            Value::Object(items) => {
                let dict = py::PyDict_New();
                for (key, item) in items {
                    let (key, item) = (
                        Owned::from_raw(string(key)),
                        Owned::from_raw(to_python(item)),
                    );
                    let (Some(key), Some(item)) = (key, item) else {
                        return null_mut();
                    };
                    if dict.is_null() || py::PyDict_SetItem(dict, key.as_ptr(), item.as_ptr()) != 0
                    {
                        return null_mut();
                    }
                }
                dict
            }
        }
    }
}

/// The items of a dict whose keys are strings; values that are not strings count as absent.
///
/// # Safety
/// `dict` is alive.
pub(super) unsafe fn string_pairs(dict: *mut PyObject) -> Vec<(String, Option<String>)> {
    let mut pairs = Vec::new();
    // SAFETY: alive; `PyDict_Next` lends its items.
    unsafe {
        if type_of(dict) != Type::DICT {
            return pairs;
        }
        let (mut at, mut key, mut value) = (0, null_mut(), null_mut());
        while py::PyDict_Next(dict, &mut at, &mut key, &mut value) != 0 {
            if type_of(key) == Type::STR {
                let value = (type_of(value) == Type::STR).then(|| text(value));
                pairs.push((text(key), value));
            }
        }
    }
    pairs
}
