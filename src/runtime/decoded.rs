//! Where the locals are that native code keeps to itself, at the sites at which they are written back again and again: tables are packed,
//! and reading an entry takes longer than writing the locals.
//!
//! A small cache for the process, one entry for each value of a hash: its size doesn't depend on the program's.

use crate::code::unit::Installed;
use crate::codegen::Loc;
use std::sync::{Mutex, PoisonError};

/// How many sites are remembered.
const SIZE: usize = 64;

/// A site: the version that it is of, and its number there.
type Key = (u64, u32);

struct Entry {
    key: Key,
    /// None where the site has been met once.
    locals: Option<Box<[(u32, Loc)]>>,
}

static CACHE: Mutex<[Option<Entry>; SIZE]> = Mutex::new([const { None }; SIZE]);

/// Hands the locals of an exit over, if it is met often; whether it did. (Where it is busy with another, in whose course this one comes, it
/// doesn't: an iterator that is allocated may set off a collection.)
pub(super) fn with_locals(
    installed: &Installed,
    exit: usize,
    body: impl FnOnce(&[(u32, Loc)]),
) -> bool {
    let Ok(mut cache) = CACHE.try_lock() else {
        return false;
    };
    let key = (installed.serial, exit as u32);
    // Versions are numbered in a row, as are the exits of each.
    let at = (key.0.wrapping_mul(7) as usize).wrapping_add(exit) % SIZE;
    match &mut cache[at] {
        Some(entry) if entry.key == key => {
            body(
                entry
                    .locals
                    .get_or_insert_with(|| installed.image.exits.get(exit).locals.collect()),
            );
            true
        }
        slot => {
            *slot = Some(Entry { key, locals: None });
            false
        }
    }
}

/// Forgets all of them.
pub fn forget() {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    *cache = [const { None }; SIZE];
}
