//! `_PyInterpreterFrame` and the thread state's view of it.

use super::ffi::{PyInterpreterFrame, PyObject, PyThreadState, read, write};
use super::snapshot::class_of;
use crate::layout::{self, frame as f, generator, tstate};
use std::ptr::addr_of_mut;

/// A frame that is alive: running, or about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame(*mut PyInterpreterFrame);

/// `FRAME_OWNED_BY_THREAD`.
pub const OWNED_BY_THREAD: u8 = 0;
/// `FRAME_OWNED_BY_GENERATOR`.
pub const OWNED_BY_GENERATOR: u8 = 1;
/// `is_entry` of a frame whose native code may return in the middle: its caller goes on with it.
pub const ENTRY_MAY_LEAVE: u8 = 2;
/// `FRAME_OWNED_BY_FRAME_OBJECT`.
pub const OWNED_BY_FRAME_OBJECT: u8 = 2;

impl Frame {
    /// # Safety
    /// `raw` is a frame of CPython 3.11 that stays alive while the result is used.
    #[must_use]
    pub unsafe fn from_raw(raw: *mut PyInterpreterFrame) -> Frame {
        Frame(raw)
    }

    #[must_use]
    pub fn as_ptr(self) -> *mut PyInterpreterFrame {
        self.0
    }

    #[inline(always)]
    fn get<T: Copy>(self, offset: i32) -> T {
        // SAFETY: alive by construction; every caller below names the field's type.
        unsafe { read(self.0, offset) }
    }

    #[inline(always)]
    fn set<T>(self, offset: i32, value: T) {
        // SAFETY: as in `get`.
        unsafe { write(self.0, offset, value) }
    }

    /// The code object, borrowed from the frame.
    #[must_use]
    pub fn code(self) -> *mut PyObject {
        self.get(f::F_CODE)
    }

    /// The function, borrowed from the frame.
    #[must_use]
    pub fn function(self) -> *mut PyObject {
        self.get(f::F_FUNC)
    }

    #[must_use]
    pub fn globals(self) -> *mut PyObject {
        self.get(f::F_GLOBALS)
    }

    #[must_use]
    pub fn builtins(self) -> *mut PyObject {
        self.get(f::F_BUILTINS)
    }

    #[must_use]
    pub fn owner(self) -> u8 {
        self.get(f::OWNER)
    }

    /// CPython's `is_entry`, which it sets itself when it starts with a frame.
    #[must_use]
    pub fn is_entry(self) -> u8 {
        self.get(f::IS_ENTRY)
    }

    pub fn set_is_entry(self, how: u8) {
        self.set(f::IS_ENTRY, how);
    }

    #[must_use]
    pub fn previous(self) -> *mut PyInterpreterFrame {
        self.get(f::PREVIOUS)
    }

    pub fn set_previous(self, previous: *mut PyInterpreterFrame) {
        self.set(f::PREVIOUS, previous);
    }

    #[must_use]
    pub fn frame_object(self) -> *mut PyObject {
        self.get(f::FRAME_OBJ)
    }

    #[must_use]
    pub fn stacktop(self) -> i32 {
        self.get(f::STACKTOP)
    }

    pub fn set_stacktop(self, top: i32) {
        self.set(f::STACKTOP, top);
    }

    /// `co_nlocalsplus`.
    #[must_use]
    pub fn nlocals(self) -> i32 {
        // SAFETY: a code object has this field.
        unsafe { read(self.code(), layout::code::CO_NLOCALSPLUS) }
    }

    /// Slot `index` of locals and stack, borrowed.
    #[must_use]
    pub fn slot(self, index: usize) -> *mut PyObject {
        self.get(f::LOCALSPLUS + 8 * index as i32)
    }

    /// Overwrites a slot; the caller sees to the references.
    pub fn set_slot(self, index: usize, value: *mut PyObject) {
        self.set(f::LOCALSPLUS + 8 * index as i32, value);
    }

    /// Address of the code's first unit.
    #[must_use]
    #[inline(always)]
    pub fn first_unit(self) -> *const u16 {
        self.code()
            .cast::<u8>()
            .wrapping_offset(layout::code::CO_CODE_ADAPTIVE as isize)
            .cast()
    }

    /// Address of the first local.
    #[must_use]
    #[inline(always)]
    pub fn locals(self) -> *mut *mut PyObject {
        self.as_ptr()
            .cast::<u8>()
            .wrapping_offset(f::LOCALSPLUS as isize)
            .cast()
    }

    /// Makes unit `pc` the instruction that ran last; −1 for none.
    pub fn set_last_instruction(self, pc: i64) {
        let first = self.code() as i64 + i64::from(layout::code::CO_CODE_ADAPTIVE);
        self.set(f::PREV_INSTR, first + 2 * pc);
    }

    /// Address of the instruction that ran last.
    #[must_use]
    pub fn last_instruction(self) -> *const u16 {
        self.get(f::PREV_INSTR)
    }

    /// Sets the address of the instruction that ran last.
    #[inline(always)]
    pub fn set_last_pointer(self, instr: *const u16) {
        self.set(f::PREV_INSTR, instr);
    }

    /// Number of the unit behind the instruction that ran last: of the next instruction, where that has no caches.
    #[must_use]
    pub fn next_unit(self) -> u32 {
        // SAFETY: both point into the code object's units, or one before them.
        unsafe { (self.last_instruction().offset_from(self.first_unit()) + 1) as u32 }
    }

    /// Tells the generator that has this frame that it is suspended.
    pub fn set_suspended(self) {
        self.set(generator::STATE_BEFORE_FRAME, generator::SUSPENDED);
    }

    /// Whether the names of the frame's code are plainly those of its globals, as in a module: one dict, not of a
    /// subclass, which could see who loads and stores.
    #[must_use]
    pub fn has_global_names(self) -> bool {
        let namespace: *mut PyObject = self.get(f::F_LOCALS);
        // SAFETY: a frame has globals, which are alive.
        namespace == self.globals()
            && unsafe { class_of(namespace) } == addr_of_mut!(pyo3_ffi::PyDict_Type)
    }

    /// Whether CPython still hides the frame: it has not reached its first traceable instruction.
    #[must_use]
    pub fn is_incomplete(self) -> bool {
        if self.owner() == OWNED_BY_GENERATOR {
            return false;
        }
        let first = self.code() as i64 + i64::from(layout::code::CO_CODE_ADAPTIVE);
        // SAFETY: a code object has this field.
        let traceable: i32 = unsafe { read(self.code(), layout::code::CO_FIRSTTRACEABLE) };
        self.get::<i64>(f::PREV_INSTR) < first + 2 * i64::from(traceable)
    }

    /// Fills the special fields of a frame that was just pushed, taking no references.
    ///
    /// # Safety
    /// `function` is a Python function and `code` its code; the caller gives a reference to each.
    pub unsafe fn initialise(self, function: *mut PyObject, code: *mut PyObject) {
        // SAFETY: a function has these fields.
        let (globals, builtins): (*mut PyObject, *mut PyObject) = unsafe {
            (
                read(function, layout::function::FUNC_GLOBALS),
                read(function, layout::function::FUNC_BUILTINS),
            )
        };
        self.set(f::F_FUNC, function);
        self.set(f::F_GLOBALS, globals);
        self.set(f::F_BUILTINS, builtins);
        self.set(f::F_LOCALS, std::ptr::null_mut::<PyObject>());
        self.set(f::F_CODE, code);
        self.set(f::FRAME_OBJ, std::ptr::null_mut::<PyObject>());
        self.set_last_instruction(-1);
        self.set_stacktop(self.nlocals());
        self.set(f::IS_ENTRY, 1u8);
        self.set(f::OWNER, OWNED_BY_THREAD);
    }
}

/// Whether a generator or coroutine has been made and not begun.
///
/// # Safety
/// `generator` is one, and alive.
#[must_use]
pub unsafe fn is_created(generator: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { read::<i8>(generator, generator::FRAME_STATE) == generator::CREATED }
}

/// `tstate->cframe->current_frame`.
///
/// # Safety
/// `ts` is the current thread state.
#[must_use]
pub unsafe fn current(ts: *mut PyThreadState) -> *mut PyInterpreterFrame {
    // SAFETY: the caller's promise; a thread state always has a CFrame.
    unsafe {
        let cframe: *mut u8 = read(ts, tstate::CFRAME);
        read(cframe, layout::cframe::CURRENT_FRAME)
    }
}

/// Sets `tstate->cframe->current_frame`.
///
/// # Safety
/// `ts` is the current thread state; `frame` is null or alive while it is current.
pub unsafe fn set_current(ts: *mut PyThreadState, frame: *mut PyInterpreterFrame) {
    // SAFETY: the caller's promise.
    unsafe {
        let cframe: *mut u8 = read(ts, tstate::CFRAME);
        write(cframe, layout::cframe::CURRENT_FRAME, frame);
    }
}

/// Whether a trace or profile function is active.
///
/// # Safety
/// `ts` is the current thread state.
#[must_use]
pub unsafe fn is_tracing(ts: *mut PyThreadState) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let cframe: *mut u8 = read(ts, tstate::CFRAME);
        read::<u8>(cframe, layout::cframe::USE_TRACING) != 0
    }
}
