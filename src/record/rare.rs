//! Instructions with a handler of their own, and what the loop's longer arms call.

use super::eval::size_of_var;
use super::{class, decref, incref, unwind, xdecref};
use crate::bytecode::opcode as o;
use crate::host::Frame;
use crate::host::ffi::{self, PyObject, PyThreadState, read, write};
use crate::layout::{builtin, frame as f, function, tstate, typeobject};
use crate::runtime;
use pyo3_ffi as py;
use std::ptr::{addr_of_mut, null_mut};

/// The evaluator's state as a handler sees it. Of what it changes, only `sp` and `ip` count.
pub(super) struct State {
    pub(super) ts: *mut PyThreadState,
    pub(super) frame: Frame,
    pub(super) code: *mut PyObject,
    pub(super) locals: *mut *mut PyObject,
    pub(super) sp: *mut *mut PyObject,
    /// The unit behind the instruction.
    pub(super) ip: *const u16,
    pub(super) pc: usize,
    pub(super) arg: usize,
    pub(super) names: *mut *mut PyObject,
}

/// What comes after a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Next,
    /// An exception is set.
    Error,
    /// An exception is set again: the frame is in its traceback already.
    Reraise,
    /// CPython is to do this instruction. Nothing was changed, the stack included.
    Leave,
}

type Handler = unsafe fn(&mut State) -> Step;

impl State {
    unsafe fn push(&mut self, value: *mut PyObject) {
        // SAFETY: the compiler has seen to the stack's size.
        unsafe {
            *self.sp = value;
            self.sp = self.sp.add(1);
        }
    }

    unsafe fn pop(&mut self) -> *mut PyObject {
        // SAFETY: the compiler has seen to the stack's depth.
        unsafe {
            self.sp = self.sp.sub(1);
            *self.sp
        }
    }

    unsafe fn peek(&self, depth: usize) -> *mut PyObject {
        // SAFETY: as in `pop`.
        unsafe { *self.sp.sub(depth) }
    }

    unsafe fn name(&self) -> *mut PyObject {
        // SAFETY: the compiler's argument is an index.
        unsafe { *self.names.add(self.arg) }
    }

    /// Pushes a result, or raises.
    unsafe fn result(&mut self, value: *mut PyObject) -> Step {
        if value.is_null() {
            return Step::Error;
        }
        // SAFETY: as in `push`.
        unsafe { self.push(value) };
        Step::Next
    }
}

/// Which function does which instruction.
pub(super) const TABLE: [Handler; 256] = {
    let mut table: [Handler; 256] = [leave; 256];
    table[o::UNARY_POSITIVE as usize] = unary_positive;
    table[o::UNARY_NEGATIVE as usize] = unary_negative;
    table[o::UNARY_INVERT as usize] = unary_invert;
    table[o::DELETE_SUBSCR as usize] = delete_subscr;
    table[o::DELETE_FAST as usize] = delete_fast;
    table[o::DELETE_ATTR as usize] = delete_attr;
    table[o::STORE_GLOBAL as usize] = store_global;
    table[o::STORE_NAME as usize] = store_name;
    table[o::LOAD_NAME as usize] = load_name;
    table[o::LOAD_DEREF as usize] = load_deref;
    table[o::STORE_DEREF as usize] = store_deref;
    table[o::MAKE_CELL as usize] = make_cell;
    table[o::COPY_FREE_VARS as usize] = copy_free_vars;
    table[o::MAKE_FUNCTION as usize] = make_function;
    table[o::CALL_FUNCTION_EX as usize] = call_function_ex;
    table[o::BUILD_TUPLE as usize] = build_tuple;
    table[o::BUILD_LIST as usize] = build_list;
    table[o::BUILD_SET as usize] = build_set;
    table[o::BUILD_MAP as usize] = build_map;
    table[o::BUILD_CONST_KEY_MAP as usize] = build_const_key_map;
    table[o::BUILD_STRING as usize] = build_string;
    table[o::BUILD_SLICE as usize] = build_slice;
    table[o::FORMAT_VALUE as usize] = format_value;
    table[o::SET_ADD as usize] = set_add;
    table[o::MAP_ADD as usize] = map_add;
    table[o::LIST_EXTEND as usize] = list_extend;
    table[o::LIST_TO_TUPLE as usize] = list_to_tuple;
    table[o::SET_UPDATE as usize] = set_update;
    table[o::DICT_UPDATE as usize] = dict_update;
    table[o::GET_LEN as usize] = get_len;
    table[o::MATCH_MAPPING as usize] = match_mapping;
    table[o::MATCH_SEQUENCE as usize] = match_sequence;
    table[o::IMPORT_NAME as usize] = import_name;
    table[o::LOAD_ASSERTION_ERROR as usize] = load_assertion_error;
    table[o::RAISE_VARARGS as usize] = raise_varargs;
    table[o::RERAISE as usize] = reraise;
    table[o::PUSH_EXC_INFO as usize] = push_exc_info;
    table[o::POP_EXCEPT as usize] = pop_except;
    table[o::CHECK_EXC_MATCH as usize] = check_exc_match;
    table[o::BEFORE_WITH as usize] = before_with;
    table[o::WITH_EXCEPT_START as usize] = with_except_start;
    table
};

/// Instructions that this evaluator leaves to CPython: those of generators and coroutines, and those
/// whose errors CPython words in functions that it doesn't export.
unsafe fn leave(_state: &mut State) -> Step {
    Step::Leave
}

// SAFETY of all handlers: they run in the evaluator's loop, whose promises they inherit: the GIL is
// held, stack items are owned references that are alive, and what a handler pops it owns.

unsafe fn unary(
    state: &mut State,
    op: unsafe extern "C" fn(*mut PyObject) -> *mut PyObject,
) -> Step {
    // SAFETY: see above.
    unsafe {
        let value = state.pop();
        let result = op(value);
        decref(value);
        state.result(result)
    }
}

unsafe fn unary_positive(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe { unary(state, py::PyNumber_Positive) }
}

unsafe fn unary_negative(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe { unary(state, py::PyNumber_Negative) }
}

unsafe fn unary_invert(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe { unary(state, py::PyNumber_Invert) }
}

unsafe fn done(success: bool) -> Step {
    if success { Step::Next } else { Step::Error }
}

unsafe fn delete_subscr(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let (container, key) = (state.peek(2), state.peek(1));
        state.sp = state.sp.sub(2);
        let failed = py::PyObject_DelItem(container, key) != 0;
        decref(container);
        decref(key);
        done(!failed)
    }
}

unsafe fn delete_fast(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let slot = state.locals.add(state.arg);
        if (*slot).is_null() {
            return Step::Leave;
        }
        decref(std::mem::replace(&mut *slot, null_mut()));
        Step::Next
    }
}

unsafe fn delete_attr(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let name = state.name();
        let object = state.pop();
        let failed = py::PyObject_SetAttr(object, name, null_mut()) != 0;
        decref(object);
        done(!failed)
    }
}

unsafe fn store_global(state: &mut State) -> Step {
    // SAFETY: see above.
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
    // SAFETY: see above.
    unsafe {
        let dict: *mut PyObject = read(state.frame.as_ptr(), f::F_LOCALS);
        (!dict.is_null() && class(dict) == addr_of_mut!(py::PyDict_Type).cast()).then_some(dict)
    }
}

unsafe fn store_name(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn load_name(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let Some(dict) = namespace(state) else {
            return Step::Leave;
        };
        let value = py::PyDict_GetItemWithError(dict, state.name());
        if !value.is_null() {
            incref(value);
            state.push(value);
            return Step::Next;
        }
        if !py::PyErr_Occurred().is_null() {
            return Step::Error;
        }
        let value = super::globals::load(state.frame, state.name());
        state.result(value)
    }
}

/// `PyCellObject.ob_ref`.
const CELL_REF: i32 = 16;

unsafe fn load_deref(state: &mut State) -> Step {
    // SAFETY: see above; the compiler made the slot one of a cell.
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

unsafe fn store_deref(state: &mut State) -> Step {
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

unsafe fn make_cell(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn copy_free_vars(state: &mut State) -> Step {
    // SAFETY: see above; a function with free variables has a closure of that many cells.
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

unsafe fn make_function(state: &mut State) -> Step {
    // SAFETY: see above; the fields of a new function are null, and take the references over.
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

unsafe fn call_function_ex(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let has_keywords = state.arg & 1;
        let args = state.peek(1 + has_keywords);
        let keywords = if has_keywords == 1 {
            state.peek(1)
        } else {
            null_mut()
        };
        let odd = !keywords.is_null() && class(keywords) != addr_of_mut!(py::PyDict_Type).cast();
        if odd || class(args) != addr_of_mut!(py::PyTuple_Type).cast() {
            return Step::Leave;
        }
        let callable = state.peek(2 + has_keywords);
        // Below the callable lies a null.
        state.sp = state.sp.sub(3 + has_keywords);
        let result = py::PyObject_Call(callable, args, keywords);
        decref(callable);
        decref(args);
        xdecref(keywords);
        state.result(result)
    }
}

/// Takes the upper `arg` items off the stack: where they begin.
unsafe fn take(state: &mut State, count: usize) -> *mut *mut PyObject {
    // SAFETY: see above.
    unsafe {
        state.sp = state.sp.sub(count);
        state.sp
    }
}

unsafe fn build_tuple(state: &mut State) -> Step {
    // SAFETY: see above; the tuple is new.
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

unsafe fn build_list(state: &mut State) -> Step {
    // SAFETY: see above; the list is new.
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

unsafe fn build_set(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn build_map(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn build_const_key_map(state: &mut State) -> Step {
    // SAFETY: see above; the keys are a constant tuple of that length.
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

unsafe fn build_string(state: &mut State) -> Step {
    // SAFETY: see above; the compiler has made all items strings.
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

unsafe fn build_slice(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn format_value(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn set_add(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let item = state.pop();
        let failed = py::PySet_Add(state.peek(state.arg), item) != 0;
        decref(item);
        done(!failed)
    }
}

unsafe fn map_add(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let value = state.pop();
        let key = state.pop();
        let failed = py::PyDict_SetItem(state.peek(state.arg), key, value) != 0;
        decref(key);
        decref(value);
        done(!failed)
    }
}

unsafe fn list_extend(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn list_to_tuple(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let list = state.pop();
        let tuple = py::PyList_AsTuple(list);
        decref(list);
        state.result(tuple)
    }
}

unsafe fn set_update(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let iterable = state.pop();
        let failed = ffi::_PySet_Update(state.peek(state.arg), iterable) < 0;
        decref(iterable);
        done(!failed)
    }
}

unsafe fn dict_update(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn get_len(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let length = py::PyObject_Size(state.peek(1));
        if length < 0 {
            return Step::Error;
        }
        state.result(py::PyLong_FromSsize_t(length))
    }
}

/// `Py_TPFLAGS_SEQUENCE` and `Py_TPFLAGS_MAPPING`.
const SEQUENCE: u64 = 1 << 5;
const MAPPING: u64 = 1 << 6;

unsafe fn match_flag(state: &mut State, flag: u64) -> Step {
    // SAFETY: see above.
    unsafe {
        let flags: u64 = read(class(state.peek(1)), typeobject::TP_FLAGS);
        let truth = if flags & flag != 0 {
            py::Py_True()
        } else {
            py::Py_False()
        };
        incref(truth);
        state.push(truth);
        Step::Next
    }
}

unsafe fn match_mapping(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe { match_flag(state, MAPPING) }
}

unsafe fn match_sequence(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe { match_flag(state, SEQUENCE) }
}

unsafe fn import_name(state: &mut State) -> Step {
    // SAFETY: see above.
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

unsafe fn load_assertion_error(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let error = py::PyExc_AssertionError;
        incref(error);
        state.push(error);
        Step::Next
    }
}

unsafe fn is_exception_class(object: *mut PyObject) -> bool {
    // SAFETY: alive (caller).
    unsafe { py::PyExceptionClass_Check(object) != 0 }
}

unsafe fn raise_varargs(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let exception = if state.arg == 1 {
            state.peek(1)
        } else {
            return Step::Leave;
        };
        if is_exception_class(exception) {
            state.sp = state.sp.sub(1);
            let value = py::PyObject_CallNoArgs(exception);
            if value.is_null() {
                decref(exception);
                return Step::Error;
            }
            if py::PyExceptionInstance_Check(value) == 0 {
                py::PyErr_Format(
                    py::PyExc_TypeError,
                    c"calling %R should have returned an instance of BaseException, not %R"
                        .as_ptr(),
                    exception,
                    class(value),
                );
            } else {
                py::PyErr_SetObject(exception, value);
            }
            decref(value);
            decref(exception);
            return Step::Error;
        }
        if py::PyExceptionInstance_Check(exception) != 0 {
            state.sp = state.sp.sub(1);
            py::PyErr_SetObject(class(exception), exception);
            decref(exception);
            return Step::Error;
        }
        Step::Leave
    }
}

unsafe fn reraise(state: &mut State) -> Step {
    // SAFETY: see above; the compiler pushes an exception, and the instruction's number where it says so.
    unsafe {
        if unwind::handler(state.code, state.pc).is_none() {
            // CPython's evaluator takes it from here without naming the frame again.
            return Step::Leave;
        }
        if state.arg != 0 {
            let last = py::PyLong_AsLong(state.peek(state.arg + 1));
            state.frame.set_last_instruction(last);
        }
        let value = state.pop();
        let of = class(value);
        incref(of);
        let traceback = py::PyException_GetTraceback(value);
        py::PyErr_Restore(of, value, traceback);
        Step::Reraise
    }
}

/// The innermost exception that is being handled: a slot with a reference, or null.
unsafe fn handled(state: &State) -> *mut *mut PyObject {
    // SAFETY: a thread state always has a stack of them; the value is its first word.
    unsafe { read(state.ts, tstate::EXC_INFO) }
}

unsafe fn push_exc_info(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let value = state.pop();
        let slot = handled(state);
        let mut outer = *slot;
        if outer.is_null() {
            outer = py::Py_None();
            incref(outer);
        }
        state.push(outer);
        incref(value);
        state.push(value);
        *slot = value;
        Step::Next
    }
}

unsafe fn pop_except(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let slot = handled(state);
        let outer = state.pop();
        let value = std::mem::replace(&mut *slot, outer);
        xdecref(value);
        Step::Next
    }
}

unsafe fn check_exc_match(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let wanted = state.peek(1);
        let valid = if class(wanted) == addr_of_mut!(py::PyTuple_Type).cast() {
            (0..size_of_var(wanted)).all(|at| is_exception_class(py::PyTuple_GetItem(wanted, at)))
        } else {
            is_exception_class(wanted)
        };
        if !valid {
            return Step::Leave;
        }
        state.sp = state.sp.sub(1);
        let matches = py::PyErr_GivenExceptionMatches(state.peek(1), wanted) != 0;
        decref(wanted);
        let truth = if matches {
            py::Py_True()
        } else {
            py::Py_False()
        };
        incref(truth);
        state.push(truth);
        Step::Next
    }
}

/// A special method of an object: a new reference, or null, perhaps with an exception.
unsafe fn special(object: *mut PyObject, name: &std::ffi::CStr) -> *mut PyObject {
    // SAFETY: alive (caller).
    unsafe {
        let name = py::PyUnicode_InternFromString(name.as_ptr());
        if name.is_null() {
            return null_mut();
        }
        let method = ffi::_PyObject_LookupSpecial(object, name);
        decref(name);
        method
    }
}

unsafe fn before_with(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let manager = state.peek(1);
        let missing = || {
            if py::PyErr_Occurred().is_null() {
                Step::Leave
            } else {
                Step::Error
            }
        };
        let enter = special(manager, c"__enter__");
        if enter.is_null() {
            return missing();
        }
        let exit = special(manager, c"__exit__");
        if exit.is_null() {
            decref(enter);
            return missing();
        }
        *state.sp.sub(1) = exit;
        decref(manager);
        let result = py::PyObject_CallNoArgs(enter);
        decref(enter);
        state.result(result)
    }
}

unsafe fn with_except_start(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let value = state.peek(1);
        let exit = state.peek(4);
        let traceback = py::PyException_GetTraceback(value);
        let shown = if traceback.is_null() {
            py::Py_None()
        } else {
            traceback
        };
        let mut args = [null_mut(), class(value), value, shown];
        let flags = 3 | runtime::ARGUMENTS_OFFSET;
        let result = py::PyObject_Vectorcall(exit, args.as_mut_ptr().add(1), flags, null_mut());
        xdecref(traceback);
        state.result(result)
    }
}

// ---- what the loop's arms call -------------------------------------------------------------------

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
