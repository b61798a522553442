//! Stress modes, for tests: guards that fail though nothing is wrong, and garbage collected behind side exits.

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
    // A state of 0 would stay 0.
    let state = seed.map_or(0, |seed| seed.wrapping_mul(2) | 1);
    RANDOM.store(state, Ordering::Relaxed);
    COLLECT.store(collect, Ordering::Relaxed);
    UNTIL_COLLECT.store(collect, Ordering::Relaxed);
    STRESS.store(next_period(), Ordering::Relaxed);
}

/// Guards until the next failure.
fn next_period() -> i64 {
    let period = PERIOD.load(Ordering::Relaxed);
    let mut state = RANDOM.load(Ordering::Relaxed);
    if state == 0 || period == 0 {
        return period;
    }
    // Xorshift (Marsaglia, 2003).
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    RANDOM.store(state, Ordering::Relaxed);
    1 + (state >> 1) as i64 % period.saturating_mul(2).saturating_sub(1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        set_stress(7, None, 0);
        assert_eq!([next_period(), next_period()], [7, 7]);
        let draw = || -> Vec<i64> { (0..100).map(|_| next_period()).collect() };
        set_stress(7, Some(42), 0);
        let first = draw();
        assert!(first.iter().all(|period| (1..=13).contains(period)));
        assert!(first.iter().any(|period| *period != first[0]));
        set_stress(7, Some(42), 0);
        assert_eq!(draw(), first, "a seed gives the same numbers");
        set_stress(1, Some(0), 0);
        assert!(draw().iter().all(|period| *period == 1));
        set_stress(0, None, 0);
        assert_eq!(next_period(), 0);
    }
}
