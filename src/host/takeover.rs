//! Taking a frame over that CPython's evaluator is running, in the middle, and giving it back.
//!
//! CPython offers one place for that: behind a call of a trace function it reads the frame's instruction pointer and value stack
//! again, so that debuggers can jump. So a trace function of ours is set for the very next instruction. It takes itself
//! off, has the frame run in another way, and leaves it where CPython is to go on: somewhere else, at a `return`, or raising.
//!
//! Nobody traces the thread when that begins. Somebody may when it ends: then another of CPython's evaluators has brought the frame to its end
//! and told of it, and what this one would tell is kept back.

use super::Frame;
use super::ffi::{PyObject, PyThreadState, read, write};
use super::frame::{OWNED_BY_THREAD, current, set_current};
use super::{events, snapshot};
use crate::bytecode::opcode;
use crate::layout::{cframe, frameobject, tstate};
use pyo3_ffi as py;
use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null_mut;

/// How CPython's evaluator goes on.
pub enum Handover {
    /// At the frame's next instruction.
    GoOn,
    /// The frame returns this.
    Return(*mut PyObject),
    /// With the exception that is set, raised by the frame's last instruction, for which the frame has no handler.
    Raise,
    /// Another evaluator has finished the frame, with this or, if it is null, with the exception that is set.
    Finished(*mut PyObject),
}

/// Runs a frame: it is at the instruction that a jump went back to, and not current.
pub type Body = unsafe fn(*mut PyThreadState, Frame) -> Handover;

/// An exception: class, value, traceback; references.
type Exception = [*mut PyObject; 3];

thread_local! {
    /// The exception that [`settle`] sets.
    static RAISED: Cell<Option<Exception>> = const { Cell::new(None) };
    /// The thread's own trace function, while [`settle`] is in its place.
    static TRACER: Cell<usize> = const { Cell::new(0) };
    /// The frame that is about to be taken over, where it will be, and what will run it.
    static WANTED: Cell<Option<(Frame, *const u16, Body)>> = const { Cell::new(None) };
}

/// The current frame, and the number of its next instruction, if it has just jumped back there, to the head of a loop, and can be taken over
/// before it. To be asked where CPython handles pending calls.
///
/// # Safety
/// The GIL is held.
pub unsafe fn at_loop(ts: *mut PyThreadState) -> Option<(Frame, u32)> {
    // SAFETY: as called; a frame that is current is alive, with its code.
    unsafe {
        let raw = current(ts);
        if raw.is_null() {
            return None;
        }
        let frame = Frame::from_raw(raw);
        if frame.owner() != OWNED_BY_THREAD || frame.is_incomplete() || !is_untraced(ts, frame) {
            return None;
        }
        let pc = jumped_to(frame)?.offset_from(frame.first_unit());
        u32::try_from(pc).ok().map(|pc| (frame, pc))
    }
}

/// Has the frame that [`at_loop`] has found taken over. CPython would look for a handler there, whatever raises later: there must be none.
///
/// # Safety
/// The GIL is held; nothing has run since.
pub unsafe fn arm(ts: *mut PyThreadState, (frame, pc): (Frame, u32), body: Body) {
    // SAFETY: as called; nobody traces the thread.
    unsafe {
        WANTED.set(Some((frame, frame.first_unit().add(pc as usize), body)));
        write(ts, tstate::C_TRACEFUNC, take_over as events::Trace);
        let cframe: *mut u8 = read(ts, tstate::CFRAME);
        write(cframe, cframe::USE_TRACING, u8::MAX);
    }
}

/// Whether nobody traces the thread, and the frame's own switches are as they are made.
unsafe fn is_untraced(ts: *mut PyThreadState, frame: Frame) -> bool {
    // SAFETY: the thread state is the running one (caller); the frame's object is alive with it.
    unsafe {
        let functions = [
            tstate::C_TRACEFUNC,
            tstate::C_PROFILEFUNC,
            tstate::C_TRACEOBJ,
        ];
        let object = frame.frame_object();
        functions.iter().all(|field| read::<usize>(ts, *field) == 0)
            && read::<i32>(ts, tstate::TRACING) == 0
            && (object.is_null()
                || read::<u8>(object, frameobject::F_TRACE_LINES) == 1
                    && read::<u8>(object, frameobject::F_TRACE_OPCODES) == 0)
    }
}

/// Where the frame's last instruction has jumped to, if it is a jump backward at which signals are looked for.
unsafe fn jumped_to(frame: Frame) -> Option<*const u16> {
    // SAFETY: the last instruction is one of the frame's code, and its prefixes come before it.
    unsafe {
        let last = frame.last_instruction();
        let op = opcode::deopt(*last as u8);
        if opcode::jump_kind(op) != Some(opcode::JumpKind::Backward)
            || op == opcode::JUMP_BACKWARD_NO_INTERRUPT
        {
            return None;
        }
        let mut distance = usize::from(*last >> 8);
        let mut at = last;
        let mut shift = 8;
        // What looks like a prefix may be something else: the head is compared before anything is done.
        while at > frame.first_unit()
            && shift < 32
            && opcode::deopt(*at.sub(1) as u8) == opcode::EXTENDED_ARG
        {
            at = at.sub(1);
            distance |= usize::from(*at >> 8) << shift;
            shift += 8;
        }
        let behind = last.add(1 + opcode::caches(op));
        let units = behind.offset_from(frame.first_unit()) as usize;
        (distance <= units).then(|| behind.sub(distance))
    }
}

/// The trace function.
unsafe extern "C-unwind" fn take_over(
    _: *mut PyObject,
    object: *mut PyObject,
    what: c_int,
    _: *mut PyObject,
) -> c_int {
    // SAFETY: CPython calls this on a thread with the GIL, with the object of the current frame; `tracing` counts this call.
    unsafe {
        let ts = py::PyThreadState_Get();
        let Some((frame, head, body)) = WANTED.take() else {
            // The same instruction again, as the frame wants events for those now.
            return 0;
        };
        write(ts, tstate::C_TRACEFUNC, 0usize);
        let is_it = what == py::PyTrace_LINE
            && current(ts) == frame.as_ptr()
            && frame.last_instruction() == head;
        if !is_it {
            return 0;
        }
        // While the frame runs it is not being traced, and its line is that of its instruction; nobody may set it.
        write(object, frameobject::F_LINENO, 0i32);
        write(ts, tstate::TRACING_WHAT, py::PyTrace_CALL);
        let tracing: i32 = read(ts, tstate::TRACING);
        write(ts, tstate::TRACING, tracing - 1);
        let left: i32 = read(ts, tstate::RECURSION_REMAINING);
        // Who runs it counts it once more.
        write(ts, tstate::RECURSION_REMAINING, left + 1);
        let (caller, is_entry) = (frame.previous(), frame.is_entry());
        set_current(ts, caller);
        frame.set_last_pointer(head.sub(1));
        let handover = body(ts, frame);
        set_current(ts, frame.as_ptr());
        frame.set_previous(caller);
        frame.set_is_entry(is_entry);
        let left: i32 = read(ts, tstate::RECURSION_REMAINING);
        write(ts, tstate::RECURSION_REMAINING, left - 1);
        let tracing: i32 = read(ts, tstate::TRACING);
        write(ts, tstate::TRACING, tracing + 1);
        give_back(ts, frame, handover)
    }
}

/// Leaves the frame as CPython's evaluator is to find it; its trace function's result.
unsafe fn give_back(ts: *mut PyThreadState, frame: Frame, handover: Handover) -> c_int {
    // SAFETY: the frame is whole, and is not running (caller).
    unsafe {
        match handover {
            Handover::GoOn => {
                frame.set_last_pointer(frame.last_instruction().add(1));
                return 0;
            }
            Handover::Raise => return -1,
            Handover::Finished(value) if value.is_null() => {
                let mut raised: Exception = [null_mut(); 3];
                let [class, object, trace] = &mut raised;
                py::PyErr_Fetch(class, object, trace);
                for part in raised {
                    py::Py_XINCREF(part);
                }
                RAISED.set(Some(raised));
                let [class, object, trace] = raised;
                py::PyErr_Restore(class, object, trace);
                TRACER.set(read(ts, tstate::C_TRACEFUNC));
                write(ts, tstate::C_TRACEFUNC, settle as events::Trace);
                events::skip(ts, events::PROFILE);
                return -1;
            }
            Handover::Finished(value) => {
                events::skip(ts, events::TRACE);
                events::skip(ts, events::PROFILE);
                leave_returning(frame, value);
            }
            Handover::Return(value) => leave_returning(frame, value),
        }
    }
    0
}

/// Leaves a frame before a `return`, with what it returns.
unsafe fn leave_returning(frame: Frame, value: *mut PyObject) {
    // SAFETY: the frame has returned, so its value stack is empty (caller).
    unsafe {
        if opcode::deopt(*frame.last_instruction() as u8) != opcode::RETURN_VALUE {
            frame.set_last_pointer(any_return(frame));
        }
    }
    let top = frame.nlocals();
    frame.set_slot(top as usize, value);
    frame.set_stacktop(top + 1);
}

/// The trace function while CPython's evaluator leaves a frame whose exception has left it already. It has put the frame into the
/// traceback once more, and tells of the exception first: then the exception is set as it was. When it tells that the frame is left, that is over.
unsafe extern "C-unwind" fn settle(
    _: *mut PyObject,
    _: *mut PyObject,
    what: c_int,
    _: *mut PyObject,
) -> c_int {
    // SAFETY: CPython calls this on a thread with the GIL; the references are ours to give.
    unsafe {
        if what == py::PyTrace_EXCEPTION
            && let Some([class, object, trace]) = RAISED.take()
        {
            py::PyErr_Restore(class, object, trace);
            return -1;
        }
        let ts = py::PyThreadState_Get();
        write(ts, tstate::C_TRACEFUNC, TRACER.take());
    }
    0
}

/// A `return` of the frame's code.
unsafe fn any_return(frame: Frame) -> *const u16 {
    // SAFETY: the frame holds its code.
    let units = unsafe { snapshot::code_units(frame.code()) };
    let mut at = 0;
    while at < units.len() {
        let op = opcode::deopt(units[at] as u8);
        if op == opcode::RETURN_VALUE {
            break;
        }
        at += 1 + opcode::caches(op);
    }
    // It has returned, so there is one.
    frame.first_unit().wrapping_add(at)
}
