//! Warm code: when the recording evaluator runs, and when it gives way to native code or to CPython.
//!
//! Code with a loop starts here with its first call, since a loop that is entered once must become hot
//! too; other code when it has been called a few times. Back-edges are counted exactly. A loop that
//! gets hot is compiled by itself, from its head to the function's end, and entered in the middle
//! (on-stack replacement, after Hölzle, Chambers and Ungar, 1992). Frames that native code has left come
//! back here, so that they can enter native code again at the next back-edge, and so that what made the
//! guard fail is recorded.

use super::enter::{self, Count};
use super::profile::Heat;
use super::{Jit, compile, jit};
use crate::code::unit::{Installed, Loop, State, Unit};
use crate::config::Mode;
use crate::feedback::Map;
use crate::frontend::EntryItem;
use crate::helpers::tag;
use crate::host::ffi::{
    self, PyInterpreterFrame, PyListIter_Type, PyObject, PyRangeIter_Type, PyThreadState, read,
    write,
};
use crate::host::frame::{ENTRY_MAY_LEAVE, Frame, current, is_tracing, set_current};
use crate::host::snapshot;
use crate::layout::{builtin, object, tstate};
use crate::record::{self, End};
use crate::runtime::{self, RawPair};
use crate::stats::{COUNTERS, count};
use std::ffi::c_int;
use std::ptr::{addr_of_mut, null_mut};

/// Back-edges after which the evaluator asks what to do.
const EDGES_PER_TURN: u32 = 64;

/// Side exits of a unit's code from which on it is recorded what happens after them.
const EXITS_BEFORE_RECORDING: u32 = 4;

/// Runs a frame in the recording evaluator, and in native code where there is some, until it returns.
///
/// # Safety
/// The frame is one of a function, not current, and what an evaluator expects; with `throws`, an
/// exception is set and is unwound first. `after_exit`: native code has just been left.
pub(super) unsafe fn evaluate(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    throws: bool,
    after_exit: bool,
) -> *mut PyObject {
    let mut edges = 0;
    // SAFETY: as promised; the frame holds its code object, which holds its record.
    unsafe {
        let result = take_turns(jit, ts, frame, throws, after_exit, &mut edges);
        if let Some(unit) = jit.unit(frame.code()) {
            unit.longest = unit.longest.max(edges);
        }
        result
    }
}

/// The same; adds up the back-edges taken here.
unsafe fn take_turns(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    mut throws: bool,
    mut after_exit: bool,
    edges: &mut u32,
) -> *mut PyObject {
    // SAFETY: as promised; the frame holds its code object, which holds its record.
    unsafe {
        let code = frame.code();
        let caller = current(ts);
        let mut turn = None;
        loop {
            let left: i32 = read(ts, tstate::RECURSION_REMAINING);
            if left <= 0 || is_tracing(ts) || jit.mode() == Mode::Never {
                return jit.interpret(ts, frame, throws);
            }
            let (map, budget, all) = prepare(jit, code, turn, after_exit);
            write(ts, tstate::RECURSION_REMAINING, left - 1);
            frame.set_previous(caller);
            frame.set_is_entry(1);
            set_current(ts, frame.as_ptr());
            let (end, rest) = jit.timed(code, Heat::Warm, || {
                record::run(ts, frame, map, all, budget, throws)
            });
            set_current(ts, caller);
            let left: i32 = read(ts, tstate::RECURSION_REMAINING);
            write(ts, tstate::RECURSION_REMAINING, left + 1);
            *edges = edges.saturating_add(budget - rest);
            finish(jit, code, map, budget - rest);
            let pc = match end {
                End::Returned(value) => return value,
                End::Raised => return jit.interpret(ts, frame, true),
                End::Leave => return jit.interpret(ts, frame, false),
                End::Edge(pc) => pc,
            };
            throws = false;
            after_exit = false;
            match at_edge(jit, frame, pc, budget) {
                Next::Record => turn = Some(EDGES_PER_TURN),
                Next::GiveUp => return jit.interpret(ts, frame, false),
                Next::Native(installed) => {
                    turn = None;
                    match enter_loop(jit, ts, frame, &*installed) {
                        Left::Returned(value) => return value,
                        Left::InTheMiddle { raised } => {
                            throws = raised && !is_restarted(frame);
                            after_exit = true;
                        }
                    }
                }
            }
        }
    }
}

/// Goes on with a frame that native code has left; it is not current.
///
/// # Safety
/// As an evaluation function.
pub(super) unsafe extern "C-unwind" fn resume(
    ts: *mut PyThreadState,
    raw: *mut PyInterpreterFrame,
    throwflag: c_int,
) -> *mut PyObject {
    // SAFETY: as called.
    unsafe {
        match jit() {
            Some(jit) => go_on(jit, ts, Frame::from_raw(raw), throwflag != 0),
            None => ffi::_PyEval_EvalFrameDefault(ts, raw, throwflag),
        }
    }
}

/// The same with the JIT at hand.
///
/// # Safety
/// As [`evaluate`].
pub(super) unsafe fn go_on(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    throws: bool,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let throws = throws && !is_restarted(frame);
        if let Some(unit) = jit.unit(frame.code()) {
            if let State::Refused(_) | State::Released = unit.state {
                return jit.interpret(ts, frame, throws);
            }
            note_exit(jit, unit);
            // Calls from native code look at nothing but the call cell.
            if unit.is_worn() {
                compile::retire_worn(jit, frame.code());
            }
        }
        evaluate(jit, ts, frame, throws, true)
    }
}

/// Whether native code has not raised but handed an instruction over; the frame is then before it.
unsafe fn is_restarted(frame: Frame) -> bool {
    // SAFETY: native code has left the frame (caller); only `swl_step` fails without an exception.
    unsafe { pyo3_ffi::PyErr_Occurred().is_null() && record::restart(frame) }
}

/// Sees to it that code whose guards fail is recorded again.
unsafe fn note_exit(jit: &Jit, unit: &mut Unit) {
    unit.exits = unit.exits.saturating_add(1);
    if unit.exits >= EXITS_BEFORE_RECORDING && jit.config.fail_guard == 0 {
        // SAFETY: the frame that was left holds the code object.
        unsafe { make_map(unit) };
    }
}

/// Gives a record a feedback map, if it has none.
///
/// # Safety
/// The code object is alive.
pub(super) unsafe fn make_map(unit: &mut Unit) {
    if unit.map.is_none() {
        // SAFETY: alive (caller).
        let units = unsafe { snapshot::code_units(unit.code as *mut PyObject) };
        let map = Map::new(units);
        unit.map = Some(Box::new(map));
        unit.turns = 0;
        unit.account_map();
    }
}

/// Turns of a map in which everything is recorded; then it is in one of 8, later in one of 64.
const FULL_TURNS: u32 = 64;
const FREQUENT_TURNS: u32 = 1024;

/// Whether everything is recorded in a turn.
fn is_sampled(turn: u32) -> bool {
    turn < FULL_TURNS || turn.is_multiple_of(64) || turn < FREQUENT_TURNS && turn.is_multiple_of(8)
}

/// Back-edges of a call that CPython may run as a whole: its loops need no entry.
const SHORT_CALL: u32 = 512;

/// Whether the recording evaluator is to run this call: once it has seen enough, it takes a sample of the
/// calls that never loop for long.
#[inline]
pub(super) fn wants_call(unit: &mut Unit) -> bool {
    if unit.longest > SHORT_CALL || is_sampled(unit.turns) || unit.has_loop_code() {
        return true;
    }
    unit.turns = unit.turns.wrapping_add(1);
    // What the evaluator would have counted.
    unit.hotness = unit.hotness.saturating_add(unit.longest / 2);
    false
}

/// The map to fill, the budget for the next turn, and whether to record everything.
fn prepare(
    jit: &Jit,
    code: *mut PyObject,
    turn: Option<u32>,
    after_exit: bool,
) -> (*mut Map, u32, bool) {
    let Some(unit) = jit.unit(code) else {
        let warm = jit.config.warm.saturating_add(1);
        let left = warm.saturating_sub(enter::hotness(jit, code));
        return (null_mut(), left.clamp(1, EDGES_PER_TURN), false);
    };
    let first = if unit.has_loop_code() {
        1
    } else {
        EDGES_PER_TURN
    };
    let map = match &mut unit.map {
        Some(map) => {
            unit.recorders += 1;
            &raw mut **map
        }
        None => null_mut(),
    };
    let all = after_exit || is_sampled(unit.turns);
    unit.turns = unit.turns.wrapping_add(1);
    (map, turn.unwrap_or(first), all)
}

/// Accounts for a turn of the evaluator.
fn finish(jit: &Jit, code: *mut PyObject, map: *mut Map, edges: u32) {
    count(&COUNTERS.recorded);
    enter::add_hotness(jit, code, edges);
    if map.is_null() {
        return;
    }
    if let Some(unit) = jit.unit(code) {
        unit.recorders -= 1;
        unit.account_map();
        let is_over = match unit.state {
            State::Refused(_) | State::Released => true,
            // It was compiled while this activation ran.
            State::Compiled(_) => unit.exits == 0 && !jit.config.keep_feedback,
            State::Warm => false,
        };
        if is_over {
            unit.drop_map();
        }
    }
}

/// What comes after a turn.
enum Next {
    Record,
    /// CPython has the frame from here on.
    GiveUp,
    Native(*const Installed),
}

/// Decides at the head of a loop; `edges` have been taken in the turn.
unsafe fn at_edge(jit: &'static Jit, frame: Frame, pc: u32, edges: u32) -> Next {
    let code = frame.code();
    if enter::hotness(jit, code) <= jit.config.warm {
        return Next::Record;
    }
    let Some(unit) = jit.unit_or_new(code) else {
        return Next::GiveUp;
    };
    match unit.state {
        State::Refused(_) | State::Released => return Next::GiveUp,
        State::Warm | State::Compiled(_) => {}
    }
    // SAFETY: the frame holds the code object.
    unsafe { make_map(unit) };
    let this = unit.loop_at(pc);
    this.edges = this.edges.saturating_add(edges);
    if this.code.is_none() && this.edges > this.wanted {
        compile::compile_loop(jit, frame, pc);
    }
    let Some(unit) = jit.unit(code) else {
        return Next::GiveUp;
    };
    if let State::Refused(_) | State::Released = unit.state {
        return Next::GiveUp;
    }
    let this = unit.loop_at(pc);
    match &this.code {
        // SAFETY: the frame is at the loop's head.
        Some(installed) if unsafe { fits(frame, this) } => {
            if installed.is_worn() {
                compile::retire_worn(jit, code);
                return Next::Record;
            }
            Next::Native(&raw const **installed)
        }
        _ => Next::Record,
    }
}

/// The value stack of a frame at the head of a loop, as loop code sees it.
///
/// # Safety
/// An evaluator has just left the frame there.
pub(super) unsafe fn stack_items(frame: Frame) -> Vec<EntryItem> {
    let (first, end) = (frame.nlocals() as usize, frame.stacktop() as usize);
    // SAFETY: slots below the top are null or alive.
    (first..end)
        .map(|slot| unsafe { item_of(frame.slot(slot)) })
        .collect()
}

unsafe fn item_of(value: *mut PyObject) -> EntryItem {
    if value.is_null() {
        return EntryItem::Null;
    }
    // SAFETY: alive (caller); fields are those of the class that was checked.
    unsafe {
        if read::<isize>(value, object::OB_REFCNT) != 1 {
            return EntryItem::Object;
        }
        let class: *mut pyo3_ffi::PyTypeObject = read(value, object::OB_TYPE);
        if class == addr_of_mut!(PyRangeIter_Type) {
            return EntryItem::Range;
        }
        let list = class == addr_of_mut!(PyListIter_Type);
        if list && !read::<*mut PyObject>(value, builtin::LISTITER_SEQ).is_null() {
            return EntryItem::List;
        }
        EntryItem::Object
    }
}

/// Whether the frame's value stack is what the loop's code expects.
unsafe fn fits(frame: Frame, this: &Loop) -> bool {
    // SAFETY: as in `stack_items`.
    let found = unsafe { stack_items(frame) };
    found.len() == this.stack.len()
        && found.iter().zip(&this.stack).all(|(found, wanted)| {
            found == wanted || *wanted == EntryItem::Object && *found != EntryItem::Null
        })
}

/// How native code came back.
pub(super) enum Left {
    /// The frame has returned this, or null with an exception.
    Returned(*mut PyObject),
    /// An evaluator is to go on, unwinding first if it `raised`.
    InTheMiddle { raised: bool },
}

impl Left {
    /// From a unit's result.
    pub(super) fn from_pair(pair: RawPair) -> Left {
        if pair.tag == tag::LEFT {
            Left::InTheMiddle {
                raised: pair.payload != 0,
            }
        } else {
            Left::Returned(pair.into_object())
        }
    }
}

/// Enters a loop's code with a frame that is at its head and not current.
unsafe fn enter_loop(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    installed: &Installed,
) -> Left {
    count(&COUNTERS.entries_loop);
    // SAFETY: the frame's stack is what the code expects; the code takes the references on it.
    unsafe {
        if !runtime::has_stack() {
            return Left::Returned(jit.interpret(ts, frame, false));
        }
        let caller = current(ts);
        frame.set_previous(caller);
        frame.set_stacktop(frame.nlocals());
        frame.set_is_entry(ENTRY_MAY_LEAVE);
        set_current(ts, frame.as_ptr());
        let pair = enter::run(jit, ts, frame, installed);
        set_current(ts, caller);
        Left::from_pair(pair)
    }
}

/// Runs warm code that is being called, after counting the call.
///
/// # Safety
/// As an evaluation function; the frame is at its beginning.
pub(super) unsafe fn call(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    count: Option<Count>,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let code = frame.code();
        let records = count.is_none_or(|count| count.hotness > jit.config.warm);
        if records {
            let Some(unit) = jit.unit_or_new(code) else {
                return jit.interpret(ts, frame, false);
            };
            make_map(unit);
        }
        evaluate(jit, ts, frame, false, false)
    }
}
