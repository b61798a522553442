//! From code object to the request for its code.

use super::compile::JUDGED_FROM;
use super::{Jit, describe_code, measured, text, tier};
use crate::bytecode::{Code, Oracle, Recorder};
use crate::code::cell::Cell;
use crate::code::unit::{FirstTier, Installed, PlaceKind};
use crate::codegen::protocol;
use crate::codegen::{
    self, CompileOptions, CompileRequest, FORMAT_VERSION, Judgement, Phase, RequestHead,
};
use crate::config::Mode;
use crate::frontend::{self, Bailout, EntryPoint, FrontendOptions, Watch};
use crate::heap;
use crate::hir::{Function, Op};
use crate::host::ffi::{self, PyObject};
use crate::host::oracle::{LiveOracle, Records};
use crate::host::{Frame, Owned, snapshot};
use crate::log;
use crate::runtime;
use crate::timing;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Bytes of HIR and what it is built with that make a unit large.
const LARGE: usize = 128 << 10;

/// What there is to ask about.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Frame(Frame),
    Function(*mut PyObject),
}

/// HIR with the cells of its callees.
pub(super) struct Built {
    pub(super) function: Function,
    cells: Vec<Arc<Cell>>,
    laps: Laps,
}

/// The phases of a compilation that the program waits for.
struct Laps {
    clock: Instant,
    /// Processor time of this thread.
    spent: u64,
    phases: Vec<Phase>,
}

impl Laps {
    fn new() -> Laps {
        Laps {
            clock: Instant::now(),
            spent: timing::spent(),
            phases: Vec::new(),
        }
    }

    /// The phase is over that has gone on since the last one.
    fn end(&mut self, name: &str) {
        let seconds = self.clock.elapsed().as_secs_f64();
        let spent = timing::spent();
        tracing::trace!(phase = name, us = (seconds * 1e6) as u64, "held");
        self.phases.push(Phase {
            name: name.to_owned(),
            seconds,
            own: spent.saturating_sub(self.spent) as f64 / 1e9,
        });
        self.spent = spent;
        self.clock = Instant::now();
    }
}

/// Copies and builds: a whole function, or from a place on.
pub(super) fn build(
    jit: &'static Jit,
    code: *mut PyObject,
    source: Source,
    start: Option<EntryPoint>,
    watch: Option<Watch>,
) -> Result<Built, Bailout> {
    let mut laps = Laps::new();
    // SAFETY: the code object is alive: a frame or the caller holds it.
    let copy = unsafe {
        // What is too large is not even copied.
        frontend::check_length(snapshot::code_units(code))?;
        snapshot::copy_code(code)
    };
    laps.end("copy");
    let cells: RefCell<Vec<Arc<Cell>>> = RefCell::default();
    let cell = |callee: u64| {
        let Some(unit) = heap::lasting(|| jit.unit_or_new(callee as *mut PyObject)) else {
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
    let function = build_recorded(&copy, &oracle, &options, watch);
    laps.end("build");
    // What is not compiled may still be asked for.
    if options.start.is_none()
        && let Some(unit) = jit.unit(code)
    {
        heap::lasting(|| unit.seen = oracle.seen().to_vec());
    }
    let function = function?;
    Ok(Built {
        function,
        laps,
        cells: cells.into_inner(),
    })
}

/// Builds, and writes the inputs and the HIR down if a developer asks for it.
fn build_recorded(
    code: &Code,
    oracle: &dyn Oracle,
    options: &FrontendOptions,
    watch: Option<Watch>,
) -> Result<Function, Bailout> {
    let Some(folder) = std::env::var_os("SWALLOW_DEV_RECORD") else {
        return frontend::build_watched(code, oracle, options, watch);
    };
    let recorder = Recorder::new(code, oracle);
    // What is given up in the middle could not be built again from its recording.
    let result = frontend::build(code, &recorder, options);
    let name = code.name.replace(['/', '<', '>'], "_");
    let place = match &options.start {
        Some(entry) => format!("{name}_{}", entry.pc),
        None => name,
    };
    let path = std::path::Path::new(&folder).join(format!("{place}.json"));
    let written = serde_json::to_string(&(recorder.finish(), options))
        .map_err(std::io::Error::from)
        .and_then(|text| std::fs::write(&path, text))
        .and_then(|()| match &result {
            Ok(function) => std::fs::write(path.with_extension("hir"), function.to_string()),
            Err(_) => Ok(()),
        });
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "the recording could not be written");
    }
    result
}

/// What a request of this function takes at most, roughly: a buffer that grows is copied again and again.
fn request_size(function: &Function) -> usize {
    32 * function.values.len() + 8 * function.frame_states.len() + 4096
}

/// What the code generator is to be told.
pub(super) fn request(
    jit: &Jit,
    function: Function,
    token: u64,
    judged: Option<codegen::Entry>,
    heat: u64,
) -> protocol::Request {
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
        head: RequestHead {
            version: FORMAT_VERSION,
            symbol: format!("swl_unit_{number}_{name}"),
            unit_token: token,
            options: CompileOptions {
                pipeline: jit.pipeline.clone(),
                codegen_level: level.unwrap_or(2),
                cheap_if_large: level.is_none() && jit.config.passes.is_none(),
                stress_counter,
                heat,
                ref_total: ffi::reference_total(),
                measure: measured::wanted(jit.measurements.as_ref()),
            },
            judged,
        },
        function,
    };
    let buffer = Vec::with_capacity(request_size(&request.function));
    let bytes =
        postcard::to_extend(&request, buffer).expect("a request of plain data can be serialised");
    heap::lasting(|| bytes.into())
}

/// What came of building a unit.
#[derive(Clone)]
pub(super) enum Made {
    Refused(String),
    NotPromising,
    Later(u32),
    /// To be sent.
    Request {
        request: protocol::Request,
        phases: Vec<Phase>,
    },
}

/// Builds a unit, judges and serialises it; `installed` becomes what its code is to be put into.
pub(super) fn make(
    jit: &'static Jit,
    code: *mut PyObject,
    source: Source,
    start: Option<EntryPoint>,
    installed: &mut Option<Box<Installed>>,
) -> Made {
    let pc = start.as_ref().map(|start| start.pc);
    let judged = is_judged(jit, code, source, pc);
    let watch = judged.then_some(&codegen::may_pay as Watch);
    let mut built = match build(jit, code, source, start, watch) {
        Ok(built) => built,
        Err(Bailout::NotPromising) => return Made::NotPromising,
        Err(bailout) => return Made::Refused(bailout.to_string()),
    };
    // What has built it is not needed any more; for what is small mapping the rest anew would cost more than it gives back.
    if heap::held() >= LARGE {
        jit.make_way();
    }
    // Building may have run finalisers, so the record is looked up again.
    let Some(unit) = jit.unit(code) else {
        return Made::Refused("the code is gone".to_owned());
    };
    let (hotness, kind) = match pc {
        Some(pc) => {
            let this = unit.place_at(pc);
            (this.edges, this.kind)
        }
        None => (unit.hotness, PlaceKind::Loop),
    };
    let heat = judged.then_some(codegen::Heat {
        entry: match kind {
            PlaceKind::Resume => codegen::Entry::Resume,
            PlaceKind::Loop | PlaceKind::Handler => codegen::Entry::Call,
        },
        cost: jit.cost(),
        hotness,
        threshold: jit.config.threshold,
    });
    if let Some(heat) = heat {
        // Most code is not promising, and need not go through the passes to know it. They may halve the unit.
        let least = built.function.inst_count() / 2;
        match codegen::judge(&built.function, least, heat) {
            Judgement::NotPromising => return Made::NotPromising,
            Judgement::TooLarge(most) => {
                return Made::Refused(Bailout::TooMuchHir(most).to_string());
            }
            Judgement::Later(hotness) => return Made::Later(hotness),
            Judgement::Fine => {}
        }
    }
    built.laps.end("judge");
    let learns = jit.config.fail_guard == 0;
    let mut into = heap::lasting(|| {
        let keep = kept_references(&built.function);
        let name = describe_code(code);
        Installed::new(name, jit.engine, learns, built.cells.clone(), keep)
    });
    let token = std::ptr::from_ref(&*into) as u64;
    text::dump(jit, &built.function, token);
    let insts = u32::try_from(built.function.inst_count()).unwrap_or(u32::MAX);
    let mut counter = 0;
    if tier::is_on(jit) {
        into.count_down(tier::heat(jit, insts));
        counter = into.heat_address();
    }
    let judged = heat.map(|heat| heat.entry);
    let request = request(jit, built.function, token, judged, counter);
    built.laps.end("serialise");
    if counter != 0 {
        into.first_tier = heap::lasting(|| {
            Some(FirstTier {
                code: code as u64,
                pc,
                request: RefCell::new(Some(request.clone())),
                insts,
            })
        });
    }
    *installed = Some(into);
    Made::Request {
        request,
        phases: built.laps.phases,
    }
}

/// Whether a unit is compiled only if it is promising. A handler is reached from native code, which gains by going on.
fn is_judged(jit: &Jit, code: *mut PyObject, source: Source, pc: Option<u32>) -> bool {
    let is_handler = || {
        let place = pc.zip(jit.unit(code));
        place.is_some_and(|(pc, unit)| unit.place_at(pc).kind == PlaceKind::Handler)
    };
    matches!(source, Source::Frame(_))
        && jit.mode() == Mode::WhenHot
        && jit.config.threshold >= JUDGED_FROM
        && !is_handler()
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
