//! Passes on HIR: one file, one public function each, `fn(&mut Function) -> bool` (changed?).
//!
//! [`optimise`] is the whole pipeline; [`run_pass`] times, logs and (in debug builds) verifies.
#![forbid(unsafe_code)]

mod insert_refcounts;
mod mark_slots;
mod slots;

use crate::hir::Function;

pub use insert_refcounts::insert_refcounts;
pub use mark_slots::mark_slots;

/// A pass.
pub type Pass = fn(&mut Function) -> bool;

/// Every pass by name.
pub const PASSES: &[(&str, Pass)] = &[
    ("mark_slots", mark_slots),
    ("insert_refcounts", insert_refcounts),
];

/// The pass of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<Pass> {
    PASSES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, pass)| *pass)
}

/// Runs the whole pipeline.
pub fn optimise(func: &mut Function) {
    run_pass(func, "mark_slots");
    run_pass(func, "insert_refcounts");
}

/// Runs one pass of the table.
fn run_pass(func: &mut Function, name: &str) -> bool {
    let pass = by_name(name).expect("the pipeline names passes of the table");
    let start = std::time::Instant::now();
    let changed = pass(func);
    tracing::debug!(
        pass = name,
        changed,
        insts = func.inst_count(),
        us = start.elapsed().as_micros() as u64,
        "pass"
    );
    changed
}
