//! Versions of code that are out of use, until none of them can be on a stack any more.
//!
//! While no native code runs, all of them can go. A program's main loop may be native code for hours, though. So where one thread alone runs
//! any, its stack is looked through, word by word, for addresses in a version's code (return addresses) and for those of
//! the version itself (activation records and our own frames have them): what is not mentioned there is gone. (Conservative, as in
//! Boehm's collector.)

use crate::code::unit::Installed;
use crate::host::ffi;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Versions that are worth looking through a stack for.
const ENOUGH: usize = 16;

/// All of it is used with the GIL held.
pub(super) struct Graveyard {
    /// Compiled code knows their addresses.
    #[allow(clippy::vec_box)]
    versions: Mutex<Vec<Box<Installed>>>,
    /// Activations of native code, in all threads, that were entered from CPython.
    native: AtomicU32,
    /// Of the first of these: the thread state, a place in its stack, and the version.
    owner: AtomicUsize,
    base: AtomicUsize,
    first: AtomicUsize,
    /// Whether another thread has entered native code since.
    is_shared: AtomicBool,
    /// How many versions there must be until the stack is looked through again.
    wanted: AtomicUsize,
}

impl Graveyard {
    pub(super) const fn new() -> Graveyard {
        Graveyard {
            versions: Mutex::new(Vec::new()),
            native: AtomicU32::new(0),
            owner: AtomicUsize::new(0),
            base: AtomicUsize::new(0),
            first: AtomicUsize::new(0),
            is_shared: AtomicBool::new(false),
            wanted: AtomicUsize::new(ENOUGH),
        }
    }

    #[allow(clippy::vec_box)] // As the field.
    pub(super) fn versions(&self) -> MutexGuard<'_, Vec<Box<Installed>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether native code is on any stack.
    pub(super) fn is_watched(&self) -> bool {
        self.native.load(Ordering::Relaxed) != 0
    }

    /// A thread, named by its state, enters native code; the caller's frame lies above `place` in its stack.
    #[inline(always)]
    pub(super) fn enter(&self, thread: usize, place: usize, version: &Installed) {
        let native = self.native.load(Ordering::Relaxed);
        if native == 0 {
            self.owner.store(thread, Ordering::Relaxed);
            self.base.store(place, Ordering::Relaxed);
            let version = std::ptr::from_ref(version) as usize;
            self.first.store(version, Ordering::Relaxed);
            self.is_shared.store(false, Ordering::Relaxed);
        } else if self.owner.load(Ordering::Relaxed) != thread {
            self.is_shared.store(true, Ordering::Relaxed);
        }
        self.native.store(native + 1, Ordering::Relaxed);
    }

    /// The process is a new one, with one thread of the old. What others ran stays where it is for ever.
    pub(super) fn after_fork_in_child(&self) {
        if self.is_watched() && self.owner.load(Ordering::Relaxed) != ffi::current_thread_state() {
            self.owner.store(0, Ordering::Relaxed);
            self.is_shared.store(true, Ordering::Relaxed);
        }
    }

    /// It has come back.
    #[inline(always)]
    pub(super) fn leave(&self) {
        let native = self.native.load(Ordering::Relaxed);
        self.native.store(native - 1, Ordering::Relaxed);
    }

    /// Takes the versions that are on no stack.
    #[allow(clippy::vec_box)] // As the field.
    pub(super) fn take(&self) -> Vec<Box<Installed>> {
        let mut versions = self.versions();
        if !self.is_watched() {
            self.wanted.store(ENOUGH, Ordering::Relaxed);
            return std::mem::take(&mut *versions);
        }
        let is_alone = !self.is_shared.load(Ordering::Relaxed)
            && self.owner.load(Ordering::Relaxed) == ffi::current_thread_state();
        if versions.len() < self.wanted.load(Ordering::Relaxed) || !is_alone {
            return Vec::new();
        }
        // Stacks that such a library has put away are nowhere to be found.
        // SAFETY: the GIL is held, as for all of this.
        if unsafe { ffi::is_imported(c"greenlet") } {
            self.wanted.store(usize::MAX, Ordering::Relaxed);
            return Vec::new();
        }
        let base = self.base.load(Ordering::Relaxed);
        let mut mentioned = vec![false; versions.len()];
        let parts = parts(&versions);
        each_word(base, |word| {
            let at = parts.partition_point(|(start, ..)| *start <= word);
            if let Some((_, end, number)) = at.checked_sub(1).map(|at| parts[at])
                && word < end
            {
                mentioned[number] = true;
            }
        });
        let first = self.first.load(Ordering::Relaxed);
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        for (version, mentioned) in versions.drain(..).zip(mentioned) {
            if mentioned || std::ptr::from_ref(&*version) as usize == first {
                kept.push(version);
            } else {
                gone.push(version);
            }
        }
        self.wanted
            .store(2 * kept.len() + ENOUGH, Ordering::Relaxed);
        *versions = kept;
        gone
    }
}

/// Start, end and number of everything that mentions of a version point to, in order. A return address may be the end of the code.
fn parts(versions: &[Box<Installed>]) -> Vec<(usize, usize, usize)> {
    let mut parts = Vec::new();
    for (number, version) in versions.iter().enumerate() {
        let itself = std::ptr::from_ref(&**version) as usize;
        parts.push((itself, itself + size_of::<Installed>(), number));
        for block in &version.image.blocks {
            let start = block.address as usize;
            parts.push((start, start + block.size as usize + 1, number));
        }
    }
    parts.sort_unstable();
    parts
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
        // SAFETY: between this frame and one above it on the same stack (`take` asks for the thread) all is readable.
        f(unsafe { std::ptr::read_volatile(at as *const usize) });
        at += size_of::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn below(base: usize, looked_for: usize) -> bool {
        let mut found = false;
        each_word(base, |word| found |= word == looked_for);
        found
    }

    #[test]
    fn what_a_stack_mentions_is_found() {
        let secret = std::hint::black_box(0x5a5a_1234_9876_0000usize) + 41;
        let held = [std::hint::black_box(secret)];
        let base = std::ptr::from_ref(&held) as usize + 8;
        assert!(below(base, held[0]));
        // Held in a register or in the stack: but not its complement.
        assert!(!below(base, !held[0]));
    }
}
