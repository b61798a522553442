//! Entry into native code: the frame hook, `vectorcall`, and counting.
//!
//! Hotness is Unladen Swallow's: 10 a call, 1 a taken back-edge, which the recording evaluator counts
//! ([`super::warm`]).

use super::warm::{self, Left};
use super::{Jit, compile, generator, jit, leave};
use crate::bytecode::opcode;
use crate::code::unit::{Installed, Place, State, Unit};
use crate::config::Mode;
use crate::frontend;
use crate::host::ffi::{
    self, _PyFunction_Vectorcall, PyInterpreterFrame, PyObject, PyThreadState, read, write,
};
use crate::host::frame::{
    ENTRY_MAY_LEAVE, Frame, OWNED_BY_GENERATOR, OWNED_BY_THREAD, current, is_tracing, set_current,
};
use crate::host::snapshot;
use crate::layout::{code as c, function, tstate};
use crate::lull::Who;
use crate::runtime::{self, RawPair};
use crate::stats::{COUNTERS, count};
use crate::timing;
use std::ffi::c_int;
use std::ptr::null_mut;

/// Hotness of a call, and of a generator's going on.
pub(super) const PER_CALL: u32 = 10;

/// The odd form of a `co_extra` word.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) hotness: u32,
    pub(super) has_loop: bool,
    /// Whether the recording evaluator may run it.
    pub(super) recordable: bool,
}

impl Count {
    pub(super) fn from_word(word: usize) -> Count {
        Count {
            hotness: (word >> 32) as u32,
            has_loop: word & 2 != 0,
            recordable: word & 4 != 0,
        }
    }

    fn to_word(self) -> usize {
        (self.hotness as usize) << 32
            | usize::from(self.recordable) << 2
            | usize::from(self.has_loop) << 1
            | 1
    }

    /// Whether the recording evaluator is to run it.
    pub(super) fn records(self, jit: &Jit) -> bool {
        self.recordable && (self.has_loop || self.hotness > jit.config.warm)
    }
}

/// Whether a code object has a backward jump.
fn has_loop(code: *mut PyObject) -> bool {
    // SAFETY: the caller's frame holds the code object.
    let units = unsafe { snapshot::code_units(code) };
    let mut at = 0;
    while at < units.len() {
        let op = opcode::deopt(units[at] as u8);
        if opcode::jump_kind(op) == Some(opcode::JumpKind::Backward) {
            return true;
        }
        at += 1 + opcode::caches(op);
    }
    false
}

/// The frame evaluation hook. What CPython simply has to run gets there at once, in a tail call.
///
/// # Safety
/// Called by CPython with the current thread state and a frame to run.
pub(super) unsafe extern "C-unwind" fn eval_frame(
    ts: *mut PyThreadState,
    raw: *mut PyInterpreterFrame,
    throwflag: c_int,
) -> *mut PyObject {
    let Some(jit) = jit() else {
        // SAFETY: as called.
        return unsafe { ffi::_PyEval_EvalFrameDefault(ts, raw, throwflag) };
    };
    let lull = &jit.lull;
    if !lull.is_cpython() {
        let before = lull.switch(Who::CPython, timing::now);
        // SAFETY: as called.
        let result = unsafe { dispatch(jit, ts, raw, throwflag) };
        lull.switch_back(before, timing::now);
        return result;
    }
    if lull.count() {
        leave::look(jit);
    }
    // SAFETY: as called.
    unsafe { dispatch(jit, ts, raw, throwflag) }
}

/// Finds out who runs a frame.
///
/// # Safety
/// As [`eval_frame`].
#[inline(always)]
unsafe fn dispatch(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    raw: *mut PyInterpreterFrame,
    throwflag: c_int,
) -> *mut PyObject {
    // SAFETY: as called; every frame has a code object, and a thread state a CFrame.
    unsafe {
        if jit.profile.is_none() && runtime::has_stack_for_call(ts) {
            if is_foreign(jit, ts, raw, throwflag) {
                return (jit.previous)(ts, raw, throwflag);
            }
            jit.look();
            let frame = Frame::from_raw(raw);
            if frame.owner() == OWNED_BY_GENERATOR {
                return generator::go_on(jit, ts, frame);
            }
            if counts_only(jit, raw) {
                return (jit.previous)(ts, raw, throwflag);
            }
        }
        run_frame(jit, ts, raw, throwflag)
    }
}

/// Whether a frame is none that is ever compiled or recorded. The call of a generator function is CPython's, which
/// makes the generator; its frame comes here when it goes on.
#[inline(always)]
unsafe fn is_foreign(
    jit: &Jit,
    ts: *mut PyThreadState,
    raw: *mut PyInterpreterFrame,
    throwflag: c_int,
) -> bool {
    // SAFETY: as in `eval_frame`.
    unsafe {
        let frame = Frame::from_raw(raw);
        let is_ours = match frame.owner() {
            OWNED_BY_THREAD => !frontend::is_generator(flags_of(frame.code())),
            OWNED_BY_GENERATOR => true,
            _ => false,
        };
        throwflag != 0 || !is_ours || jit.mode() == Mode::Never || is_tracing(ts)
    }
}

/// Whether nothing but counting is to be done for a call that is no foreign one; counts it then.
#[inline(always)]
unsafe fn counts_only(jit: &Jit, raw: *mut PyInterpreterFrame) -> bool {
    // SAFETY: as in `eval_frame`.
    let code = unsafe { Frame::from_raw(raw).code() };
    let Some(unit) = jit.unit(code) else {
        return false;
    };
    match unit.state {
        State::Refused(_) | State::Released => true,
        State::Compiled(_) => false,
        State::Warm => {
            if jit.mode() == Mode::Always || unit.hotness >= unit.wanted {
                return false;
            }
            if unit.records && warm::wants_call(unit) {
                return false;
            }
            unit.count_call(PER_CALL);
            true
        }
    }
}

/// Counts a frame, and runs it in native code, the recording evaluator or CPython's.
unsafe fn run_frame(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    raw: *mut PyInterpreterFrame,
    throwflag: c_int,
) -> *mut PyObject {
    // SAFETY: as in `eval_frame`.
    unsafe {
        if !runtime::has_stack() {
            runtime::raise_stack_exhausted();
            return null_mut();
        }
        let frame = Frame::from_raw(raw);
        if is_foreign(jit, ts, raw, throwflag) {
            return jit.interpret(ts, frame, throwflag != 0);
        }
        // Where time is taken nobody has asked yet whether code has come.
        if jit.profile.is_some() {
            jit.look();
        }
        if frame.owner() == OWNED_BY_GENERATOR {
            return generator::go_on(jit, ts, frame);
        }
        let code = frame.code();
        if let Some(unit) = jit.unit(code) {
            match &unit.state {
                State::Compiled(installed) if !installed.is_worn() => {
                    let installed: *const Installed = &raw const **installed;
                    return enter(jit, ts, frame, &*installed);
                }
                State::Refused(_) | State::Released => return jit.interpret(ts, frame, false),
                State::Compiled(_) => compile::retire_worn(jit, code),
                State::Warm => {}
            }
            unit.count_call(PER_CALL);
            if jit.mode() == Mode::Always || is_due(jit, unit) {
                return compile_and_run(jit, ts, frame);
            }
            if unit.records && warm::wants_call(unit) {
                return warm::call(jit, ts, frame, None);
            }
            return jit.interpret(ts, frame, false);
        }
        if jit.mode() == Mode::Always && frontend::is_entered_at_start(flags_of(code)) {
            return compile_and_run(jit, ts, frame);
        }
        match count_call(jit, code) {
            Some(count) if count.records(jit) => warm::call(jit, ts, frame, Some(count)),
            // It will be refused, and is then no longer counted.
            Some(count) if count.hotness > jit.config.threshold => compile_and_run(jit, ts, frame),
            _ => jit.interpret(ts, frame, false),
        }
    }
}

/// Compiles the code of a frame that is being entered, and runs it, however.
unsafe fn compile_and_run(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
) -> *mut PyObject {
    compile::compile_frame(jit, frame);
    // SAFETY: the frame is about to run.
    unsafe {
        match jit.unit(frame.code()) {
            Some(unit) if unit.installed().is_some() => {
                let installed: *const Installed = unit.installed().expect("just asked");
                enter(jit, ts, frame, &*installed)
            }
            // While it is compiled elsewhere, CPython is quicker; but a loop may be entered.
            Some(unit)
                if matches!(unit.state, State::Warm)
                    && unit.records
                    && (unit.has_loop || unit.job.is_none()) =>
            {
                warm::call(jit, ts, frame, None)
            }
            _ => jit.interpret(ts, frame, false),
        }
    }
}

/// Whether a function is to be compiled as a whole. If a loop of it has code already, or will soon, only when it is
/// called often: until then its calls enter the loop. What it does before its loops must have been recorded.
#[inline]
fn is_due(jit: &Jit, unit: &Unit) -> bool {
    let is_coming = |place: &Place| {
        let postponed = place.wanted > jit.config.threshold && place.wanted != u32::MAX;
        place.code.is_some() || place.job.is_some() || postponed
    };
    let is_known =
        !unit.records || unit.recorded_calls >= 2 || jit.config.threshold < compile::JUDGED_FROM;
    unit.hotness > unit.wanted
        && is_known
        && (unit.is_called
            || !unit.places.iter().any(is_coming)
            || unit.calls.saturating_mul(PER_CALL) > jit.config.threshold)
}

/// The count of a code object that has one.
fn count_of(jit: &Jit, code: *mut PyObject) -> Option<Count> {
    let word = jit.extra(code);
    if word & 1 == 1 {
        return Some(Count::from_word(word));
    }
    jit.unit(code).map(|unit| Count {
        hotness: unit.hotness,
        has_loop: unit.has_loop,
        recordable: unit.records,
    })
}

pub(super) fn hotness(jit: &Jit, code: *mut PyObject) -> u32 {
    count_of(jit, code).map_or(0, |count| count.hotness)
}

pub(super) fn add_hotness(jit: &Jit, code: *mut PyObject, more: u32) {
    let Some(word) = jit.extra_word(code) else {
        return;
    };
    // SAFETY: the word is there.
    let value = unsafe { *word };
    if value & 1 == 1 {
        let mut count = Count::from_word(value);
        count.hotness = count.hotness.saturating_add(more);
        // SAFETY: as above; an odd word is a plain number.
        unsafe { *word = count.to_word() };
    } else if let Some(unit) = jit.unit(code) {
        unit.hotness = unit.hotness.saturating_add(more);
    }
}

/// What `co_warmup` is before the first call.
const NEVER_RUN: i16 = -8;

/// Counts a call of code without a unit.
pub(super) fn count_call(jit: &Jit, code: *mut PyObject) -> Option<Count> {
    let word = jit.extra(code);
    if word == 0 {
        // SAFETY: a code object has this field: below zero until CPython quickens it.
        let warmup: i16 = unsafe { read(code, c::CO_WARMUP) };
        if warmup != 0 && warmup != NEVER_RUN && jit.config.warm != 0 {
            return None;
        }
        let has_loop = has_loop(code);
        let count = Count {
            hotness: PER_CALL,
            has_loop,
            recordable: is_recordable(code, has_loop),
        };
        // Nothing is kept of code that is not going to be recorded soon.
        if warmup == 0 || count.records(jit) {
            jit.set_extra(code, count.to_word());
        }
        return Some(count);
    }
    let mut count = Count::from_word(word);
    count.hotness = count.hotness.saturating_add(PER_CALL);
    if let Some(word) = jit.extra_word(code) {
        // SAFETY: the word is there; an odd word is a plain number.
        unsafe { *word = count.to_word() };
    }
    Some(count)
}

/// A code object's `co_flags`.
#[inline(always)]
pub(super) fn flags_of(code: *mut PyObject) -> u32 {
    // SAFETY: a code object has this field.
    unsafe { read::<i32>(code, c::CO_FLAGS) as u32 }
}

/// Whether a code object has anything that is compiled: module and class bodies have only their loops.
pub(super) fn is_recordable(code: *mut PyObject, has_loop: bool) -> bool {
    let flags = flags_of(code);
    has_loop || frontend::is_entered_at_start(flags) || frontend::is_generator(flags)
}

/// Runs native code on a frame that CPython pushed.
unsafe fn enter(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    installed: &Installed,
) -> *mut PyObject {
    count(&COUNTERS.entries_hook);
    // SAFETY: the frame is about to run; its function is alive.
    unsafe {
        let callee = frame.function();
        let slot: ffi::Vectorcall = read(callee, function::VECTORCALL);
        if std::ptr::fn_addr_eq(slot, _PyFunction_Vectorcall as ffi::Vectorcall) {
            write(callee, function::VECTORCALL, vectorcall as ffi::Vectorcall);
        }
        let caller = current(ts);
        frame.set_previous(caller);
        run_to_end(jit, ts, frame, installed)
    }
}

/// Runs native code on a frame that is linked but not current, and what follows if it is left.
unsafe fn run_to_end(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    installed: &Installed,
) -> *mut PyObject {
    // SAFETY: the frame is at its beginning (caller).
    unsafe {
        let caller = frame.previous();
        frame.set_is_entry(ENTRY_MAY_LEAVE);
        set_current(ts, frame.as_ptr());
        let pair = run(jit, ts, frame, installed);
        set_current(ts, caller);
        match Left::from_pair(pair) {
            Left::Returned(value) => value,
            Left::InTheMiddle { raised } => warm::go_on(jit, ts, frame, raised),
        }
    }
}

/// Calls a unit's entry point, keeping count of native activations.
pub(super) unsafe fn run(
    jit: &Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    installed: &Installed,
) -> RawPair {
    let entry = installed.image.entry as *const ();
    // SAFETY: the generator's promise: the address is a function of this type.
    let entry: unsafe extern "C-unwind" fn(
        *mut PyThreadState,
        *mut PyInterpreterFrame,
        *mut u8,
    ) -> RawPair = unsafe { std::mem::transmute(entry) };
    // The GIL is held here, and again when the code has returned.
    let place = 0u8;
    let place = std::ptr::from_ref(&place) as usize;
    let version = std::ptr::from_ref(installed) as usize;
    jit.graveyard.watch.enter(ts as usize, place, version);
    let before = jit.lull.switch(Who::Native, timing::now);
    // SAFETY: the frame is current and at its beginning.
    let result = unsafe {
        jit.timed_version(frame.code(), installed, || {
            entry(ts, frame.as_ptr(), null_mut())
        })
    };
    jit.lull.switch_back(before, timing::now);
    jit.graveyard.watch.leave();
    result
}

/// `vectorcall` of functions that were compiled: pushes the frame itself.
///
/// # Safety
/// Called by CPython for a Python function.
pub(super) unsafe extern "C-unwind" fn vectorcall(
    callee: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as called: the function, its code and the arguments are alive.
    unsafe {
        if names.is_null()
            && let Some(jit) = jit()
            && jit.mode() != Mode::Never
        {
            // CPython's evaluator would have inlined this call, too.
            if jit.lull.is_cpython() && jit.lull.count() {
                leave::look(jit);
            }
            let code: *mut PyObject = read(callee, function::FUNC_CODE);
            let nargs = nargsf & (usize::MAX >> 1);
            if let Some(unit) = jit.unit(code)
                && let Some(installed) = unit.installed()
                && unit.plain_args == Some(nargs as u32)
                && !installed.is_worn()
                && runtime::has_stack()
            {
                let ts = pyo3_ffi::PyThreadState_Get();
                let top: *mut u8 = read(ts, tstate::DATASTACK_TOP);
                let limit: *mut u8 = read(ts, tstate::DATASTACK_LIMIT);
                let size = 8 * unit.frame_words as usize;
                if !is_tracing(ts) && limit as usize - top as usize > size {
                    let installed: *const Installed = installed;
                    return push_and_run(
                        jit,
                        ts,
                        top,
                        size,
                        callee,
                        code,
                        (args, nargs),
                        &*installed,
                    );
                }
            }
        }
        _PyFunction_Vectorcall(callee, args, nargsf, names)
    }
}

/// Pushes a frame on the data stack and runs native code on it.
#[allow(clippy::too_many_arguments)]
unsafe fn push_and_run(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    top: *mut u8,
    size: usize,
    callee: *mut PyObject,
    code: *mut PyObject,
    (args, nargs): (*const *mut PyObject, usize),
    installed: &Installed,
) -> *mut PyObject {
    count(&COUNTERS.entries_vectorcall);
    // SAFETY: the data stack has room (checked by the caller); all objects are alive.
    unsafe {
        write(ts, tstate::DATASTACK_TOP, top.add(size));
        let frame = Frame::from_raw(top.cast());
        pyo3_ffi::Py_IncRef(callee);
        pyo3_ffi::Py_IncRef(code);
        frame.initialise(callee, code);
        for slot in 0..frame.nlocals() as usize {
            let value = if slot < nargs {
                let arg = *args.add(slot);
                pyo3_ffi::Py_IncRef(arg);
                arg
            } else {
                null_mut()
            };
            frame.set_slot(slot, value);
        }
        frame.set_previous(current(ts));
        let result = run_to_end(jit, ts, frame, installed);
        runtime::swl_frame_clear(ts, frame.as_ptr());
        write(ts, tstate::DATASTACK_TOP, top);
        result
    }
}
