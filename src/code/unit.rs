//! Units: what is known of a code object that is warm, and its installed code.

use super::cell::Cell;
use super::unwind::UnwindTable;
use super::valgrind;
use crate::codegen::protocol::{Job, Request};
use crate::codegen::{CodeImage, Engine};
use crate::feedback::Map;
use crate::frontend::{Doubts, EntryItem};
use crate::hir::ExitReason;
use crate::stats::COUNTERS;
use std::cell::{Cell as Slot, RefCell};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// One version of a unit's code. Its address is the unit token of the machine code.
pub struct Installed {
    pub image: CodeImage,
    /// A number that no other version has in this process.
    pub serial: u64,
    /// For messages.
    pub name: String,
    /// Executions of the exits that were taken, by number.
    counts: RefCell<Vec<(u32, u32)>>,
    /// A guard has failed so often that its assumption is to be dropped.
    worn: RefCell<Doubts>,
    /// Whether `worn` has any; looked at on every entry.
    is_worn: Slot<bool>,
    /// Whether failing guards count (not in stress mode).
    learns: bool,
    /// Cells of callees, kept while the code may use them.
    _cells: Vec<Arc<Cell>>,
    /// References that guards compare with.
    keep: Vec<crate::host::Owned>,
    /// So that unwinding finds its way through the code, where the code generator is elsewhere.
    unwind: Option<UnwindTable>,
    /// What has made the code.
    pub engine: Engine,
    /// Its number among all compilations, from 1 on, where these are kept (`-X jit-time-units`).
    pub row: Option<NonZeroU32>,
    /// Calls and back-edges until it is hot; native code of the first tier counts down.
    heat: Slot<i64>,
    /// How long that is, and since when.
    countdown: Slot<Countdown>,
    /// What it takes to make it once more, if it may be.
    pub first_tier: Option<FirstTier>,
}

/// What is kept of code of the first tier.
pub struct FirstTier {
    /// The code object.
    pub code: u64,
    /// The place that it starts at.
    pub pc: Option<u32>,
    /// What the code generator was told; none once it has been told again.
    pub request: RefCell<Option<Request>>,
    /// HIR instructions.
    pub insts: u32,
}

/// How hot code of the first tier was, by its calls (10 each) and back-edges.
#[derive(Clone, Copy, Debug)]
pub struct Countdown {
    /// How many there were in it.
    pub points: i64,
    /// With those of all countdowns before.
    pub all_points: i64,
    pub since: Instant,
}

/// Failures of one guard after which the unit is compiled again without it.
const WORN_AFTER: u32 = 50;

impl Installed {
    /// A version without code yet; its address names it in the compile request.
    #[must_use]
    pub fn new(
        name: String,
        engine: Engine,
        learns: bool,
        cells: Vec<Arc<Cell>>,
        keep: Vec<crate::host::Owned>,
    ) -> Box<Self> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        Box::new(Installed {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            image: CodeImage::default(),
            name,
            counts: RefCell::default(),
            worn: RefCell::default(),
            is_worn: Slot::new(false),
            learns,
            _cells: cells,
            keep,
            unwind: None,
            engine,
            row: None,
            heat: Slot::new(0),
            countdown: Slot::new(Countdown {
                points: 0,
                all_points: 0,
                since: Instant::now(),
            }),
            first_tier: None,
        })
    }

    /// The version that replaces one of the first tier: it rests on the same assumptions.
    #[must_use]
    pub fn second_tier(&self) -> Box<Self> {
        let keep = self.keep.iter().map(crate::host::Owned::another);
        let (cells, keep) = (self._cells.clone(), keep.collect());
        Installed::new(self.name.clone(), Engine::Llvm, self.learns, cells, keep)
    }

    /// Begins a countdown: calls (10 each) and back-edges from now on until it is hot.
    pub fn count_down(&self, points: i64) {
        self.heat.set(points);
        self.countdown.set(Countdown {
            points,
            all_points: self.countdown.get().all_points.saturating_add(points),
            since: Instant::now(),
        });
    }

    /// The countdown that runs, or has come to its end.
    #[must_use]
    pub fn countdown(&self) -> Countdown {
        self.countdown.get()
    }

    /// Where native code counts.
    #[must_use]
    pub fn heat_address(&self) -> u64 {
        self.heat.as_ptr() as u64
    }

    /// Frees it after the interpreter, with whose objects nothing may be done any more.
    pub fn forget_references(mut self: Box<Self>) {
        for reference in self.keep.drain(..) {
            std::mem::forget(reference);
        }
    }

    /// Adds the code.
    pub fn set_image(&mut self, image: CodeImage) {
        self.countdown.get_mut().since = Instant::now();
        valgrind::forget_translations(&image.blocks);
        self.image = image;
    }

    /// Bytes of it on the heap, but for what it shares.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        size_of::<Self>()
            + self.name.capacity()
            + self.counts.borrow().capacity() * size_of::<(u32, u32)>()
            + self._cells.capacity() * size_of::<Arc<Cell>>()
            + self.image.symbol.capacity()
            + self
                .first_tier
                .as_ref()
                .and_then(|first| first.request.borrow().as_ref().map(|request| request.len()))
                .unwrap_or(0)
            + self.image.table_bytes()
    }

    /// Makes the code known to the unwinder.
    ///
    /// # Safety
    /// The image's unwind table is in this process, and stays until [`Installed::forget_unwind`].
    pub unsafe fn register_unwind(&mut self) {
        // SAFETY: the caller's promise.
        self.unwind = unsafe { UnwindTable::register(self.image.unwind_table) };
    }

    /// The unwinder forgets the code, which is about to be freed.
    pub fn forget_unwind(&mut self) {
        self.unwind = None;
    }

    /// Counts an exit.
    pub fn note_exit(&self, number: usize) {
        let mut counts = self.counts.borrow_mut();
        let number = number as u32;
        let at = match counts.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => at,
            Err(at) => {
                counts.insert(at, (number, 0));
                at
            }
        };
        let count = &mut counts[at].1;
        *count = count.saturating_add(1);
        let (_, reason, pc) = self.image.exits.head(number as usize);
        if self.learns && *count == WORN_AFTER && is_assumption(reason) {
            self.worn.borrow_mut().add(pc, reason);
            self.is_worn.set(true);
        }
    }

    /// Whether it should be compiled again.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        self.is_worn.get()
    }

    /// The assumptions that failed too often.
    #[must_use]
    pub fn worn(&self) -> Doubts {
        self.worn.borrow().clone()
    }

    /// Exits taken: unit, reason, count.
    #[must_use]
    pub fn exits_taken(&self) -> Vec<(u32, ExitReason, u32)> {
        self.counts
            .borrow()
            .iter()
            .map(|&(number, count)| {
                let (_, reason, pc) = self.image.exits.head(number as usize);
                (pc, reason, count)
            })
            .collect()
    }
}

/// Whether an exit for this reason means that an assumption was wrong.
fn is_assumption(reason: ExitReason) -> bool {
    use ExitReason as R;
    match reason {
        R::Type
        | R::Null
        | R::Identity
        | R::Condition
        | R::TypeVersion
        | R::DictVersion
        | R::Callee
        | R::Overflow
        | R::Domain
        | R::Bounds
        | R::Length
        | R::Missing => true,
        R::Unsupported | R::Tracing | R::EvalBreaker | R::RecursionLimit | R::Raise => false,
    }
}

/// What became of a code object.
pub enum State {
    /// Counted, or called directly by other units.
    Warm,
    /// Has code.
    Compiled(Box<Installed>),
    /// Stays interpreted, for this reason.
    Refused(String),
    /// Its code was given back on request; stays interpreted.
    Released,
}

/// What kind of place code is entered at, in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlaceKind {
    /// The head of a loop.
    #[default]
    Loop,
    /// Where a generator or coroutine goes on.
    Resume,
    /// An exception handler.
    Handler,
}

impl PlaceKind {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PlaceKind::Loop => "loop",
            PlaceKind::Resume => "resume point",
            PlaceKind::Handler => "handler",
        }
    }
}

/// A place in the middle of the code where a frame is entered, or may be: it has code of its own, to the end of the
/// function or, in a generator, to the next yields.
#[derive(Default)]
pub struct Place {
    /// Where it is.
    pub pc: u32,
    pub kind: PlaceKind,
    /// How hot it is: back-edges counted by the recording evaluator; 10 for any other arrival.
    pub edges: u32,
    /// Hotness from which on it is compiled; `u32::MAX`: never.
    pub wanted: u32,
    /// What its code expects on the value stack.
    pub stack: Vec<EntryItem>,
    /// Its code expects that the frame's names are those of its globals.
    pub global_names: bool,
    pub code: Option<Box<Installed>>,
    /// It is being compiled.
    pub job: Option<Job>,
    /// Times compiled.
    pub compiles: u32,
}

/// The record of a code object, owned by its `co_extra`.
pub struct Unit {
    /// The code object; it owns us.
    pub code: u64,
    pub cell: Arc<Cell>,
    pub state: State,
    pub hotness: u32,
    /// Hotness from which on it is compiled.
    pub wanted: u32,
    pub has_loop: bool,
    /// Whether the recording evaluator may run it.
    pub records: bool,
    /// `co_argcount`, if the code takes nothing else; such code is entered without `_PyEval_Vector`.
    pub plain_args: Option<u32>,
    /// Words of a frame.
    pub frame_words: u32,
    /// Types of the arguments when it was compiled.
    pub seen: Vec<crate::hir::Type>,
    /// Assumptions that failed too often.
    pub doubts: Doubts,
    /// It is being compiled, as a whole.
    pub job: Option<Job>,
    /// Times compiled.
    pub compiles: u32,
    /// Those of them before its code was last given back on request.
    pub forgiven: u32,
    /// Size of the HIR last compiled.
    pub hir_insts: usize,
    /// HIR instructions of all versions and loops that were compiled.
    pub compiled_insts: usize,
    /// Exits of versions that were replaced.
    pub old_exits: Vec<(u32, ExitReason, u32)>,
    /// Calls counted.
    pub calls: u32,
    /// What the recording evaluator has seen, while that is wanted.
    pub map: Option<Box<Map>>,
    /// Bytes of the map, as the process-wide counter has them.
    pub map_bytes: usize,
    /// Times that its code was left at a guard or by an exception.
    pub exits: u32,
    /// Calls whose beginning was recorded in it.
    pub recorded_calls: u32,
    /// Turns of the recording evaluator with this map.
    pub turns: u32,
    /// Back-edges that the evaluator took in one activation, at most.
    pub longest: u32,
    /// A loop of it got hot over many calls: the function is compiled instead.
    pub is_called: bool,
    /// Of an entry that has been judged: hotness over the threshold that its bytecode alone tells, and that it took.
    pub judged: Option<(u32, u32)>,
    /// Activations of the recording evaluator that use the map.
    pub recorders: u32,
    /// Hotness when it was last asked whether it is idle.
    pub seen_hotness: u32,
    /// Loops, resume points and handlers that have been hot.
    pub places: Vec<Place>,
    /// What happened to it, a line each.
    pub history: Vec<String>,
}

impl Unit {
    /// Bytes of the record, without feedback map and code.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        let places: usize = self
            .places
            .iter()
            .map(|place| size_of::<Place>() + place.stack.capacity() * size_of::<EntryItem>())
            .sum();
        let history: usize = self.history.iter().map(String::capacity).sum();
        size_of::<Self>()
            + size_of::<Cell>()
            + places
            + history
            + self.history.capacity() * size_of::<String>()
            + self.seen.capacity() * size_of::<crate::hir::Type>()
            + self.old_exits.capacity() * size_of::<(u32, ExitReason, u32)>()
    }

    /// Whether it is known that frames are entered there, or may be.
    #[must_use]
    pub fn knows_place(&self, pc: u32) -> bool {
        self.places.iter().any(|place| place.pc == pc)
    }

    /// The place at `pc`, made if need be.
    pub fn place_at(&mut self, pc: u32) -> &mut Place {
        let at = match self.places.iter().position(|l| l.pc == pc) {
            Some(at) => at,
            None => {
                self.places.push(Place {
                    pc,
                    wanted: self.wanted,
                    ..Place::default()
                });
                self.places.len() - 1
            }
        };
        &mut self.places[at]
    }

    /// Counts a call.
    #[inline]
    pub fn count_call(&mut self, hotness: u32) {
        self.hotness = self.hotness.saturating_add(hotness);
        self.calls = self.calls.saturating_add(1);
    }

    /// Whether it can be entered in the middle.
    #[must_use]
    #[inline]
    pub fn has_place(&self) -> bool {
        self.places.iter().any(|this| this.code.is_some())
    }

    /// Takes all code out of the record; the state becomes `state` if it was compiled.
    pub fn take_code(&mut self, state: State) -> Vec<Box<Installed>> {
        let mut taken: Vec<_> = self
            .places
            .iter_mut()
            .filter_map(|l| l.code.take())
            .collect();
        if let State::Compiled(_) = self.state
            && let State::Compiled(installed) = std::mem::replace(&mut self.state, state)
        {
            taken.push(installed);
        }
        taken
    }

    /// What is being compiled of it is not wanted any more; whether there was anything.
    pub fn forget_jobs(&mut self) -> bool {
        let places = self.places.iter_mut().map(|place| place.job.take());
        let jobs = places.chain([self.job.take()]);
        jobs.flatten().count() > 0
    }

    /// Frees the feedback map, unless it is being filled: then the last evaluator does it.
    pub fn drop_map(&mut self) {
        if self.recorders == 0 {
            self.map = None;
            self.account_map();
        }
    }

    /// Frees the feedback map of code that has not run since this was last asked, and that is not being compiled: it is recorded anew if it
    /// runs again.
    pub fn forget_if_idle(&mut self) {
        let has_run = std::mem::replace(&mut self.seen_hotness, self.hotness) != self.hotness;
        let is_wanted = self.job.is_some() || self.places.iter().any(|place| place.job.is_some());
        if has_run || is_wanted || self.recorders != 0 || !matches!(self.state, State::Warm) {
            return;
        }
        self.drop_map();
        (self.turns, self.recorded_calls) = (0, 0);
    }

    /// Brings the process-wide counters of feedback up to date.
    pub fn account_map(&mut self) {
        let bytes = self.map.as_ref().map_or(0, |map| map.bytes());
        if bytes == self.map_bytes {
            return;
        }
        let counter = &COUNTERS.feedback_bytes;
        counter.fetch_sub(self.map_bytes as u64, Ordering::Relaxed);
        let before = counter.fetch_add(bytes as u64, Ordering::Relaxed);
        COUNTERS
            .feedback_bytes_max
            .fetch_max(before + bytes as u64, Ordering::Relaxed);
        self.map_bytes = bytes;
    }

    /// Adds a line to the history, which is kept short.
    pub fn note(&mut self, line: String) {
        const KEPT: usize = 20;
        if self.history.len() == KEPT {
            self.history.remove(1);
        }
        self.history.push(line);
    }

    /// Whether any of its code should be compiled again.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        let places = self.places.iter().filter_map(|this| this.code.as_deref());
        self.installed()
            .into_iter()
            .chain(places)
            .any(Installed::is_worn)
    }

    /// The code, if there is any.
    #[must_use]
    #[inline]
    pub fn installed(&self) -> Option<&Installed> {
        match &self.state {
            State::Compiled(installed) => Some(installed),
            State::Warm | State::Refused(_) | State::Released => None,
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.map = None;
        self.account_map();
    }
}
