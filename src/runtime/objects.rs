//! Operations on any object: thin calls of CPython's own.

use super::short;
use crate::hir::{BinOp, CmpOp};
use crate::host::ffi::{_PyType_Lookup, PyObject, read};
use crate::host::snapshot::class_of;
use crate::layout::dict::{self, KEYS_GENERAL};
use crate::layout::frame as f;
use pyo3_ffi as py;
use std::ffi::c_int;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

/// # Safety
/// Operands are alive, `b` is an owned reference, `slot` null or one.
pub(super) unsafe extern "C-unwind" fn swl_append_local(
    slot: *mut *mut PyObject,
    a: *mut PyObject,
    b: *mut PyObject,
    op: i64,
) -> *mut PyObject {
    let text = addr_of_mut!(py::PyUnicode_Type);
    // SAFETY: the caller's promise.
    unsafe {
        if *slot == a && class_of(a) == text && class_of(b) == text {
            // Null after an error, as in CPython's specialised instruction.
            py::PyUnicode_Append(slot, b);
            py::Py_DecRef(b);
            return *slot;
        }
        // As on the value stack: whatever happens to the local meanwhile, the operand lives.
        py::Py_IncRef(a);
        let sum = swl_binary_op(a, b, op);
        py::Py_DecRef(a);
        py::Py_DecRef(b);
        if !sum.is_null() {
            let old = std::mem::replace(&mut *slot, sum);
            py::Py_DecRef(old);
        }
        sum
    }
}

/// `a ** b`, or `a **= b`, which is the same for numbers. Two of one class are asked at once, as CPython's instruction does in its own
/// copy of that code; `otherwise` is for all others, and not even mapped in most programs.
///
/// # Safety
/// Operands are alive.
unsafe fn power(a: *mut PyObject, b: *mut PyObject, otherwise: py::ternaryfunc) -> *mut PyObject {
    // SAFETY: alive; the number methods of these two classes never change, and know operands of their own class.
    unsafe {
        let class = py::Py_TYPE(a);
        let is_number =
            class == addr_of_mut!(py::PyFloat_Type) || class == addr_of_mut!(py::PyLong_Type);
        if is_number
            && class == py::Py_TYPE(b)
            && let Some(power) = (*(*class).tp_as_number).nb_power
        {
            return power(a, b, py::Py_None());
        }
        otherwise(a, b, py::Py_None())
    }
}

/// # Safety
/// Operands are alive.
pub unsafe extern "C-unwind" fn swl_binary_op(
    a: *mut PyObject,
    b: *mut PyObject,
    op: i64,
) -> *mut PyObject {
    use BinOp as B;
    // SAFETY: alive operands, the GIL held; the number comes from a `BinOp`.
    unsafe {
        if let Some(result) = short::number_op(a, b, op as u32) {
            return result;
        }
        let operation: unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject =
            match BinOp::ALL[op as usize] {
                B::Add => py::PyNumber_Add,
                B::And => py::PyNumber_And,
                B::FloorDivide => py::PyNumber_FloorDivide,
                B::Lshift => py::PyNumber_Lshift,
                B::MatrixMultiply => py::PyNumber_MatrixMultiply,
                B::Multiply => py::PyNumber_Multiply,
                B::Remainder => py::PyNumber_Remainder,
                B::Or => py::PyNumber_Or,
                B::Power => return power(a, b, py::PyNumber_Power),
                B::Rshift => py::PyNumber_Rshift,
                B::Subtract => py::PyNumber_Subtract,
                B::TrueDivide => py::PyNumber_TrueDivide,
                B::Xor => py::PyNumber_Xor,
                B::InplaceAdd => py::PyNumber_InPlaceAdd,
                B::InplaceAnd => py::PyNumber_InPlaceAnd,
                B::InplaceFloorDivide => py::PyNumber_InPlaceFloorDivide,
                B::InplaceLshift => py::PyNumber_InPlaceLshift,
                B::InplaceMatrixMultiply => py::PyNumber_InPlaceMatrixMultiply,
                B::InplaceMultiply => py::PyNumber_InPlaceMultiply,
                B::InplaceRemainder => py::PyNumber_InPlaceRemainder,
                B::InplaceOr => py::PyNumber_InPlaceOr,
                B::InplacePower => return power(a, b, py::PyNumber_InPlacePower),
                B::InplaceRshift => py::PyNumber_InPlaceRshift,
                B::InplaceSubtract => py::PyNumber_InPlaceSubtract,
                B::InplaceTrueDivide => py::PyNumber_InPlaceTrueDivide,
                B::InplaceXor => py::PyNumber_InPlaceXor,
            };
        operation(a, b)
    }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_compare_op(
    a: *mut PyObject,
    b: *mut PyObject,
    op: i64,
) -> *mut PyObject {
    debug_assert!((op as usize) < CmpOp::ALL.len());
    // SAFETY: alive operands; `CmpOp` is in the order of `Py_LT` … `Py_GE`.
    unsafe {
        match short::compare(a, b, op as u32) {
            Some(truth) => py::PyBool_FromLong(truth.into()),
            None => py::PyObject_RichCompare(a, b, op as c_int),
        }
    }
}

/// `_PyDictValues_AddToInsertionOrder`: the order grows downwards from before the values, behind its size.
///
/// # Safety
/// The values are those of an instance, which has had nothing at the index.
pub(super) unsafe extern "C-unwind" fn swl_note_value(values: *mut u8, index: i64) {
    // SAFETY: there is room for as many indices as there are values (CPython's promise).
    unsafe {
        let size = values.sub(2);
        *size += 1;
        *size.sub(usize::from(*size)) = index as u8;
    }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_contains(
    item: *mut PyObject,
    container: *mut PyObject,
) -> i64 {
    // SAFETY: alive operands, the GIL held.
    unsafe { i64::from(py::PySequence_Contains(container, item)) }
}

/// # Safety
/// The operand is alive.
pub(super) unsafe extern "C-unwind" fn swl_unary_op(a: *mut PyObject, op: i64) -> *mut PyObject {
    // SAFETY: an alive operand, the GIL held.
    unsafe {
        match op {
            0 => py::PyNumber_Positive(a),
            1 => py::PyNumber_Negative(a),
            2 => py::PyNumber_Invert(a),
            _ => match py::PyObject_Not(a) {
                -1 => null_mut(),
                truth => py::PyBool_FromLong(truth.into()),
            },
        }
    }
}

/// # Safety
/// The operand is alive.
pub(super) unsafe extern "C-unwind" fn swl_is_true(a: *mut PyObject) -> i64 {
    // SAFETY: an alive operand, the GIL held.
    unsafe { i64::from(py::PyObject_IsTrue(a)) }
}

/// The name `__class__`; one reference, kept for ever.
fn dunder_class() -> *mut PyObject {
    static NAME: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());
    let known = NAME.load(Ordering::Relaxed);
    if !known.is_null() {
        return known;
    }
    // SAFETY: a C string, the GIL held.
    let name = unsafe { py::PyUnicode_InternFromString(c"__class__".as_ptr()) };
    NAME.store(name, Ordering::Relaxed);
    name
}

/// Whether names are looked up on a class without running Python code: keys that are no plain strings have comparisons of their own.
///
/// # Safety
/// `class` is a class that is alive.
unsafe fn has_plain_names(class: *mut py::PyTypeObject) -> bool {
    // SAFETY: a class is ready: its MRO is a tuple of classes, each of which has a dict.
    unsafe {
        let mro = (*class).tp_mro;
        (0..py::PyTuple_GET_SIZE(mro)).all(|at| {
            let base = py::PyTuple_GET_ITEM(mro, at).cast::<py::PyTypeObject>();
            let keys: *mut PyObject = read((*base).tp_dict, dict::MA_KEYS);
            read::<u8>(keys, dict::DK_KIND) != KEYS_GENERAL
        })
    }
}

/// What can be said without running Python code: 0 or 1, or 2 for nothing. A class without a metaclass of its own is asked for nothing, and an
/// object's `__class__` is its class unless that defines the name, or how names are looked up.
///
/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_is_instance_quick(
    value: *mut PyObject,
    of: *mut PyObject,
) -> i64 {
    // SAFETY: alive operands, the GIL held; `of` is used as a class where it is one.
    unsafe {
        if py::PyType_CheckExact(of) == 0 {
            return 2;
        }
        let class = py::Py_TYPE(value);
        if py::PyType_IsSubtype(class, of.cast()) != 0 {
            return 1;
        }
        let standard = py::PyObject_GenericGetAttr as *const () as usize;
        if (*class).tp_getattro.is_none_or(|f| f as usize != standard) || !has_plain_names(class) {
            return 2;
        }
        let name = dunder_class();
        if name.is_null() {
            py::PyErr_Clear();
            return 2;
        }
        let base = addr_of_mut!(py::PyBaseObject_Type);
        let (own, common) = (
            _PyType_Lookup(class.cast(), name),
            _PyType_Lookup(base.cast(), name),
        );
        if own == common { 0 } else { 2 }
    }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_is_instance(
    value: *mut PyObject,
    of: *mut PyObject,
) -> i64 {
    // SAFETY: alive operands, the GIL held.
    unsafe { i64::from(py::PyObject_IsInstance(value, of)) }
}

/// # Safety
/// The operand is alive.
pub(super) unsafe extern "C-unwind" fn swl_to_str(a: *mut PyObject) -> *mut PyObject {
    // SAFETY: an alive operand, the GIL held.
    unsafe { py::PyObject_Str(a) }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_load_attr(
    a: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: alive operands, the GIL held.
    unsafe { py::PyObject_GetAttr(a, name) }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_store_attr(
    a: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> i64 {
    // SAFETY: alive operands, the GIL held.
    unsafe { i64::from(py::PyObject_SetAttr(a, name, value)) }
}

/// A lookup in globals or builtins: null without an exception when missing.
///
/// # Safety
/// Both are alive.
unsafe fn lookup(dict: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: alive operands, the GIL held.
    unsafe {
        if class_of(dict) == addr_of_mut!(py::PyDict_Type) {
            let value = py::PyDict_GetItemWithError(dict, name);
            py::Py_IncRef(value);
            return value;
        }
        let value = py::PyObject_GetItem(dict, name);
        if value.is_null() && py::PyErr_ExceptionMatches(py::PyExc_KeyError) != 0 {
            py::PyErr_Clear();
        }
        value
    }
}

/// # Safety
/// The frame is running, the name alive.
pub unsafe extern "C-unwind" fn swl_load_global(
    frame: *mut u8,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: a running frame's dictionary is alive.
    unsafe {
        let value = lookup(read(frame, f::F_GLOBALS), name);
        if !value.is_null() || !py::PyErr_Occurred().is_null() {
            return value;
        }
        load_builtin(frame, name)
    }
}

/// The same for a name that is no global: a new reference, or null with an exception.
///
/// # Safety
/// As [`swl_load_global`].
pub unsafe fn load_builtin(frame: *mut u8, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: as above.
    unsafe {
        let value = lookup(read(frame, f::F_BUILTINS), name);
        if value.is_null() && py::PyErr_Occurred().is_null() {
            raise_name_error(name);
        }
        value
    }
}

/// Runs no Python code: only exact dicts are looked into, and names are exact strings.
///
/// # Safety
/// The frame is running, the name alive.
pub(super) unsafe extern "C-unwind" fn swl_lookup_global(
    frame: *mut u8,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: a running frame's dictionaries are alive; results are borrowed from them.
    unsafe {
        for offset in [f::F_GLOBALS, f::F_BUILTINS] {
            let dict: *mut PyObject = read(frame, offset);
            if class_of(dict) != addr_of_mut!(py::PyDict_Type) {
                return null_mut();
            }
            let value = py::PyDict_GetItemWithError(dict, name);
            if !value.is_null() {
                return value;
            }
            if !py::PyErr_Occurred().is_null() {
                py::PyErr_Clear();
                return null_mut();
            }
        }
        null_mut()
    }
}

/// Raises the evaluator's `NameError`, with its `name` attribute.
///
/// # Safety
/// The name is an alive str.
unsafe fn raise_name_error(name: *mut PyObject) {
    // SAFETY: the GIL is held; the fetched references are ours and given back.
    unsafe {
        py::PyErr_Format(
            py::PyExc_NameError,
            c"name '%.200U' is not defined".as_ptr(),
            name,
        );
        let (mut ty, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        py::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
        py::PyErr_NormalizeException(&mut ty, &mut value, &mut traceback);
        if !value.is_null() && py::PyObject_SetAttrString(value, c"name".as_ptr(), name) != 0 {
            py::PyErr_Clear();
        }
        py::PyErr_Restore(ty, value, traceback);
    }
}

/// # Safety
/// The frame is running, name and value are alive.
pub(super) unsafe extern "C-unwind" fn swl_store_global(
    frame: *mut u8,
    name: *mut PyObject,
    value: *mut PyObject,
) -> i64 {
    // SAFETY: a running frame's globals are alive; the evaluator demands a dict as well.
    unsafe { i64::from(py::PyDict_SetItem(read(frame, f::F_GLOBALS), name, value)) }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_subscr(
    a: *mut PyObject,
    key: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: alive operands, the GIL held.
    unsafe { py::PyObject_GetItem(a, key) }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_store_subscr(
    a: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> i64 {
    // SAFETY: alive operands, the GIL held.
    unsafe { i64::from(py::PyObject_SetItem(a, key, value)) }
}

/// # Safety
/// Operands are alive.
pub(super) unsafe extern "C-unwind" fn swl_delete_subscr(
    a: *mut PyObject,
    key: *mut PyObject,
) -> i64 {
    // SAFETY: alive operands, the GIL held.
    unsafe { i64::from(py::PyObject_DelItem(a, key)) }
}

/// `PY_VECTORCALL_ARGUMENTS_OFFSET`.
pub const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

/// # Safety
/// `args` points to `count` alive objects with a spare word before them; `names` is null or a
/// tuple.
pub(super) unsafe extern "C-unwind" fn swl_call(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    count: i64,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let named = if names.is_null() {
            0
        } else {
            py::PyTuple_Size(names) as usize
        };
        let flags = (count as usize - named) | ARGUMENTS_OFFSET;
        let result = py::PyObject_Vectorcall(callable, args, flags, names);
        for at in 0..count as usize {
            py::Py_DecRef(*args.add(at));
        }
        super::after_call(result)
    }
}
