//! Swallow: a just-in-time compiler for CPython 3.11. `ARCHITECTURE.md` is the map.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod config;
pub mod helpers;
pub mod layout;
pub mod log;
pub mod random;
pub mod stats;

pub mod bytecode;
pub mod hir;

pub mod feedback;
pub mod frontend;
pub mod passes;

pub mod code;
pub mod codegen;

#[cfg(feature = "cpython")]
pub mod control;
#[cfg(feature = "cpython")]
pub mod host;
#[cfg(feature = "cpython")]
pub mod python;
#[cfg(feature = "cpython")]
pub mod record;
#[cfg(feature = "cpython")]
pub mod runtime;

/// Counts what Rust code has on the heap, for the ledger.
#[cfg(feature = "cpython")]
mod heap {
    use crate::stats::HEAP;
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::Ordering;

    struct Counting;

    /// What the C library's allocator takes for a block.
    fn taken(size: usize) -> u64 {
        (size + 8).next_multiple_of(16).max(32) as u64
    }

    // SAFETY: the system's allocator does the work.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            HEAP.fetch_add(taken(layout.size()), Ordering::Relaxed);
            // SAFETY: the caller's promise.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            HEAP.fetch_sub(taken(layout.size()), Ordering::Relaxed);
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(block, layout) }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            HEAP.fetch_add(taken(size), Ordering::Relaxed);
            HEAP.fetch_sub(taken(layout.size()), Ordering::Relaxed);
            // SAFETY: the caller's promise.
            unsafe { System.realloc(block, layout, size) }
        }
    }

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;
}
