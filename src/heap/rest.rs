//! When what only the compiler needs is given back: its pages of code, and the heap that HIR was built in.
//!
//! At once, behind a compilation that stands alone. Where one follows another within milliseconds, as at the start of a program, each
//! would have to touch all of it again, which takes longer than the compilation itself; then it is given back when there was
//! none for a while, by the first frame that comes by. But in a small process it would be much of its memory for so long: there the module's pages go
//! behind each compilation, and those of the evaluator and the runtime before it.

use crate::layout::PAGE;
use crate::timing;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Nanoseconds without a compilation that end a row of them.
const PAUSE: u64 = 5_000_000;

/// Bytes of its own that make a process large.
const LARGE: usize = 20 << 20;

/// Frames that come by between two looks at the clock.
const LOOKS: u32 = 64;

/// When to give back. State of the process; the clock is [`timing::now`].
pub struct Rest {
    /// When the last compilation ended.
    last: AtomicU64,
    /// Whether something is still to be given back.
    due: AtomicBool,
    /// Whether the process is small, and no loop has been entered since then.
    before_loop: AtomicBool,
    looks: AtomicU32,
    /// When the size of the process was looked at, and whether it was large.
    sized: AtomicU64,
    large: AtomicBool,
    begun: Once,
}

impl Default for Rest {
    fn default() -> Rest {
        Rest::new()
    }
}

impl Rest {
    #[must_use]
    pub const fn new() -> Rest {
        Rest {
            last: AtomicU64::new(0),
            due: AtomicBool::new(false),
            before_loop: AtomicBool::new(false),
            looks: AtomicU32::new(0),
            sized: AtomicU64::new(0),
            large: AtomicBool::new(false),
            begun: Once::new(),
        }
    }

    /// Whether something is still to be given back.
    #[must_use]
    #[inline(always)]
    pub fn is_due(&self) -> bool {
        self.due.load(Ordering::Relaxed)
    }

    /// Before the first function is recorded: in a small process has room made for it.
    pub fn before_first(&self, prepare: impl FnOnce()) {
        self.begun.call_once(|| {
            if !self.is_large(timing::now()) {
                prepare();
            }
        });
    }

    /// Before a compilation, or a lull: in a small process gives back what only runs at other times.
    pub fn before_work(&self, give_back: impl FnOnce()) {
        if !self.is_large(timing::now()) {
            give_back();
        }
    }

    /// Behind a compilation: gives back now, or makes it due.
    pub fn behind_work(&self, give_back: impl FnOnce()) {
        let now = timing::now();
        let last = self.last.swap(now, Ordering::Relaxed);
        let small = !self.is_large(now);
        self.before_loop.store(small, Ordering::Relaxed);
        let alone = small || now.saturating_sub(last) > PAUSE;
        self.due.store(!alone, Ordering::Relaxed);
        if alone {
            give_back();
        }
    }

    /// Before native code of a loop, which may run for long: in a small process, behind a compilation, gives back what led there.
    pub fn before_loop(&self, give_back: impl FnOnce()) {
        if self.before_loop.load(Ordering::Relaxed)
            && self.before_loop.swap(false, Ordering::Relaxed)
        {
            give_back();
        }
    }

    /// Whether the process is large; looked at again when it may have grown.
    fn is_large(&self, now: u64) -> bool {
        /// Nanoseconds.
        const OLD: u64 = 100_000_000;
        if now.saturating_sub(self.sized.load(Ordering::Relaxed)) > OLD {
            self.sized.store(now, Ordering::Relaxed);
            let large = own_memory().is_some_and(|bytes| bytes >= LARGE);
            self.large.store(large, Ordering::Relaxed);
        }
        self.large.load(Ordering::Relaxed)
    }

    /// Where a frame comes by and something is due.
    pub fn come_by(&self, give_back: impl FnOnce()) {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        if !looks.is_multiple_of(LOOKS) {
            return;
        }
        let last = self.last.load(Ordering::Relaxed);
        if timing::now().saturating_sub(last) > PAUSE {
            self.due.store(false, Ordering::Relaxed);
            give_back();
        }
    }
}

/// Bytes that the process has for itself: what is resident, without the pages of files.
fn own_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut fields = text.split(' ').skip(1);
    let resident: usize = fields.next()?.parse().ok()?;
    let shared: usize = fields.next()?.parse().ok()?;
    Some(resident.saturating_sub(shared) * PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_compilations_is_one() {
        let given = std::cell::Cell::new(0);
        let give = || given.set(given.get() + 1);
        let rest = Rest::new();
        assert!(own_memory().is_some_and(|bytes| bytes > 0));
        rest.large.store(true, Ordering::Relaxed);
        rest.sized.store(u64::MAX, Ordering::Relaxed);
        rest.behind_work(give);
        assert_eq!(
            (rest.is_due(), given.get()),
            (false, 1),
            "the first stands alone"
        );
        rest.behind_work(give);
        assert_eq!((rest.is_due(), given.get()), (true, 1));
        rest.last.store(u64::MAX, Ordering::Relaxed);
        (0..=LOOKS).for_each(|_| rest.come_by(give));
        assert_eq!((rest.is_due(), given.get()), (true, 1), "too soon");
        // Long ago.
        rest.last.store(1, Ordering::Relaxed);
        (0..LOOKS).for_each(|_| rest.come_by(give));
        assert_eq!((rest.is_due(), given.get()), (false, 2));
        rest.last.store(1, Ordering::Relaxed);
        rest.behind_work(give);
        assert_eq!(
            (rest.is_due(), given.get()),
            (false, 3),
            "this one stands alone again"
        );
        rest.large.store(false, Ordering::Relaxed);
        rest.behind_work(give);
        assert_eq!(
            (rest.is_due(), given.get()),
            (false, 4),
            "in a small process all do"
        );
        rest.before_loop(give);
        rest.before_loop(give);
        assert_eq!(given.get(), 5, "once");
    }
}
