//! Takes the frame hook out, and has it put back: what [`crate::lull`] decides.

use super::{Jit, enter, jit, takeover};
use crate::code::unit::Unit;
use crate::config::Mode;
use crate::host::ffi;
use crate::lull::{Lull, Verdict, Work};
use crate::stats::{COUNTERS, count};
use crate::timing;
use std::sync::atomic::Ordering;

/// The state that a process starts with; `exact`: what is compiled must not depend on the clock.
pub(super) fn new(milliseconds: u32, exact: bool) -> Lull {
    let milliseconds = if exact { 0 } else { milliseconds };
    Lull::new(u64::from(milliseconds) * 1_000_000, ring)
}

/// Nanoseconds of a lull that is long enough to give memory back for: having it again takes some 0.1 ms.
const LONG: u64 = 40_000_000;

/// Looks at the clock, and leaves CPython alone for a while if that is better.
#[cold]
pub(super) fn look(jit: &'static Jit) {
    if jit.lull.is_away() && is_out(jit) {
        // Someone who is no evaluator calls native code.
        return jit.lull.skip();
    }
    jit.look();
    let work = Work {
        waits: jit.waiting.load(Ordering::Relaxed) != 0 || jit.rest.is_due(),
        compiled: COUNTERS.units_compiled.load(Ordering::Relaxed),
        compiling: COUNTERS.compile_ns.load(Ordering::Relaxed),
    };
    let Verdict::Leave(length) = jit.lull.look(timing::now(), work) else {
        return;
    };
    if jit.mode() == Mode::Always {
        return jit.lull.forget(timing::now());
    }
    let is_in = hook().is_some_and(|hook| hook as usize == enter::eval_frame as *const () as usize);
    if !is_in {
        // Another user of hooks has put theirs before ours.
        jit.lull.end();
        return;
    }
    if let Err(error) = jit.lull.alarm.set(length) {
        tracing::debug!(%error, "no lulls");
        jit.lull.end();
        return;
    }
    forget_idle(jit);
    count(&COUNTERS.lulls);
    COUNTERS.lull_ns.fetch_add(length, Ordering::Relaxed);
    tracing::debug!(milliseconds = length / 1_000_000, "lull");
    // SAFETY: the GIL is held; this is the hook that was there before ours.
    unsafe {
        ffi::_PyInterpreterState_SetEvalFrameFunc(ffi::PyInterpreterState_Main(), jit.previous)
    };
    if length >= LONG {
        jit.go_away();
    }
}

/// Frees feedback maps that nothing has been added to for a whole turn of recording and lull: what only ran while the program started, above all.
fn forget_idle(jit: &Jit) {
    if jit.config.keep_feedback {
        return;
    }
    for record in jit.records().values() {
        // SAFETY: records live as long as they are in the map, and the GIL is held.
        unsafe { (*(*record as *mut Unit)).forget_if_idle() };
    }
}

/// The hook of the main interpreter; `None` once that is gone.
fn hook() -> Option<ffi::EvalFrame> {
    // SAFETY: the main interpreter is part of the runtime's state, which is there as long as the process.
    unsafe {
        let main = ffi::PyInterpreterState_Main();
        (!main.is_null()).then(|| ffi::_PyInterpreterState_GetEvalFrameFunc(main))
    }
}

/// Whether CPython is left alone.
fn is_out(jit: &Jit) -> bool {
    hook().is_some_and(|hook| std::ptr::fn_addr_eq(hook, jit.previous))
}

/// There are no lulls any more, and nothing is taken over: the program has ended.
pub(super) fn end(jit: &Jit) {
    jit.lull.end();
    jit.lull.alarm.end();
}

/// Nanoseconds until running loops are looked at again, where no call has come by; then twice that, and so on.
const AGAIN: u64 = 20_000_000;

/// How often they are looked at.
const TIMES: u32 = 32;

/// For tests: has no hook, but takes loops over every so often; whether that is what the options ask for.
pub(super) fn stays_away(jit: &Jit) -> bool {
    jit.config.takeover != 0 && jit.lull.alarm.set(0).is_ok()
}

/// The end of a lull, on the alarm's thread, which has not the GIL.
fn ring(times: u32) -> Option<u64> {
    let jit = jit()?;
    if jit.config.takeover != 0 {
        takeover::ask();
        return Some(u64::from(jit.config.takeover) * 1000);
    }
    if times == 0 {
        put_back();
    } else if !jit.lull.is_away() || times > TIMES {
        return None;
    }
    // What has been entered in the lull may run for long.
    takeover::ask();
    Some(AGAIN << times.min(5))
}

/// Puts the hook back, if nobody else has put one there. This needs no GIL: the hook is a word that
/// CPython reads for each call, and here it only changes from CPython's own evaluator to ours.
fn put_back() {
    let Some(jit) = jit() else { return };
    if is_out(jit) {
        // SAFETY: as in `hook`; the hook is a function of this module, which is never unloaded.
        unsafe {
            ffi::_PyInterpreterState_SetEvalFrameFunc(
                ffi::PyInterpreterState_Main(),
                enter::eval_frame,
            );
        }
    }
}

/// Ends a lull that may be under way: the user wants something of the JIT.
pub(super) fn wake(jit: &Jit) {
    if jit.config.takeover == 0 {
        put_back();
    }
    jit.lull.forget(timing::now());
}

/// In the child of a fork, which has no alarm yet.
pub(super) fn after_fork_in_child(jit: &Jit) {
    jit.lull.alarm.after_fork_in_child();
    takeover::prepare();
    stays_away(jit);
    wake(jit);
}
