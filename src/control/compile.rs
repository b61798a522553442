//! From code object to installed code.

use super::profile::Heat;
use super::{Jit, describe_code, enter, warm};
use crate::bytecode::{Code, Oracle, Recorder};
use crate::code::cell::Cell;
use crate::code::unit::{Installed, PlaceKind, State, Unit};
use crate::codegen::{
    CodeGenerator, CodeImage, CodegenError, CompileOptions, CompileRequest, FORMAT_VERSION, Phase,
};
use crate::config::Mode;
use crate::frontend::{self, Bailout, EntryPoint, FrontendOptions};
use crate::hir::loops::LoopForest;
use crate::hir::{Effects, FsKind, Function, Inst, Op, Type};
use crate::host::ffi::PyObject;
use crate::host::oracle::{LiveOracle, Records};
use crate::host::{Frame, Owned, snapshot};
use crate::passes;
use crate::runtime;
use crate::stats::{COUNTERS, count};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Times a code object is compiled before it is given up.
const MAX_COMPILES: u32 = 5;

/// Units with more HIR instructions than this are compiled without optimisation, unless options say how: what LLVM
/// takes for them grows faster than they do, and it is seldom for numbers that a function is large.
const LARGE_HIR: usize = 1200;

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
    jit.unit(code)
        .is_some_and(|unit| unit.installed().is_some())
}

/// Thresholds below this are for tests, which want everything compiled.
const JUDGED_FROM: u32 = 100;

/// Units beyond this many instructions take longer to compile than they are likely to gain.
const MAX_HOT_HIR: usize = 2500;

/// Hotness that every HIR instruction of a unit adds to the threshold.
const HOTNESS_PER_INST: u32 = 200;

/// Whether native code is likely to pay: what it does inline, and that it is entered without CPython's
/// interpreter, against operations that it leaves to functions slower than CPython's specialised instructions.
/// In a loop such an operation also costs that unboxed locals are boxed for it, time and again.
///
/// Passes remove none of the latter operations, and add none of the former: what does not promise anything before them
/// never will.
fn is_promising(function: &Function, kind: Option<PlaceKind>) -> bool {
    /// What is saved by entering native code with a call.
    const ENTRY: i32 = 4;
    /// The same where a generator goes on: CPython enters it without looking for anything.
    const RESUME: i32 = -10;
    let loops = LoopForest::of(function);
    let has_loop = !loops.loops().is_empty();
    // Where there are loops, what is outside them hardly counts.
    let gains = function
        .block_ids()
        .filter(|block| !has_loop || loops.innermost(*block).is_some())
        .flat_map(|block| &function.blocks[block.index()].insts)
        .map(gain);
    if !has_loop {
        let entry = match kind {
            Some(PlaceKind::Resume) => RESUME,
            _ => ENTRY,
        };
        return entry + gains.sum::<i32>() > 0;
    }
    let (mut inline, mut generic) = (0, 0);
    for gain in gains {
        if gain < 0 {
            generic += 1;
        } else {
            inline += gain.min(2);
        }
    }
    inline >= 5 * generic
}

/// What an operation saves in native code, roughly in nanoseconds.
fn gain(inst: &Inst) -> i32 {
    match inst.op {
        Op::CallPy => 8,
        Op::ListAppend | Op::IsTrue => 1,
        // CPython does the same.
        Op::StoreGlobal | Op::AppendLocal => 0,
        Op::BoxInt | Op::BoxFloat | Op::BoxTagged => 0,
        // The specialised instruction would look at a cache.
        Op::LoadAttr | Op::StoreAttr | Op::LoadGlobal => -8,
        Op::BinaryOp | Op::CompareOp | Op::Subscr | Op::StoreSubscr => -4,
        Op::UnpackSequence => -4,
        op if op.info().effects == Effects::Escape && op.info().fs == FsKind::Raise => -2,
        Op::LoadInlineValue
        | Op::LoadSlot
        | Op::LoadCell
        | Op::Item
        | Op::ListItem
        | Op::StoreSlot
        | Op::StoreCell
        | Op::StoreInlineValue
        | Op::InitInlineValue => 1,
        op => {
            let numeric = op.info().args.iter().any(|ty| ty.intersects(Type::MACHINE));
            i32::from(numeric && !inst.is_terminator())
        }
    }
}

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
        eprintln!("feedback of {}:{}", copy.name, copy.firstlineno);
        for (pc, name, text) in map.describe(&copy.units) {
            eprintln!("  {pc:4} {name}: {text}");
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

/// Runs the passes.
fn optimise(built: &mut Built) {
    let clock = Instant::now();
    passes::optimise(&mut built.function);
    built.phases.push(Phase {
        name: "optimise".to_owned(),
        seconds: clock.elapsed().as_secs_f64(),
    });
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

fn request(jit: &Jit, function: Function, token: u64) -> Vec<u8> {
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
    let chosen = jit.config.opt_level.is_some() || jit.config.passes.is_some();
    let large = !chosen && function.inst_count() > LARGE_HIR;
    let request = CompileRequest {
        version: FORMAT_VERSION,
        symbol: format!("swl_unit_{number}_{name}"),
        unit_token: token,
        options: CompileOptions {
            pipeline: if large {
                llvm_passes::of_level(0)
            } else {
                jit.pipeline.clone()
            },
            codegen_level: jit.config.opt_level.unwrap_or(if large { 0 } else { 2 }),
            stress_counter,
        },
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
    if unit.compiles >= MAX_COMPILES || unit.compiled_insts > MAX_COMPILED_HIR {
        give_up(jit, unit);
        return;
    }
    unit.compiles += 1;
    let Some(installed) = translate(jit, code, source, None) else {
        return;
    };
    let Some(unit) = jit.unit(code) else { return };
    match installed {
        Translated::Later(wanted) => {
            unit.compiles -= 1;
            unit.wanted = unit.wanted.max(wanted);
        }
        Translated::Installed(installed) => {
            unit.cell.set_entry(installed.image.entry);
            unit.note(format!("compiled at hotness {}", unit.hotness));
            count(&COUNTERS.units_compiled);
            unit.state = State::Compiled(installed);
            // What follows is recorded anew, if guards fail.
            unit.exits = 0;
            if !jit.config.keep_feedback {
                unit.drop_map();
            }
        }
    }
}

/// Compiles from a place in the middle on, for the frame that is there.
#[tracing::instrument(level = "info", name = "compile_place", skip_all)]
pub(super) fn compile_place(jit: &'static Jit, frame: Frame, pc: u32) {
    let code = frame.code();
    let Some(unit) = jit.unit(code) else { return };
    let is_used_up = unit.compiled_insts > MAX_COMPILED_HIR;
    let this = unit.place_at(pc);
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
    let Some(installed) = translate(jit, code, Source::Frame(frame), start) else {
        return;
    };
    let Some(unit) = jit.unit(code) else { return };
    let this = unit.place_at(pc);
    match installed {
        Translated::Later(wanted) => {
            this.compiles -= 1;
            this.wanted = this.wanted.max(wanted);
        }
        Translated::Installed(installed) => {
            let (edges, kind) = (this.edges, this.kind);
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

/// What became of an attempt.
enum Translated {
    Installed(Box<Installed>),
    /// It should be as hot as this first.
    Later(u32),
}

/// From bytecode to code; `None` if the code object was refused.
fn translate(
    jit: &'static Jit,
    code: *mut PyObject,
    source: Source,
    start: Option<EntryPoint>,
) -> Option<Translated> {
    // SAFETY: the code object is alive: a frame or the caller holds it.
    unsafe {
        jit.timed(code, Heat::Compiling, || {
            let clock = Instant::now();
            let translated = translate_timed(jit, code, source, start);
            let spent = clock.elapsed().as_nanos() as u64;
            COUNTERS.compile_ns.fetch_add(spent, Ordering::Relaxed);
            translated
        })
    }
}

/// Whether a unit is to be compiled.
enum Judgement {
    Fine,
    /// Not before it is as hot as this.
    Later(u32),
    Refused,
}

/// Judges a unit of `insts` instructions that is `hot` and should be as hot as `wanted`.
fn judge(
    function: &Function,
    kind: Option<PlaceKind>,
    insts: usize,
    hot: u32,
    wanted: u32,
) -> Judgement {
    if insts > MAX_HOT_HIR || !is_promising(function, kind) {
        Judgement::Refused
    } else if hot < wanted {
        Judgement::Later(wanted)
    } else {
        Judgement::Fine
    }
}

/// Leaves what is not promising to CPython.
fn refuse_generic(
    jit: &'static Jit,
    unit: &mut Unit,
    place: Option<u32>,
    name: &str,
) -> Option<Translated> {
    tracing::info!(%name, "not promising");
    let reason = "mostly generic operations: no gain expected";
    refuse_here(jit, unit, place, reason.to_owned());
    None
}

fn translate_timed(
    jit: &'static Jit,
    code: *mut PyObject,
    source: Source,
    start: Option<EntryPoint>,
) -> Option<Translated> {
    let clock = Instant::now();
    count(&COUNTERS.compiles_tried);
    let name = describe_code(code);
    let pc = start.as_ref().map(|start| start.pc);
    let result = build(jit, code, source, start);
    // Building may have run finalisers, so the record is looked up again.
    let unit = jit.unit(code)?;
    let mut built = match result {
        Ok(built) => built,
        Err(bailout) => {
            tracing::info!(%name, reason = %bailout, "refused");
            refuse_here(jit, unit, pc, bailout.to_string());
            return None;
        }
    };
    let hot = match pc {
        Some(pc) => unit.place_at(pc).edges,
        None => {
            unit.seen = built.seen.clone();
            unit.hotness
        }
    };
    // A handler is reached from native code, which gains by going on.
    let kind = pc.map(|pc| unit.place_at(pc).kind);
    let handles = kind == Some(PlaceKind::Handler);
    let judged = matches!(source, Source::Frame(_))
        && !handles
        && jit.mode() == Mode::WhenHot
        && jit.config.threshold >= JUDGED_FROM;
    // Compile time grows with size, so a larger unit has to be hotter.
    let wanted = |insts: usize| {
        let size = u32::try_from(insts).unwrap_or(u32::MAX);
        let more = HOTNESS_PER_INST.saturating_mul(size);
        jit.config.threshold.saturating_add(more)
    };
    if judged {
        // The passes take most of the time, and most code is not promising. They may halve the unit.
        let least = built.function.inst_count() / 2;
        match judge(&built.function, kind, least, hot, wanted(least)) {
            Judgement::Refused => return refuse_generic(jit, unit, pc, &name),
            Judgement::Later(hotness) => return Some(Translated::Later(hotness)),
            Judgement::Fine => {}
        }
    }
    optimise(&mut built);
    unit.hir_insts = built.function.inst_count();
    if judged {
        let wanted = wanted(unit.hir_insts);
        match judge(&built.function, kind, unit.hir_insts, hot, wanted) {
            Judgement::Refused => return refuse_generic(jit, unit, pc, &name),
            Judgement::Later(hotness) => return Some(Translated::Later(hotness)),
            Judgement::Fine => {}
        }
    }
    unit.compiled_insts += unit.hir_insts;
    match install(jit, &name, built) {
        Ok(Some(installed)) => {
            COUNTERS
                .code_bytes
                .fetch_add(installed.image.code_size, Ordering::Relaxed);
            tracing::info!(
                %name,
                head = pc,
                hir = unit.hir_insts,
                bytes = installed.image.code_size,
                ms = clock.elapsed().as_secs_f64() * 1e3,
                "compiled"
            );
            Some(Translated::Installed(installed))
        }
        // The generator is busy below us: another time.
        Ok(None) => Some(Translated::Later(hot)),
        Err(error) => {
            tracing::error!(%name, %error, "code generation failed");
            eprintln!("swallow: {name}: {error}; it stays interpreted");
            refuse(jit, unit, error.to_string());
            count(&COUNTERS.codegen_errors);
            None
        }
    }
}

/// Generates code; `None` when a compilation is already under way on this thread.
fn install(
    jit: &'static Jit,
    name: &str,
    built: Built,
) -> Result<Option<Box<Installed>>, CodegenError> {
    let learns = jit.config.fail_guard == 0;
    let keep = kept_references(&built.function);
    let mut installed = Installed::new(name.to_owned(), learns, built.cells, keep);
    let token = std::ptr::from_ref(&*installed) as u64;
    dump(jit, &built.function, token);
    let bytes = request(jit, built.function, token);
    let Ok(mut back) = jit.back.try_lock() else {
        return Ok(None);
    };
    let mut image: CodeImage = back.generator()?.compile(&bytes)?;
    image.phases.splice(0..0, built.phases);
    installed.set_image(image);
    Ok(Some(installed))
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
        eprintln!("{function}");
    }
    if !jit.config.dump.llvm && !jit.config.dump.asm {
        return;
    }
    let bytes = request(jit, function.clone(), token);
    let Ok(mut back) = jit.back.try_lock() else {
        return;
    };
    let texts = [
        jit.config
            .dump
            .llvm
            .then(|| back.generator()?.ir_text(&bytes, true)),
        jit.config
            .dump
            .asm
            .then(|| back.generator()?.asm_text(&bytes)),
    ];
    for text in texts.into_iter().flatten() {
        match text {
            Ok(text) => eprintln!("{text}"),
            Err(error) => eprintln!("swallow: {}: {error}", function.name),
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
    optimise(&mut built);
    if what == Artefact::Hir {
        return Ok(built.function.to_string());
    }
    let bytes = request(jit, built.function, 0);
    let mut back = jit
        .back
        .try_lock()
        .map_err(|_| "the code generator is busy".to_owned())?;
    match what {
        Artefact::Asm => back.generator().and_then(|g| g.asm_text(&bytes)),
        Artefact::Hir | Artefact::Llvm => back.generator().and_then(|g| g.ir_text(&bytes, true)),
    }
    .map_err(|error| error.to_string())
}
