//! Copies a code object out. Runs no Python code: only exact classes are asked for their text.

use super::ffi::{PyObject, read};
use super::reference::Owned;
use crate::bytecode::{Code, ConstInfo, NameInfo};
use crate::hir::Type;
use crate::layout::{code as c, object};
use pyo3_ffi::{
    Py_None, PyBool_Type, PyBytes_AsString, PyBytes_Size, PyDict_Type, PyErr_Clear,
    PyFloat_AS_DOUBLE, PyFloat_Type, PyList_Type, PyLong_AsLongLongAndOverflow, PyLong_Type,
    PyTuple_GetItem, PyTuple_Size, PyTuple_Type, PyTypeObject, PyUnicode_AsUTF8AndSize,
    PyUnicode_GetLength, PyUnicode_Substring, PyUnicode_Type,
};
use std::ptr::addr_of_mut;

/// Longest text kept of a constant.
const MAX_REPR: usize = 400;

/// The class of an object.
///
/// # Safety
/// `object` is alive.
#[must_use]
pub unsafe fn class_of(object: *mut PyObject) -> *mut PyTypeObject {
    // SAFETY: every object has a class.
    unsafe { read(object, object::OB_TYPE) }
}

/// The lattice type of an object; `NULL` for null.
///
/// # Safety
/// `object` is null or alive.
#[must_use]
pub unsafe fn type_of(object: *mut PyObject) -> Type {
    if object.is_null() {
        return Type::NULL;
    }
    let known = [
        (addr_of_mut!(PyLong_Type), Type::INT),
        (addr_of_mut!(PyFloat_Type), Type::FLOAT),
        (addr_of_mut!(PyBool_Type), Type::BOOL),
        (addr_of_mut!(PyUnicode_Type), Type::STR),
        (addr_of_mut!(PyList_Type), Type::LIST),
        (addr_of_mut!(PyTuple_Type), Type::TUPLE),
        (addr_of_mut!(PyDict_Type), Type::DICT),
        (addr_of_mut!(super::ffi::PyFunction_Type), Type::FUNC),
        (addr_of_mut!(super::ffi::PyRange_Type), Type::RANGE),
    ];
    // SAFETY: alive, as the caller promises.
    let (class, none) = unsafe { (class_of(object), Py_None()) };
    if object == none {
        return Type::NONE;
    }
    known
        .iter()
        .find(|(ty, _)| *ty == class)
        .map_or(Type::OTHER, |(_, ty)| *ty)
}

/// The text of a `str`.
///
/// # Safety
/// `object` is an exact `str`, alive.
#[must_use]
pub unsafe fn text(object: *mut PyObject) -> String {
    let mut size = 0;
    // SAFETY: a str; the buffer belongs to it and is copied at once.
    unsafe {
        let data = PyUnicode_AsUTF8AndSize(object, &mut size);
        if data.is_null() {
            PyErr_Clear();
            return "?".to_owned();
        }
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), size as usize);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// The name of a class, without module.
///
/// # Safety
/// `class` is alive.
#[must_use]
pub unsafe fn class_name(class: *mut PyTypeObject) -> String {
    // SAFETY: `tp_name` is a C string.
    let name = unsafe { std::ffi::CStr::from_ptr((*class).tp_name) };
    let name = name.to_string_lossy();
    name.rsplit('.').next().unwrap_or("?").to_owned()
}

/// A constant's text: its `repr` where that runs no Python code. `PyObject_Repr` does: it calls the handlers of
/// signals that have come, and so does the `repr` of a large int.
///
/// # Safety
/// `object` is alive.
pub(super) unsafe fn repr(object: *mut PyObject, ty: Type) -> String {
    let plain = Type::INT | Type::FLOAT | Type::BOOL | Type::NONE | Type::STR;
    // SAFETY: alive; the repr of these classes is C code only.
    unsafe {
        if !ty.is(plain) {
            return format!("a {}", class_name(class_of(object)));
        }
        if ty.is(Type::INT) {
            let mut overflow = 0;
            let value = PyLong_AsLongLongAndOverflow(object, &mut overflow);
            return match overflow {
                0 => value.to_string(),
                _ => "a large int".to_owned(),
            };
        }
        if ty.is(Type::FLOAT) {
            // In Rust's digits: what CPython makes its own with would stay mapped.
            return format!("{:?}", PyFloat_AS_DOUBLE(object));
        }
        // A literal may be megabytes long.
        let cut = ty == Type::STR && PyUnicode_GetLength(object) > MAX_REPR as isize;
        let part = cut.then(|| Owned::from_raw(PyUnicode_Substring(object, 0, MAX_REPR as isize)));
        let shown = match &part {
            Some(Some(part)) => part.as_ptr(),
            Some(None) => {
                PyErr_Clear();
                return "?".to_owned();
            }
            None => object,
        };
        let slot = (*class_of(shown)).tp_repr;
        let Some(repr) = slot.and_then(|repr| Owned::from_raw(repr(shown))) else {
            PyErr_Clear();
            return "?".to_owned();
        };
        let mut repr = text(repr.as_ptr());
        if repr.len() > MAX_REPR {
            let cut = (0..=MAX_REPR).rev().find(|at| repr.is_char_boundary(*at));
            repr.truncate(cut.unwrap_or(0));
            repr.push('…');
        }
        repr
    }
}

/// The items of a tuple field of a code object.
unsafe fn tuple_items(tuple: *mut PyObject) -> Vec<*mut PyObject> {
    // SAFETY: the caller passes a tuple that is alive; items are borrowed from it.
    unsafe {
        (0..PyTuple_Size(tuple))
            .map(|at| PyTuple_GetItem(tuple, at))
            .collect()
    }
}

/// The instructions of a code object as they are now, caches included.
///
/// # Safety
/// `code` is a code object that stays alive; CPython may quicken instructions later.
#[must_use]
pub unsafe fn code_units<'a>(code: *mut PyObject) -> &'a [u16] {
    // SAFETY: a code object has its length and that many code units.
    unsafe {
        let count: isize = read(code, object::OB_SIZE);
        let first = code.cast::<u8>().offset(c::CO_CODE_ADAPTIVE as isize);
        std::slice::from_raw_parts(first.cast::<u16>(), count.max(0) as usize)
    }
}

/// Copies the code object at `code`.
///
/// # Safety
/// `code` is a code object, alive.
#[must_use]
pub unsafe fn copy_code(code: *mut PyObject) -> Code {
    // SAFETY: a code object has all of these fields, of these types.
    unsafe {
        let int = |offset: i32| -> u32 { read::<i32>(code, offset).max(0) as u32 };
        let object = |offset: i32| -> *mut PyObject { read(code, offset) };
        let units = code_units(code).to_vec();
        let consts = tuple_items(object(c::CO_CONSTS))
            .into_iter()
            .map(|item| {
                let ty = type_of(item);
                ConstInfo {
                    addr: item as u64,
                    ty,
                    repr: repr(item, ty),
                }
            })
            .collect();
        let names = tuple_items(object(c::CO_NAMES))
            .into_iter()
            .map(|item| NameInfo {
                addr: item as u64,
                text: text(item),
            })
            .collect();
        let varnames = tuple_items(object(c::CO_LOCALSPLUSNAMES))
            .into_iter()
            .map(|item| text(item))
            .collect();
        let table = object(c::CO_EXCEPTIONTABLE);
        let exception_table = std::slice::from_raw_parts(
            PyBytes_AsString(table).cast::<u8>(),
            PyBytes_Size(table).max(0) as usize,
        )
        .to_vec();
        Code {
            name: text(object(c::CO_QUALNAME)),
            filename: text(object(c::CO_FILENAME)),
            firstlineno: int(c::CO_FIRSTLINENO),
            flags: int(c::CO_FLAGS),
            argcount: int(c::CO_ARGCOUNT),
            posonlyargcount: int(c::CO_POSONLYARGCOUNT),
            kwonlyargcount: int(c::CO_KWONLYARGCOUNT),
            nlocals: int(c::CO_NLOCALS),
            nlocalsplus: int(c::CO_NLOCALSPLUS),
            stacksize: int(c::CO_STACKSIZE),
            ncellvars: int(c::CO_NCELLVARS),
            nfreevars: int(c::CO_NFREEVARS),
            units,
            consts,
            names,
            varnames,
            exception_table,
            addr: code as u64,
        }
    }
}
