//! The heap of Rust code: counted, for the ledger and for each pass. In the Python process with a reserve, and
//! with a part of its own for what passes ([`passing`]).
//!
//! Where memory is short a Python program gets `MemoryError` and goes on; Rust code would end the process. So address space is
//! held back, without memory behind it. The first allocation that fails gives it to the system and is tried again;
//! from then on nothing is compiled ([`is_short`]), so that what is left is enough.

mod passing;
pub mod rest;

pub use passing::{give_back, held, lasting, passing, reserve};

use crate::stats::HEAP;
use crate::timing;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// Bytes held back: several times what compiling the largest unit takes.
const RESERVE: usize = 32 << 20;

static HELD: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());
static SHORT: AtomicBool = AtomicBool::new(false);

/// Holds address space back, if there is any; once.
pub fn hold_back() {
    // SAFETY: a new mapping that nobody can access.
    let held = unsafe {
        libc::mmap(
            ptr::null_mut(),
            RESERVE,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if held != libc::MAP_FAILED {
        HELD.store(held, Ordering::Relaxed);
    }
}

/// Whether memory has been short.
#[must_use]
pub fn is_short() -> bool {
    SHORT.load(Ordering::Relaxed)
}

/// Gives up what is held back; whether there was something.
fn give_up() -> bool {
    SHORT.store(true, Ordering::Relaxed);
    let held = HELD.swap(ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: the mapping that `hold_back` made; whoever has taken its address out of the variable unmaps it.
    !held.is_null() && unsafe { libc::munmap(held, RESERVE) } == 0
}

/// What `allocate` yields; once more where memory was short and something was held back.
fn or_again(allocate: impl Fn() -> *mut u8) -> *mut u8 {
    let block = allocate();
    match block.is_null() && give_up() {
        true => allocate(),
        false => block,
    }
}

struct Counting;

/// What the C library's allocator takes for a block.
fn taken(size: usize) -> u64 {
    (size + 8).next_multiple_of(16).max(32) as u64
}

/// Whether there is a ledger: the code generator has none, and counts for passes only.
const HAS_LEDGER: bool = cfg!(any(test, feature = "cpython"));

fn count(size: usize) {
    let bytes = taken(size);
    if HAS_LEDGER {
        HEAP.fetch_add(bytes, Ordering::Relaxed);
    }
    timing::note_taken(bytes);
}

fn uncount(size: usize) {
    let bytes = taken(size);
    if HAS_LEDGER {
        HEAP.fetch_sub(bytes, Ordering::Relaxed);
    }
    timing::note_given(bytes);
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        if passing::is_active() {
            let block = passing::alloc(layout);
            if !block.is_null() {
                return block;
            }
        }
        // SAFETY: the caller's promise.
        unsafe { or_again(|| System.alloc(layout)) }
    }

    /// Zeros that the system has need not be written, and so need not be in memory.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise; the block is as large as the layout says.
        unsafe {
            if passing::is_active() {
                let block = self.alloc(layout);
                if !block.is_null() {
                    ptr::write_bytes(block, 0, layout.size());
                }
                return block;
            }
            count(layout.size());
            or_again(|| System.alloc_zeroed(layout))
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        uncount(layout.size());
        // SAFETY: the caller's promise; a block goes where it came from.
        unsafe {
            if passing::has(block) {
                passing::dealloc(block, layout);
            } else {
                System.dealloc(block, layout);
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise; a block that could not be made larger is as it was.
        unsafe {
            if passing::has(block) {
                let larger = if passing::is_active() {
                    passing::realloc(block, layout, size)
                } else {
                    ptr::null_mut()
                };
                return if larger.is_null() {
                    self.moved(block, layout, size)
                } else {
                    uncount(layout.size());
                    count(size);
                    larger
                };
            }
            uncount(layout.size());
            count(size);
            or_again(|| System.realloc(block, layout, size))
        }
    }
}

impl Counting {
    /// A block of another size, in the heap that is in use now.
    ///
    /// # Safety
    /// As `realloc`.
    unsafe fn moved(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: both blocks are as large as is said; the alignment is valid, as the old layout has it.
        unsafe {
            let other = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !other.is_null() {
                ptr::copy_nonoverlapping(block, other, layout.size().min(size));
                self.dealloc(block, layout);
            }
            other
        }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
