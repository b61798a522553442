//! What `swallow.info` and `swallow.feedback` say.

use crate::code::unit::{Installed, State, Unit};
use crate::control;
use crate::hir::ExitReason;
use crate::host::ffi::{PyCode_Addr2Line, PyObject};
use crate::host::snapshot;
use serde_json::{Map, Value, json};
use std::ffi::c_int;

/// The source line of a code unit.
///
/// # Safety
/// The code object is alive.
unsafe fn line(code: *mut PyObject, pc: u32) -> c_int {
    // SAFETY: alive (caller).
    unsafe { PyCode_Addr2Line(code, 2 * pc as c_int) }
}

/// The size of a function's code, or a place's.
fn code_bytes(installed: Option<&Installed>) -> u64 {
    installed.map_or(0, |installed| installed.image.code_size)
}

/// What has made the code, by the option's names; null without code.
fn backend(installed: Option<&Installed>) -> Value {
    json!(installed.map(|installed| installed.engine.option()))
}

/// Seconds by phase, of all the code there is.
fn phase_times(unit: &Unit) -> Map<String, Value> {
    let mut phases: Map<String, Value> = Map::new();
    let places = unit.places.iter().filter_map(|this| this.code.as_deref());
    for phase in unit
        .installed()
        .into_iter()
        .chain(places)
        .flat_map(|installed| &installed.image.phases)
    {
        let before = phases.get(&phase.name).and_then(Value::as_f64);
        let seconds = before.unwrap_or(0.0) + phase.seconds;
        phases.insert(phase.name.clone(), json!(seconds));
    }
    phases
}

/// What is known of a code object.
///
/// # Safety
/// It is alive.
pub(super) unsafe fn info(code: *mut PyObject) -> Value {
    let jit = control::jit();
    let hotness = jit.map_or(0, |jit| jit.hotness(code));
    // SAFETY: alive (caller).
    let spent = jit.and_then(|jit| unsafe { jit.spent(code) });
    let Some(unit) = jit.and_then(|jit| jit.unit(code)) else {
        let state = if hotness == 0 { "cold" } else { "warm" };
        return json!({
            "state": state, "hotness": hotness, "reason": null, "code_bytes": 0, "hir_insts": 0,
            "phase_times": {}, "exits": [], "compiles": 0, "loops": [], "history": [],
            "feedback_bytes": 0, "spent": spent, "backend": null,
        });
    };
    let (state, reason) = match &unit.state {
        State::Warm => ("warm", None),
        State::Compiled(_) => ("compiled", None),
        State::Refused(reason) => ("refused", Some(reason.clone())),
        State::Released => ("released", None),
    };
    let mut exits: Vec<(u32, ExitReason, u32)> = unit.old_exits.clone();
    exits.extend(
        unit.installed()
            .map(Installed::exits_taken)
            .unwrap_or_default(),
    );
    let mut loops = Vec::new();
    for this in &unit.places {
        let installed = this.code.as_deref();
        exits.extend(installed.map(Installed::exits_taken).unwrap_or_default());
        loops.push(json!({
            "pc": this.pc, "kind": this.kind.name(),
            // SAFETY: alive (caller).
            "line": unsafe { line(code, this.pc) },
            "compiled": installed.is_some(), "back_edges": this.edges,
            "code_bytes": code_bytes(installed), "compiles": this.compiles,
            "backend": backend(installed),
        }));
    }
    let exits: Vec<Value> = exits
        .iter()
        .map(|(pc, reason, count)| {
            // SAFETY: alive (caller).
            let line = unsafe { line(code, *pc) };
            json!({"pc": pc, "line": line, "reason": reason.name(), "count": count})
        })
        .collect();
    json!({
        "state": state, "hotness": hotness, "reason": reason,
        "code_bytes": code_bytes(unit.installed()), "hir_insts": unit.hir_insts,
        "phase_times": phase_times(unit), "exits": exits, "compiles": unit.compiles,
        "loops": loops, "history": unit.history, "feedback_bytes": unit.map_bytes, "spent": spent,
        "backend": backend(unit.installed()),
    })
}

/// What has been recorded of a code object; null if it has no feedback map.
///
/// # Safety
/// It is alive.
pub(super) unsafe fn feedback(code: *mut PyObject) -> Value {
    let unit = control::jit().and_then(|jit| jit.unit(code));
    let Some((unit, map)) = unit.and_then(|unit| {
        let map = unit.map.clone()?;
        Some((unit, map))
    }) else {
        return Value::Null;
    };
    // SAFETY: alive (caller).
    let units = unsafe { snapshot::code_units(code) };
    let seen: Vec<Value> = map
        .describe(units)
        .into_iter()
        .map(|(pc, instruction, text)| {
            // SAFETY: alive (caller).
            let line = unsafe { line(code, pc) };
            json!({"pc": pc, "line": line, "instruction": instruction, "seen": text})
        })
        .collect();
    json!({"bytes": unit.map_bytes, "sites": map.len(), "seen": seen})
}
