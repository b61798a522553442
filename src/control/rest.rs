//! When what only the compiler needs is given back: its pages of code, and the heap that HIR was built in.
//!
//! At once, behind a compilation that stands alone. Where one follows another within milliseconds, as at the start of a program, each
//! would have to touch all of it again, which takes longer than the compilation itself; then it is given back when there was
//! none for a while, by the first frame that comes by. But in a small process it would be much of its memory for so long.

use crate::code::pages;
use crate::heap;
use crate::timing;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Nanoseconds without a compilation that end a row of them.
const PAUSE: u64 = 5_000_000;

/// Bytes of its own that make a process large.
const LARGE: usize = 20 << 20;

/// Frames that come by between two looks at the clock.
const LOOKS: u32 = 64;

/// State of the process; the clock is [`timing::now`].
pub(super) struct Rest {
    /// When the last compilation ended.
    last: AtomicU64,
    /// Whether something is still to be given back.
    due: AtomicBool,
    looks: AtomicU32,
    /// When the size of the process was looked at, and whether it was large.
    sized: AtomicU64,
    large: AtomicBool,
}

impl Rest {
    pub(super) const fn new() -> Rest {
        Rest {
            last: AtomicU64::new(0),
            due: AtomicBool::new(false),
            looks: AtomicU32::new(0),
            sized: AtomicU64::new(0),
            large: AtomicBool::new(false),
        }
    }

    #[inline(always)]
    pub(super) fn is_due(&self) -> bool {
        self.due.load(Ordering::Relaxed)
    }

    /// Behind a compilation. `keeps_code`: the code generator is in this process, or still at work for it.
    pub(super) fn behind_work(&self, keeps_code: bool) {
        let now = timing::now();
        let last = self.last.swap(now, Ordering::Relaxed);
        let alone = now.saturating_sub(last) > PAUSE || !self.is_large(now);
        self.due.store(!alone, Ordering::Relaxed);
        if alone {
            give_back(keeps_code);
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
    pub(super) fn come_by(&self, keeps_code: bool) {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        if !looks.is_multiple_of(LOOKS) {
            return;
        }
        let last = self.last.load(Ordering::Relaxed);
        if timing::now().saturating_sub(last) > PAUSE {
            self.due.store(false, Ordering::Relaxed);
            give_back(keeps_code);
        }
    }
}

/// Bytes that the process has for itself: what is resident, without the pages of files.
fn own_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut fields = text.split(' ').skip(1);
    let resident: usize = fields.next()?.parse().ok()?;
    let shared: usize = fields.next()?.parse().ok()?;
    Some(resident.saturating_sub(shared) * 4096)
}

fn give_back(keeps_code: bool) {
    heap::give_back();
    if !keeps_code {
        pages::unmap_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_compilations_is_one() {
        let rest = Rest::new();
        assert!(own_memory().is_some_and(|bytes| bytes > 0));
        rest.large.store(true, Ordering::Relaxed);
        rest.sized.store(u64::MAX, Ordering::Relaxed);
        rest.behind_work(true);
        assert!(!rest.is_due(), "the first stands alone");
        rest.behind_work(true);
        assert!(rest.is_due());
        // Long ago.
        rest.last.store(1, Ordering::Relaxed);
        for _ in 1..=LOOKS {
            rest.come_by(true);
        }
        assert!(!rest.is_due());
        rest.last.store(1, Ordering::Relaxed);
        rest.behind_work(true);
        assert!(!rest.is_due(), "this one stands alone again");
        rest.large.store(false, Ordering::Relaxed);
        rest.behind_work(true);
        assert!(!rest.is_due(), "in a small process all do");
    }
}
