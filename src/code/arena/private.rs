//! The arena of a code generator in the Python process: private memory.
//!
//! Blocks of all units share pages. A page is either writable or executable: [`CodeMemory::allocate`]
//! makes the pages of a block writable, and once no block on a page is open any more,
//! [`CodeMemory::seal`] (or [`CodeMemory::free`], when linking failed) makes it executable again. All this happens while
//! the caller holds the GIL and no other thread can run native code, so code on a shared page is
//! never missed in between.
//!
//! Limits: the range never grows or moves. Pages that hold no block are given back to the system,
//! their addresses stay reserved.

use super::blocks::{Blocks, GRAIN, PAGE, RESERVED, Usage, pages, rounded, whole_pages};
use crate::codegen::CodeMemory;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Mutex;

/// A range of addresses for machine code.
pub struct Arena {
    base: NonNull<u8>,
    blocks: Mutex<Blocks>,
}

// SAFETY: the range belongs to the arena for its whole life, and the bookkeeping is behind a lock.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// Reserves the range; `None` when the system refuses.
    #[must_use]
    pub fn new() -> Option<Arena> {
        // SAFETY: a fresh private anonymous mapping; nothing else is touched.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                RESERVED,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            tracing::warn!(error = %std::io::Error::last_os_error(), "no address space for code");
            return None;
        }
        Some(Arena {
            base: NonNull::new(base.cast())?,
            blocks: Mutex::new(Blocks::new(RESERVED)),
        })
    }

    /// How the memory is used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.lock().usage()
    }

    /// The addresses of the range.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let base = self.base.as_ptr() as usize;
        base..base + RESERVED
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Blocks> {
        // The bookkeeping is consistent at every point where it could panic.
        self.blocks
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Changes the protection of pages.
    fn protect(&self, pages: &Range<usize>, protection: i32) -> bool {
        // SAFETY: the pages lie inside the mapping, whose length is a multiple of the page size.
        let status = unsafe {
            libc::mprotect(
                self.base.as_ptr().add(pages.start * PAGE).cast(),
                pages.len() * PAGE,
                protection,
            )
        };
        if status != 0 {
            tracing::warn!(error = %std::io::Error::last_os_error(), "cannot change code protection");
        }
        status == 0
    }

    /// Ends the writing of a block.
    fn close(&self, blocks: &mut Blocks, at: usize, size: usize) -> bool {
        let done = blocks.close(at, size);
        done.iter()
            .all(|run| self.protect(run, libc::PROT_READ | libc::PROT_EXEC))
    }

    /// Gives the memory of pages back; they read as zero afterwards.
    fn discard(&self, pages: &Range<usize>) {
        if pages.is_empty() {
            return;
        }
        // SAFETY: the pages lie inside the mapping and hold no block.
        let status = unsafe {
            libc::madvise(
                self.base.as_ptr().add(pages.start * PAGE).cast(),
                pages.len() * PAGE,
                libc::MADV_DONTNEED,
            )
        };
        if status != 0 {
            tracing::debug!(error = %std::io::Error::last_os_error(), "code pages stay");
        }
    }

    fn offset(&self, block: NonNull<u8>) -> usize {
        block.as_ptr() as usize - self.base.as_ptr() as usize
    }
}

impl CodeMemory for Arena {
    fn allocate(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let size = rounded(size);
        let mut blocks = self.lock();
        let at = blocks.take(size, align.max(GRAIN))?;
        blocks.open(at, size);
        if !self.protect(&pages(at, size), libc::PROT_READ | libc::PROT_WRITE) {
            // The failed call may have changed some of the pages.
            self.close(&mut blocks, at, size);
            blocks.give(at, size);
            return None;
        }
        // SAFETY: `at` is inside the mapping.
        Some(unsafe { self.base.add(at) })
    }

    fn seal(&self, block: NonNull<u8>, size: usize) -> bool {
        let mut blocks = self.lock();
        self.close(&mut blocks, self.offset(block), rounded(size))
    }

    fn free(&self, block: NonNull<u8>, size: usize) {
        let (at, size) = (self.offset(block), rounded(size));
        let mut blocks = self.lock();
        self.close(&mut blocks, at, size);
        let free = whole_pages(blocks.give(at, size));
        // Of the free range, only this block's pages can hold memory still.
        let own = pages(at, size);
        self.discard(&(free.start.max(own.start)..free.end.min(own.end)));
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new`, and nothing points into it any more: the code
        // generator that uses it holds a reference to the arena.
        unsafe { libc::munmap(self.base.as_ptr().cast(), RESERVED) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `mov eax, 7; ret`.
    const SEVEN: [u8; 6] = [0xb8, 7, 0, 0, 0, 0xc3];

    fn put_seven(arena: &Arena) -> NonNull<u8> {
        let block = arena.allocate(SEVEN.len(), 16).expect("room");
        // SAFETY: the block is writable and six bytes long at least.
        unsafe { block.as_ptr().copy_from_nonoverlapping(SEVEN.as_ptr(), 6) };
        block
    }

    fn call(block: NonNull<u8>) -> i32 {
        // SAFETY: the bytes are a function of this type.
        let function: extern "C" fn() -> i32 = unsafe { std::mem::transmute(block) };
        function()
    }

    /// The protections (`r-x` and so on) of the arena's mappings, in order.
    fn protections(arena: &Arena) -> Vec<String> {
        let range = arena.addresses();
        std::fs::read_to_string("/proc/self/maps")
            .expect("maps")
            .lines()
            .filter_map(|line| {
                let (addresses, rest) = line.split_once(' ')?;
                let (start, end) = addresses.split_once('-')?;
                let start = usize::from_str_radix(start, 16).ok()?;
                let end = usize::from_str_radix(end, 16).ok()?;
                // The kernel may have merged it with a neighbouring reservation.
                let inside = start < range.end && range.start < end;
                inside.then(|| rest[..3].to_owned())
            })
            .collect()
    }

    #[test]
    fn freed_blocks_are_joined_and_used_again() {
        let arena = Arena::new().expect("address space");
        let blocks: Vec<_> = (0..4)
            .map(|_| arena.allocate(100, 16).expect("room"))
            .collect();
        let before = arena.usage();
        assert_eq!(before.used, 4 * 128);
        // In an order that joins to the left, to the right and on both sides.
        for index in [1, 0, 3, 2] {
            arena.free(blocks[index], 100);
        }
        assert_eq!(arena.usage().used, 0);
        let large = arena.allocate(500, 16).expect("room");
        assert_eq!(large, blocks[0]);
        assert_eq!(arena.usage().extent, before.extent);
    }

    #[test]
    fn small_blocks_share_pages() {
        let arena = Arena::new().expect("address space");
        let blocks: Vec<_> = (0..PAGE / GRAIN).map(|_| put_seven(&arena)).collect();
        for block in &blocks {
            assert!(arena.seal(*block, 6));
        }
        let usage = arena.usage();
        assert_eq!((usage.used, usage.extent, usage.slack), (PAGE, PAGE, 0));
        arena.free(blocks[1], 6);
        assert_eq!(arena.usage().slack, GRAIN);
        assert_eq!(call(blocks[0]), 7);
        assert_eq!(call(blocks[2]), 7);
    }

    #[test]
    fn alignment_is_kept_and_the_gap_is_used() {
        let arena = Arena::new().expect("address space");
        let first = arena.allocate(10, 16).expect("room");
        let aligned = arena.allocate(10, 1024).expect("room");
        assert_eq!(aligned.as_ptr() as usize % 1024, 0);
        let third = arena.allocate(10, 16).expect("room");
        assert_eq!(third.as_ptr() as usize, first.as_ptr() as usize + GRAIN);
    }

    #[test]
    fn no_page_is_writable_and_executable() {
        let arena = Arena::new().expect("address space");
        assert_eq!(protections(&arena), ["---"]);
        let block = put_seven(&arena);
        assert_eq!(protections(&arena), ["rw-", "---"]);
        assert!(arena.seal(block, 6));
        assert_eq!(protections(&arena), ["r-x", "---"]);
        assert_eq!(call(block), 7);
    }

    #[test]
    fn a_page_stays_writable_until_its_last_block_is_sealed() {
        let arena = Arena::new().expect("address space");
        let (first, second) = (put_seven(&arena), put_seven(&arena));
        assert!(arena.seal(first, 6));
        assert_eq!(protections(&arena), ["rw-", "---"]);
        assert!(arena.seal(second, 6));
        assert_eq!(protections(&arena), ["r-x", "---"]);
        assert_eq!(call(first) + call(second), 14);
    }

    #[test]
    fn freeing_an_open_block_leaves_its_neighbours_executable() {
        let arena = Arena::new().expect("address space");
        let kept = put_seven(&arena);
        assert!(arena.seal(kept, 6));
        let open = put_seven(&arena);
        arena.free(open, 6);
        assert_eq!(call(kept), 7);
        assert_eq!(arena.usage().used, GRAIN);
    }

    #[test]
    fn freed_pages_go_back_to_the_system() {
        let arena = Arena::new().expect("address space");
        let size = 16 * PAGE;
        let block = arena.allocate(size, 16).expect("room");
        // SAFETY: the block is writable and of this size.
        unsafe { block.as_ptr().write_bytes(0xc3, size) };
        assert!(arena.seal(block, size));
        let resident = || {
            let mut pages = [0u8; 16];
            // SAFETY: the range is mapped, and the vector has one byte for each of its pages.
            let status = unsafe { libc::mincore(block.as_ptr().cast(), size, pages.as_mut_ptr()) };
            assert_eq!(status, 0);
            pages.iter().filter(|page| **page & 1 == 1).count()
        };
        assert_eq!(resident(), 16);
        arena.free(block, size);
        assert_eq!(resident(), 0);
    }

    #[test]
    fn a_full_arena_says_so() {
        let arena = Arena::new().expect("address space");
        assert!(arena.allocate(RESERVED + 1, 16).is_none());
        let all = arena.allocate(RESERVED, 16).expect("room");
        assert!(arena.allocate(1, 16).is_none());
        arena.free(all, RESERVED);
        assert!(arena.allocate(1, 16).is_some());
    }
}
