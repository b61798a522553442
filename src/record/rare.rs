//! Instructions with a handler of their own: the table, and those of no larger family.

use super::{build, class, decref, generators, incref, names, patterns, raise, xdecref};
use crate::bytecode::opcode as o;
use crate::host::Frame;
use crate::host::ffi::{PyObject, PyThreadState, read};
use crate::layout::typeobject;
use crate::runtime;
use pyo3_ffi as py;
use std::ffi::c_int;
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
    pub(super) unsafe fn push(&mut self, value: *mut PyObject) {
        // SAFETY: the compiler has seen to the stack's size.
        unsafe {
            *self.sp = value;
            self.sp = self.sp.add(1);
        }
    }

    pub(super) unsafe fn pop(&mut self) -> *mut PyObject {
        // SAFETY: the compiler has seen to the stack's depth.
        unsafe {
            self.sp = self.sp.sub(1);
            *self.sp
        }
    }

    pub(super) unsafe fn peek(&self, depth: usize) -> *mut PyObject {
        // SAFETY: as in `pop`.
        unsafe { *self.sp.sub(depth) }
    }

    pub(super) unsafe fn name(&self) -> *mut PyObject {
        // SAFETY: the compiler's argument is an index.
        unsafe { *self.names.add(self.arg) }
    }

    /// Pushes the truth value of `truth`, perhaps inverted; raises if it is negative.
    pub(super) unsafe fn truth(&mut self, truth: c_int, invert: bool) -> Step {
        if truth < 0 {
            return Step::Error;
        }
        // SAFETY: as in `push`; both are immortal while the interpreter lives.
        unsafe {
            let value = if (truth != 0) != invert {
                py::Py_True()
            } else {
                py::Py_False()
            };
            incref(value);
            self.push(value);
        }
        Step::Next
    }

    /// Pushes a result, or raises.
    pub(super) unsafe fn result(&mut self, value: *mut PyObject) -> Step {
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
    table[o::UNARY_NOT as usize] = unary_not;
    table[o::CONTAINS_OP as usize] = contains;
    table[o::DELETE_SUBSCR as usize] = delete_subscr;
    table[o::DELETE_FAST as usize] = names::delete_fast;
    table[o::DELETE_ATTR as usize] = names::delete_attr;
    table[o::STORE_GLOBAL as usize] = names::store_global;
    table[o::STORE_NAME as usize] = names::store_name;
    table[o::LOAD_NAME as usize] = names::load_name;
    table[o::LOAD_DEREF as usize] = names::load_deref;
    table[o::STORE_DEREF as usize] = names::store_deref;
    table[o::MAKE_CELL as usize] = names::make_cell;
    table[o::COPY_FREE_VARS as usize] = names::copy_free_vars;
    table[o::MAKE_FUNCTION as usize] = build::make_function;
    table[o::CALL_FUNCTION_EX as usize] = call_function_ex;
    table[o::BUILD_TUPLE as usize] = build::build_tuple;
    table[o::BUILD_LIST as usize] = build::build_list;
    table[o::BUILD_SET as usize] = build::build_set;
    table[o::BUILD_MAP as usize] = build::build_map;
    table[o::BUILD_CONST_KEY_MAP as usize] = build::build_const_key_map;
    table[o::BUILD_STRING as usize] = build::build_string;
    table[o::BUILD_SLICE as usize] = build::build_slice;
    table[o::FORMAT_VALUE as usize] = build::format_value;
    table[o::LIST_APPEND as usize] = build::list_append;
    table[o::SET_ADD as usize] = build::set_add;
    table[o::MAP_ADD as usize] = build::map_add;
    table[o::LIST_EXTEND as usize] = build::list_extend;
    table[o::LIST_TO_TUPLE as usize] = build::list_to_tuple;
    table[o::SET_UPDATE as usize] = build::set_update;
    table[o::DICT_UPDATE as usize] = build::dict_update;
    table[o::DELETE_GLOBAL as usize] = names::delete_global;
    table[o::DELETE_DEREF as usize] = names::delete_deref;
    table[o::LOAD_BUILD_CLASS as usize] = names::load_build_class;
    table[o::IMPORT_FROM as usize] = names::import_from;
    table[o::UNPACK_EX as usize] = build::unpack_ex;
    table[o::DICT_MERGE as usize] = build::dict_merge;
    table[o::GET_LEN as usize] = get_len;
    table[o::MATCH_MAPPING as usize] = match_mapping;
    table[o::MATCH_SEQUENCE as usize] = match_sequence;
    table[o::MATCH_KEYS as usize] = patterns::match_keys;
    table[o::MATCH_CLASS as usize] = patterns::match_class;
    table[o::DELETE_NAME as usize] = names::delete_name;
    table[o::IMPORT_NAME as usize] = names::import_name;
    table[o::LOAD_ASSERTION_ERROR as usize] = raise::load_assertion_error;
    table[o::RAISE_VARARGS as usize] = raise::raise_varargs;
    table[o::RERAISE as usize] = raise::reraise;
    table[o::PUSH_EXC_INFO as usize] = raise::push_exc_info;
    table[o::POP_EXCEPT as usize] = raise::pop_except;
    table[o::CHECK_EXC_MATCH as usize] = raise::check_exc_match;
    table[o::BEFORE_WITH as usize] = raise::before_with;
    table[o::WITH_EXCEPT_START as usize] = raise::with_except_start;
    table[o::GET_YIELD_FROM_ITER as usize] = generators::get_yield_from_iter;
    table[o::GET_AWAITABLE as usize] = generators::get_awaitable;
    table[o::GET_AITER as usize] = generators::get_aiter;
    table[o::GET_ANEXT as usize] = generators::get_anext;
    table[o::END_ASYNC_FOR as usize] = generators::end_async_for;
    table[o::ASYNC_GEN_WRAP as usize] = generators::async_gen_wrap;
    table[o::BEFORE_ASYNC_WITH as usize] = generators::before_async_with;
    table
};

/// Instructions that this evaluator leaves to CPython: the one that makes a generator, and those whose errors
/// CPython words in functions that it doesn't export.
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

pub(super) unsafe fn done(success: bool) -> Step {
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
        let result = runtime::after_call(py::PyObject_Call(callable, args, keywords));
        decref(callable);
        decref(args);
        xdecref(keywords);
        state.result(result)
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

unsafe fn unary_not(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let value = state.pop();
        let truth = py::PyObject_IsTrue(value);
        decref(value);
        state.truth(truth, true)
    }
}

unsafe fn contains(state: &mut State) -> Step {
    // SAFETY: see above.
    unsafe {
        let container = state.pop();
        let item = state.pop();
        let found = py::PySequence_Contains(container, item);
        decref(item);
        decref(container);
        state.truth(found, state.arg != 0)
    }
}

/// `Py_TPFLAGS_SEQUENCE` and `Py_TPFLAGS_MAPPING`.
const SEQUENCE: u64 = 1 << 5;

const MAPPING: u64 = 1 << 6;

unsafe fn match_flag(state: &mut State, flag: u64) -> Step {
    // SAFETY: see above.
    unsafe {
        let flags: u64 = read(class(state.peek(1)), typeobject::TP_FLAGS);
        state.truth((flags & flag != 0).into(), false)
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
