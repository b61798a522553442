//! Call cells: what a direct call knows of its callee.
//!
//! A caller's machine code holds the address of a cell, not of the callee's code object: when that
//! dies the cell is cleared, and the caller's guard fails instead of trusting a reused address.
//! Layout: [`crate::helpers::call_cell`].

use std::sync::atomic::{AtomicU64, Ordering};

/// A cell; shared by the callee's unit and all units that call it.
#[repr(C)]
#[derive(Debug)]
pub struct Cell {
    code: AtomicU64,
    entry: AtomicU64,
}

impl Cell {
    /// A cell for the code object at `code`, whose calls go to `entry`.
    #[must_use]
    pub fn new(code: u64, entry: u64) -> Self {
        Cell {
            code: AtomicU64::new(code),
            entry: AtomicU64::new(entry),
        }
    }

    /// Directs calls elsewhere.
    pub fn set_entry(&self, entry: u64) {
        self.entry.store(entry, Ordering::Release);
    }

    /// The code object has died.
    pub fn clear(&self, entry: u64) {
        self.code.store(0, Ordering::Release);
        self.set_entry(entry);
    }

    /// The address that machine code holds.
    #[must_use]
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helpers::call_cell;

    #[test]
    fn the_layout_is_the_documented_one() {
        assert_eq!(std::mem::offset_of!(Cell, code) as i32, call_cell::CODE);
        assert_eq!(std::mem::offset_of!(Cell, entry) as i32, call_cell::ENTRY);
    }
}
