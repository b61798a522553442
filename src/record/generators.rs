//! Instructions of generators, coroutines and `async for` and `async with`; those that give a value to the caller,
//! or take one from another generator, are in `eval`.

use super::raise::enter_context;
use super::rare::{State, Step};
use super::{class, decref, incref, unwind};
use crate::bytecode::code::flags;
use crate::host::ffi::{self, PyObject, read};
use crate::host::frame::is_created;
use crate::layout::{code as c, generator};
use pyo3_ffi as py;
use std::ptr::addr_of_mut;

// SAFETY of all handlers: as in `rare`.

/// The asynchronous methods of an object's class, if it has any.
unsafe fn methods<'a>(object: *mut PyObject) -> Option<&'a py::PyAsyncMethods> {
    // SAFETY: alive (caller); the table lives as long as its class.
    unsafe {
        let class = class(object).cast::<py::PyTypeObject>();
        (*class).tp_as_async.as_ref()
    }
}

fn is(class: *mut PyObject, wanted: *mut py::PyTypeObject) -> bool {
    class == wanted.cast()
}

pub(super) unsafe fn get_yield_from_iter(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let iterable = state.peek(1);
        let of = class(iterable);
        if is(of, addr_of_mut!(py::PyGen_Type)) {
            return Step::Next;
        }
        if is(of, addr_of_mut!(py::PyCoro_Type)) {
            let flags: i32 = read(state.code, c::CO_FLAGS);
            let allowed = flags as u32 & (flags::COROUTINE | flags::ITERABLE_COROUTINE) != 0;
            return if allowed { Step::Next } else { Step::Leave };
        }
        state.sp = state.sp.sub(1);
        let iterator = py::PyObject_GetIter(iterable);
        decref(iterable);
        state.result(iterator)
    }
}

/// Whether an object is a coroutine, or a generator that stands for one (`types.coroutine`).
unsafe fn is_coroutine(object: *mut PyObject) -> bool {
    // SAFETY: alive (caller); a generator has a code object.
    unsafe {
        let of = class(object);
        if is(of, addr_of_mut!(py::PyGen_Type)) {
            let code: *mut PyObject = read(object, generator::CODE);
            return read::<i32>(code, c::CO_FLAGS) as u32 & flags::ITERABLE_COROUTINE != 0;
        }
        is(of, addr_of_mut!(py::PyCoro_Type))
    }
}

/// Sets a `TypeError` that names the class of `object`, and gives that up.
unsafe fn type_error(text: &std::ffi::CStr, object: *mut PyObject) -> Step {
    // SAFETY: alive (caller); a class has a name.
    unsafe {
        let name = (*class(object).cast::<py::PyTypeObject>()).tp_name;
        py::PyErr_Format(py::PyExc_TypeError, text.as_ptr(), name);
        decref(object);
        Step::Error
    }
}

/// Takes the object at the top off, and yields what `getter` makes of it; null with an exception.
unsafe fn ask_top(state: &mut State, getter: py::unaryfunc) -> *mut PyObject {
    // SAFETY: see above; the getter is of the object's class.
    unsafe {
        let object = state.pop();
        let iterator = getter(object);
        decref(object);
        iterator
    }
}

pub(super) unsafe fn get_awaitable(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let object = state.peek(1);
        let of = class(object);
        if is(of, addr_of_mut!(py::PyCoro_Type)) {
            // One that runs already may be awaited by somebody else, which is an error.
            return if is_created(object) {
                Step::Next
            } else {
                Step::Leave
            };
        }
        if is(of, addr_of_mut!(py::PyGen_Type)) {
            return Step::Leave;
        }
        let Some(getter) = methods(object).and_then(|methods| methods.am_await) else {
            return Step::Leave;
        };
        let iterator = ask_top(state, getter);
        if iterator.is_null() {
            return Step::Error;
        }
        if is_coroutine(iterator) {
            decref(iterator);
            py::PyErr_SetString(
                py::PyExc_TypeError,
                c"__await__() returned a coroutine".as_ptr(),
            );
            return Step::Error;
        }
        if py::PyIter_Check(iterator) == 0 {
            let text = c"__await__() returned non-iterator of type '%.100s'";
            return type_error(text, iterator);
        }
        state.result(iterator)
    }
}

pub(super) unsafe fn get_aiter(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let methods_of_top = methods(state.peek(1));
        let Some(getter) = methods_of_top.and_then(|methods| methods.am_aiter) else {
            return Step::Leave;
        };
        let iterator = ask_top(state, getter);
        if iterator.is_null() {
            return Step::Error;
        }
        if methods(iterator).is_none_or(|methods| methods.am_anext.is_none()) {
            let text = c"'async for' received an object from __aiter__ that does not implement __anext__: %.100s";
            return type_error(text, iterator);
        }
        state.result(iterator)
    }
}

pub(super) unsafe fn get_anext(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe {
        let iterator = state.peek(1);
        if !is(class(iterator), addr_of_mut!(ffi::PyAsyncGen_Type)) {
            return Step::Leave;
        }
        let Some(next) = methods(iterator).and_then(|methods| methods.am_anext) else {
            return Step::Leave;
        };
        let awaitable = next(iterator);
        state.result(awaitable)
    }
}

pub(super) unsafe fn end_async_for(state: &mut State) -> Step {
    // SAFETY: see `rare`; an exception is on top of the iterator.
    unsafe {
        let value = state.peek(1);
        if py::PyErr_GivenExceptionMatches(value, py::PyExc_StopAsyncIteration) != 0 {
            for _ in 0..2 {
                let item = state.pop();
                decref(item);
            }
            return Step::Next;
        }
        if unwind::handler(state.code, state.pc).is_none() {
            return Step::Leave;
        }
        state.sp = state.sp.sub(1);
        let of = class(value);
        incref(of);
        py::PyErr_Restore(of, value, py::PyException_GetTraceback(value));
        Step::Reraise
    }
}

/// Wraps what an asynchronous generator yields, as CPython's `_PyAsyncGenValueWrapperNew`, which it doesn't export.
pub(super) unsafe fn async_gen_wrap(state: &mut State) -> Step {
    // SAFETY: see `rare`; the object has one field beyond its head (`struct _PyAsyncGenWrappedValue`).
    unsafe {
        let wrapper = ffi::_PyObject_GC_New(addr_of_mut!(ffi::_PyAsyncGenWrappedValue_Type));
        if wrapper.is_null() {
            return Step::Error;
        }
        let value = state.pop();
        ffi::write(wrapper, crate::layout::builtin::WRAPPED_VALUE, value);
        py::PyObject_GC_Track(wrapper.cast());
        state.push(wrapper);
        Step::Next
    }
}

pub(super) unsafe fn before_async_with(state: &mut State) -> Step {
    // SAFETY: see `rare`.
    unsafe { enter_context(state, c"__aenter__", c"__aexit__") }
}
