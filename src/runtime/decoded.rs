//! Where the locals are that native code keeps to itself, at the sites at which they are written back again and again: tables are packed,
//! and reading an entry takes longer than writing the locals.
//!
//! A small cache for the process, one entry for each value of a hash: its size doesn't depend on the program's.

use crate::code::unit::Installed;
use crate::codegen::Loc;
use std::sync::{Arc, Mutex, PoisonError};

/// Pairs of slot and location.
pub(super) type Locals = Arc<[(u32, Loc)]>;

/// How many sites are remembered.
const SIZE: usize = 64;

/// A site: the version that it is of, and its number there.
type Key = (u64, u32);

struct Entry {
    key: Key,
    /// None where the site has been met once.
    locals: Option<Locals>,
}

static CACHE: Mutex<[Option<Entry>; SIZE]> = Mutex::new([const { None }; SIZE]);

/// The locals of an exit, if it is met often.
pub(super) fn locals(installed: &Installed, exit: usize) -> Option<Locals> {
    let key = (installed.serial, exit as u32);
    // Versions are numbered in a row, as are the exits of each.
    let at = (key.0.wrapping_mul(7) as usize).wrapping_add(exit) % SIZE;
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = &mut cache[at];
    match slot {
        Some(entry) if entry.key == key => {
            let locals = entry
                .locals
                .get_or_insert_with(|| installed.image.exits.get(exit).locals.collect());
            Some(Arc::clone(locals))
        }
        _ => {
            *slot = Some(Entry { key, locals: None });
            None
        }
    }
}

/// Forgets all of them.
pub fn forget() {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    *cache = [const { None }; SIZE];
}
