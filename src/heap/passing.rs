//! A heap for what lives only while a unit is built: its pages go back to the system when that is done.
//!
//! HIR and its analyses come to some hundred kilobytes for an instant. In the heap that the program has its own objects in
//! they would leave holes, and the process would stay as large as it was at its largest compilation. So they get a
//! range of addresses of their own, with a small general-purpose allocator over it that gives back what is free at the end.
//!
//! Nothing depends on that what is allocated here dies soon: a block is given back to the heap that its address lies in, and one that stays
//! keeps the pages below it.

use crate::layout::PAGE;
use dlmalloc::{Allocator, Dlmalloc};
use std::alloc::Layout;
use std::cell::Cell;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// Addresses; no memory is behind those that are not used.
const RANGE: usize = 64 << 20;

/// How the allocator's part of the range grows.
const STEP: usize = 4 * PAGE;

/// How the accessible part of the range grows.
const OPENING: usize = 64 * PAGE;

/// The beginning of the range; null: there is none.
static START: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// Threads within [`passing`], so that others need not look at a variable of their thread.
static THREADS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Whether new blocks of this thread are to be of this heap.
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
}

/// How much of the range the allocator has; how much of it has ever been accessible.
static USED: AtomicUsize = AtomicUsize::new(0);
static OPENED: AtomicUsize = AtomicUsize::new(0);

static HEAP: Mutex<Heap> = Mutex::new(Heap {
    allocator: EMPTY,
    blocks: 0,
});

/// An allocator that has nothing yet.
const EMPTY: Dlmalloc<Range> = {
    let mut allocator = Dlmalloc::new_with_allocator(Range);
    assert!(allocator.set_granularity(STEP));
    allocator
};

struct Heap {
    allocator: Dlmalloc<Range>,
    /// How many are in use.
    blocks: usize,
}

/// Grows and shrinks at its upper end.
struct Range;

// SAFETY: hands out parts of one private mapping, each once at a time; called with `HEAP` locked.
unsafe impl Allocator for Range {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let none = (ptr::null_mut(), 0, 0);
        let start = START.load(Ordering::Relaxed);
        let used = USED.load(Ordering::Relaxed);
        let size = size.next_multiple_of(PAGE);
        if start.is_null() || size > RANGE - used {
            return none;
        }
        let opened = OPENED.load(Ordering::Relaxed);
        if used + size > opened {
            let (read, write) = (libc::PROT_READ, libc::PROT_WRITE);
            let more = (used + size - opened)
                .next_multiple_of(OPENING)
                .min(RANGE - opened);
            // SAFETY: within the range (checked above), which is ours.
            if unsafe { libc::mprotect(start.add(opened).cast(), more, read | write) } != 0 {
                return none;
            }
            OPENED.store(opened + more, Ordering::Relaxed);
        }
        USED.store(used + size, Ordering::Relaxed);
        // SAFETY: within the range.
        (unsafe { start.add(used) }, size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, part: *mut u8, old: usize, new: usize) -> bool {
        // SAFETY: the part is the allocator's, and what lies behind `new` isn't in use.
        self.free(unsafe { part.add(new) }, old - new)
    }

    fn free(&self, part: *mut u8, size: usize) -> bool {
        let offset = part as usize - START.load(Ordering::Relaxed) as usize;
        if offset + size != USED.load(Ordering::Relaxed) {
            return false;
        }
        // SAFETY: whole pages of the range, not in use any more.
        if unsafe { libc::madvise(part.cast(), size, libc::MADV_DONTNEED) } != 0 {
            return false;
        }
        USED.store(offset, Ordering::Relaxed);
        true
    }

    fn can_release_part(&self, _: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// Reserves the addresses, once; without them everything is allocated in the program's heap.
pub fn reserve() {
    if !START.load(Ordering::Relaxed).is_null() {
        return;
    }
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping that nobody can access.
    let start = unsafe { libc::mmap(ptr::null_mut(), RANGE, libc::PROT_NONE, flags, -1, 0) };
    if start != libc::MAP_FAILED {
        START.store(start.cast(), Ordering::Relaxed);
    }
}

/// Whether a block is of this heap.
pub(super) fn has(block: *mut u8) -> bool {
    let start = START.load(Ordering::Relaxed) as usize;
    start != 0 && (block as usize).wrapping_sub(start) < RANGE
}

/// Whether new blocks are to be of this heap.
pub(super) fn is_active() -> bool {
    THREADS.load(Ordering::Relaxed) > 0 && ACTIVE.get()
}

fn with<R>(then: impl FnOnce(&mut Heap) -> R) -> R {
    // Nothing below panics, but a poisoned lock would do no harm.
    then(&mut HEAP.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// A new block; null if the range is full.
pub(super) fn alloc(layout: Layout) -> *mut u8 {
    with(|heap| {
        // SAFETY: the allocator takes any size and alignment.
        let block = unsafe { heap.allocator.malloc(layout.size(), layout.align()) };
        heap.blocks += usize::from(!block.is_null());
        block
    })
}

/// # Safety
/// The block is of this heap ([`has`]), with that layout.
pub(super) unsafe fn dealloc(block: *mut u8, layout: Layout) {
    with(|heap| {
        // SAFETY: the caller's promise.
        unsafe { heap.allocator.free(block, layout.size(), layout.align()) };
        heap.blocks -= 1;
    });
}

/// Another size; null if there is no room, and the block stays.
///
/// # Safety
/// As [`dealloc`].
pub(super) unsafe fn realloc(block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    with(|heap| unsafe {
        heap.allocator
            .realloc(block, layout.size(), layout.align(), size)
    })
}

/// Runs `body` with its allocations in this heap. The result is copied into the program's heap. [`give_back`] is to follow.
pub fn passing<R: Clone>(body: impl FnOnce() -> R) -> R {
    THREADS.fetch_add(1, Ordering::Relaxed);
    let active = Set::to(true);
    let made = body();
    drop(active);
    THREADS.fetch_sub(1, Ordering::Relaxed);
    let kept = lasting(|| made.clone());
    drop(made);
    kept
}

/// Gives back the pages of this heap that are free: all of them if no block is in use, of which the allocator itself would keep some.
pub fn give_back() {
    if is_active() || START.load(Ordering::Relaxed).is_null() {
        return;
    }
    with(|heap| {
        if heap.blocks > 0 {
            // SAFETY: gives back free pages only.
            unsafe { heap.allocator.trim(0) };
        } else if Range.free(START.load(Ordering::Relaxed), held()) {
            heap.allocator = EMPTY;
        }
    });
}

/// Runs `body` with its allocations in the program's heap, also within [`passing`].
pub fn lasting<R>(body: impl FnOnce() -> R) -> R {
    let _inactive = Set::to(false);
    body()
}

/// Sets [`ACTIVE`] back at its end.
struct Set(bool);

impl Set {
    fn to(active: bool) -> Set {
        Set(ACTIVE.replace(active))
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        ACTIVE.set(self.0);
    }
}

/// Bytes of the range that the allocator has.
pub fn held() -> usize {
    USED.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, as there is one range.
    #[test]
    fn what_is_used_is_given_back() {
        assert!(!has(ptr::null_mut()));
        reserve();
        let mut inside = ptr::null_mut();
        let mut stays = Vec::new();
        let sums = passing(|| {
            let numbers: Vec<u64> = (0..100_000).collect();
            inside = numbers.as_ptr().cast_mut().cast();
            assert!(has(inside));
            assert!(held() >= 800_000);
            stays = lasting(|| vec![7u8; 1000]);
            let mut grown: Vec<u64> = Vec::new();
            for number in &numbers {
                grown.push(number + 1);
            }
            vec![numbers.iter().sum::<u64>(), grown.iter().sum()]
        });
        assert_eq!(sums, [4_999_950_000, 5_000_050_000]);
        assert!(!has(sums.as_ptr().cast_mut().cast()));
        assert!(!has(stays.as_mut_ptr()));
        let zeros = passing(|| {
            // Where the numbers were.
            let zeros = vec![0u64; 100_000];
            vec![
                u64::from(has(zeros.as_ptr().cast_mut().cast())),
                zeros.iter().sum(),
            ]
        });
        assert_eq!(zeros, [1, 0]);
        assert_eq!(vec![0u64; 100_000].iter().sum::<u64>(), 0);
        give_back();
        assert_eq!(held(), 0, "nothing is in use");
        // What stays behind is given back where it belongs, later.
        let mut late = Vec::new();
        passing(|| late = vec![1u8; 5000]);
        assert!(has(late.as_mut_ptr()));
        give_back();
        assert!(held() > 0 && late == [1; 5000], "it is in use");
        late.extend_from_slice(&[2; 100_000]);
        assert_eq!((late[4999], late[5000]), (1, 2));
        drop(late);
        give_back();
        assert_eq!(held(), 0);
        // More than there is room for comes from the program's heap.
        let large = passing(|| {
            let large = vec![1u8; RANGE + 1];
            has(large.as_ptr().cast_mut())
        });
        assert!(!large);
    }
}
