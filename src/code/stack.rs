//! Who runs native code, and what a stack mentions: for code that is out of use, but may still be running.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Bytes of a stack that are looked through at most: what takes longer would hold the program up.
const MOST: usize = 1 << 20;

/// Activations of native code that were entered from CPython. All of it is used with the GIL held.
pub struct Watch {
    /// How many there are, in all threads.
    native: AtomicU32,
    /// Of the first of these: the thread's name, a place in its stack, and what it runs.
    owner: AtomicUsize,
    base: AtomicUsize,
    first: AtomicUsize,
    /// Whether another thread has entered native code since.
    is_shared: AtomicBool,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch::new()
    }
}

impl Watch {
    #[must_use]
    pub const fn new() -> Watch {
        Watch {
            native: AtomicU32::new(0),
            owner: AtomicUsize::new(0),
            base: AtomicUsize::new(0),
            first: AtomicUsize::new(0),
            is_shared: AtomicBool::new(false),
        }
    }

    /// Whether native code is on any stack.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.native.load(Ordering::Relaxed) != 0
    }

    /// `thread` enters native code, of which it runs `what`; the caller's frame lies above `place` in its stack.
    #[inline(always)]
    pub fn enter(&self, thread: usize, place: usize, what: usize) {
        let native = self.native.load(Ordering::Relaxed);
        if native == 0 {
            self.owner.store(thread, Ordering::Relaxed);
            self.base.store(place, Ordering::Relaxed);
            self.first.store(what, Ordering::Relaxed);
            self.is_shared.store(false, Ordering::Relaxed);
        } else if self.owner.load(Ordering::Relaxed) != thread {
            self.is_shared.store(true, Ordering::Relaxed);
        }
        self.native.store(native + 1, Ordering::Relaxed);
    }

    /// It has come back.
    #[inline(always)]
    pub fn leave(&self) {
        let native = self.native.load(Ordering::Relaxed);
        self.native.store(native - 1, Ordering::Relaxed);
    }

    /// The process is a new one, in which only `thread` of the old goes on. What others ran stays where it is for ever.
    pub fn after_fork_in_child(&self, thread: usize) {
        if self.is_on() && self.owner.load(Ordering::Relaxed) != thread {
            self.owner.store(0, Ordering::Relaxed);
            self.is_shared.store(true, Ordering::Relaxed);
        }
    }

    /// Which of `count` things the stack of `thread` mentions: `parts` are starts, ends and numbers of ranges of addresses that
    /// belong to them, in order. `None` if other threads run native code, too, or the stack is too deep.
    #[must_use]
    pub fn mentioned(
        &self,
        thread: usize,
        parts: &[(usize, usize, usize)],
        count: usize,
    ) -> Option<Vec<bool>> {
        let is_alone =
            !self.is_shared.load(Ordering::Relaxed) && self.owner.load(Ordering::Relaxed) == thread;
        let base = self.base.load(Ordering::Relaxed);
        let here = 0u8;
        if !is_alone || base.saturating_sub(std::ptr::from_ref(&here) as usize) > MOST {
            return None;
        }
        let mut mentioned = vec![false; count];
        let mut note = |word: usize| {
            let at = parts.partition_point(|(start, ..)| *start <= word);
            if let Some((_, end, number)) = at.checked_sub(1).map(|at| parts[at])
                && word < end
            {
                mentioned[number] = true;
            }
        };
        note(self.first.load(Ordering::Relaxed));
        each_word(base, note);
        Some(mentioned)
    }
}

/// Calls `f` with the registers that functions leave as they are, and each word of this thread's stack below `base`.
#[inline(never)]
fn each_word(base: usize, mut f: impl FnMut(usize)) {
    let mut registers = [0usize; 6];
    // SAFETY: writes the array, six words.
    unsafe {
        std::arch::asm!(
            "mov [{0}], rbx",
            "mov [{0} + 8], rbp",
            "mov [{0} + 16], r12",
            "mov [{0} + 24], r13",
            "mov [{0} + 32], r14",
            "mov [{0} + 40], r15",
            in(reg) registers.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
    let here = std::ptr::from_ref(&registers) as usize;
    let mut at = here;
    while at < base {
        // SAFETY: between this frame and one above it on the same stack (`mentioned` asks for the thread) all is readable.
        f(unsafe { std::ptr::read_volatile(at as *const usize) });
        at += size_of::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the stack has the complement of `key`: the word itself must not get there by being looked for.
    #[inline(never)]
    fn below(base: usize, key: usize) -> bool {
        let mut found = false;
        each_word(base, |word| found |= !word == key);
        found
    }

    /// Asks from a frame below.
    #[inline(never)]
    fn asked(watch: &Watch, thread: usize, addresses: [usize; 2]) -> Option<Vec<bool>> {
        let mut parts = [
            (addresses[0], addresses[0] + 8, 0),
            (addresses[1], addresses[1] + 8, 1),
        ];
        parts.sort_unstable();
        watch.mentioned(thread, &parts, 2)
    }

    #[test]
    fn threads_and_forks() {
        let watch = Watch::new();
        let place = 0u8;
        let place = std::ptr::from_ref(&place) as usize;
        let (first, other) = (0x1111_0000, 0x2222_0000);
        watch.enter(1, place, first);
        let found = asked(&watch, 1, [first, other]).expect("one thread alone");
        assert!(found[0], "what the first activation runs");
        assert_eq!(
            asked(&watch, 2, [first, other]),
            None,
            "another thread asks"
        );
        watch.enter(2, place, other);
        assert_eq!(
            asked(&watch, 1, [first, other]),
            None,
            "another thread is in"
        );
        watch.leave();
        watch.leave();
        assert!(!watch.is_on());
        watch.enter(1, place, first);
        watch.after_fork_in_child(1);
        assert!(asked(&watch, 1, [first, other]).is_some());
        watch.after_fork_in_child(2);
        assert_eq!(asked(&watch, 1, [first, other]), None, "its thread is gone");
        // A thread state may lie where that of a thread lay that is gone.
        watch.enter(1, place, first);
        assert_eq!(asked(&watch, 1, [first, other]), None);
    }

    #[test]
    fn a_deep_stack_is_left_alone() {
        let watch = Watch::new();
        let here = 0u8;
        watch.enter(1, std::ptr::from_ref(&here) as usize + 2 * MOST, 0);
        assert_eq!(watch.mentioned(1, &[], 0), None);
    }

    #[test]
    fn what_a_stack_mentions_is_found() {
        let (here, nowhere) = (0x5a5a_1234_9876_0041usize, 0x3c3c_4321_6789_0043);
        let held = [std::hint::black_box(!here)];
        let base = std::ptr::from_ref(&held) as usize + 8;
        assert!(below(base, here));
        assert!(!below(base, nowhere));
    }
}
