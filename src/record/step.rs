//! Single instructions on behalf of native code, done by the handlers of [`super::rare`].
//!
//! Native code has locals in the frame and the value stack in registers, so operands come in an array. Where
//! a handler would leave the instruction to CPython, the operands are put where the frame's value stack has
//! them, and native code is told of an error without an exception: it rebuilds the frame below the operands
//! as for any error, and [`restart`] turns that into the state before the instruction.

use super::eval::items;
use super::rare::{State, Step, TABLE};
use super::xdecref;
use crate::bytecode::opcode;
use crate::bytecode::step::{StepShape, shape};
use crate::host::Frame;
use crate::host::ffi::{PyInterpreterFrame, PyObject, PyThreadState, read};
use crate::host::snapshot;
use crate::layout::code as c;
use smallvec::{SmallVec, smallvec};
use std::ptr::{dangling_mut, null_mut};

/// See [`crate::helpers::Helper::Step`].
///
/// # Safety
/// Called by native code for an instruction that has a shape, with its operands.
pub unsafe extern "C-unwind" fn swl_step(
    ts: *mut PyThreadState,
    frame: *mut PyInterpreterFrame,
    what: i64,
    depth: i64,
    operands: *const *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: as called; the handlers get what they expect of the evaluator's loop.
    unsafe {
        let frame = Frame::from_raw(frame);
        let (op, arg) = (what as u8, (what >> 8) as u32);
        let Some(shape) = shape(op, arg) else {
            unreachable!("{op} has no shape")
        };
        let (count, kept) = (count as usize, shape.kept() as usize);
        let room = count + shape.pushes as usize;
        let mut stack: SmallVec<[*mut PyObject; 16]> = smallvec![null_mut(); room];
        for (at, place) in stack.iter_mut().take(count).enumerate() {
            *place = *operands.add(at);
        }
        let base = stack.as_mut_ptr();
        let code = frame.code();
        let ip = frame.last_instruction().add(1);
        let first = frame.first_unit();
        let mut state = State {
            ts,
            frame,
            code,
            locals: frame.locals(),
            sp: base.add(count),
            ip,
            pc: ip.offset_from(first) as usize - 1,
            arg: if StepShape::is_into(op) {
                1
            } else {
                arg as usize
            },
            names: items(read(code, c::CO_NAMES)),
        };
        let first_slot = frame.nlocals() as usize + depth as usize;
        match TABLE[usize::from(op)](&mut state) {
            Step::Next if shape.pushes == 1 => *base.add(kept),
            Step::Next => {
                for at in 0..shape.pushes as usize {
                    frame.set_slot(first_slot + at, *base.add(kept + at));
                }
                dangling_mut()
            }
            Step::Error | Step::Reraise => {
                // What the handler has left on the stack would be unwound.
                while state.sp > base.add(kept) {
                    let item = state.pop();
                    xdecref(item);
                }
                // Without an exception this must not look like `Leave`.
                if pyo3_ffi::PyErr_Occurred().is_null() {
                    raise_missing();
                }
                null_mut()
            }
            Step::Leave => {
                for at in kept..count {
                    frame.set_slot(first_slot + at - kept, *base.add(at));
                }
                null_mut()
            }
        }
    }
}

/// Puts a frame that native code has left by an error without an exception back to before the instruction,
/// which an evaluator is to do. False, with an exception, if that error came from an extension module that set none.
///
/// # Safety
/// The frame has been rebuilt and is not current; if it stands at an instruction with a shape, `swl_step` has left
/// the operands in it.
pub unsafe fn restart(frame: Frame) -> bool {
    // SAFETY: the frame holds its code object; the instruction pointer is within it.
    unsafe {
        let code = frame.code();
        let first = frame.first_unit();
        let wanted = frame.last_instruction().offset_from(first) as usize;
        let units = snapshot::code_units(code);
        let (mut at, mut start, mut arg) = (0, 0, 0);
        while at < units.len() {
            let op = opcode::deopt(units[at] as u8);
            arg = arg << 8 | u32::from(units[at] >> 8);
            if at == wanted {
                let Some(shape) = shape(op, arg) else { break };
                frame.set_stacktop(frame.stacktop() + shape.pops as i32);
                frame.set_last_pointer(first.add(start).wrapping_sub(1));
                return true;
            }
            at += 1 + opcode::caches(op);
            if op != opcode::EXTENDED_ARG {
                (start, arg) = (at, 0);
            }
        }
        raise_missing();
        false
    }
}

/// What CPython says in this case.
unsafe fn raise_missing() {
    // SAFETY: the GIL is held; the message is a C string.
    unsafe {
        pyo3_ffi::PyErr_SetString(
            pyo3_ffi::PyExc_SystemError,
            c"error return without exception set".as_ptr(),
        );
    }
}
