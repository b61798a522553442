//! Instructions on names, cells and modules.

use super::rare::{State, Step, done};
use super::{class, decref, incref, xdecref};
use crate::host::ffi::{PyObject, read, write};
use crate::layout::builtin::CELL_REF;
use crate::layout::{frame as f, function};
use crate::runtime;
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};

// SAFETY of all handlers: as in `rare`.

pub(super) unsafe fn delete_fast(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let slot = state.locals.add(state.arg);
        if (*slot).is_null() {
            return Step::Leave;
        }
        decref(std::mem::replace(&mut *slot, null_mut()));
        Step::Next
    }
}

pub(super) unsafe fn delete_attr(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let name = state.name();
        let object = state.pop();
        let failed = py::PyObject_SetAttr(object, name, null_mut()) != 0;
        decref(object);
        done(!failed)
    }
}

pub(super) unsafe fn store_global(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let name = state.name();
        let value = state.pop();
        let failed = py::PyDict_SetItem(state.frame.globals(), name, value) != 0;
        decref(value);
        done(!failed)
    }
}

/// The frame's namespace, if it is a dict.
unsafe fn namespace(state: &State) -> Option<*mut PyObject> {
    // SAFETY: see `rare`.
    unsafe {
        let dict: *mut PyObject = read(state.frame.as_ptr(), f::F_LOCALS);
        (!dict.is_null() && class(dict) == addr_of_mut!(py::PyDict_Type).cast()).then_some(dict)
    }
}

pub(super) unsafe fn store_name(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let Some(dict) = namespace(state) else {
            return Step::Leave;
        };
        let name = state.name();
        let value = state.pop();
        let failed = py::PyDict_SetItem(dict, name, value) != 0;
        decref(value);
        done(!failed)
    }
}

pub(super) unsafe fn delete_name(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let name = state.name();
        match namespace(state) {
            Some(dict) if py::PyDict_Contains(dict, name) == 1 => {
                done(py::PyDict_DelItem(dict, name) == 0)
            }
            _ => {
                // CPython does it again, and words the error.
                py::PyErr_Clear();
                Step::Leave
            }
        }
    }
}

pub(super) unsafe fn load_name(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let Some(dict) = namespace(state) else {
            return Step::Leave;
        };
        // Unlike `LOAD_GLOBAL`, this does not ask a subclass of dict.
        for dict in [dict, state.frame.globals()] {
            let value = py::PyDict_GetItemWithError(dict, state.name());
            if !value.is_null() {
                incref(value);
                state.push(value);
                return Step::Next;
            }
            if !py::PyErr_Occurred().is_null() {
                return Step::Error;
            }
        }
        let value = runtime::load_builtin(state.frame.as_ptr().cast(), state.name());
        state.result(value)
    }
}

pub(super) unsafe fn load_deref(state: &mut State) -> Step {
    // SAFETY: see `rare`; the compiler made the slot one of a cell.
    unsafe {
        let cell = *state.locals.add(state.arg);
        let value: *mut PyObject = read(cell, CELL_REF);
        if value.is_null() {
            return Step::Leave;
        }
        incref(value);
        state.push(value);
        Step::Next
    }
}

pub(super) unsafe fn store_deref(state: &mut State) -> Step {
    // SAFETY: as in `load_deref`.
    unsafe {
        let cell = *state.locals.add(state.arg);
        let value = state.pop();
        let old: *mut PyObject = read(cell, CELL_REF);
        write(cell, CELL_REF, value);
        xdecref(old);
        Step::Next
    }
}

pub(super) unsafe fn make_cell(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let slot = state.locals.add(state.arg);
        let cell = py::PyCell_New(*slot);
        if cell.is_null() {
            return Step::Error;
        }
        xdecref(std::mem::replace(&mut *slot, cell));
        Step::Next
    }
}

pub(super) unsafe fn copy_free_vars(state: &mut State) -> Step {
    // SAFETY: see `rare`; a function with free variables has a closure of that many cells.
    unsafe {
        let closure: *mut PyObject = read(state.frame.function(), function::FUNC_CLOSURE);
        let first = state.frame.nlocals() as usize - state.arg;
        for at in 0..state.arg {
            let cell = py::PyTuple_GetItem(closure, at as isize);
            incref(cell);
            *state.locals.add(first + at) = cell;
        }
        Step::Next
    }
}

pub(super) unsafe fn import_name(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let builtins = state.frame.builtins();
        if class(builtins) != addr_of_mut!(py::PyDict_Type).cast() {
            return Step::Leave;
        }
        let import = py::PyDict_GetItemString(builtins, c"__import__".as_ptr());
        if import.is_null() {
            return Step::Leave;
        }
        incref(import);
        let names = state.pop();
        let level = state.pop();
        let locals: *mut PyObject = read(state.frame.as_ptr(), f::F_LOCALS);
        let locals = if locals.is_null() {
            py::Py_None()
        } else {
            locals
        };
        let args = [state.name(), state.frame.globals(), locals, names, level];
        let module = py::PyObject_Vectorcall(import, args.as_ptr(), args.len(), null_mut());
        decref(import);
        decref(names);
        decref(level);
        state.result(module)
    }
}

pub(super) unsafe fn delete_global(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let (globals, name) = (state.frame.globals(), state.name());
        match py::PyDict_Contains(globals, name) {
            // CPython raises, in its words.
            0 => Step::Leave,
            1 => done(py::PyDict_DelItem(globals, name) == 0),
            _ => Step::Error,
        }
    }
}

pub(super) unsafe fn delete_deref(state: &mut State) -> Step {
    // SAFETY: as in `load_deref`.
    unsafe {
        let cell = *state.locals.add(state.arg);
        let old: *mut PyObject = read(cell, CELL_REF);
        if old.is_null() {
            return Step::Leave;
        }
        write(cell, CELL_REF, null_mut::<PyObject>());
        decref(old);
        Step::Next
    }
}

pub(super) unsafe fn load_build_class(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let builtins = state.frame.builtins();
        if class(builtins) != addr_of_mut!(py::PyDict_Type).cast() {
            return Step::Leave;
        }
        let function = py::PyDict_GetItemString(builtins, c"__build_class__".as_ptr());
        if function.is_null() {
            return Step::Leave;
        }
        incref(function);
        state.push(function);
        Step::Next
    }
}

/// `from module import name`, where the name is simply there; else CPython looks for a submodule.
pub(super) unsafe fn import_from(state: &mut State) -> Step {
    // SAFETY: see `rare`; a module's dict is a dict.
    unsafe {
        let module = state.peek(1);
        if class(module) != addr_of_mut!(py::PyModule_Type).cast() {
            return Step::Leave;
        }
        let value = py::PyDict_GetItemWithError(py::PyModule_GetDict(module), state.name());
        if value.is_null() {
            return if py::PyErr_Occurred().is_null() {
                Step::Leave
            } else {
                Step::Error
            };
        }
        incref(value);
        state.push(value);
        Step::Next
    }
}
