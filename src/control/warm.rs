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
use super::{Jit, compile, first_wanted, jit, throw};
use crate::code::unit::{Installed, Place, PlaceKind, State, Unit};
use crate::config::Mode;
use crate::feedback::Map;
use crate::frontend::{self, EntryItem};
use crate::heap;
use crate::helpers::tag;
use crate::host::ffi::{
    self, PyInterpreterFrame, PyListIter_Type, PyObject, PyRangeIter_Type, PyThreadState, read,
    write,
};
use crate::host::frame::{
    ENTRY_MAY_LEAVE, Frame, OWNED_BY_GENERATOR, current, is_tracing, set_current,
};
use crate::host::snapshot;
use crate::layout::{builtin, object, tstate};
use crate::lull::Who;
use crate::record::{self, End};
use crate::runtime::{self, RawPair};
use crate::stats::{COUNTERS, count};
use crate::timing;
use pyo3_ffi as py;
use std::ffi::c_int;
use std::ptr::{addr_of_mut, null_mut};

/// Back-edges after which the evaluator asks what to do.
pub(super) const EDGES_PER_TURN: u32 = 64;

/// Side exits of a unit's code from which on it is recorded what happens after them.
const EXITS_BEFORE_RECORDING: u32 = 4;

/// Runs a frame in the recording evaluator, and in native code where there is some, or else in CPython's, until it
/// returns or yields; begins with `next`.
///
/// # Safety
/// The frame is not current, and is what an evaluator expects.
pub(super) unsafe fn evaluate(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    next: Next,
) -> *mut PyObject {
    // SAFETY: as promised.
    unsafe {
        match try_evaluate(jit, ts, frame, next) {
            Outcome::Returned(value) => value,
            Outcome::GivenUp => jit.interpret(ts, frame, false),
            Outcome::Raised => throw::unwind(jit, ts, frame),
        }
    }
}

/// How far a frame has come without CPython's evaluator.
pub(super) enum Outcome {
    /// It has returned or yielded this, or null with an exception.
    Returned(*mut PyObject),
    /// CPython has it from here on.
    GivenUp,
    /// The same, with an exception to unwind.
    Raised,
}

/// The same, but leaves to the caller what CPython's evaluator is to do.
///
/// # Safety
/// As [`evaluate`].
pub(super) unsafe fn try_evaluate(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    next: Next,
) -> Outcome {
    let mut edges = 0;
    // SAFETY: as promised; the frame holds its code object, which holds its record.
    unsafe {
        let outcome = take_turns(jit, ts, frame, next, &mut edges);
        if let Some(unit) = jit.unit(frame.code()) {
            unit.longest = unit.longest.max(edges);
        }
        outcome
    }
}

/// The same; adds up the back-edges taken here.
unsafe fn take_turns(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    mut next: Next,
    edges: &mut u32,
) -> Outcome {
    // SAFETY: as promised; the frame holds its code object, which holds its record.
    unsafe {
        let code = frame.code();
        let caller = current(ts);
        let mut turn = None;
        loop {
            let after_exit = match next {
                Next::Record => false,
                Next::RecordExit => true,
                Next::GiveUp => return Outcome::GivenUp,
                Next::Unwind => return Outcome::Raised,
                Next::Native(installed) => {
                    turn = None;
                    next = match enter_place(jit, ts, frame, &*installed) {
                        Left::Returned(value) => return Outcome::Returned(value),
                        Left::InTheMiddle { raised } => after_native(jit, ts, frame, raised),
                    };
                    continue;
                }
            };
            let left: i32 = read(ts, tstate::RECURSION_REMAINING);
            if left <= 0 || is_tracing(ts) || jit.mode() == Mode::Never || heap::is_short() {
                return Outcome::GivenUp;
            }
            let (map, budget, all) = prepare(jit, code, turn, after_exit);
            write(ts, tstate::RECURSION_REMAINING, left - 1);
            frame.set_previous(caller);
            frame.set_is_entry(1);
            set_current(ts, frame.as_ptr());
            let before = jit.lull.switch(Who::Recorder, timing::now);
            let (end, rest) = jit.timed(code, Heat::Warm, || {
                record::run(ts, frame, map, all, budget)
            });
            jit.lull.switch_back(before, timing::now);
            set_current(ts, caller);
            let left: i32 = read(ts, tstate::RECURSION_REMAINING);
            write(ts, tstate::RECURSION_REMAINING, left + 1);
            *edges = edges.saturating_add(budget - rest);
            finish(jit, code, map, budget - rest);
            next = match end {
                End::Returned(value) => return Outcome::Returned(value),
                End::Raised => Next::Unwind,
                End::Leave => Next::GiveUp,
                End::Edge(pc) => at_edge(jit, frame, pc, Arrival::at_loop(budget, *edges)),
            };
            if let Next::Record = next {
                turn = Some(EDGES_PER_TURN);
            }
        }
    }
}

/// What comes after native code that was left in the middle.
unsafe fn after_native(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    raised: bool,
) -> Next {
    // SAFETY: native code has left the frame, which is not current (caller).
    unsafe {
        if !raised || is_restarted(frame) {
            return Next::RecordExit;
        }
        if is_tracing(ts) || jit.mode() == Mode::Never {
            return Next::Unwind;
        }
        let caller = current(ts);
        frame.set_previous(caller);
        set_current(ts, frame.as_ptr());
        let handler = record::unwind(ts, frame);
        set_current(ts, caller);
        match handler {
            None => Next::Unwind,
            Some(pc) => match at_place(jit, frame, pc, Arrival::at(PlaceKind::Handler)) {
                Next::Record => Next::RecordExit,
                next => next,
            },
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
        if let Some(unit) = jit.unit(frame.code()) {
            if let State::Refused(_) | State::Released = unit.state {
                if throws && !is_restarted(frame) {
                    return throw::unwind(jit, ts, frame);
                }
                return jit.interpret(ts, frame, false);
            }
            note_exit(jit, unit);
            // Calls from native code look at nothing but the call cell.
            if unit.is_worn() {
                compile::retire_worn(jit, frame.code());
            }
        }
        let next = after_native(jit, ts, frame, throws);
        evaluate(jit, ts, frame, next)
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
        unit.recorded_calls = 0;
        unit.turns = 0;
        unit.account_map();
    }
}

/// Turns of a map in which everything is recorded; then it is in one of 8, later in one of 64.
const FULL_TURNS: u32 = 64;
const FREQUENT_TURNS: u32 = 1024;

/// Whether everything is recorded in this turn. What has no loop has many turns until it may be compiled.
fn is_sampled(unit: &Unit) -> bool {
    let turn = unit.turns;
    let is_frequent = unit.has_loop && turn < FREQUENT_TURNS;
    turn < FULL_TURNS || turn.is_multiple_of(64) || is_frequent && turn.is_multiple_of(8)
}

/// Back-edges of a call that CPython may run as a whole: its loops need no entry.
const SHORT_CALL: u32 = 512;

/// Whether the recording evaluator is to run this call: once it has seen enough, it takes a sample of the
/// calls that never loop for long.
#[inline]
pub(super) fn wants_call(unit: &mut Unit) -> bool {
    unit.has_place() || is_recorded(unit)
}

/// The same but for calls that are recorded because they may enter native code.
#[inline]
pub(super) fn is_recorded(unit: &mut Unit) -> bool {
    if unit.longest > SHORT_CALL || is_sampled(unit) {
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
    let first = if unit.has_place() { 1 } else { EDGES_PER_TURN };
    let map = match &mut unit.map {
        Some(map) => {
            unit.recorders += 1;
            &raw mut **map
        }
        None => null_mut(),
    };
    let all = after_exit || is_sampled(unit);
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

/// How a frame goes on.
pub(super) enum Next {
    /// In the recording evaluator.
    Record,
    /// The same; native code has just been left, so that everything is recorded.
    RecordExit,
    /// CPython has the frame from here on.
    GiveUp,
    /// The same, with an exception that this frame does not handle.
    Unwind,
    Native(*const Installed),
}

/// Decides at the head of a loop.
unsafe fn at_edge(jit: &'static Jit, frame: Frame, pc: u32, arrival: Arrival) -> Next {
    if enter::hotness(jit, frame.code()) <= jit.config.warm {
        return Next::Record;
    }
    // SAFETY: the caller's promise.
    unsafe { at_place(jit, frame, pc, arrival) }
}

/// How a frame has come to a place.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    kind: PlaceKind,
    /// What it adds to the place's hotness.
    heat: u32,
    /// Back-edges that the evaluator has taken in this activation; `u32::MAX`: that does not matter.
    activation: u32,
}

impl Arrival {
    pub(super) fn at(kind: PlaceKind) -> Arrival {
        Arrival {
            kind,
            heat: enter::PER_CALL,
            activation: u32::MAX,
        }
    }

    /// By so many back-edges in the turn, and in the activation.
    pub(super) fn at_loop(turn: u32, activation: u32) -> Arrival {
        Arrival {
            kind: PlaceKind::Loop,
            heat: turn,
            activation,
        }
    }
}

/// A loop to whose hotness this activation has added less than one part in so many is hot because the function is called often.
/// When code comes, the activation will be over.
const FEW: u32 = 4;

/// Whether the function is to be compiled with its next call, and not this loop of it, which has never been compiled.
fn prefers_function(jit: &Jit, unit: &Unit, edges: u32, arrival: Arrival) -> bool {
    let is_open = match unit.state {
        State::Compiled(_) => unit.exits == 0,
        _ => unit.compiles == 0 || unit.job.is_some(),
    };
    // One that is much larger than its loop has to be much hotter.
    let is_near = unit.hotness >= unit.wanted / 2;
    arrival.kind == PlaceKind::Loop
        && arrival.activation.saturating_mul(FEW) < edges
        && is_near
        && jit.config.threshold >= compile::JUDGED_FROM
        && jit.mode() == Mode::WhenHot
        && is_open
        && frontend::is_entered_at_start(enter::flags_of(unit.code as *mut PyObject))
}

/// Decides where code can be entered in the middle, and compiles it there if it has become hot.
///
/// # Safety
/// An evaluator has just left the frame there.
pub(super) unsafe fn at_place(jit: &'static Jit, frame: Frame, pc: u32, arrival: Arrival) -> Next {
    let code = frame.code();
    let kind = arrival.kind;
    jit.look();
    let Some(unit) = jit.unit_or_new(code) else {
        return Next::GiveUp;
    };
    match unit.state {
        State::Refused(_) | State::Released => return Next::GiveUp,
        State::Warm | State::Compiled(_) => {}
    }
    if kind == PlaceKind::Loop {
        // SAFETY: the frame holds the code object.
        unsafe { make_map(unit) };
    }
    if !unit.knows_place(pc) {
        // SAFETY: the frame holds the code object.
        let wanted = unsafe { first_wanted(jit, code, unit.has_loop, pc, unit.judged) };
        unit.place_at(pc).wanted = wanted;
    }
    let this = unit.place_at(pc);
    // SAFETY: the frame is at that place.
    if let Some(installed) = unsafe { native(frame, this) } {
        if kind == PlaceKind::Loop {
            jit.before_loop();
        }
        return Next::Native(installed);
    }
    this.kind = kind;
    this.edges = this.edges.saturating_add(arrival.heat);
    let is_due = this.edges > this.wanted
        || jit.mode() == Mode::Always && this.wanted != u32::MAX && this.compiles == 0;
    if this.code.is_none() && is_due {
        let (edges, compiles) = (this.edges, this.compiles);
        if compiles == 0 && prefers_function(jit, unit, edges, arrival) {
            unit.is_called = true;
            return Next::Record;
        }
        compile::compile_place(jit, frame, pc);
    }
    let Some(unit) = jit.unit(code) else {
        return Next::GiveUp;
    };
    if let State::Refused(_) | State::Released = unit.state {
        return Next::GiveUp;
    }
    if unit.is_worn() {
        compile::retire_worn(jit, code);
        return Next::Record;
    }
    // SAFETY: the frame is at that place.
    unsafe { native(frame, unit.place_at(pc)) }.map_or(Next::Record, Next::Native)
}

/// The code of a place, if there is some that fits the frame, which is about to enter it.
///
/// # Safety
/// The frame is at that place.
#[inline(always)]
pub(super) unsafe fn native(frame: Frame, this: &Place) -> Option<*const Installed> {
    let installed = this.code.as_deref()?;
    // SAFETY: the frame is at that place (caller).
    if installed.is_worn() || !unsafe { fits(frame, this) } {
        return None;
    }
    count(match this.kind {
        PlaceKind::Loop => &COUNTERS.entries_loop,
        PlaceKind::Resume => &COUNTERS.entries_resume,
        PlaceKind::Handler => &COUNTERS.entries_handler,
    });
    Some(installed)
}

/// The value stack of a frame at a place, as code that starts there sees it.
///
/// # Safety
/// An evaluator has just left the frame there.
pub(super) unsafe fn stack_items(frame: Frame, kind: PlaceKind) -> impl Iterator<Item = EntryItem> {
    let (first, end) = (frame.nlocals() as usize, frame.stacktop() as usize);
    // What a generator has on its stack where it yields must be there as objects.
    let as_objects = kind != PlaceKind::Loop || frame.owner() == OWNED_BY_GENERATOR;
    // SAFETY: slots below the top are null or alive.
    (first..end).map(move |slot| unsafe { item_of(frame.slot(slot), as_objects) })
}

unsafe fn item_of(value: *mut PyObject, as_object: bool) -> EntryItem {
    if value.is_null() {
        return EntryItem::Null;
    }
    if as_object {
        return EntryItem::Object;
    }
    // SAFETY: alive (caller); fields are those of the class that was checked.
    unsafe {
        if read::<isize>(value, object::OB_REFCNT) != 1 {
            return EntryItem::Object;
        }
        let class: *mut py::PyTypeObject = read(value, object::OB_TYPE);
        if class == addr_of_mut!(PyRangeIter_Type) {
            return EntryItem::Range;
        }
        if class != addr_of_mut!(PyListIter_Type) {
            return EntryItem::Object;
        }
        // A subclass may have an `__iter__` of its own.
        let list: *mut PyObject = read(value, builtin::LISTITER_SEQ);
        match !list.is_null() && py::PyList_CheckExact(list) != 0 {
            true => EntryItem::List,
            false => EntryItem::Object,
        }
    }
}

/// Whether the frame is what a place's code expects.
#[inline(always)]
unsafe fn fits(frame: Frame, this: &Place) -> bool {
    let depth = frame.stacktop() - frame.nlocals();
    // SAFETY: as in `stack_items`.
    let found = unsafe { stack_items(frame, this.kind) };
    depth as usize == this.stack.len()
        && (!this.global_names || frame.has_global_names())
        && found.zip(&this.stack).all(|(found, wanted)| {
            found == *wanted || *wanted == EntryItem::Object && found != EntryItem::Null
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

/// Enters a place's code with a frame that is there and not current.
///
/// # Safety
/// The code fits the frame.
#[inline(always)]
pub(super) unsafe fn enter_place(
    jit: &'static Jit,
    ts: *mut PyThreadState,
    frame: Frame,
    installed: &Installed,
) -> Left {
    // SAFETY: the frame's stack is what the code expects; the code takes the references on it.
    unsafe {
        // Code that starts in the middle must not refuse: it would lose what is on the stack.
        if !runtime::has_ample_stack_for_call(ts) {
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
            unit.recorded_calls = unit.recorded_calls.saturating_add(1);
        }
        evaluate(jit, ts, frame, Next::Record)
    }
}
