//! From code object to installed code.

use super::backend::Done;
use super::profile::Heat;
use super::{Jit, describe_code, enter, warm};
use crate::bytecode::{Code, Oracle, Recorder};
use crate::code::cell::Cell;
use crate::code::unit::{Installed, PlaceKind, State, Unit};
use crate::codegen::protocol::Job;
use crate::codegen::{
    self, CodeImage, CodegenError, CompileOptions, CompileRequest, FORMAT_VERSION, Judgement,
    Outcome, Phase, Text,
};
use crate::config::{Codegen, Mode};
use crate::frontend::{self, Bailout, EntryPoint, FrontendOptions};
use crate::hir::{Function, Op, Type};
use crate::host::ffi::{self, PyObject};
use crate::host::oracle::{LiveOracle, Records};
use crate::host::{Frame, Owned, snapshot};
use crate::log;
use crate::passes;
use crate::runtime;
use crate::stats::{COUNTERS, count};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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

/// What there is to ask about.
#[derive(Clone, Copy)]
enum Source {
    Frame(Frame),
    Function(*mut PyObject),
}

/// HIR with the cells of its callees.
struct Built {
    function: Function,
    cells: Vec<Arc<Cell>>,
    seen: Vec<Type>,
    phases: Vec<Phase>,
}

/// Copies and builds: a whole function, or from a place on.
fn build(
    jit: &'static Jit,
    code: *mut PyObject,
    source: Source,
    start: Option<EntryPoint>,
) -> Result<Built, Bailout> {
    let mut clock = Instant::now();
    let mut phases = Vec::new();
    let mut lap = |name: &str| {
        phases.push(Phase {
            name: name.to_owned(),
            seconds: clock.elapsed().as_secs_f64(),
        });
        clock = Instant::now();
    };
    // SAFETY: the code object is alive: a frame or the caller holds it.
    let copy = unsafe { snapshot::copy_code(code) };
    lap("copy");
    let cells: RefCell<Vec<Arc<Cell>>> = RefCell::default();
    let cell = |callee: u64| {
        let Some(unit) = jit.unit_or_new(callee as *mut PyObject) else {
            return 0;
        };
        let cell = unit.cell.clone();
        let address = cell.address();
        cells.borrow_mut().push(cell);
        address
    };
    let is_alive = |callee: u64| jit.is_alive(callee);
    let records = Records {
        cell: &cell,
        is_alive: &is_alive,
    };
    let mut options = FrontendOptions::default();
    let mut known = Vec::new();
    if let Some(unit) = jit.unit(code) {
        options.doubts = unit.doubts.clone();
        options.feedback = unit.map.as_deref().cloned();
        known.clone_from(&unit.seen);
    }
    let locals = match &start {
        Some(_) => copy.nlocalsplus,
        None => copy.argcount,
    };
    options.start = start;
    options.global_names = match source {
        Source::Frame(frame) => frame.has_global_names(),
        Source::Function(_) => false,
    };
    let oracle = match source {
        Source::Frame(frame) => LiveOracle::for_frame(frame, locals as usize, &records),
        // SAFETY: the caller holds the function.
        Source::Function(function) => unsafe {
            LiveOracle::for_function(function, known, &records)
        },
    };
    if jit.config.dump.feedback
        && let Some(map) = &options.feedback
    {
        log::say(format_args!(
            "feedback of {}:{}",
            copy.name, copy.firstlineno
        ));
        for (pc, name, text) in map.describe(&copy.units) {
            log::say(format_args!("  {pc:4} {name}: {text}"));
        }
    }
    let function = build_recorded(&copy, &oracle, &options)?;
    lap("build");
    let seen = oracle.seen().to_vec();
    Ok(Built {
        function,
        seen,
        phases,
        cells: cells.into_inner(),
    })
}

/// Builds, and writes the inputs down if a developer asks for it.
fn build_recorded(
    code: &Code,
    oracle: &dyn Oracle,
    options: &FrontendOptions,
) -> Result<Function, Bailout> {
    let Some(folder) = std::env::var_os("SWALLOW_DEV_RECORD") else {
        return frontend::build(code, oracle, options);
    };
    let recorder = Recorder::new(code, oracle);
    let result = frontend::build(code, &recorder, options);
    let name = code.name.replace(['/', '<', '>'], "_");
    let place = match &options.start {
        Some(entry) => format!("{name}_{}", entry.pc),
        None => name,
    };
    let path = std::path::Path::new(&folder).join(format!("{place}.json"));
    let written = serde_json::to_string(&(recorder.finish(), options))
        .map_err(std::io::Error::from)
        .and_then(|text| std::fs::write(&path, text));
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "the recording could not be written");
    }
    result
}

fn request(jit: &Jit, function: Function, token: u64, judged: Option<codegen::Entry>) -> Vec<u8> {
    let number = jit.units.fetch_add(1, Ordering::Relaxed);
    let name: String = function
        .name
        .chars()
        .map(|ch| {
            if ch.is_ascii_alphanumeric() || ch == '.' {
                ch
            } else {
                '_'
            }
        })
        .collect();
    let stress_counter = if jit.config.fail_guard == 0 {
        0
    } else {
        std::ptr::from_ref(&runtime::STRESS) as u64
    };
    let level = jit.config.opt_level;
    let request = CompileRequest {
        version: FORMAT_VERSION,
        symbol: format!("swl_unit_{number}_{name}"),
        unit_token: token,
        options: CompileOptions {
            pipeline: jit.pipeline.clone(),
            codegen_level: level.unwrap_or(2),
            cheap_if_large: level.is_none() && jit.config.passes.is_none(),
            stress_counter,
            ref_total: ffi::reference_total(),
        },
        judged,
        function,
    };
    postcard::to_stdvec(&request).expect("a request of plain data can be serialised")
}

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
    if unit.compiles >= MAX_COMPILES || unit.compiled_insts > MAX_COMPILED_HIR {
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
}

impl Pending {
    pub(super) fn job(&self) -> Job {
        self.job
    }

    /// It will never be answered: the unit may be tried again.
    pub(super) fn give_up(self, jit: &'static Jit) {
        if !jit.is_alive(self.code) {
            return;
        }
        let code = self.code as *mut PyObject;
        if let Some(unit) = jit.unit(code) {
            unit.forget_jobs();
        }
        postpone(jit, code, self.pc, self.hot);
    }
}

/// From bytecode to a job of the code generator, or to code if that answers at once.
fn translate(jit: &'static Jit, code: *mut PyObject, source: Source, start: Option<EntryPoint>) {
    let pc = start.as_ref().map(|start| start.pc);
    // SAFETY: the code object is alive: a frame or the caller holds it.
    let submitted = unsafe {
        jit.timed(code, Heat::Compiling, || {
            holding(|| submit(jit, code, source, start))
        })
    };
    match submitted {
        Submitted::Waiting(job) if jit.waits => finish_job(jit, job),
        Submitted::Waiting(_) => jit.look(),
        Submitted::Later(wanted) => postpone(jit, code, pc, wanted),
        Submitted::Refused => {}
    }
}

/// Runs what holds up the program, and accounts for the time.
fn holding<R>(body: impl FnOnce() -> R) -> R {
    let clock = Instant::now();
    let result = body();
    let spent = clock.elapsed().as_nanos() as u64;
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

/// Leaves what is not promising to CPython.
fn refuse_generic(jit: &'static Jit, unit: &mut Unit, place: Option<u32>) {
    tracing::info!(name = %describe_code(unit.code as *mut PyObject), "not promising");
    let reason = "mostly generic operations: no gain expected";
    refuse_here(jit, unit, place, reason.to_owned());
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
    let result = build(jit, code, source, start);
    // Building may have run finalisers, so the record is looked up again.
    let Some(unit) = jit.unit(code) else {
        return Submitted::Refused;
    };
    let built = match result {
        Ok(built) => built,
        Err(bailout) => {
            tracing::info!(name = %describe_code(code), reason = %bailout, "refused");
            refuse_here(jit, unit, pc, bailout.to_string());
            return Submitted::Refused;
        }
    };
    let (hot, kind) = match pc {
        Some(pc) => {
            let this = unit.place_at(pc);
            (this.edges, this.kind)
        }
        None => {
            unit.seen = built.seen.clone();
            (unit.hotness, PlaceKind::Loop)
        }
    };
    // A handler is reached from native code, which gains by going on.
    let judged = matches!(source, Source::Frame(_))
        && kind != PlaceKind::Handler
        && jit.mode() == Mode::WhenHot
        && jit.config.threshold >= JUDGED_FROM;
    let heat = judged.then_some(codegen::Heat {
        entry: match kind {
            PlaceKind::Resume => codegen::Entry::Resume,
            PlaceKind::Loop | PlaceKind::Handler => codegen::Entry::Call,
        },
        hotness: hot,
        threshold: jit.config.threshold,
    });
    if let Some(heat) = heat {
        // Most code is not promising, and need not go through the passes to know it. They may halve the unit.
        let least = built.function.inst_count() / 2;
        match codegen::judge(&built.function, least, heat) {
            Judgement::NotPromising => {
                refuse_generic(jit, unit, pc);
                return Submitted::Refused;
            }
            Judgement::Later(hotness) => return Submitted::Later(hotness),
            Judgement::Fine => {}
        }
    }
    let learns = jit.config.fail_guard == 0;
    let keep = kept_references(&built.function);
    let installed = Installed::new(describe_code(code), learns, built.cells, keep);
    let token = std::ptr::from_ref(&*installed) as u64;
    dump(jit, &built.function, token);
    let bytes = request(jit, built.function, token, heat.map(|heat| heat.entry));
    let Ok(mut back) = jit.back.try_lock() else {
        // The generator is busy below us: another time.
        return Submitted::Later(hot);
    };
    match back.compile(bytes) {
        Ok(job) => {
            drop(back);
            match pc {
                Some(pc) => unit.place_at(pc).job = Some(job),
                None => unit.job = Some(job),
            }
            jit.add_pending(Pending {
                job,
                code: code as u64,
                pc,
                hot,
                installed,
                phases: built.phases,
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
    let done = match jit.back.try_lock() {
        Ok(mut back) => back.wait(job),
        Err(_) => return,
    };
    if let Some(done) = done {
        finish(jit, job, done);
    }
}

/// Installs what the code generator has answered.
pub(super) fn finish(jit: &'static Jit, job: Job, done: Done) {
    if let Done::Compiled(result) = done {
        holding(|| settle(jit, job, result));
    }
}

fn settle(jit: &'static Jit, job: Job, result: Result<Outcome, CodegenError>) {
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
        Ok(Outcome::Compiled(image)) => install(jit, pending, image),
        Ok(Outcome::NotPromising) => {
            if let Some(unit) = jit.unit(code) {
                refuse_generic(jit, unit, pending.pc);
            }
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
    log::say(format_args!(
        "swallow: {name}: {error}; it stays interpreted"
    ));
    if let Some(unit) = jit.unit(code) {
        refuse(jit, unit, error.to_string());
    }
    count(&COUNTERS.codegen_errors);
}

/// Puts code to use.
fn install(jit: &'static Jit, pending: Pending, mut image: CodeImage) {
    let code = pending.code as *mut PyObject;
    let Some(unit) = jit.unit(code) else { return };
    unit.hir_insts = image.hir_insts as usize;
    unit.compiled_insts += unit.hir_insts;
    let took: f64 = image.phases.iter().map(|phase| phase.seconds).sum();
    COUNTERS
        .codegen_ns
        .fetch_add((took * 1e9) as u64, Ordering::Relaxed);
    COUNTERS
        .code_bytes
        .fetch_add(image.code_size, Ordering::Relaxed);
    image.phases.splice(0..0, pending.phases);
    let mut installed = pending.installed;
    tracing::info!(
        name = %installed.name,
        head = pending.pc,
        hir = unit.hir_insts,
        bytes = image.code_size,
        ms = took * 1e3,
        "compiled"
    );
    installed.set_image(image);
    if jit.config.codegen == Codegen::Helper {
        // SAFETY: the table is in the arena, and `Jit::bury` has it forgotten before its memory is given back.
        unsafe { installed.register_unwind() };
    }
    match pending.pc {
        None => {
            unit.cell.set_entry(installed.image.entry);
            unit.note(format!("compiled at hotness {}", pending.hot));
            count(&COUNTERS.units_compiled);
            unit.state = State::Compiled(installed);
            // What follows is recorded anew, if guards fail.
            unit.exits = 0;
            if !jit.config.keep_feedback {
                unit.drop_map();
            }
        }
        Some(pc) => {
            let this = unit.place_at(pc);
            let (edges, kind) = (pending.hot, this.kind);
            this.code = Some(installed);
            unit.note(match kind {
                PlaceKind::Loop => format!("loop at {pc} compiled after {edges} back-edges"),
                PlaceKind::Resume | PlaceKind::Handler => {
                    format!("{} at {pc} compiled at hotness {edges}", kind.name())
                }
            });
            count(&COUNTERS.places_compiled);
        }
    }
}

/// Objects that a guard compares with must not be replaced by others at the same address.
fn kept_references(function: &Function) -> Vec<Owned> {
    function
        .blocks
        .iter()
        .flat_map(|block| &block.insts)
        .filter(|inst| inst.op == Op::GuardIs)
        .filter_map(|inst| {
            let addr = function.constant(inst.imm_const(0)).addr;
            // SAFETY: alive: the frontend just found it. Only builtins and numbers are compared with.
            unsafe { Owned::new_ref(addr as *mut PyObject) }
        })
        .collect()
}

/// Prints what the options ask for.
fn dump(jit: &Jit, function: &Function, token: u64) {
    if jit.config.dump.hir {
        let mut function = function.clone();
        passes::optimise(&mut function);
        log::say(&function);
    }
    let wanted = [
        (jit.config.dump.llvm, Text::Ir),
        (jit.config.dump.asm, Text::Asm),
    ];
    for (_, what) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
        let bytes = request(jit, function.clone(), token, None);
        let Ok(mut back) = jit.back.try_lock() else {
            return;
        };
        match back.text(bytes, what) {
            Ok(text) => log::say(text),
            Err(error) => log::say(format_args!("swallow: {}: {error}", function.name)),
        }
    }
}

/// What can be shown of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    Hir,
    Llvm,
    Asm,
}

/// Produces a text of a unit again: nothing of it is kept.
///
/// # Errors
/// Why there is none: the code is refused, or code generation failed.
pub fn artefact(
    jit: &'static Jit,
    code: *mut PyObject,
    function: *mut PyObject,
    what: Artefact,
) -> Result<String, String> {
    let mut built =
        build(jit, code, Source::Function(function), None).map_err(|error| error.to_string())?;
    let what = match what {
        Artefact::Hir => {
            passes::optimise(&mut built.function);
            return Ok(built.function.to_string());
        }
        Artefact::Llvm => Text::Ir,
        Artefact::Asm => Text::Asm,
    };
    let bytes = request(jit, built.function, 0, None);
    let mut back = jit
        .back
        .try_lock()
        .map_err(|_| "the code generator is busy".to_owned())?;
    back.text(bytes, what).map_err(|error| error.to_string())
}
