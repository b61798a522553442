//! What compilations are made of: time and memory by pass (`-X jit-time-passes`), by unit (`-X jit-time-units`), and what was done when (`-X jit-trace`).
//! The code generator measures and sends it with its answers ([`crate::timing`]); here it adds up. Where none is asked for there is nothing
//! of this.

use super::trace::Trace;
use crate::codegen::{CodeImage, Engine, Phase};
use crate::config::{Codegen, Config};
use crate::timing::{self, Measured, PassTotal, Resident, Wanted};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All that was measured.
#[derive(Debug)]
pub struct Measurements {
    wanted: Wanted,
    passes: Mutex<Vec<PassTotal>>,
    /// What each compilation took, if that is asked for.
    units: Option<Mutex<Vec<Value>>>,
    /// A digest of all machine code that was made.
    code: AtomicU64,
    trace: Option<Trace>,
}

impl Measurements {
    /// What the options ask for; `None`: nothing.
    ///
    /// # Errors
    /// One line, if the trace can't be written.
    pub(super) fn new(config: &Config) -> Result<Option<Measurements>, String> {
        let wanted = Wanted {
            passes: config.time_passes,
            spans: config.trace.is_some(),
            // Measuring it would change the process of the program.
            memory: config.time_units && config.codegen == Codegen::Helper,
        };
        if !wanted.anything() && !config.time_units {
            return Ok(None);
        }
        let trace = config.trace.as_deref().map(Trace::create).transpose()?;
        Ok(Some(Measurements {
            wanted,
            passes: Mutex::default(),
            units: config.time_units.then(Mutex::default),
            code: AtomicU64::new(0),
            trace,
        }))
    }

    fn passes(&self) -> MutexGuard<'_, Vec<PassTotal>> {
        locked(&self.passes)
    }

    /// Every pass so far, for people and programs.
    #[must_use]
    pub fn rows(&self) -> Value {
        let passes = self.passes();
        let rows = passes.iter().map(|pass| {
            json!({
                "name": pass.name,
                "stage": pass.stage.name(),
                "runs": pass.runs,
                "changed": pass.changed,
                "seconds": pass.own as f64 / 1e9,
                "insts_before": pass.before,
                "insts_after": pass.after,
                "bytes_taken": pass.taken,
                "bytes_peak": pass.most,
            })
        });
        Value::Array(rows.collect())
    }

    /// What each compilation took, in the order in which their code was installed, with what `native` knows of as many versions.
    pub(super) fn units(&self, native: impl FnOnce(usize) -> Option<Vec<Value>>) -> Value {
        let rows = self.units.as_ref().map(locked);
        let mut rows = rows.map(|rows| rows.clone()).unwrap_or_default();
        let native = native(rows.len()).unwrap_or_default();
        for (row, spent) in rows.iter_mut().zip(native) {
            row["native"] = spent;
        }
        Value::Array(rows)
    }

    /// A digest of all machine code that was made, in its order.
    #[must_use]
    pub fn code_digest(&self) -> String {
        format!("{:016x}", self.code.load(Ordering::Relaxed))
    }

    /// Its passes as a table, if it is asked for.
    #[must_use]
    pub fn table(&self) -> Option<String> {
        self.wanted.passes.then(|| timing::table(&self.passes()))
    }
}

/// A compilation whose code is being installed.
pub(super) struct Compilation<'a> {
    pub(super) name: &'a str,
    pub(super) file: String,
    /// Where the code object begins, and what of it was compiled: the function, or a place at an instruction.
    pub(super) line: i32,
    pub(super) kind: &'static str,
    pub(super) pc: Option<u32>,
    pub(super) engine: Engine,
    /// With the phases of this process.
    pub(super) image: &'a CodeImage,
    pub(super) memory: Option<Resident>,
}

/// Whether it is kept what each compilation took.
pub(super) fn keeps_units(measurements: Option<&Measurements>) -> bool {
    measurements.is_some_and(|known| known.units.is_some())
}

/// Keeps what a compilation took; the number of its row, from 1 on.
pub(super) fn note_unit(
    measurements: Option<&Measurements>,
    what: &Compilation<'_>,
) -> Option<NonZeroU32> {
    let mut units = locked(measurements?.units.as_ref()?);
    let image = what.image;
    let phases = image
        .phases
        .iter()
        .map(|phase| json!({"name": phase.name, "seconds": phase.seconds, "own": phase.own}));
    units.push(json!({
        "name": what.name, "file": what.file, "line": what.line, "kind": what.kind, "pc": what.pc,
        "backend": what.engine.option(),
        "installed": timing::now() as f64 / 1e9,
        "phases": phases.collect::<Vec<_>>(),
        "code_bytes": image.code_size, "hir_insts": image.hir_insts,
        "ir_before": image.ir_before, "ir_after": image.ir_after,
        "memory_before": what.memory.map(|memory| memory.before),
        "memory_peak": what.memory.map(|memory| memory.peak),
        "native": null,
    }));
    NonZeroU32::new(units.len() as u32)
}

/// What is to be measured.
pub(super) fn wanted(measurements: Option<&Measurements>) -> Wanted {
    measurements.map(|known| known.wanted).unwrap_or_default()
}

/// Takes in what came with the answer for a unit.
pub(super) fn account(measurements: Option<&Measurements>, unit: &str, measured: &Measured) {
    let Some(known) = measurements else { return };
    let mut passes = known.passes();
    for pass in &measured.passes {
        timing::accumulate(&mut passes, pass);
    }
    drop(passes);
    if measured.code != 0 {
        let before = known.code.load(Ordering::Relaxed);
        let code = timing::digest(before, &measured.code.to_le_bytes());
        known.code.store(code, Ordering::Relaxed);
    }
    if let Some(trace) = &known.trace {
        trace.add_generator(unit, measured);
    }
}

/// A stretch of this process's time, which begins now and ends when it is dropped; with what it is about.
pub(super) struct Stretch<'m> {
    trace: Option<&'m Trace>,
    what: &'static str,
    start: u64,
}

impl<'m> Stretch<'m> {
    pub(super) fn begin(measurements: Option<&'m Measurements>, what: &'static str) -> Self {
        let trace = measurements.and_then(|known| known.trace.as_ref());
        Stretch {
            trace,
            what,
            start: trace.map_or(0, |_| timing::now()),
        }
    }

    /// Ends it. `phases` are those that it began with, one after the other.
    pub(super) fn end(self, unit: &str, phases: &[Phase]) {
        if let Some(trace) = self.trace {
            trace.add_own(self.what, unit, self.start, phases);
        }
    }
}

/// Notes that a unit is under way in the code generator, or not any more.
pub(super) fn note_job(measurements: Option<&Measurements>, unit: &str, job: u64, begins: bool) {
    if let Some(trace) = measurements.and_then(|known| known.trace.as_ref()) {
        trace.add_job(unit, job, begins);
    }
}
