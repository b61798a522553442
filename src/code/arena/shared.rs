//! The arena that a Python process and its helper share: a sealed memory file, mapped at the same address in both,
//! read and execute in the one ([`HostArena`]), read and write in the other ([`HelperArena`]). So no page is writable and
//! executable in one process, and the helper relocates code as if it ran there.
//!
//! The helper hands out blocks while it lives. The Python process knows which of them are in use, and tells the
//! next helper. The first page is no code: it has the *bell*, a number that the helper counts up when an answer is on its way.
//!
//! The file grows in steps, and memory for a block is asked for before it is written: a full system is then an error, not
//! a signal. Pages without a block are given back.

use super::blocks::{Blocks, PAGE, RESERVED, Usage, pages, rounded, whole_pages};
use crate::code::descriptor::{Ours, out_of_the_way};
use crate::codegen::{Block, CodeMemory};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The smallest arena that is worth having, where address space is short.
const SMALLEST: usize = 16 << 20;

/// The file grows by multiples of this.
const STEP: u64 = 1 << 20;

/// A mapping of the whole file.
struct Mapping {
    base: NonNull<u8>,
    size: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread; only the bell is accessed through it here.
unsafe impl Send for Mapping {}
// SAFETY: as above; the bell is atomic.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the file, at `address` if that is not null.
    fn new(file: &File, size: usize, address: usize, protection: i32) -> io::Result<Mapping> {
        let fixed = match address {
            0 => 0,
            _ => libc::MAP_FIXED_NOREPLACE,
        };
        // SAFETY: a new mapping, which replaces none.
        let base = unsafe {
            libc::mmap(
                address as *mut libc::c_void,
                size,
                protection,
                libc::MAP_SHARED | libc::MAP_NORESERVE | fixed,
                file.as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mapping = Mapping {
            base: NonNull::new(base.cast()).ok_or(io::ErrorKind::AddrNotAvailable)?,
            size,
        };
        // A kernel that doesn't know the flag takes the address for a hint.
        if address != 0 && mapping.address() != address {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        Ok(mapping)
    }

    fn address(&self) -> usize {
        self.base.as_ptr() as usize
    }

    fn bell(&self) -> &AtomicU32 {
        // SAFETY: the first page is in the file and mapped as long as `self` lives; all access to it is atomic.
        unsafe { AtomicU32::from_ptr(self.base.as_ptr().cast()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: made by `new`; who jumps into it holds the arena.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.size) };
    }
}

/// Gives the memory of pages back to the system.
fn punch(file: &File, pages: &Range<usize>) {
    if pages.is_empty() {
        return;
    }
    // SAFETY: a call on an open file.
    let status = unsafe {
        libc::fallocate(
            file.as_raw_fd(),
            libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE,
            (pages.start * PAGE) as i64,
            (pages.len() * PAGE) as i64,
        )
    };
    if status != 0 {
        tracing::debug!(error = %io::Error::last_os_error(), "code pages stay");
    }
}

/// Makes the file larger. Beyond the limit on files (`RLIMIT_FSIZE`) the system would send a signal, which ends programs.
fn set_size(file: &File, size: u64) -> io::Result<()> {
    // SAFETY: plain data, filled in by the call.
    let limit = unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit);
        limit.rlim_cur
    };
    if size > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    file.set_len(size)
}

/// A new memory file.
fn new_file() -> io::Result<File> {
    // SAFETY: a C string and flags; the descriptor is new and ours.
    let file = unsafe {
        let fd = libc::memfd_create(
            c"swallow-code".as_ptr(),
            libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING,
        );
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        File::from(out_of_the_way(OwnedFd::from_raw_fd(fd)))
    };
    set_size(&file, STEP)?;
    // What is mapped stays there.
    // SAFETY: a call on an open file.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

/// The arena as the Python process has it.
pub struct HostArena {
    file: Ours<File>,
    mapping: Mapping,
    /// Blocks in use, by address.
    used: Mutex<BTreeMap<u64, u64>>,
}

impl HostArena {
    /// Makes the file and maps it.
    ///
    /// # Errors
    /// What the system says: no more files, no address space, or that nothing may be executed.
    pub fn new() -> io::Result<HostArena> {
        let file = new_file()?;
        let mut size = RESERVED;
        let mapping = loop {
            match Mapping::new(&file, size, 0, libc::PROT_READ | libc::PROT_EXEC) {
                Ok(mapping) => break mapping,
                Err(error)
                    if error.raw_os_error() == Some(libc::ENOMEM) && size / 4 >= SMALLEST =>
                {
                    size /= 4;
                }
                Err(error) => return Err(error),
            }
        };
        let arena = HostArena {
            file: Ours::new(file)?,
            mapping,
            used: Mutex::default(),
        };
        arena.protect_bell()?;
        Ok(arena)
    }

    /// The page of the bell is no code.
    fn protect_bell(&self) -> io::Result<()> {
        // SAFETY: the first page of our mapping.
        let status =
            unsafe { libc::mprotect(self.mapping.base.as_ptr().cast(), PAGE, libc::PROT_READ) };
        if status == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// The range.
    #[must_use]
    pub fn range(&self) -> Block {
        Block {
            address: self.mapping.address() as u64,
            size: self.mapping.size as u64,
        }
    }

    /// The bell's number.
    #[must_use]
    #[inline]
    pub fn bell(&self) -> u32 {
        self.mapping.bell().load(Ordering::Acquire)
    }

    /// The file, for the helper; `None` if the program has closed it (it may have put another one in its place).
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.file.get()
    }

    fn used(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether blocks lie in the range and overlap no block in use: what a helper says is not believed blindly.
    #[must_use]
    pub fn is_free(&self, blocks: &[Block]) -> bool {
        let range = self.range();
        let used = self.used();
        blocks.iter().all(|block| {
            if block.size > range.size {
                return false;
            }
            let Some(end) = block
                .address
                .checked_add(rounded(block.size as usize) as u64)
            else {
                return false;
            };
            let before = used.range(..end).next_back();
            block.address >= range.address + PAGE as u64
                && end <= range.address + range.size
                && before.is_none_or(|(start, size)| start + size <= block.address)
        })
    }

    /// Blocks are in use from now on.
    pub fn note(&self, blocks: &[Block]) {
        let mut used = self.used();
        for block in blocks {
            used.insert(block.address, rounded(block.size as usize) as u64);
        }
    }

    /// Blocks are not in use any more. Their whole pages go back at once: the helper takes them for used until it is told, which may be
    /// long after, or never.
    pub fn forget(&self, blocks: &[Block]) {
        let mut used = self.used();
        let file = self.file();
        for block in blocks {
            if let Some(size) = used.remove(&block.address)
                && let Some(file) = file
            {
                let at = (block.address - self.range().address) as usize;
                punch(file, &whole_pages(at..at + size as usize));
            }
        }
    }

    /// All blocks in use.
    #[must_use]
    pub fn used_blocks(&self) -> Vec<Block> {
        self.used()
            .iter()
            .map(|(&address, &size)| Block { address, size })
            .collect()
    }

    fn bookkeeping(&self) -> Option<Blocks> {
        Blocks::with_used(
            self.mapping.size,
            &offsets(self.range(), &self.used_blocks())?,
        )
    }

    /// How the memory is used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut usage = self.bookkeeping().map(|b| b.usage()).unwrap_or_default();
        // The bell's page is ours, too.
        usage.used = usage.used.saturating_sub(PAGE);
        usage
    }

    /// Bytes of memory that the file has.
    #[must_use]
    pub fn resident(&self) -> usize {
        let file = self.file().and_then(|file| file.metadata().ok());
        file.map_or(0, |metadata| 512 * metadata.blocks() as usize)
    }

    /// Gives back all pages without a block in use. There is no helper that could use them.
    pub fn reclaim(&self) {
        let Some(file) = self.file() else { return };
        let Some(used) = offsets(self.range(), &self.used_blocks()) else {
            return;
        };
        let end = file.metadata().map_or(0, |metadata| metadata.len()) as usize;
        let mut from = 0;
        for (at, len) in used {
            punch(file, &whole_pages(from..at));
            from = from.max(at + len);
        }
        if from < end {
            punch(file, &whole_pages(from..end));
        }
    }

    /// A file with a copy of the code in use, for a child that is about to be forked: what the parent and its helper do
    /// with theirs must not change what the child runs.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy(&self) -> io::Result<File> {
        use std::os::unix::fs::FileExt;
        let copy = new_file()?;
        let range = self.range();
        let used = self.used();
        if let Some((address, size)) = used.last_key_value() {
            let end = address + size - range.address;
            set_size(&copy, end.next_multiple_of(STEP))?;
        }
        for (address, size) in used.iter() {
            // SAFETY: a block in use is mapped and readable, and nobody writes it.
            let bytes =
                unsafe { std::slice::from_raw_parts(*address as *const u8, *size as usize) };
            copy.write_all_at(bytes, address - range.address)?;
        }
        Ok(copy)
    }

    /// In the child: puts a copy in the place of the file that is the parent's. False if that failed: then no code may
    /// run, and there is no way on.
    #[must_use]
    pub fn replace(&mut self, copy: File) -> bool {
        // SAFETY: our mapping, replaced by one of the same bytes where blocks are in use.
        let base = unsafe {
            libc::mmap(
                self.mapping.base.as_ptr().cast(),
                self.mapping.size,
                libc::PROT_READ | libc::PROT_EXEC,
                libc::MAP_SHARED | libc::MAP_NORESERVE | libc::MAP_FIXED,
                copy.as_raw_fd(),
                0,
            )
        };
        let Ok(copy) = Ours::new(copy) else {
            return false;
        };
        self.file = copy;
        base != libc::MAP_FAILED && self.protect_bell().is_ok()
    }
}

/// Blocks as offsets and lengths, in order, with the first page, which is no code; `None` if one lies outside.
fn offsets(range: Block, blocks: &[Block]) -> Option<Vec<(usize, usize)>> {
    let mut found = vec![(0, PAGE)];
    for block in blocks {
        let at = block.address.checked_sub(range.address)?;
        found.push((at as usize, rounded(block.size as usize)));
    }
    found.sort_unstable();
    Some(found)
}

/// The arena as the helper has it.
pub struct HelperArena {
    file: File,
    mapping: Mapping,
    blocks: Mutex<Blocks>,
}

impl HelperArena {
    /// Maps the file where the Python process has it.
    ///
    /// # Errors
    /// The addresses are taken in this process (try another one), or what is said to be in use can't be.
    pub fn attach(file: File, range: Block, used: &[Block]) -> io::Result<HelperArena> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let size = usize::try_from(range.size).map_err(|_| invalid())?;
        let used = offsets(range, used).ok_or_else(invalid)?;
        let blocks = Blocks::with_used(size, &used).ok_or_else(invalid)?;
        let mapping = Mapping::new(
            &file,
            size,
            range.address as usize,
            libc::PROT_READ | libc::PROT_WRITE,
        )?;
        Ok(HelperArena {
            file,
            mapping,
            blocks: Mutex::new(blocks),
        })
    }

    /// Rings the bell.
    pub fn ring(&self) {
        self.mapping.bell().fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Blocks> {
        // The bookkeeping is consistent at every point where it could panic.
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that there is memory for a block.
    fn back(&self, at: usize, size: usize) -> io::Result<()> {
        let end = (at + size) as u64;
        if self.file.metadata()?.len() < end {
            set_size(&self.file, end.next_multiple_of(STEP))?;
        }
        let pages = pages(at, size);
        // SAFETY: a call on an open file.
        let status = unsafe {
            libc::fallocate(
                self.file.as_raw_fd(),
                0,
                (pages.start * PAGE) as i64,
                (pages.len() * PAGE) as i64,
            )
        };
        if status == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl CodeMemory for HelperArena {
    fn allocate(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let size = rounded(size);
        let mut blocks = self.lock();
        let at = blocks.take(size, align.max(super::blocks::GRAIN))?;
        if let Err(error) = self.back(at, size) {
            tracing::warn!(%error, "no memory for code");
            blocks.give(at, size);
            return None;
        }
        // SAFETY: `at` is inside the mapping.
        Some(unsafe { self.mapping.base.add(at) })
    }

    /// The Python process has it executable all the time; it is told the address when the code is complete.
    fn seal(&self, _block: NonNull<u8>, _size: usize) -> bool {
        true
    }

    fn free(&self, block: NonNull<u8>, size: usize) {
        let at = block.as_ptr() as usize - self.mapping.address();
        let size = rounded(size);
        let mut blocks = self.lock();
        let free = whole_pages(blocks.give(at, size));
        // Of the free range, only this block's pages can hold memory still.
        let own = pages(at, size);
        punch(
            &self.file,
            &(free.start.max(own.start)..free.end.min(own.end)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    /// `mov eax, 7; ret`.
    const SEVEN: [u8; 6] = [0xb8, 7, 0, 0, 0, 0xc3];

    /// Both ends in one process; the helper's mapping is elsewhere here.
    fn pair() -> (HostArena, HelperArena) {
        let host = HostArena::new().expect("a memory file");
        let helper = second(&host);
        (host, helper)
    }

    fn second(host: &HostArena) -> HelperArena {
        let file = host.file().expect("open").try_clone().expect("a copy");
        let range = host.range();
        let used = offsets(range, &host.used_blocks()).expect("inside");
        let size = range.size as usize;
        HelperArena {
            mapping: Mapping::new(&file, size, 0, libc::PROT_READ | libc::PROT_WRITE)
                .expect("a mapping"),
            file,
            blocks: Mutex::new(Blocks::with_used(size, &used).expect("disjoint")),
        }
    }

    /// Puts a function there; its block as the host has it.
    fn put_seven(host: &HostArena, helper: &HelperArena) -> Block {
        let block = helper.allocate(SEVEN.len(), 16).expect("room");
        // SAFETY: the block is writable and six bytes long at least.
        unsafe { ptr::copy_nonoverlapping(SEVEN.as_ptr(), block.as_ptr(), SEVEN.len()) };
        let offset = block.as_ptr() as usize - helper.mapping.address();
        Block {
            address: host.range().address + offset as u64,
            size: SEVEN.len() as u64,
        }
    }

    fn call(block: Block) -> i32 {
        // SAFETY: the bytes are a function of this type.
        let function: extern "C" fn() -> i32 =
            unsafe { std::mem::transmute(block.address as *const ()) };
        function()
    }

    #[test]
    fn what_the_helper_writes_the_host_runs() {
        let (host, helper) = pair();
        let block = put_seven(&host, &helper);
        assert!(host.is_free(&[block]));
        host.note(&[block]);
        assert!(!host.is_free(&[block]));
        assert_eq!(call(block), 7);
        assert_eq!(host.usage().used, 64);
    }

    #[test]
    fn the_bell_is_heard() {
        let (host, helper) = pair();
        assert_eq!(host.bell(), 0);
        helper.ring();
        assert_eq!(host.bell(), 1);
    }

    #[test]
    fn the_next_helper_spares_what_is_in_use() {
        let (host, helper) = pair();
        let block = put_seven(&host, &helper);
        host.note(&[block]);
        let lost = put_seven(&host, &helper);
        drop(helper);
        host.reclaim();
        let next = second(&host);
        assert_eq!(put_seven(&host, &next), lost);
        assert_eq!(call(block), 7);
    }

    #[test]
    fn freed_pages_go_back_to_the_system() {
        let (host, helper) = pair();
        let before = host.resident();
        let block = helper.allocate(64 * PAGE, 16).expect("room");
        assert!(host.resident() >= before + 64 * PAGE);
        helper.free(block, 64 * PAGE);
        assert!(host.resident() <= before + PAGE);
    }

    #[test]
    fn what_the_host_forgets_goes_back_before_the_helper_knows() {
        let (host, helper) = pair();
        let block = put_seven(&host, &helper);
        host.note(&[block]);
        let large = helper.allocate(64 * PAGE, 16).expect("room");
        let offset = (large.as_ptr() as usize - helper.mapping.address()) as u64;
        let blocks = [Block {
            address: host.range().address + offset,
            size: 64 * PAGE as u64,
        }];
        host.note(&blocks);
        let before = host.resident();
        host.forget(&blocks);
        // It begins and ends in the middle of a page.
        assert!(host.resident() + 63 * PAGE <= before);
        assert_eq!(call(block), 7);
        host.forget(&blocks);
        let other = helper.allocate(64, 16).expect("room");
        assert!(other > large, "the helper takes it for used still");
        helper.free(large, 64 * PAGE);
        let again = put_seven(&host, &helper);
        assert_eq!((again.address, call(again)), (blocks[0].address, 7));
    }

    #[test]
    fn a_copy_is_independent() {
        let (mut host, helper) = pair();
        let block = put_seven(&host, &helper);
        host.note(&[block]);
        let copy = host.copy().expect("a copy");
        assert!(host.replace(copy));
        let old =
            (helper.mapping.address() as u64 + block.address - host.range().address) as *mut u8;
        // SAFETY: the helper's own mapping of the block.
        unsafe { *old = 0xcc };
        assert_eq!(call(block), 7);
    }

    #[test]
    fn what_lies_elsewhere_is_not_free() {
        let (host, _helper) = pair();
        let range = host.range();
        for (address, size) in [
            (0, 8),
            (range.address, 8),
            (range.address + range.size - 8, 64),
            (u64::MAX - 8, 64),
        ] {
            assert!(!host.is_free(&[Block { address, size }]));
        }
    }
}
