//! Modes, hotness, and the path from a hot code object to installed code.
//!
//! State of the process is in one [`Jit`], made once and never torn down: code objects die after
//! modules at shutdown, and their records with them. All of it is used with the GIL held.
//!
//! A code object's record is its `co_extra` word: null while the code is neither quickened nor has a loop, then
//! an odd number (hotness and two flags), then a pointer to a [`Unit`].

mod backend;
mod build;
mod compile;
mod enter;
mod fork;
mod generator;
mod graveyard;
mod leave;
mod ledger;
mod measured;
mod profile;
mod takeover;
mod text;
mod throw;
mod tier;
mod trace;
mod warm;

use crate::bytecode::opcode;
use crate::code::arena::Usage;
use crate::code::cell::Cell;
use crate::code::pages;
use crate::code::unit::{Installed, State, Unit};
use crate::codegen::protocol::Job;
use crate::codegen::{CodegenError, Cost, Engine, least_hotness, least_with_loops};
use crate::config::{Backend, Codegen, Config, Mode, Seed};
use crate::frontend::{self, Doubts};
use crate::heap;
use crate::heap::rest::Rest;
use crate::host::ffi::{self, PyObject, read};
use crate::host::{Frame, check, snapshot};
use crate::layout::{code as c, frame};
use crate::log;
use crate::lull::{Lull, stack};
use crate::record;
use crate::runtime;
use crate::stats::{COUNTERS, count};
use backend::BackEnd;
use compile::Pending;
use graveyard::Graveyard;
use once_cell::sync::OnceCell;
use profile::{Heat, Profile};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use compile::compile_now;
pub use ledger::note_loading;
pub use measured::Measurements;
pub use text::{Artefact, artefact};

/// The JIT of this process.
pub struct Jit {
    pub config: Config,
    /// What compiles first.
    engine: Engine,
    /// LLVM pipeline text.
    pipeline: String,
    extra: isize,
    previous: ffi::EvalFrame,
    mode: AtomicU8,
    back: Mutex<BackEnd>,
    /// Whether the program waits for code.
    waits: bool,
    /// Units that the code generator has not answered for; as many are in `pending`.
    waiting: AtomicU32,
    rest: Rest,
    lull: Lull,
    pending: Mutex<Vec<Pending>>,
    /// Versions that may still be on some stack.
    graveyard: Graveyard,
    units: AtomicU32,
    /// Addresses of all living records, by that of their code object.
    records: Mutex<BTreeMap<u64, usize>>,
    /// Where time goes, if that is asked for.
    profile: Option<Profile>,
    /// What compilations are made of, if that is asked for.
    measurements: Option<Measurements>,
}

// SAFETY: everything inside that is not atomic or locked is immutable after start; versions in the
// graveyard are touched under its lock only.
unsafe impl Sync for Jit {}
// SAFETY: as above.
unsafe impl Send for Jit {}

static JIT: OnceCell<Jit> = OnceCell::new();

/// The JIT, if it was started.
#[must_use]
pub fn jit() -> Option<&'static Jit> {
    JIT.get()
}

/// Starts the JIT. A second start only sets the mode.
///
/// # Errors
/// One line that says what is wrong: the interpreter, LLVM or the pipeline.
pub fn start(config: Config) -> Result<(), StartError> {
    if let Some(jit) = JIT.get() {
        jit.set_mode(config.mode);
        return Ok(());
    }
    let span = tracing::info_span!("start");
    let _entered = span.enter();
    check::check_interpreter().map_err(StartError::Host)?;
    heap::hold_back();
    if config.codegen == Codegen::Helper {
        // In one process valgrind is to see every block.
        heap::reserve();
    }
    let engine = match config.backend {
        Backend::Llvm => Engine::Llvm,
        Backend::Cranelift | Backend::Tiered => Engine::Cranelift,
    };
    let mut back = BackEnd::new(&config, engine, || runtime::symbols(record::swl_step));
    let pipeline = pipeline_name(&config);
    if config.passes.is_some() {
        back.check_pipeline(&pipeline)
            .map_err(|error| match error {
                CodegenError::Unavailable(why) => StartError::Host(why),
                CodegenError::BadPipeline(why) => {
                    StartError::Option(format!("{}: {why}", config.passes_given))
                }
                error => StartError::Option(format!("{}: {error}", config.passes_given)),
            })?;
    }
    // SAFETY: the GIL is held; the functions match the interfaces, and the module is never unloaded.
    let (extra, previous) = unsafe {
        (
            ffi::_PyEval_RequestCodeExtraIndex(free_extra),
            ffi::_PyInterpreterState_GetEvalFrameFunc(ffi::PyInterpreterState_Main()),
        )
    };
    if extra < 0 {
        return Err(StartError::Host(
            "the interpreter has no room for another user of co_extra".to_owned(),
        ));
    }
    let seed = config.seed.map(|seed| match seed {
        Seed::Given(seed) => seed,
        Seed::Chosen => choose_seed(),
    });
    runtime::set_stress(config.fail_guard, seed, config.gc_exits);
    let mut config = config;
    // Something has to be recorded before it is compiled.
    config.warm = config.warm.min(config.threshold / 2);
    let mode = config.mode;
    let waits = config.wait || back.is_immediate();
    let profile = config.profile.then(Profile::new);
    let stressed = config.fail_guard != 0 || config.gc_exits != 0 || config.takeover != 0;
    let exact = waits || stressed || config.profile || mode == Mode::Always;
    let lull = leave::new(config.lull, exact);
    let measurements = Measurements::new(&config).map_err(StartError::Option)?;
    let made = JIT.set(Jit {
        config,
        engine,
        pipeline,
        extra,
        previous,
        mode: AtomicU8::new(mode as u8),
        waits,
        back: Mutex::new(back),
        waiting: AtomicU32::new(0),
        rest: Rest::new(),
        lull,
        pending: Mutex::default(),
        graveyard: Graveyard::new(),
        units: AtomicU32::new(0),
        records: Mutex::default(),
        profile,
        measurements,
    });
    if made.is_ok() {
        let own = record::prepare();
        if let Some(jit) = JIT.get()
            && !own.is_null()
            && let Some(unit) = jit.unit_or_new(own)
        {
            unit.state = State::Refused("part of the JIT".to_owned());
        }
        runtime::find_breaker();
        takeover::prepare();
        runtime::ENTER.store(enter::eval_frame as *const () as i64, Ordering::Relaxed);
        let hot: runtime::HotFn = tier::hot;
        runtime::HOT.store(hot as *const () as i64, Ordering::Relaxed);
        runtime::RESUME.store(warm::resume as *const () as i64, Ordering::Relaxed);
        if !JIT.get().is_some_and(leave::stays_away) {
            // SAFETY: the GIL is held; the hook is a function of this module.
            unsafe {
                ffi::_PyInterpreterState_SetEvalFrameFunc(
                    ffi::PyInterpreterState_Main(),
                    enter::eval_frame,
                );
            }
        }
        fork::prepare();
        tracing::info!(mode = mode.name(), "started");
        if let Some(jit) = JIT.get() {
            jit.rest();
        }
    }
    Ok(())
}

/// A seed of our own, told to the user: what fails can be run again.
fn choose_seed() -> u64 {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = clock.map_or(0, |time| u64::from(time.subsec_nanos()))
        ^ u64::from(std::process::id()) << 32;
    log::say(format_args!("swallow: -X jit-seed={seed}"));
    seed
}

/// Why the JIT can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program runs uncompiled.
    #[error("{0}")]
    Host(String),
    /// The user's mistake.
    #[error("{0}")]
    Option(String),
}

/// The pipeline that the options ask for: a preset's name, or text.
fn pipeline_name(config: &Config) -> String {
    match (&config.passes, config.opt_level) {
        (Some(text), _) => text.clone(),
        (None, Some(level)) => format!("o{level}"),
        (None, None) => "jit".to_owned(),
    }
}

impl Jit {
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.mode.load(Ordering::Relaxed) {
            0 => Mode::Never,
            1 => Mode::WhenHot,
            _ => Mode::Always,
        }
    }

    /// Sets the mode; the previous one.
    pub fn set_mode(&self, mode: Mode) -> Mode {
        let before = self.mode();
        self.mode.store(mode as u8, Ordering::Relaxed);
        leave::wake(self);
        before
    }

    /// Has CPython's evaluator run a frame, or unwind it.
    ///
    /// # Safety
    /// As an evaluation function.
    #[inline]
    unsafe fn interpret(
        &self,
        ts: *mut ffi::PyThreadState,
        frame: Frame,
        throws: bool,
    ) -> *mut PyObject {
        // SAFETY: the caller's promise; the frame holds its code.
        unsafe {
            self.timed(frame.code(), Heat::Cold, || {
                (self.previous)(ts, frame.as_ptr(), throws.into())
            })
        }
    }

    /// Runs `body`, which runs a code object, and accounts for its time if that is asked for.
    ///
    /// # Safety
    /// The code object is alive.
    #[inline]
    unsafe fn timed<R>(&self, code: *mut PyObject, heat: Heat, body: impl FnOnce() -> R) -> R {
        match &self.profile {
            None => body(),
            // SAFETY: the caller's promise.
            Some(profile) => unsafe { profile.time(code, heat, None, body) },
        }
    }

    /// The same of a version's native code.
    ///
    /// # Safety
    /// The code object is alive, and so is the version until `body` begins.
    #[inline]
    unsafe fn timed_version<R>(
        &self,
        code: *mut PyObject,
        installed: &Installed,
        body: impl FnOnce() -> R,
    ) -> R {
        match &self.profile {
            None => body(),
            // SAFETY: the caller's promise.
            Some(profile) => unsafe { profile.time(code, Heat::Native, installed.row, body) },
        }
    }

    /// What was spent in a code object, if time is taken: by heat, seconds, instructions of the processor (null
    /// where it doesn't count them) and entries.
    ///
    /// # Safety
    /// The code object is alive.
    #[must_use]
    pub unsafe fn spent(&self, code: *mut PyObject) -> Option<serde_json::Value> {
        // SAFETY: the caller's promise.
        self.profile
            .as_ref()
            .map(|profile| unsafe { profile.of(code) })
    }

    /// Where the program's time went, as a table; if time is taken.
    #[must_use]
    pub fn profile_table(&self) -> Option<String> {
        self.profile.as_ref().map(Profile::table)
    }

    /// What each compilation took, and what its code was used for where time is taken; for programs.
    #[must_use]
    pub fn unit_rows(&self) -> serde_json::Value {
        let Some(measurements) = &self.measurements else {
            return serde_json::json!([]);
        };
        measurements.units(|count| self.profile.as_ref().map(|known| known.of_versions(count)))
    }

    /// What compilations are made of, if that is measured.
    #[must_use]
    pub fn measurements(&self) -> Option<&Measurements> {
        self.measurements.as_ref()
    }

    /// A pipeline with everything written out.
    ///
    /// # Errors
    /// One line that says why there is none.
    pub fn expand_pipeline(&self, pipeline: &str) -> Result<String, String> {
        let mut back = self
            .back
            .try_lock()
            .map_err(|_| "the code generator is busy".to_owned())?;
        back.expand_pipeline(pipeline).map_err(|error| match error {
            CodegenError::BadPipeline(why) => why,
            error => error.to_string(),
        })
    }

    /// The address of a code object's `co_extra` word, if it has one.
    #[inline]
    fn extra_word(&self, code: *mut PyObject) -> Option<*mut usize> {
        // SAFETY: `co_extra` is null or points to a size and that many words.
        unsafe {
            let extra: *mut isize = read(code, c::CO_EXTRA);
            if extra.is_null() || *extra <= self.extra {
                return None;
            }
            Some(extra.offset(1 + self.extra).cast())
        }
    }

    #[inline]
    fn extra(&self, code: *mut PyObject) -> usize {
        // SAFETY: the word is there.
        self.extra_word(code).map_or(0, |word| unsafe { *word })
    }

    fn set_extra(&self, code: *mut PyObject, value: usize) -> bool {
        // SAFETY: the GIL is held and the code object alive; its extra words come behind their number.
        let status = unsafe {
            let before: *mut isize = read(code, c::CO_EXTRA);
            let status = ffi::_PyCode_SetExtra(code, self.extra, value as *mut c_void);
            let after: *mut isize = read(code, c::CO_EXTRA);
            if before.is_null() && !after.is_null() {
                // CPython has made room for all users of such words, and would call their functions, too, when the
                // code object dies. It makes that room again when they want it.
                *after = self.extra + 1;
            }
            status
        };
        if status != 0 {
            // SAFETY: the GIL is held.
            unsafe { pyo3_ffi::PyErr_Clear() };
        }
        status == 0
    }

    fn records(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, usize>> {
        // A map is consistent wherever a panic may leave it.
        self.records
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The record of a code object, if it has one.
    #[must_use]
    #[allow(clippy::mut_from_ref)] // The record is the code object's; the GIL keeps it to one user.
    pub fn unit(&self, code: *mut PyObject) -> Option<&mut Unit> {
        let extra = self.extra(code);
        if extra == 0 || extra & 1 == 1 {
            return None;
        }
        // SAFETY: an even word is the box that `unit_or_new` made; the GIL is held, and no reference
        // is kept across anything that runs Python code.
        Some(unsafe { &mut *(extra as *mut Unit) })
    }

    /// The record of a code object, made if need be.
    #[must_use]
    #[allow(clippy::mut_from_ref)] // As `unit`.
    pub fn unit_or_new(&self, code: *mut PyObject) -> Option<&mut Unit> {
        let extra = self.extra(code);
        if extra == 0 || extra & 1 == 1 {
            self.prepare();
            let unit = Box::new(new_unit(code, enter::Count::from_word(extra)));
            let raw = Box::into_raw(unit);
            if !self.set_extra(code, raw as usize) {
                // SAFETY: just made, not given away.
                drop(unsafe { Box::from_raw(raw) });
                return None;
            }
            self.records().insert(code as u64, raw as usize);
        }
        self.unit(code)
    }

    /// Whether the code object at `code` is alive, and has a record.
    fn is_alive(&self, code: u64) -> bool {
        self.records().contains_key(&code)
    }

    /// Hotness so far; 0 for code that is not warm.
    #[must_use]
    pub fn hotness(&self, code: *mut PyObject) -> u32 {
        enter::hotness(self, code)
    }

    /// Takes a version out of use; its code is freed when no native code runs.
    fn retire(&self, installed: Box<Installed>) {
        COUNTERS
            .code_bytes
            .fetch_sub(installed.image.code_size, Ordering::Relaxed);
        count(&COUNTERS.units_released);
        self.graveyard.versions().push(installed);
        self.bury();
    }

    /// Requests that the code generator has not answered, or whose answers have not been looked at.
    #[must_use]
    pub fn job_count(&self) -> usize {
        self.pending().len()
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_pending(&self, unit: Pending) {
        self.pending().push(unit);
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    fn take_pending(&self, job: Job) -> Option<Pending> {
        let mut pending = self.pending();
        let at = pending.iter().position(|unit| unit.job() == job)?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(pending.remove(at))
    }

    /// Installs code that has become ready. Cheap; called wherever the program comes by, with no record at hand.
    #[inline(always)]
    fn look(&'static self) {
        if self.waiting.load(Ordering::Relaxed) != 0 || self.rest.is_due() {
            self.look_closely();
        }
    }

    #[cold]
    fn look_closely(&'static self) {
        if self.rest.is_due() {
            self.rest.come_by(|| self.give_back());
        }
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Ok(mut back) = self.back.try_lock() else {
            return;
        };
        if back.has_answers() {
            drop(back);
            compile::receive(self);
            self.rest();
        }
    }

    /// Behind a compilation: gives back what only the compiler needs, now or soon.
    fn rest(&self) {
        self.rest.behind_work(|| self.give_back());
    }

    /// Before anything is recorded: from here on more of the module runs than its hook.
    fn prepare(&self) {
        if self.config.codegen == Codegen::Helper {
            self.rest
                .before_first(|| compile::holding("prepare", pages::narrow));
        }
    }

    /// Before a compilation, a stage of it, or the installation of its code: what that does not need goes out of its way.
    fn make_way(&self) {
        self.rest.before_work(|| self.unmap());
    }

    /// Before native code of a loop is entered from an evaluator.
    fn before_loop(&self) {
        self.rest.before_loop(|| self.unmap());
    }

    /// At the beginning of a long lull: nothing of the module runs until its end, and the hook's calls have left the C stack.
    fn go_away(&self) {
        self.rest.before_work(|| {
            stack::give_back();
            self.unmap();
        });
    }

    /// The heap that a unit was built in, before it is sent: in a small process that goes first.
    fn make_room(&self) {
        self.rest.before_work(heap::give_back);
    }

    /// The heap that HIR is built in, and the pages of the compiler.
    fn give_back(&self) {
        heap::give_back();
        self.unmap();
    }

    /// The pages of the module, unless code is generated in this process.
    fn unmap(&self) {
        if self.config.codegen == Codegen::Helper {
            pages::unmap_idle();
        }
    }

    /// Whether nothing can be compiled at the moment: too much waits, or memory is short; then the JIT goes off for good.
    fn takes_no_job(&self) -> bool {
        if heap::is_short() {
            self.set_mode(Mode::Never);
            return true;
        }
        self.waiting.load(Ordering::Relaxed) as usize >= backend::MAX_JOBS
    }

    /// Frees retired versions that are on no stack.
    fn bury(&self) {
        let Ok(mut back) = self.back.try_lock() else {
            // A compilation is under way below us.
            return;
        };
        let mut retired = self.graveyard.take();
        for installed in &mut retired {
            installed.forget_unwind();
            back.release(&installed.image.blocks);
        }
        drop(back);
        // References that the versions kept are released without the lock.
        drop(retired);
    }

    /// Gives a unit's code back; it stays interpreted.
    pub fn release(&self, code: *mut PyObject) -> bool {
        let Some(unit) = self.unit(code) else {
            return false;
        };
        unit.cell.set_entry(runtime::enter_cold as *const () as u64);
        let taken = unit.take_code(State::Released);
        let is_pending = unit.forget_jobs();
        if taken.is_empty() && !is_pending {
            return false;
        }
        unit.state = State::Released;
        unit.drop_map();
        unit.note("released".to_owned());
        for installed in &taken {
            unit.old_exits.extend(installed.exits_taken());
        }
        for installed in taken {
            self.retire(installed);
        }
        true
    }

    /// The program has ended: nothing is compiled any more, and all code is given back while the
    /// references that it keeps can still be.
    pub fn shut_down(&self) {
        self.mode.store(Mode::Never as u8, Ordering::Relaxed);
        leave::end(self);
        let codes: Vec<u64> = self.records().keys().copied().collect();
        for code in codes {
            self.release(code as *mut PyObject);
        }
        self.pending().clear();
        self.waiting.store(0, Ordering::Relaxed);
        if self.config.codegen == Codegen::Helper
            && let Ok(mut back) = self.back.try_lock()
        {
            back.switch_off("the program has ended");
        }
        record::finish();
    }

    /// What it takes to compile a unit.
    fn cost(&self) -> Cost {
        match self.config.backend {
            Backend::Tiered => Cost::TIERS,
            Backend::Llvm | Backend::Cranelift => Cost::of(self.engine),
        }
    }

    /// How the code arena is used.
    #[must_use]
    pub fn arena_usage(&self) -> Usage {
        self.back
            .try_lock()
            .map_or_else(|_| Usage::default(), |back| back.usage())
    }

    /// The process of the code generator, while there is one.
    #[must_use]
    pub fn helper_pid(&self) -> Option<u32> {
        self.back.try_lock().ok().and_then(|back| back.pid())
    }
}

/// How hot a code object must be before it is built as a whole, or from a place on: what is not, never passes the judge.
/// What was found about another entry ([`Unit::judged`]) is true of this one in proportion, but it does not take more than that.
///
/// # Safety
/// The code object is alive.
unsafe fn first_wanted(
    jit: &Jit,
    code: *mut PyObject,
    has_loop: bool,
    place: u32,
    judged: Option<(u32, u32)>,
) -> u32 {
    let threshold = jit.config.threshold;
    if threshold < compile::JUDGED_FROM || jit.mode() == Mode::Always {
        return threshold;
    }
    // SAFETY: the caller's promise.
    let more = unsafe {
        if has_loop || frontend::is_generator(enter::flags_of(code)) {
            let units = snapshot::code_units(code);
            let from = units.get(place as usize..).unwrap_or_default();
            least_with_loops(jit.cost(), opcode::count_instructions(from))
        } else {
            least_hotness(jit.cost())
        }
    };
    let more = judged.map_or(more, |(least, wanted)| {
        let scaled = u64::from(more) * u64::from(wanted) / u64::from(least.max(1));
        more.max(scaled.min(u64::from(wanted)) as u32)
    });
    threshold.saturating_add(more)
}

fn new_unit(code: *mut PyObject, count: enter::Count) -> Unit {
    use crate::bytecode::code::flags;
    // SAFETY: a code object has these fields.
    let (args, keyword_only, code_flags, nlocals, stack) = unsafe {
        (
            read::<i32>(code, c::CO_ARGCOUNT),
            read::<i32>(code, c::CO_KWONLYARGCOUNT),
            read::<i32>(code, c::CO_FLAGS) as u32,
            read::<i32>(code, c::CO_NLOCALSPLUS),
            read::<i32>(code, c::CO_STACKSIZE),
        )
    };
    let plain = keyword_only == 0 && code_flags & (flags::VARARGS | flags::VARKEYWORDS) == 0;
    Unit {
        code: code as u64,
        cell: Arc::new(Cell::new(
            code as u64,
            runtime::enter_cold as *const () as u64,
        )),
        state: State::Warm,
        hotness: count.hotness,
        // SAFETY: as above.
        wanted: jit().map_or(0, |jit| unsafe {
            first_wanted(jit, code, count.has_loop, 0, None)
        }),
        has_loop: count.has_loop,
        records: enter::is_recordable(code, count.has_loop),
        plain_args: plain.then_some(args as u32),
        frame_words: frame::SPECIALS_WORDS + (nlocals + stack) as u32,
        seen: Vec::new(),
        doubts: Doubts::default(),
        job: None,
        compiles: 0,
        forgiven: 0,
        hir_insts: 0,
        compiled_insts: 0,
        old_exits: Vec::new(),
        calls: 0,
        map: None,
        map_bytes: 0,
        exits: 0,
        recorded_calls: 0,
        turns: 0,
        longest: 0,
        is_called: false,
        judged: None,
        recorders: 0,
        seen_hotness: 0,
        places: Vec::new(),
        history: Vec::new(),
    }
}

/// A code object dies: its record goes with it.
unsafe extern "C" fn free_extra(extra: *mut c_void) {
    let word = extra as usize;
    if word == 0 || word & 1 == 1 {
        return;
    }
    // SAFETY: an even word is the box that `unit_or_new` made; this is its last use.
    let mut unit = unsafe { Box::from_raw(extra.cast::<Unit>()) };
    if let Some(jit) = JIT.get() {
        jit.records().remove(&unit.code);
    }
    unit.cell.clear(runtime::enter_cold as *const () as u64);
    for installed in unit.take_code(State::Released) {
        if let Some(jit) = JIT.get() {
            jit.retire(installed);
        }
    }
}

/// What is to run once the interpreter is finalized.
#[must_use]
pub fn exit_function() -> extern "C" fn() {
    release_records
}

/// Frees the code generator, and the records of code objects that outlive the interpreter: CPython
/// frees them nowhere, and asks for nothing of theirs any more.
extern "C" fn release_records() {
    let Some(jit) = JIT.get() else { return };
    leave::end(jit);
    runtime::decoded::forget();
    let records = std::mem::take(&mut *jit.records());
    for record in records.into_values() {
        // SAFETY: the map has living boxes only, each once. What code objects the installed code
        // keeps is gone with the interpreter, so their references are not given back.
        let mut unit = unsafe { Box::from_raw(record as *mut Unit) };
        for installed in unit.take_code(State::Released) {
            installed.forget_references();
        }
    }
    // A thread that will never run again may have native code on its stack: then all code stays.
    if !jit.graveyard.watch.is_on()
        && let Ok(mut back) = jit.back.try_lock()
    {
        for installed in jit.graveyard.versions().drain(..) {
            installed.forget_references();
        }
        back.switch_off("the interpreter is finalized");
    }
}

/// The qualified name and first line of a code object.
#[must_use]
pub(crate) fn describe_code(code: *mut PyObject) -> String {
    // SAFETY: a code object has these fields.
    unsafe {
        let name = snapshot::text(read(code, c::CO_QUALNAME));
        let line: i32 = read(code, c::CO_FIRSTLINENO);
        format!("{name}:{line}")
    }
}
