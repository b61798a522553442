//! Instructions that make functions and containers, and fill containers.

use super::eval::size_of_var;
use super::rare::{State, Step, done};
use super::{class, decref, incref, xdecref};
use crate::host::ffi::{self, PyObject, write};
use crate::layout::function;
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};

// SAFETY of all handlers: as in `rare`.

pub(super) unsafe fn make_function(state: &mut State) -> Step {
    // SAFETY: see `rare`; the fields of a new function are null, and take the references over.
    unsafe {
        let code = state.pop();
        let made = ffi::PyFunction_New(code, state.frame.globals());
        decref(code);
        if made.is_null() {
            return Step::Error;
        }
        let fields = [
            (8, function::FUNC_CLOSURE),
            (4, function::FUNC_ANNOTATIONS),
            (2, function::FUNC_KWDEFAULTS),
            (1, function::FUNC_DEFAULTS),
        ];
        for (bit, field) in fields {
            if state.arg & bit != 0 {
                let value = state.pop();
                write(made, field, value);
            }
        }
        state.push(made);
        Step::Next
    }
}

/// Takes the upper `arg` items off the stack: where they begin.
unsafe fn take(state: &mut State, count: usize) -> *mut *mut PyObject {
    // SAFETY: see `rare`.
    unsafe {
        state.sp = state.sp.sub(count);
        state.sp
    }
}

pub(super) unsafe fn build_tuple(state: &mut State) -> Step {
    // SAFETY: see `rare`; the tuple is new.
    unsafe {
        let tuple = py::PyTuple_New(state.arg as isize);
        let items = take(state, state.arg);
        for at in 0..state.arg {
            if tuple.is_null() {
                decref(*items.add(at));
            } else {
                py::PyTuple_SetItem(tuple, at as isize, *items.add(at));
            }
        }
        state.result(tuple)
    }
}

pub(super) unsafe fn build_list(state: &mut State) -> Step {
    // SAFETY: see `rare`; the list is new.
    unsafe {
        let list = py::PyList_New(state.arg as isize);
        let items = take(state, state.arg);
        for at in 0..state.arg {
            if list.is_null() {
                decref(*items.add(at));
            } else {
                py::PyList_SetItem(list, at as isize, *items.add(at));
            }
        }
        state.result(list)
    }
}

pub(super) unsafe fn build_set(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let set = py::PySet_New(null_mut());
        let items = take(state, state.arg);
        let mut failed = set.is_null();
        for at in 0..state.arg {
            let item = *items.add(at);
            failed = failed || py::PySet_Add(set, item) != 0;
            decref(item);
        }
        if failed {
            xdecref(set);
            return Step::Error;
        }
        state.result(set)
    }
}

pub(super) unsafe fn build_map(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let dict = py::PyDict_New();
        let items = take(state, 2 * state.arg);
        let mut failed = dict.is_null();
        for at in 0..state.arg {
            let (key, value) = (*items.add(2 * at), *items.add(2 * at + 1));
            failed = failed || py::PyDict_SetItem(dict, key, value) != 0;
        }
        for at in 0..2 * state.arg {
            decref(*items.add(at));
        }
        if failed {
            xdecref(dict);
            return Step::Error;
        }
        state.result(dict)
    }
}

pub(super) unsafe fn build_const_key_map(state: &mut State) -> Step {
    // SAFETY: see `rare`; the keys are a constant tuple of that length.
    unsafe {
        let keys = state.pop();
        let dict = py::PyDict_New();
        let items = take(state, state.arg);
        let mut failed = dict.is_null();
        for at in 0..state.arg {
            let key = py::PyTuple_GetItem(keys, at as isize);
            failed = failed || py::PyDict_SetItem(dict, key, *items.add(at)) != 0;
        }
        for at in 0..state.arg {
            decref(*items.add(at));
        }
        decref(keys);
        if failed {
            xdecref(dict);
            return Step::Error;
        }
        state.result(dict)
    }
}

pub(super) unsafe fn build_string(state: &mut State) -> Step {
    // SAFETY: see `rare`; the compiler has made all items strings.
    unsafe {
        let empty = py::PyUnicode_FromStringAndSize(std::ptr::null(), 0);
        if empty.is_null() {
            return Step::Error;
        }
        let items = take(state, state.arg);
        let joined = ffi::_PyUnicode_JoinArray(empty, items, state.arg as isize);
        decref(empty);
        for at in 0..state.arg {
            decref(*items.add(at));
        }
        state.result(joined)
    }
}

pub(super) unsafe fn build_slice(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let step = if state.arg == 3 {
            state.pop()
        } else {
            null_mut()
        };
        let stop = state.pop();
        let start = state.pop();
        let slice = py::PySlice_New(start, stop, step);
        decref(start);
        decref(stop);
        xdecref(step);
        state.result(slice)
    }
}

pub(super) unsafe fn format_value(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let spec = if state.arg & 4 != 0 {
            state.pop()
        } else {
            null_mut()
        };
        let mut value = state.pop();
        let conversion: Option<unsafe extern "C" fn(*mut PyObject) -> *mut PyObject> =
            match state.arg & 3 {
                1 => Some(py::PyObject_Str),
                2 => Some(py::PyObject_Repr),
                3 => Some(py::PyObject_ASCII),
                _ => None,
            };
        if let Some(convert) = conversion {
            let converted = convert(value);
            decref(value);
            if converted.is_null() {
                xdecref(spec);
                return Step::Error;
            }
            value = converted;
        }
        if spec.is_null() && class(value) == addr_of_mut!(py::PyUnicode_Type).cast() {
            state.push(value);
            return Step::Next;
        }
        let text = py::PyObject_Format(value, spec);
        decref(value);
        xdecref(spec);
        state.result(text)
    }
}

pub(super) unsafe fn list_append(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let item = state.pop();
        let failed = py::PyList_Append(state.peek(state.arg), item) != 0;
        decref(item);
        done(!failed)
    }
}

pub(super) unsafe fn set_add(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let item = state.pop();
        let failed = py::PySet_Add(state.peek(state.arg), item) != 0;
        decref(item);
        done(!failed)
    }
}

pub(super) unsafe fn map_add(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let value = state.pop();
        let key = state.pop();
        let failed = py::PyDict_SetItem(state.peek(state.arg), key, value) != 0;
        decref(key);
        decref(value);
        done(!failed)
    }
}

pub(super) unsafe fn list_extend(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let iterable = state.peek(1);
        let of = class(iterable).cast::<py::PyTypeObject>();
        if (*of).tp_iter.is_none() {
            // It may be no iterable: then CPython says so in words of its own.
            return Step::Leave;
        }
        state.sp = state.sp.sub(1);
        let none = ffi::_PyList_Extend(state.peek(state.arg), iterable);
        decref(iterable);
        xdecref(none);
        done(!none.is_null())
    }
}

pub(super) unsafe fn list_to_tuple(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let list = state.pop();
        let tuple = py::PyList_AsTuple(list);
        decref(list);
        state.result(tuple)
    }
}

pub(super) unsafe fn set_update(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let iterable = state.pop();
        let failed = ffi::_PySet_Update(state.peek(state.arg), iterable) < 0;
        decref(iterable);
        done(!failed)
    }
}

pub(super) unsafe fn dict_update(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let update = state.peek(1);
        if class(update) != addr_of_mut!(py::PyDict_Type).cast() {
            return Step::Leave;
        }
        state.sp = state.sp.sub(1);
        let failed = py::PyDict_Update(state.peek(state.arg), update) < 0;
        decref(update);
        done(!failed)
    }
}

/// `f(**update)`, where no keyword is there twice.
pub(super) unsafe fn dict_merge(state: &mut State) -> Step {
    // SAFETY: see `rare`; the dict is one that the compiler has made, so nothing else sees it.
    unsafe {
        let (update, dict) = (state.peek(1), state.peek(1 + state.arg));
        if class(update) != addr_of_mut!(py::PyDict_Type).cast() {
            return Step::Leave;
        }
        let (mut at, mut key, mut value) = (0, null_mut(), null_mut());
        while py::PyDict_Next(update, &mut at, &mut key, &mut value) != 0 {
            // Only for plain strings does the look-up run no code of the program.
            if class(key) != addr_of_mut!(py::PyUnicode_Type).cast()
                || py::PyDict_Contains(dict, key) != 0
            {
                return Step::Leave;
            }
        }
        state.sp = state.sp.sub(1);
        let failed = py::PyDict_Update(dict, update) < 0;
        decref(update);
        done(!failed)
    }
}

/// `a, *b, c = sequence` for a tuple or list that has enough items.
pub(super) unsafe fn unpack_ex(state: &mut State) -> Step {
    // SAFETY: see `rare`; the items are read while the sequence is held, and nothing runs meanwhile.
    unsafe {
        let sequence = state.peek(1);
        let of = class(sequence);
        let is_list = of == addr_of_mut!(py::PyList_Type).cast();
        if !is_list && of != addr_of_mut!(py::PyTuple_Type).cast() {
            return Step::Leave;
        }
        let (before, after) = (state.arg & 0xff, state.arg >> 8);
        let count = size_of_var(sequence) as usize;
        if count < before + after {
            return Step::Leave;
        }
        let middle = py::PySequence_GetSlice(sequence, before as isize, (count - after) as isize);
        if middle.is_null() {
            return Step::Error;
        }
        let list = if is_list {
            middle
        } else {
            let list = py::PySequence_List(middle);
            decref(middle);
            list
        };
        if list.is_null() {
            return Step::Error;
        }
        let item = |at: usize| {
            let item = if is_list {
                py::PyList_GetItem(sequence, at as isize)
            } else {
                py::PyTuple_GetItem(sequence, at as isize)
            };
            incref(item);
            item
        };
        state.sp = state.sp.sub(1);
        // The first item is uppermost.
        for at in (count - after..count).rev() {
            let item = item(at);
            state.push(item);
        }
        state.push(list);
        for at in (0..before).rev() {
            let item = item(at);
            state.push(item);
        }
        decref(sequence);
        Step::Next
    }
}
