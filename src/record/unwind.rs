//! Exceptions: the table of handlers, and the way into one.

use super::{decref, xdecref};
use crate::host::Frame;
use crate::host::ffi::{self, PyObject, PyThreadState, read};
use crate::layout::code as c;
use pyo3_ffi as py;
use std::ptr::null_mut;

/// An entry of the exception table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handler {
    /// Code unit where it starts.
    pub(super) target: usize,
    /// Depth of the value stack that it expects.
    depth: usize,
    /// Whether it wants the number of the instruction that raised.
    lasti: bool,
}

/// The handler for code unit `pc` in an exception table (`Objects/exception_handling_notes.txt`).
fn find(table: &[u8], pc: usize) -> Option<Handler> {
    let mut bytes = table.iter().copied();
    // Numbers of 6 bits a byte, the highest first; bit 6: another byte follows.
    let mut number = || -> Option<usize> {
        let mut value = 0;
        loop {
            let byte = bytes.next()?;
            value = value << 6 | usize::from(byte & 63);
            if byte & 64 == 0 {
                return Some(value);
            }
        }
    };
    loop {
        let (start, size) = (number()?, number()?);
        let (target, depth) = (number()?, number()?);
        if (start..start + size).contains(&pc) {
            return Some(Handler {
                target,
                depth: depth >> 1,
                lasti: depth & 1 == 1,
            });
        }
    }
}

/// The handler of the running code for code unit `pc`.
pub(super) unsafe fn handler(code: *mut PyObject, pc: usize) -> Option<Handler> {
    // SAFETY: a code object (caller) has a table of bytes.
    let table = unsafe {
        let table: *mut PyObject = read(code, c::CO_EXCEPTIONTABLE);
        std::slice::from_raw_parts(
            py::PyBytes_AsString(table).cast::<u8>(),
            py::PyBytes_Size(table).max(0) as usize,
        )
    };
    find(table, pc)
}

/// Adds the frame to the traceback of the exception that is set.
pub(super) unsafe fn add_traceback(ts: *mut PyThreadState, frame: Frame) {
    // SAFETY: the frame is current, and complete: it has run an instruction.
    unsafe {
        if frame.is_incomplete() {
            return;
        }
        let object = py::PyThreadState_GetFrame(ts);
        if !object.is_null() {
            ffi::PyTraceBack_Here(object.cast());
            decref(object.cast());
        }
    }
}

/// Unwinds the stack to what the handler expects and pushes the exception; whether that was possible
/// (there was memory for the number of the instruction), and the new stack pointer.
pub(super) unsafe fn enter(
    handler: Handler,
    mut sp: *mut *mut PyObject,
    base: *mut *mut PyObject,
    pc: usize,
) -> (bool, *mut *mut PyObject) {
    // SAFETY: the stack holds owned references down to `base`; an exception is set.
    unsafe {
        let level = base.add(handler.depth);
        while sp > level {
            sp = sp.sub(1);
            xdecref(*sp);
        }
        if handler.lasti {
            let lasti = py::PyLong_FromLong(pc as i64);
            if lasti.is_null() {
                return (false, sp);
            }
            *sp = lasti;
            sp = sp.add(1);
        }
        let (mut ty, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        py::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
        py::PyErr_NormalizeException(&mut ty, &mut value, &mut traceback);
        let shown = if traceback.is_null() {
            py::Py_None()
        } else {
            traceback
        };
        py::PyException_SetTraceback(value, shown);
        xdecref(traceback);
        xdecref(ty);
        *sp = value;
        (true, sp.add(1))
    }
}

/// Unwinds a frame that is current and has raised to its handler, where it goes on: the code unit there. `None`, and
/// nothing has changed but perhaps the height of the stack, if CPython has to unwind it.
///
/// # Safety
/// An exception is set; `prev_instr` is the instruction that raised.
pub unsafe fn unwind(ts: *mut PyThreadState, frame: Frame) -> Option<u32> {
    // SAFETY: the caller's promise; slots below the stack's top are null or owned references.
    unsafe {
        let pc = frame.next_unit() as usize - 1;
        let handler = handler(frame.code(), pc)?;
        add_traceback(ts, frame);
        let base = frame.locals().add(frame.nlocals() as usize);
        let sp = frame.locals().add(frame.stacktop() as usize);
        let (entered, top) = enter(handler, sp, base, pc);
        frame.set_stacktop(top.offset_from(frame.locals()) as i32);
        if !entered {
            return None;
        }
        frame.set_last_instruction(handler.target as i64 - 1);
        Some(handler.target as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_instruction() {
        // 2..5 to 70 at depth 3 with the instruction's number; 64..66 to 1 at depth 0.
        let table = [0x82, 3, 0x41, 6, 7, 0x80 | 0x41, 0, 2, 1, 0];
        assert_eq!(find(&table, 1), None);
        let first = Handler {
            target: 70,
            depth: 3,
            lasti: true,
        };
        assert_eq!(find(&table, 2), Some(first));
        assert_eq!(find(&table, 4), Some(first));
        assert_eq!(find(&table, 5), None);
        assert_eq!(find(&table, 65).map(|handler| handler.target), Some(1));
    }
}
