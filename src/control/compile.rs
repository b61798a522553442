//! From code object to installed code.

use super::backend::Done;
use super::build::{Made, Source, make};
use super::measured::{self, Compilation, Stretch};
use super::profile::Heat;
use super::{Jit, describe_code, enter, first_wanted, tier, warm};
use crate::code::unit::{FirstTier, Installed, Place, PlaceKind, State, Unit};
use crate::codegen::protocol::{Job, Request};
use crate::codegen::{CodeImage, CodegenError, Outcome, Phase};
use crate::config::{Codegen, Mode};
use crate::frontend::{self, Bailout, EntryPoint};
use crate::heap;
use crate::host::Frame;
use crate::host::ffi::{PyObject, read};
use crate::host::snapshot;
use crate::layout::code as c;
use crate::log;
use crate::runtime;
use crate::stats::{COUNTERS, count};
use crate::timing::{self, Measured, Resident};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Times a code object is compiled before it is given up.
const MAX_COMPILES: u32 = 5;

/// HIR instructions that have been compiled of a code object, all versions and loops together, from which on it is
/// not compiled again: each guard that turns out wrong costs a large function as much as its first compilation.
const MAX_COMPILED_HIR: usize = 10_000;

/// Compiles the code of a frame that is being entered.
pub(super) fn compile_frame(jit: &'static Jit, frame: Frame) {
    compile(jit, frame.code(), Source::Frame(frame));
}

/// Compiles a function, or a code object (`function` is null then), now; whether it has code.
pub fn compile_now(jit: &'static Jit, code: *mut PyObject, function: *mut PyObject) -> bool {
    if let Some(unit) = jit.unit(code) {
        if unit.installed().is_some() {
            return true;
        }
        if matches!(unit.state, State::Released) {
            unit.state = State::Warm;
            // Whoever gives code back and asks for it again has not been left by it too often.
            unit.forgiven = unit.compiles;
            unit.compiled_insts = 0;
        }
    }
    compile(jit, code, Source::Function(function));
    if let Some(job) = jit.unit(code).and_then(|unit| unit.job) {
        finish_job(jit, job);
    }
    jit.unit(code)
        .is_some_and(|unit| unit.installed().is_some())
}

/// Thresholds below this are for tests, which want everything compiled.
pub(super) const JUDGED_FROM: u32 = 100;

/// Takes code out of use whose guards have failed too often; what they assumed is assumed no more, and
/// the code is recorded anew before it is compiled again, longer each time.
pub(super) fn retire_worn(jit: &'static Jit, code: *mut PyObject) {
    let Some(unit) = jit.unit(code) else { return };
    let mut retired = Vec::new();
    if let State::Compiled(installed) = &unit.state
        && installed.is_worn()
    {
        unit.cell.set_entry(runtime::enter_cold as *const () as u64);
        if let State::Compiled(installed) = std::mem::replace(&mut unit.state, State::Warm) {
            retired.push(installed);
        }
        // The second tier would rest on the same.
        unit.job = None;
        let pause = jit
            .config
            .threshold
            .saturating_mul(1 << unit.compiles.min(8))
            / 2;
        unit.wanted = unit.hotness.saturating_add(pause);
    }
    for this in &mut unit.places {
        if this.code.as_ref().is_some_and(|code| code.is_worn())
            && let Some(installed) = this.code.take()
        {
            let pause = jit
                .config
                .threshold
                .saturating_mul(1 << this.compiles.min(8))
                / 2;
            this.wanted = this.edges.saturating_add(pause);
            this.job = None;
            retired.push(installed);
        }
    }
    for installed in &retired {
        unit.doubts.extend(&installed.worn());
        unit.old_exits.extend(installed.exits_taken());
        unit.note(format!("left too often: {}", reasons(installed)));
        count(&COUNTERS.recompiles);
    }
    for installed in retired {
        jit.retire(installed);
    }
}

/// The exits of worn code, for people.
fn reasons(installed: &Installed) -> String {
    let taken = installed.exits_taken();
    let parts: Vec<String> = taken
        .iter()
        .map(|(pc, reason, times)| format!("{reason} at {pc} ({times} times)"))
        .collect();
    parts.join(", ")
}

/// Compiles a function as a whole.
#[tracing::instrument(level = "info", name = "compile", skip_all)]
fn compile(jit: &'static Jit, code: *mut PyObject, source: Source) {
    let flags = enter::flags_of(code);
    if frontend::is_generator(flags) {
        return;
    }
    retire_worn(jit, code);
    let Some(unit) = jit.unit_or_new(code) else {
        return;
    };
    if !frontend::is_entered_at_start(flags) {
        if !unit.has_loop {
            refuse(
                jit,
                unit,
                "a module or class body without a loop".to_owned(),
            );
        }
        return;
    }
    if unit.job.is_some() || unit.installed().is_some() {
        return;
    }
    if jit.takes_no_job() && matches!(source, Source::Frame(_)) {
        return;
    }
    if unit.compiles.saturating_sub(unit.forgiven) >= MAX_COMPILES
        || unit.compiled_insts > MAX_COMPILED_HIR
    {
        give_up(jit, unit);
        return;
    }
    unit.compiles += 1;
    translate(jit, code, source, None);
}

/// Compiles from a place in the middle on, for the frame that is there.
#[tracing::instrument(level = "info", name = "compile_place", skip_all)]
pub(super) fn compile_place(jit: &'static Jit, frame: Frame, pc: u32) {
    let code = frame.code();
    let Some(unit) = jit.unit(code) else { return };
    let is_used_up = unit.compiled_insts > MAX_COMPILED_HIR;
    let this = unit.place_at(pc);
    if this.job.is_some() || jit.takes_no_job() {
        return;
    }
    if this.compiles >= MAX_COMPILES || is_used_up {
        give_up(jit, unit);
        return;
    }
    this.compiles += 1;
    // SAFETY: an evaluator has just left the frame there.
    this.stack = unsafe { warm::stack_items(frame, this.kind) }.collect();
    this.global_names = frame.has_global_names();
    let start = Some(EntryPoint {
        pc,
        stack: this.stack.clone(),
    });
    translate(jit, code, Source::Frame(frame), start);
}

/// Code that is compiled again and again is left to CPython.
fn give_up(jit: &'static Jit, unit: &mut Unit) {
    refuse(jit, unit, "too many side exits".to_owned());
    count(&COUNTERS.units_given_up);
}

/// Never compiles a place in the middle; leaves the whole code object to CPython if nothing of it is compiled, or
/// if it would be entered at its beginning.
fn refuse_here(jit: &'static Jit, unit: &mut Unit, place: Option<u32>, reason: String) {
    match place {
        Some(pc) if unit.installed().is_some() || unit.has_place() => {
            let this = unit.place_at(pc);
            this.wanted = u32::MAX;
            let kind = this.kind.name();
            unit.note(format!("{kind} at {pc} stays interpreted: {reason}"));
        }
        _ => {
            refuse(jit, unit, reason);
            count(&COUNTERS.units_refused);
        }
    }
}

/// Leaves a code object to CPython for good.
fn refuse(jit: &'static Jit, unit: &mut Unit, reason: String) {
    unit.cell.set_entry(runtime::enter_cold as *const () as u64);
    let taken = unit.take_code(State::Released);
    unit.note(format!("refused: {reason}"));
    unit.state = State::Refused(reason);
    unit.drop_map();
    unit.places = Vec::new();
    for installed in &taken {
        unit.old_exits.extend(installed.exits_taken());
    }
    for installed in taken {
        jit.retire(installed);
    }
}

/// A unit that the code generator has not answered for.
pub(super) struct Pending {
    job: Job,
    code: u64,
    /// The place in the middle that it starts at.
    pc: Option<u32>,
    hot: u32,
    /// What the code will be put into.
    installed: Box<Installed>,
    /// What has been done here.
    phases: Vec<Phase>,
    /// Of a second tier: what it is made from.
    again: Option<Request>,
}

impl Pending {
    /// The second tier of a unit.
    pub(super) fn again(
        job: Job,
        first: &FirstTier,
        request: Request,
        hot: u32,
        installed: Box<Installed>,
    ) -> Self {
        Pending {
            job,
            code: first.code,
            pc: first.pc,
            hot,
            installed,
            phases: Vec::new(),
            again: Some(request),
        }
    }

    pub(super) fn job(&self) -> Job {
        self.job
    }

    /// It will never be answered: the unit may be tried again.
    pub(super) fn give_up(self, jit: &'static Jit) {
        if !jit.is_alive(self.code) {
            return;
        }
        let code = self.code as *mut PyObject;
        let Some(unit) = jit.unit(code) else { return };
        let known = match self.pc {
            Some(pc) => &mut unit.place_at(pc).job,
            None => &mut unit.job,
        };
        let is_wanted = known.take_if(|known| *known == self.job).is_some();
        match self.again {
            // The first tier goes on, and asks again; unless it has been replaced.
            Some(request) if is_wanted => tier::put_back(unit, self.pc, request),
            Some(_) => {}
            None => postpone(jit, code, self.pc, self.hot),
        }
    }
}

/// From bytecode to a job of the code generator, or to code if that answers at once.
fn translate(jit: &'static Jit, code: *mut PyObject, source: Source, start: Option<EntryPoint>) {
    let pc = start.as_ref().map(|start| start.pc);
    // SAFETY: the code object is alive: a frame or the caller holds it.
    let submitted = unsafe {
        jit.timed(code, Heat::Compiling, || {
            holding("submit", || {
                jit.make_way();
                submit(jit, code, source, start)
            })
        })
    };
    match submitted {
        Submitted::Waiting(job) if jit.waits => finish_job(jit, job),
        Submitted::Waiting(_) => jit.look(),
        Submitted::Later(wanted) => postpone(jit, code, pc, wanted),
        Submitted::Refused => {}
    }
    jit.rest();
}

/// Runs what holds up the program, and accounts for the time.
pub(super) fn holding<R>(what: &str, body: impl FnOnce() -> R) -> R {
    let processor = tracing::enabled!(tracing::Level::DEBUG).then(timing::spent);
    let clock = Instant::now();
    let result = body();
    let spent = clock.elapsed().as_nanos() as u64;
    if let Some(before) = processor {
        let cpu = timing::spent().saturating_sub(before) / 1000;
        tracing::debug!(what, us = spent / 1000, cpu, "hold");
    }
    COUNTERS.compile_ns.fetch_add(spent, Ordering::Relaxed);
    COUNTERS.hold_max_ns.fetch_max(spent, Ordering::Relaxed);
    count(&COUNTERS.holds);
    if spent > 1_000_000 {
        count(&COUNTERS.holds_over_1_ms);
    }
    if spent > 2_000_000 {
        count(&COUNTERS.holds_over_2_ms);
    }
    result
}

/// What became of an attempt.
enum Submitted {
    Waiting(Job),
    /// It should be as hot as this first.
    Later(u32),
    Refused,
}

/// An attempt does not count; the next one is made at this hotness.
fn postpone(jit: &'static Jit, code: *mut PyObject, pc: Option<u32>, wanted: u32) {
    let Some(unit) = jit.unit(code) else { return };
    let (compiles, known) = match pc {
        Some(pc) => {
            let this = unit.place_at(pc);
            (&mut this.compiles, &mut this.wanted)
        }
        None => (&mut unit.compiles, &mut unit.wanted),
    };
    *compiles = compiles.saturating_sub(1);
    *known = wanted.max(*known);
}

/// An entry of a unit with loops has been judged, and is `wanted` that hot: the others are of much the same code, and need not be built
/// to learn that.
fn note_judged(jit: &Jit, unit: &mut Unit, pc: Option<u32>, wanted: u32) {
    if !unit.has_loop {
        return;
    }
    let code = unit.code as *mut PyObject;
    // SAFETY: the code object is alive, as its unit is.
    let first = |pc, judged| unsafe { first_wanted(jit, code, true, pc, judged) };
    let over = |wanted: u32| wanted.saturating_sub(jit.config.threshold);
    let least = over(first(pc.unwrap_or(0), None));
    let before = unit.judged.replace((least, over(wanted)));
    let after = unit.judged;
    // What has been judged itself, or has had code, is known better.
    let learn = |pc, wanted: &mut u32| {
        if *wanted == first(pc, before) {
            *wanted = first(pc, after);
        }
    };
    learn(0, &mut unit.wanted);
    let loops = |place: &&mut Place| place.kind == PlaceKind::Loop;
    for place in unit.places.iter_mut().filter(loops) {
        learn(place.pc, &mut place.wanted);
    }
}

/// Leaves what is not promising to CPython.
fn refuse_generic(jit: &'static Jit, unit: &mut Unit, place: Option<u32>) {
    tracing::info!(name = %describe_code(unit.code as *mut PyObject), "not promising");
    refuse_here(jit, unit, place, Bailout::NotPromising.to_string());
}

/// Builds a unit and hands it to the code generator.
fn submit(
    jit: &'static Jit,
    code: *mut PyObject,
    source: Source,
    start: Option<EntryPoint>,
) -> Submitted {
    count(&COUNTERS.compiles_tried);
    let pc = start.as_ref().map(|start| start.pc);
    let mut installed = None;
    let stretch = Stretch::begin(jit.measurements.as_ref(), "build");
    let made = heap::passing(|| make(jit, code, source, start, &mut installed));
    jit.make_room();
    if jit.measurements.is_some() {
        let phases = match &made {
            Made::Request { phases, .. } => phases.as_slice(),
            Made::Refused(_) | Made::NotPromising | Made::Later(_) => &[],
        };
        stretch.end(&describe_code(code), phases);
    }
    let Some(unit) = jit.unit(code) else {
        return Submitted::Refused;
    };
    let (request, phases) = match made {
        Made::Refused(reason) => {
            tracing::info!(name = %describe_code(code), reason, "refused");
            refuse_here(jit, unit, pc, reason);
            return Submitted::Refused;
        }
        Made::NotPromising => {
            refuse_generic(jit, unit, pc);
            return Submitted::Refused;
        }
        Made::Later(hotness) => {
            note_judged(jit, unit, pc, hotness);
            return Submitted::Later(hotness);
        }
        Made::Request { request, phases } => (request, phases),
    };
    let Some(installed) = installed else {
        return Submitted::Refused;
    };
    let hot = match pc {
        Some(pc) => unit.place_at(pc).edges,
        None => unit.hotness,
    };
    let Ok(mut back) = jit.back.try_lock() else {
        // The generator is busy below us: another time.
        return Submitted::Later(hot);
    };
    match back.compile(jit.engine, request) {
        Ok(job) => {
            drop(back);
            match pc {
                Some(pc) => unit.place_at(pc).job = Some(job),
                None => unit.job = Some(job),
            }
            measured::note_job(jit.measurements.as_ref(), &installed.name, job, true);
            jit.add_pending(Pending {
                job,
                code: code as u64,
                pc,
                hot,
                installed,
                phases,
                again: None,
            });
            Submitted::Waiting(job)
        }
        Err(error) => {
            drop(back);
            fail(jit, code, pc, &error);
            Submitted::Refused
        }
    }
}

/// Waits for a job of the code generator, and installs its code.
pub(super) fn finish_job(jit: &'static Jit, job: Job) {
    let stretch = Stretch::begin(jit.measurements.as_ref(), "wait");
    let done = match jit.back.try_lock() {
        Ok(mut back) => back.wait(job),
        Err(_) => return,
    };
    stretch.end("", &[]);
    if let Some(done) = done {
        finish(jit, job, done);
    }
}

/// Installs what the code generator has answered.
pub(super) fn finish(jit: &'static Jit, job: Job, done: Done) {
    if let Done::Compiled(result, measured) = done {
        holding("install", || take(jit, job, result, measured.as_deref()));
    }
}

/// Accounts for an answer, and puts it to use.
fn take(
    jit: &'static Jit,
    job: Job,
    result: Result<Outcome, CodegenError>,
    measured: Option<&Measured>,
) {
    if jit.measurements.is_some() {
        finish_measured(jit, job, measured);
    }
    let stretch = Stretch::begin(jit.measurements.as_ref(), "install");
    settle(jit, job, result, measured.and_then(|this| this.memory));
    stretch.end("", &[]);
}

/// Accounts for what was measured of a job.
fn finish_measured(jit: &Jit, job: Job, measured: Option<&Measured>) {
    let name = jit
        .pending()
        .iter()
        .find(|unit| unit.job == job)
        .map_or_else(|| "given up".to_owned(), |unit| unit.installed.name.clone());
    measured::note_job(jit.measurements.as_ref(), &name, job, false);
    if let Some(measured) = measured {
        measured::account(jit.measurements.as_ref(), &name, measured);
    }
}

/// Reads an answer of the code generator and installs its code. One at a time, so that the program is not held up for long.
pub(super) fn receive(jit: &'static Jit) {
    holding("receive", || {
        jit.make_way();
        let next = match jit.back.try_lock() {
            Ok(mut back) => back.next_done(),
            Err(_) => None,
        };
        if let Some((job, Done::Compiled(result, measured))) = next {
            take(jit, job, result, measured.as_deref());
        }
    });
}

fn settle(
    jit: &'static Jit,
    job: Job,
    result: Result<Outcome, CodegenError>,
    memory: Option<Resident>,
) {
    let Some(pending) = jit.take_pending(job) else {
        discard(jit, result);
        return;
    };
    let code = pending.code as *mut PyObject;
    let wanted = jit.is_alive(pending.code)
        && jit.unit(code).is_some_and(|unit| {
            let known = match pending.pc {
                Some(pc) => &mut unit.place_at(pc).job,
                None => &mut unit.job,
            };
            known.take_if(|known| *known == job).is_some()
        });
    if !wanted {
        discard(jit, result);
        return;
    }
    match result {
        Ok(Outcome::Compiled(image)) => install(jit, pending, image, memory),
        Ok(Outcome::NotPromising) => {
            if let Some(unit) = jit.unit(code) {
                refuse_generic(jit, unit, pending.pc);
            }
        }
        Err(error) if pending.again.is_some() => {
            tracing::error!(name = %pending.installed.name, %error, "no second tier");
            count(&COUNTERS.codegen_errors);
        }
        Err(error) => fail(jit, code, pending.pc, &error),
    }
}

/// Gives back code that nobody wants any more.
fn discard(jit: &'static Jit, result: Result<Outcome, CodegenError>) {
    if let Ok(Outcome::Compiled(image)) = result
        && let Ok(mut back) = jit.back.try_lock()
    {
        back.release(&image.blocks);
    }
}

/// Whether the user has been told that the code memory is full.
static FULL: AtomicBool = AtomicBool::new(false);

/// There is no code, and will be none.
fn fail(jit: &'static Jit, code: *mut PyObject, pc: Option<u32>, error: &CodegenError) {
    let name = describe_code(code);
    if let CodegenError::Unavailable(_) = error {
        // The user has been told.
        postpone(jit, code, pc, u32::MAX);
        jit.set_mode(Mode::Never);
        return;
    }
    tracing::error!(%name, %error, "code generation failed");
    let is_full = *error == CodegenError::OutOfMemory;
    if !is_full {
        log::say(format_args!(
            "swallow: {name}: {error}; it stays interpreted"
        ));
    } else if !FULL.swap(true, Ordering::Relaxed) {
        log::say("swallow: no room for more code; what gets hot stays interpreted");
    }
    if let Some(unit) = jit.unit(code) {
        refuse(jit, unit, error.to_string());
    }
    count(&COUNTERS.codegen_errors);
}

/// Keeps what a compilation took, if that is asked for; the number of its row. The code object is alive.
fn note_unit(
    jit: &Jit,
    pending: &Pending,
    image: &CodeImage,
    memory: Option<Resident>,
) -> Option<NonZeroU32> {
    let measurements = jit.measurements.as_ref();
    let code = pending.code as *mut PyObject;
    let unit = jit
        .unit(code)
        .filter(|_| measured::keeps_units(measurements))?;
    // SAFETY: a code object has these fields.
    let (name, file, line) = unsafe {
        (
            snapshot::text(read(code, c::CO_QUALNAME)),
            snapshot::text(read(code, c::CO_FILENAME)),
            read(code, c::CO_FIRSTLINENO),
        )
    };
    let compilation = Compilation {
        name: &name,
        file,
        line,
        kind: match pending.pc {
            Some(pc) => unit.place_at(pc).kind.name(),
            None => "function",
        },
        pc: pending.pc,
        engine: pending.installed.engine,
        image,
        memory,
    };
    measured::note_unit(measurements, &compilation)
}

/// Puts code to use.
fn install(
    jit: &'static Jit,
    mut pending: Pending,
    mut image: CodeImage,
    memory: Option<Resident>,
) {
    let code = pending.code as *mut PyObject;
    let Some(unit) = jit.unit(code) else { return };
    let is_second = match pending.pc {
        None => unit.installed().is_some(),
        Some(pc) => unit.place_at(pc).code.is_some(),
    };
    unit.hir_insts = image.hir_insts as usize;
    if !is_second {
        unit.compiled_insts += unit.hir_insts;
    }
    let took: f64 = image.phases.iter().map(|phase| phase.seconds).sum();
    COUNTERS
        .codegen_ns
        .fetch_add((took * 1e9) as u64, Ordering::Relaxed);
    COUNTERS
        .code_bytes
        .fetch_add(image.code_size, Ordering::Relaxed);
    image
        .phases
        .splice(0..0, std::mem::take(&mut pending.phases));
    let row = note_unit(jit, &pending, &image, memory);
    let mut installed = pending.installed;
    installed.row = row;
    tracing::info!(
        name = %installed.name,
        head = pending.pc,
        hir = unit.hir_insts,
        bytes = image.code_size,
        ms = took * 1e3,
        "compiled"
    );
    installed.set_image(image);
    if jit.config.codegen == Codegen::Helper || !installed.image.unwinder_knows {
        // SAFETY: the table is in the arena, and `Jit::bury` has it forgotten before its memory is given back.
        unsafe { installed.register_unwind() };
    }
    let mut replaced = None;
    match pending.pc {
        None => {
            unit.cell.set_entry(installed.image.entry);
            let engine = installed.engine;
            unit.note(format!("compiled by {engine} at hotness {}", pending.hot));
            count(&COUNTERS.units_compiled);
            let before = std::mem::replace(&mut unit.state, State::Compiled(installed));
            if let State::Compiled(first) = before {
                replaced = Some(first);
            }
            // What follows is recorded anew, if guards fail.
            unit.exits = 0;
            if !jit.config.keep_feedback {
                unit.drop_map();
            }
        }
        Some(pc) => {
            let this = unit.place_at(pc);
            let (edges, kind) = (pending.hot, this.kind);
            let engine = installed.engine;
            replaced = this.code.replace(installed);
            unit.note(match kind {
                PlaceKind::Loop => {
                    format!("loop at {pc} compiled by {engine} after {edges} back-edges")
                }
                PlaceKind::Resume | PlaceKind::Handler => {
                    let kind = kind.name();
                    format!("{kind} at {pc} compiled by {engine} at hotness {edges}")
                }
            });
            count(&COUNTERS.places_compiled);
        }
    }
    if let Some(first) = replaced {
        unit.old_exits.extend(first.exits_taken());
        jit.retire(first);
    }
}
