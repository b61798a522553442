//! Stress modes, for tests: guards that fail though nothing is wrong, and garbage collected behind side exits.

use crate::random;
use pyo3_ffi as py;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The countdown to the next guard that is made to fail: native code decrements it at every guard.
pub static STRESS: AtomicI64 = AtomicI64::new(0);

/// Guards from one failure to the next, on average; 0: none is made to fail.
static PERIOD: AtomicI64 = AtomicI64::new(0);
/// State of the random numbers that vary the period; 0: it doesn't vary.
static RANDOM: AtomicU64 = AtomicU64::new(0);
/// Side exits from one collection to the next, and until the next; 0: there are none.
static COLLECT: AtomicU64 = AtomicU64::new(0);
static UNTIL_COLLECT: AtomicU64 = AtomicU64::new(0);

/// Makes every `period`-th guard fail, or with a `seed` one in so many at random, and collects garbage behind every
/// `collect`-th side exit; 0 switches each off.
pub fn set_stress(period: u64, seed: Option<u64>, collect: u64) {
    PERIOD.store(i64::try_from(period).unwrap_or(i64::MAX), Ordering::Relaxed);
    RANDOM.store(seed.map_or(0, random::first), Ordering::Relaxed);
    COLLECT.store(collect, Ordering::Relaxed);
    UNTIL_COLLECT.store(collect, Ordering::Relaxed);
    STRESS.store(next_period(), Ordering::Relaxed);
}

/// Guards until the next failure.
fn next_period() -> i64 {
    let period = PERIOD.load(Ordering::Relaxed);
    let state = RANDOM.load(Ordering::Relaxed);
    if state == 0 || period == 0 {
        return period;
    }
    let state = random::next(state);
    RANDOM.store(state, Ordering::Relaxed);
    random::around(state, period)
}

/// Starts the countdown again if it has made a guard fail.
pub(super) fn restart() {
    if PERIOD.load(Ordering::Relaxed) != 0 && STRESS.load(Ordering::Relaxed) <= 0 {
        STRESS.store(next_period(), Ordering::Relaxed);
    }
}

/// Collects garbage if it is time, which is as the program could have done here.
///
/// # Safety
/// The GIL is held; the current frame is what an evaluator expects, and no exception is set.
pub(super) unsafe fn collect() {
    let every = COLLECT.load(Ordering::Relaxed);
    if every == 0 {
        return;
    }
    let left = UNTIL_COLLECT.load(Ordering::Relaxed) - 1;
    UNTIL_COLLECT.store(if left == 0 { every } else { left }, Ordering::Relaxed);
    if left == 0 {
        // SAFETY: the caller's promise.
        unsafe { py::PyGC_Collect() };
    }
}
