//! Versions of code that are out of use, until none of them can be on a stack any more.
//!
//! While no native code runs, all of them can go. A program's main loop may be native code for hours, though. So where one thread alone runs
//! any, its stack is looked through, word by word, for addresses in a version's code (return addresses) and for those of
//! the version itself (activation records and our own frames have them): what is not mentioned there is gone. (Conservative, as in
//! Boehm's collector.)

use crate::code::stack::Watch;
use crate::code::unit::Installed;
use crate::host::ffi;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Versions that are worth looking through a stack for.
const ENOUGH: usize = 16;

/// All of it is used with the GIL held.
pub(super) struct Graveyard {
    /// Compiled code knows their addresses.
    #[allow(clippy::vec_box)]
    versions: Mutex<Vec<Box<Installed>>>,
    pub(super) watch: Watch,
    /// How many versions there must be until the stack is looked through again.
    wanted: AtomicUsize,
}

impl Graveyard {
    pub(super) const fn new() -> Graveyard {
        Graveyard {
            versions: Mutex::new(Vec::new()),
            watch: Watch::new(),
            wanted: AtomicUsize::new(ENOUGH),
        }
    }

    #[allow(clippy::vec_box)] // As the field.
    pub(super) fn versions(&self) -> MutexGuard<'_, Vec<Box<Installed>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the versions that are on no stack.
    #[allow(clippy::vec_box)] // As the field.
    pub(super) fn take(&self) -> Vec<Box<Installed>> {
        let mut versions = self.versions();
        if !self.watch.is_on() {
            self.wanted.store(ENOUGH, Ordering::Relaxed);
            return std::mem::take(&mut *versions);
        }
        if versions.len() < self.wanted.load(Ordering::Relaxed) {
            return Vec::new();
        }
        // Stacks that such a library has put away are nowhere to be found.
        // SAFETY: the GIL is held, as for all of this.
        let mentioned = if unsafe { ffi::is_imported(c"greenlet") } {
            None
        } else {
            let thread = ffi::current_thread_state();
            self.watch
                .mentioned(thread, &parts(&versions), versions.len())
        };
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for (number, version) in versions.drain(..).enumerate() {
            match &mentioned {
                Some(mentioned) if !mentioned[number] => gone.push(version),
                _ => kept.push(version),
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
