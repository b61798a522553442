//! Side exits, materialisation, and frames that native code pushed.

use super::{decoded, has_stack, raise_stack_exhausted, stress};
use crate::code::unit::Installed;
use crate::codegen::{ExitUse, Loc};
use crate::helpers::{activation, tag};
use crate::hir::Type;
use crate::host::Owned;
use crate::host::ffi::{
    _PyEval_EvalFrameDefault, _PyFunction_Vectorcall, PyFrame_GetBack, PyInterpreterFrame,
    PyObject, PyRange_Type, PyThreadState, read, write,
};
use crate::host::frame::{ENTRY_MAY_LEAVE, Frame, OWNED_BY_FRAME_OBJECT, set_current};
use crate::host::snapshot::type_of;
use crate::layout::{builtin, frame as f, frameobject, tstate};
use crate::stats::{COUNTERS, count};
use pyo3_ffi as py;
use smallvec::SmallVec;
use std::borrow::Borrow;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicI64, Ordering};

/// A unit's two-word result, as it is in registers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawPair {
    pub tag: i64,
    pub payload: i64,
}

impl RawPair {
    /// An object, or null with an exception set.
    #[must_use]
    pub fn object(object: *mut PyObject) -> RawPair {
        RawPair {
            tag: tag::OBJECT,
            payload: object as i64,
        }
    }

    /// The result as an owned object, or null with an exception set.
    #[must_use]
    pub fn into_object(self) -> *mut PyObject {
        // SAFETY: the GIL is held.
        unsafe {
            match self.tag {
                tag::INT => py::PyLong_FromLongLong(self.payload),
                tag::FLOAT => py::PyFloat_FromDouble(f64::from_bits(self.payload as u64)),
                _ => self.payload as *mut PyObject,
            }
        }
    }
}

/// Reads word `at` of a value buffer.
unsafe fn word<T: Copy>(buffer: *const u64, at: u32) -> T {
    // SAFETY: the exit table was made together with the code that fills the buffer.
    unsafe { buffer.add(at as usize).cast::<T>().read() }
}

/// An integer part of a virtual iterator.
unsafe fn int_part(loc: &Loc, buffer: *const u64) -> i64 {
    match loc {
        Loc::ConstInt(value) => *value,
        // SAFETY: as in `word`.
        Loc::Int(at) => unsafe { word(buffer, *at) },
        other => unreachable!("an integer, not {other:?}"),
    }
}

/// `int` object from 128 bits.
unsafe fn big_int(value: i128) -> *mut PyObject {
    // SAFETY: the GIL is held.
    unsafe {
        match i64::try_from(value) {
            Ok(value) => py::PyLong_FromLongLong(value),
            Err(_) => {
                let text = std::ffi::CString::new(value.to_string()).expect("digits");
                py::PyLong_FromString(text.as_ptr(), null_mut(), 10)
            }
        }
    }
}

/// `iter(range(next, next + remaining * step, step))`.
unsafe fn range_iterator(next: i64, remaining: i64, step: i64) -> *mut PyObject {
    let stop = i128::from(next) + i128::from(remaining) * i128::from(step);
    // SAFETY: the GIL is held; the references are owned by values of type `Owned`.
    unsafe {
        let parts = [
            Owned::from_raw(big_int(next.into())),
            Owned::from_raw(big_int(stop)),
            Owned::from_raw(big_int(step.into())),
        ];
        let mut args = [null_mut(); 3];
        for (arg, part) in args.iter_mut().zip(&parts) {
            let Some(part) = part else { return null_mut() };
            *arg = part.as_ptr();
        }
        let class = addr_of_mut!(PyRange_Type).cast::<PyObject>();
        let range = py::PyObject_Vectorcall(class, args.as_ptr(), 3, null_mut());
        let Some(range) = Owned::from_raw(range) else {
            return null_mut();
        };
        py::PyObject_GetIter(range.as_ptr())
    }
}

/// A new reference to the object that a location stands for; null for null.
///
/// # Safety
/// The buffer was filled for the exit that the location belongs to.
unsafe fn materialise(loc: &Loc, buffer: *const u64) -> *mut PyObject {
    // SAFETY: the buffer fits the table (caller); objects in it are alive.
    unsafe {
        match loc {
            Loc::Null | Loc::InSlot => null_mut(),
            Loc::Object(at) => {
                let object: *mut PyObject = word(buffer, *at);
                py::Py_IncRef(object);
                object
            }
            Loc::ConstObject(addr) => {
                let object = *addr as *mut PyObject;
                py::Py_IncRef(object);
                object
            }
            Loc::Int(at) => py::PyLong_FromLongLong(word(buffer, *at)),
            Loc::ConstInt(value) => py::PyLong_FromLongLong(*value),
            Loc::Float(at) => py::PyFloat_FromDouble(word(buffer, *at)),
            Loc::ConstFloat(bits) => py::PyFloat_FromDouble(f64::from_bits(*bits)),
            Loc::Bool(at) => py::PyBool_FromLong(word(buffer, *at)),
            Loc::ConstBool(value) => py::PyBool_FromLong(i64::from(*value)),
            Loc::Tagged(at) => {
                let pair = RawPair {
                    tag: word(buffer, *at),
                    payload: word(buffer, *at + 1),
                };
                let object = pair.into_object();
                if pair.tag == tag::OBJECT {
                    py::Py_IncRef(object);
                }
                object
            }
            Loc::RangeIter {
                next,
                remaining,
                step,
            } => range_iterator(
                int_part(next, buffer),
                int_part(remaining, buffer),
                int_part(step, buffer),
            ),
            Loc::ListIter { list, index } => {
                let Some(list) = Owned::from_raw(materialise(list, buffer)) else {
                    return null_mut();
                };
                // A collection would find a frame that is half there.
                let collects = py::PyGC_Disable() != 0;
                let iterator = py::PyObject_GetIter(list.as_ptr());
                if collects {
                    py::PyGC_Enable();
                }
                if !iterator.is_null() {
                    write(iterator, builtin::LISTITER_INDEX, int_part(index, buffer));
                }
                iterator
            }
        }
    }
}

/// Releases what native code held.
unsafe fn release(loc: &Loc, buffer: *const u64) {
    // SAFETY: as in `materialise`; the reference is native code's, given up here.
    unsafe {
        match loc {
            Loc::Object(at) => {
                let object: *mut PyObject = word(buffer, *at);
                if !object.is_null() {
                    py::Py_DecRef(object);
                }
            }
            Loc::Tagged(at) if word::<i64>(buffer, *at) == tag::OBJECT => {
                let object: *mut PyObject = word(buffer, *at + 1);
                if !object.is_null() {
                    py::Py_DecRef(object);
                }
            }
            _ => {}
        }
    }
}

/// References that locals were replaced in.
type Replaced = SmallVec<[*mut PyObject; 16]>;

/// Writes the locals that are not in the frame; hands over the references they replace.
unsafe fn write_locals<L: Borrow<(u32, Loc)>>(
    frame: Frame,
    locals: impl IntoIterator<Item = L>,
    buffer: *const u64,
    mut replaced: impl FnMut(*mut PyObject),
) {
    for local in locals {
        let (slot, loc) = local.borrow();
        let slot = *slot as usize;
        // SAFETY: the buffer fits the table (caller).
        let value = unsafe { materialise(loc, buffer) };
        let old = frame.slot(slot);
        frame.set_slot(slot, value);
        if !old.is_null() {
            replaced(old);
        }
    }
}

/// Makes the locals of callers visible, if any are not.
unsafe fn flush_chain(mut act: *mut u8) {
    // SAFETY: activation records live as long as their callers' machine frames, below which we run.
    unsafe {
        while !act.is_null() {
            let site: i64 = read(act, activation::SITE);
            if site == 0 {
                return;
            }
            write(act, activation::SITE, 0i64);
            let frame = Frame::from_raw(read(act, activation::FRAME));
            let unit: *const Installed = read(act, activation::UNIT);
            let installed = &*unit;
            let exit = site as usize - 1;
            let buffer = act.offset(activation::VALUES as isize).cast::<u64>();
            // What unboxed locals have left in their slots is of classes without destructors.
            let release = |old: *mut PyObject| py::Py_DecRef(old);
            let is_done = decoded::with_locals(installed, exit, |locals| {
                write_locals(frame, locals, buffer, release);
            });
            if !is_done {
                let locals = installed.image.exits.get(exit).locals;
                write_locals(frame, locals, buffer, release);
            }
            count(&COUNTERS.flushes);
            act = read(act, activation::PARENT);
        }
    }
}

/// # Safety
/// `act` is a live activation record.
pub(super) unsafe extern "C-unwind" fn swl_flush(act: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { flush_chain(act) }
}

/// # Safety
/// The object's reference count is zero; `frame` is running, `instr` null or one of its
/// instructions, `parent` null or a live activation record.
pub(super) unsafe extern "C-unwind" fn swl_dealloc_seen(
    object: *mut PyObject,
    frame: *mut PyInterpreterFrame,
    instr: *mut u8,
    parent: *mut u8,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if dies_unseen(object) {
            return;
        }
        if !instr.is_null() {
            write(frame, f::PREV_INSTR, instr);
        }
        flush_chain(parent);
        crate::host::ffi::_Py_Dealloc(object);
    }
}

/// Frees numbers and strings, whose death runs no code; whether it was one.
///
/// # Safety
/// `object` has no reference left.
unsafe fn dies_unseen(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let unseen = type_of(object).is(Type::TRIVIAL);
        if unseen {
            crate::host::ffi::_Py_Dealloc(object);
        }
        unseen
    }
}

/// Frees what a frame held to its end. CPython has unlinked the frame by then: destructors see its caller.
///
/// # Safety
/// `object` has no reference left; `frame` is the thread's current one, and has returned.
pub(super) unsafe extern "C-unwind" fn swl_dealloc_behind(
    object: *mut PyObject,
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
    parent: *mut u8,
) {
    // SAFETY: the caller's promise. Whatever destructors run, the thread's C frame is the same before and after.
    unsafe {
        if dies_unseen(object) {
            return;
        }
        flush_chain(parent);
        set_current(ts, read(frame, f::PREVIOUS));
        crate::host::ffi::_Py_Dealloc(object);
        set_current(ts, frame);
    }
}

/// # Safety
/// As [`rebuild`].
pub(super) unsafe extern "C-unwind" fn swl_side_exit(
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
    unit: *const Installed,
    number: i64,
    buffer: *const u64,
    parent: *mut u8,
) -> RawPair {
    // SAFETY: the caller's promise.
    unsafe {
        let throws = rebuild(ts, frame, unit, number, buffer, parent);
        go_on(ts, Frame::from_raw(frame), throws)
    }
}

/// Makes the frame what the interpreter would have at the exit, for [`resume`]; whether it is to
/// unwind. A function of its own, so that nothing of it is on the stack while the interpreter runs.
///
/// # Safety
/// `unit` is the token of the unit that is left, `number` an entry of its exit table, `buffer` its
/// words.
#[inline(never)]
pub(super) unsafe fn rebuild(
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
    unit: *const Installed,
    number: i64,
    buffer: *const u64,
    parent: *mut u8,
) -> bool {
    // SAFETY: the caller's promise; the unit stays alive while its code is on the stack.
    unsafe {
        let installed = &*unit;
        let exit = installed.image.exits.get(number as usize);
        let throws = exit.usage == ExitUse::Throw;
        let frame = Frame::from_raw(frame);
        count(if throws {
            &COUNTERS.throws
        } else {
            &COUNTERS.side_exits
        });
        stress::restart();
        installed.note_exit(number as usize);
        tracing::trace!(unit = %installed.name, pc = exit.pc, reason = %exit.reason, "side exit");

        let (mut ty, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        if throws {
            py::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
        }
        let mut replaced = Replaced::new();
        write_locals(frame, exit.locals.clone(), buffer, |old| replaced.push(old));
        let mut top = exit.nlocals;
        for loc in exit.stack {
            frame.set_slot(top, materialise(&loc, buffer));
            top += 1;
        }
        frame.set_stacktop(top as i32);
        let last = i64::from(exit.pc) - i64::from(!throws);
        frame.set_last_instruction(last);
        flush_chain(parent);
        for old in replaced {
            py::Py_DecRef(old);
        }
        for held in exit.drops {
            release(&held, buffer);
        }
        stress::collect();
        if throws {
            py::PyErr_Restore(ty, value, traceback);
        }
        let left: i32 = read(ts, tstate::RECURSION_REMAINING);
        write(ts, tstate::RECURSION_REMAINING, left + 1);
        throws
    }
}

/// Goes on with a frame that native code has left: in the caller if that can, which keeps the machine
/// stack from growing with every exit, else here.
///
/// # Safety
/// As [`resume`].
pub(super) unsafe fn go_on(ts: *mut PyThreadState, frame: Frame, throws: bool) -> RawPair {
    if frame.is_entry() == ENTRY_MAY_LEAVE {
        return RawPair {
            tag: tag::LEFT,
            payload: i64::from(throws),
        };
    }
    // SAFETY: the caller's promise.
    unsafe { resume(ts, frame, throws) }
}

/// Lets an evaluator go on with a frame that is current.
///
/// # Safety
/// The frame is what the evaluator expects.
pub(super) unsafe fn resume(ts: *mut PyThreadState, frame: Frame, throws: bool) -> RawPair {
    // SAFETY: the evaluator links the frame itself, so it must not be current when it starts.
    unsafe {
        let caller = frame.previous();
        set_current(ts, caller);
        let evaluator = RESUME.load(Ordering::Relaxed);
        let evaluator: crate::host::ffi::EvalFrame = if evaluator == 0 {
            _PyEval_EvalFrameDefault
        } else {
            std::mem::transmute::<usize, crate::host::ffi::EvalFrame>(evaluator as usize)
        };
        let result = evaluator(ts, frame.as_ptr(), i32::from(throws));
        // `previous` was set by the evaluator to the same frame.
        set_current(ts, caller);
        RawPair::object(result)
    }
}

/// # Safety
/// `frame` is current and at its beginning; `parent` is null or a live activation record.
pub(super) unsafe extern "C-unwind" fn swl_interpret(
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
    parent: *mut u8,
) -> RawPair {
    // SAFETY: the caller's promise.
    unsafe {
        flush_chain(parent);
        let frame = Frame::from_raw(frame);
        frame.set_stacktop(frame.nlocals());
        if !has_stack() {
            raise_stack_exhausted();
            return RawPair::object(null_mut());
        }
        resume(ts, frame, false)
    }
}

/// Entry point of a call cell whose code object has no native code: counts the call, and compiles
/// when it is time.
///
/// # Safety
/// As [`swl_interpret`].
pub unsafe extern "C-unwind" fn enter_cold(
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
    parent: *mut u8,
) -> RawPair {
    // SAFETY: the caller's promise. The hook expects a frame that is not linked yet.
    unsafe {
        flush_chain(parent);
        let frame = Frame::from_raw(frame);
        frame.set_stacktop(frame.nlocals());
        let caller = frame.previous();
        set_current(ts, caller);
        let hook = ENTER.load(Ordering::Relaxed);
        let result = if hook == 0 {
            _PyEval_EvalFrameDefault(ts, frame.as_ptr(), 0)
        } else {
            let hook: crate::host::ffi::EvalFrame = std::mem::transmute(hook as usize);
            hook(ts, frame.as_ptr(), 0)
        };
        set_current(ts, caller);
        RawPair::object(result)
    }
}

/// What goes on with frames that native code has left, set by `control`; 0: CPython's evaluator.
pub static RESUME: AtomicI64 = AtomicI64::new(0);

/// The frame hook, set by `control` (which lies above this module); 0 before that.
pub static ENTER: AtomicI64 = AtomicI64::new(0);

/// # Safety
/// `args` points to `count` owned references; `function` is a Python function, and owned, too.
pub(super) unsafe extern "C-unwind" fn swl_call_py_slow(
    _ts: *mut PyThreadState,
    function: *mut PyObject,
    args: *const *mut PyObject,
    count: i64,
) -> RawPair {
    // SAFETY: the caller's promise.
    unsafe {
        let result = _PyFunction_Vectorcall(function, args, count as usize, null_mut());
        for at in 0..count as usize {
            py::Py_DecRef(*args.add(at));
        }
        py::Py_DecRef(function);
        RawPair::object(result)
    }
}

/// Moves a frame whose frame object outlives it into that object, as CPython's `take_ownership`.
unsafe fn take_ownership(object: *mut PyObject, frame: Frame) {
    // SAFETY: the frame object has room for the whole frame; it was made for this code object.
    unsafe {
        let words = f::SPECIALS_WORDS as usize + frame.stacktop().max(0) as usize;
        let home = object
            .cast::<u8>()
            .offset(frameobject::F_FRAME_DATA as isize);
        std::ptr::copy_nonoverlapping(frame.as_ptr().cast::<u8>(), home, 8 * words);
        let moved = Frame::from_raw(home.cast());
        write(object, frameobject::F_FRAME, moved.as_ptr());
        write(home, f::OWNER, OWNED_BY_FRAME_OBJECT);
        let back = PyFrame_GetBack(object);
        if back.is_null() {
            if !py::PyErr_Occurred().is_null() {
                py::PyErr_Clear();
            }
        } else {
            write(object, frameobject::F_BACK, back);
        }
        moved.set_previous(null_mut());
        if py::PyObject_GC_IsTracked(object) == 0 {
            py::PyObject_GC_Track(object.cast());
        }
    }
}

/// # Safety
/// A frame that native code pushed and that has returned.
pub unsafe extern "C-unwind" fn swl_frame_clear(
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
) {
    // SAFETY: the caller's promise. As in CPython the frame's level of recursion counts until it is clear.
    unsafe {
        let left: i32 = read(ts, tstate::RECURSION_REMAINING);
        write(ts, tstate::RECURSION_REMAINING, left - 1);
        clear(frame);
        let left: i32 = read(ts, tstate::RECURSION_REMAINING);
        write(ts, tstate::RECURSION_REMAINING, left + 1);
    }
}

/// # Safety
/// As [`swl_frame_clear`].
unsafe fn clear(frame: *mut PyInterpreterFrame) {
    // SAFETY: the caller's promise; references in the frame are the frame's own.
    unsafe {
        let frame = Frame::from_raw(frame);
        let object = frame.frame_object();
        if !object.is_null() {
            write(frame.as_ptr(), f::FRAME_OBJ, null_mut::<PyObject>());
            if py::Py_REFCNT(object) > 1 {
                // An exception that is being propagated must survive this.
                let (mut ty, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
                py::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
                take_ownership(object, frame);
                py::PyErr_Restore(ty, value, traceback);
                py::Py_DecRef(object);
                return;
            }
            py::Py_DecRef(object);
        }
        for slot in 0..frame.stacktop().max(0) as usize {
            let value = frame.slot(slot);
            if !value.is_null() {
                py::Py_DecRef(value);
            }
        }
        let locals: *mut PyObject = read(frame.as_ptr(), f::F_LOCALS);
        if !locals.is_null() {
            py::Py_DecRef(locals);
        }
        py::Py_DecRef(frame.function());
        py::Py_DecRef(frame.code());
    }
}
