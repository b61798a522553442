//! The code arena: one reserved range of addresses that machine code is laid into.
//!
//! Blocks of all units share pages. A page is either writable or executable: [`Arena::allocate`]
//! makes the pages of a block writable, [`Arena::seal`] executable. Both happen while the caller
//! holds the GIL and no other thread can run native code, so code on a shared page is never
//! missed in between.

use crate::codegen::CodeMemory;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::Mutex;

/// Bytes of address space reserved; pages are backed only when they are used.
const RESERVED: usize = 256 << 20;

/// Every block starts at a multiple of this.
const GRAIN: usize = 64;

const PAGE: usize = 4096;

/// What the arena has handed out.
#[derive(Default)]
struct Blocks {
    /// Free ranges below `top`: offset to length, never adjacent.
    free: BTreeMap<usize, usize>,
    /// First offset never handed out.
    top: usize,
    used: usize,
}

impl Blocks {
    /// Takes the first free range that is long enough, or fresh space.
    fn take(&mut self, size: usize, align: usize) -> Option<usize> {
        let found = self.free.iter().find_map(|(start, len)| {
            let at = start.next_multiple_of(align);
            (at + size <= start + len).then_some((*start, *len, at))
        });
        let at = match found {
            Some((start, len, at)) => {
                self.free.remove(&start);
                if at > start {
                    self.free.insert(start, at - start);
                }
                if start + len > at + size {
                    self.free.insert(at + size, start + len - at - size);
                }
                at
            }
            None => {
                let at = self.top.next_multiple_of(align);
                if at + size > RESERVED {
                    return None;
                }
                if at > self.top {
                    self.give(self.top, at - self.top);
                }
                self.top = at + size;
                at
            }
        };
        self.used += size;
        Some(at)
    }

    /// Returns a range, joined with its free neighbours.
    fn give(&mut self, mut start: usize, mut len: usize) {
        if let Some((before, before_len)) = self.free.range(..start).next_back()
            && before + before_len == start
        {
            start = *before;
            len += before_len;
            self.free.remove(&start);
        }
        if let Some(after_len) = self.free.remove(&(start + len)) {
            len += after_len;
        }
        self.free.insert(start, len);
    }
}

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
            blocks: Mutex::default(),
        })
    }

    /// Bytes handed out, and bytes of the range that were ever touched.
    #[must_use]
    pub fn usage(&self) -> (usize, usize) {
        let blocks = self.lock();
        (blocks.used, blocks.top)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Blocks> {
        // The bookkeeping is consistent at every point where it could panic.
        self.blocks
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Changes the protection of the pages of a block.
    fn protect(&self, start: usize, size: usize, protection: i32) -> bool {
        let first = start & !(PAGE - 1);
        let last = (start + size).next_multiple_of(PAGE);
        // SAFETY: the pages lie inside the mapping, whose length is a multiple of the page size.
        let status = unsafe {
            libc::mprotect(
                self.base.as_ptr().add(first).cast(),
                last - first,
                protection,
            )
        };
        if status != 0 {
            tracing::warn!(error = %std::io::Error::last_os_error(), "cannot change code protection");
        }
        status == 0
    }

    fn offset(&self, block: NonNull<u8>) -> usize {
        block.as_ptr() as usize - self.base.as_ptr() as usize
    }
}

impl CodeMemory for Arena {
    fn allocate(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let size = size.max(1).next_multiple_of(GRAIN);
        let at = self.lock().take(size, align.max(GRAIN))?;
        if !self.protect(at, size, libc::PROT_READ | libc::PROT_WRITE) {
            self.lock().give(at, size);
            return None;
        }
        // SAFETY: `at` is inside the mapping.
        Some(unsafe { self.base.add(at) })
    }

    fn seal(&self, block: NonNull<u8>, size: usize) -> bool {
        let size = size.max(1).next_multiple_of(GRAIN);
        self.protect(self.offset(block), size, libc::PROT_READ | libc::PROT_EXEC)
    }

    fn free(&self, block: NonNull<u8>, size: usize) {
        let size = size.max(1).next_multiple_of(GRAIN);
        let mut blocks = self.lock();
        blocks.used -= size;
        blocks.give(self.offset(block), size);
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

    #[test]
    fn freed_blocks_are_joined_and_used_again() {
        let arena = Arena::new().expect("address space");
        let blocks: Vec<_> = (0..4)
            .map(|_| arena.allocate(100, 16).expect("room"))
            .collect();
        let (used, top) = arena.usage();
        assert_eq!(used, 4 * 128);
        for block in &blocks {
            arena.free(*block, 100);
        }
        assert_eq!(arena.usage().0, 0);
        let large = arena.allocate(500, 16).expect("room");
        assert_eq!(large, blocks[0]);
        assert_eq!(arena.usage().1, top);
    }

    #[test]
    fn code_runs_once_it_is_sealed() {
        let arena = Arena::new().expect("address space");
        let block = arena.allocate(6, 16).expect("room");
        // mov eax, 7; ret
        let code = [0xb8, 7, 0, 0, 0, 0xc3];
        // SAFETY: the block is writable and six bytes long at least.
        unsafe { block.as_ptr().copy_from_nonoverlapping(code.as_ptr(), 6) };
        assert!(arena.seal(block, 6));
        // SAFETY: the bytes are a function of this type.
        let function: extern "C" fn() -> i32 = unsafe { std::mem::transmute(block) };
        assert_eq!(function(), 7);
    }
}
