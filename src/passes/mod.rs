//! Passes on HIR: one file, one public function each, `fn(&mut Function) -> bool` (changed?).
//!
//! [`optimise`] is the whole pipeline; [`run_pass`] times, logs and (in debug builds) verifies.
#![forbid(unsafe_code)]

mod append_locals;
mod eliminate_dead_code;
mod eliminate_guards;
mod insert_refcounts;
mod mark_slots;
mod reuse_boxes;
mod sink_boxes;
mod slots;
mod spill_params;
mod store_at_yields;
mod unbox_params;

use crate::hir::Function;
use crate::timing;

pub use append_locals::append_locals;
pub use eliminate_dead_code::eliminate_dead_code;
pub use eliminate_guards::eliminate_guards;
pub use insert_refcounts::insert_refcounts;
pub use mark_slots::mark_slots;
pub use reuse_boxes::reuse_boxes;
pub use sink_boxes::sink_boxes;
pub use spill_params::spill_params;
pub use store_at_yields::store_at_yields;
pub use unbox_params::unbox_params;

/// A pass.
pub type Pass = fn(&mut Function) -> bool;

/// Every pass by name.
pub const PASSES: &[(&str, Pass)] = &[
    ("eliminate_guards", eliminate_guards),
    ("unbox_params", unbox_params),
    ("sink_boxes", sink_boxes),
    ("eliminate_dead_code", eliminate_dead_code),
    ("spill_params", spill_params),
    ("mark_slots", mark_slots),
    ("store_at_yields", store_at_yields),
    ("append_locals", append_locals),
    ("insert_refcounts", insert_refcounts),
    ("reuse_boxes", reuse_boxes),
];

/// The pass of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<Pass> {
    PASSES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, pass)| *pass)
}

/// Rounds of the passes that make work for each other.
const MAX_ROUNDS: usize = 3;

/// Runs the whole pipeline.
pub fn optimise(func: &mut Function) {
    pipeline(func, &mut run_pass);
}

/// The functions that the passes of the pipeline get when they first run, if it is run on this one: for benches, which
/// measure each pass on what it is there for.
#[must_use]
pub fn first_inputs(func: &Function) -> Vec<(&'static str, Function)> {
    let mut inputs: Vec<(&'static str, Function)> = Vec::new();
    pipeline(&mut func.clone(), &mut |func, name| {
        if !inputs.iter().any(|(known, _)| *known == name) {
            inputs.push((name, func.clone()));
        }
        run_pass(func, name)
    });
    inputs
}

/// The order of the passes: has each of them run by name.
fn pipeline(func: &mut Function, run: &mut dyn FnMut(&mut Function, &'static str) -> bool) {
    run(func, "eliminate_dead_code");
    for _ in 0..MAX_ROUNDS {
        let mut changed = run(func, "eliminate_guards");
        changed |= run(func, "unbox_params");
        changed |= run(func, "eliminate_guards");
        changed |= run(func, "sink_boxes");
        changed |= run(func, "eliminate_dead_code");
        if !changed {
            break;
        }
    }
    run(func, "spill_params");
    run(func, "mark_slots");
    run(func, "store_at_yields");
    run(func, "append_locals");
    // Locals that are in their slots need no parameters any more.
    run(func, "eliminate_dead_code");
    run(func, "insert_refcounts");
    run(func, "reuse_boxes");
}

/// Runs one pass of the table.
fn run_pass(func: &mut Function, name: &'static str) -> bool {
    let pass = by_name(name).expect("the pipeline names passes of the table");
    let start = std::time::Instant::now();
    let changed;
    if timing::notes_passes() {
        let (start, spent, before) = (timing::now(), timing::spent(), func.inst_count());
        let memory;
        (changed, memory) = timing::counted(|| pass(func));
        timing::note_pass(&timing::PassRun {
            name,
            stage: timing::Stage::Hir,
            changed,
            own: timing::spent() - spent,
            start,
            duration: timing::now() - start,
            before: before as u64,
            after: func.inst_count() as u64,
            memory,
        });
    } else {
        changed = pass(func);
    }
    if cfg!(debug_assertions)
        && let Err(errors) = crate::hir::verify(func)
    {
        panic!("{name} broke {}:\n{errors}\n{func}", func.name);
    }
    tracing::debug!(
        pass = name,
        changed,
        insts = func.inst_count(),
        us = start.elapsed().as_micros() as u64,
        "pass"
    );
    changed
}
