//! Tiers (`-X jit-backend=tiered`): code comes from Cranelift first; what then runs hot comes once more, from LLVM.
//!
//! Code of the first tier counts its calls and back-edges down, and calls [`hot`] at the end. The request that it was made from is
//! kept until then, and sent again: nothing has to be built, from no frame, so the call may come from anywhere. While the second
//! tier is generated, the first goes on; when that is installed, a loop that still runs in the first is left at its next
//! end of the countdown, and entered again in the middle.
//! Whether it pays `codegen::again` says.

use super::compile::Pending;
use super::{Jit, compile, jit};
use crate::code::unit::{FirstTier, Installed, Unit};
use crate::codegen::protocol::Request;
use crate::codegen::{CompileRequest, Engine, again};
use crate::config::Backend;
use crate::host::ffi::PyObject;

/// Calls and back-edges until code of the first tier asks again: a few hundred microseconds, in which some code may have come.
const PAUSE: i64 = 20_000;

/// The first countdown of a unit of `insts` HIR instructions.
pub(super) fn heat(jit: &Jit, insts: u32) -> i64 {
    let threshold = i64::from(jit.config.threshold);
    if jit.config.threshold < compile::JUDGED_FROM {
        return threshold;
    }
    threshold + again::FIRST_COUNTDOWN * i64::from(insts)
}

/// Whether there are tiers.
pub(super) fn is_on(jit: &Jit) -> bool {
    jit.config.backend == Backend::Tiered
}

/// The countdown of a unit's code is at its end. Whether that code is to be left, in a loop.
pub(super) fn hot(installed: &Installed, in_loop: bool) -> bool {
    let (Some(jit), Some(first)) = (jit(), &installed.first_tier) else {
        installed.count_down(i64::MAX);
        return false;
    };
    jit.look();
    let next = ask(jit, installed, first);
    installed.count_down(next);
    in_loop && is_replaced(jit, installed, first)
}

/// Asks for the second tier, if it is to be and has not been asked for. Returns the next countdown.
fn ask(jit: &'static Jit, installed: &Installed, first: &FirstTier) -> i64 {
    let Some(request) = first.request.take() else {
        return PAUSE;
    };
    let run = installed.countdown();
    // Shares are not the same in the next run, and don't matter where all is wanted compiled.
    let is_judged = jit.config.threshold >= compile::JUDGED_FROM && !jit.waits;
    let ran = again::Ran {
        points: run.points,
        all_points: run.all_points,
        elapsed: run.since.elapsed(),
    };
    if is_judged && !again::is_worth(first.insts, ran) {
        first.request.replace(Some(request));
        return run.all_points;
    }
    match send(jit, installed, first, &request) {
        Submitted::Yes => PAUSE,
        Submitted::No => i64::MAX,
        Submitted::Later => {
            first.request.replace(Some(request));
            PAUSE
        }
    }
}

/// Whether other code has been installed for what this was made for, or it has been taken out of use.
fn is_replaced(jit: &Jit, installed: &Installed, first: &FirstTier) -> bool {
    let Some(unit) = jit.unit(first.code as *mut PyObject) else {
        return false;
    };
    current(unit, first.pc).is_none_or(|current| !std::ptr::eq(current, installed))
}

/// Gives the request for the second tier back to the first.
pub(super) fn put_back(unit: &Unit, pc: Option<u32>, request: Request) {
    if let Some(first) = current(unit, pc).and_then(|code| code.first_tier.as_ref()) {
        first.request.replace(Some(request));
    }
}

/// The code of a unit, or of a place of it.
fn current(unit: &Unit, pc: Option<u32>) -> Option<&Installed> {
    match pc {
        None => unit.installed(),
        Some(pc) => {
            let place = unit.places.iter().find(|place| place.pc == pc);
            place.and_then(|place| place.code.as_deref())
        }
    }
}

/// What became of a request for the second tier.
enum Submitted {
    Yes,
    /// It will never be.
    No,
    Later,
}

/// The request of a first tier, for the second.
fn rewrite(request: &Request, token: u64) -> Option<Request> {
    CompileRequest::with_other_head(request, |head| {
        head.unit_token = token;
        head.symbol.push_str("_again");
        head.options.heat = 0;
        // It has been.
        head.judged = None;
    })
    .map(Request::from)
}

/// Has LLVM compile what code of the first tier was made from.
fn send(
    jit: &'static Jit,
    installed: &Installed,
    first: &FirstTier,
    request: &Request,
) -> Submitted {
    if !jit.is_alive(first.code) || is_replaced(jit, installed, first) {
        return Submitted::No;
    }
    let code = first.code as *mut PyObject;
    let Some(unit) = jit.unit(code) else {
        return Submitted::No;
    };
    let job = match first.pc {
        Some(pc) => unit.place_at(pc).job,
        None => unit.job,
    };
    if job.is_some() || jit.takes_no_job() {
        return Submitted::Later;
    }
    let second = installed.second_tier();
    let token = std::ptr::from_ref(&*second) as u64;
    let rewritten = compile::holding("second tier", || rewrite(request, token));
    let Some(rewritten) = rewritten else {
        return Submitted::No;
    };
    let submitted = match jit.back.try_lock() {
        Ok(mut back) => back.compile(Engine::Llvm, rewritten),
        Err(_) => return Submitted::Later,
    };
    let Ok(job) = submitted else {
        return Submitted::No;
    };
    let hot = match first.pc {
        Some(pc) => {
            let place = unit.place_at(pc);
            place.job = Some(job);
            place.edges
        }
        None => {
            unit.job = Some(job);
            unit.hotness
        }
    };
    let again = Pending::again(job, first, request.clone(), hot, second);
    jit.add_pending(again);
    if jit.waits {
        compile::finish_job(jit, job);
    }
    Submitted::Yes
}
