//! The pages of the file that this code is in, extension module or code generator: those of the compiler are not kept mapped while
//! nothing is compiled.
//!
//! The system maps code in steps of 64 kB around each place that is touched. Building HIR needs some hundred kB
//! of the extension module for some hundred microseconds, most of which nothing else runs. Of the code generator's 30 MB
//! nothing is needed while it waits. The same is true of the unwinder (libgcc_s), which a plain CPython does not load: it is asked when a panic is caught
//! or a stack is looked through. Unmapped pages stay in the system's cache, and come back by themselves when they are touched.

use crate::layout::PAGE;
use std::ffi::c_void;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Addresses of the parts of the file that are never written.
static PARTS: OnceLock<Vec<(usize, usize)>> = OnceLock::new();

/// What is mapped around a place that is touched, once the windows are narrow.
const WINDOW: usize = PAGE;

/// What is looked for, and what was found.
struct Search {
    /// Addresses in the objects that are looked for.
    inside: [usize; 2],
    parts: Vec<(usize, usize)>,
}

unsafe extern "C-unwind" {
    /// A function of the unwinder.
    fn _Unwind_Resume(exception: *mut c_void) -> !;
}

/// Notes the read-only parts of an object that one of the addresses is in.
///
/// # Safety
/// Called by `dl_iterate_phdr`, with a [`Search`].
unsafe extern "C" fn visit(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    search: *mut c_void,
) -> libc::c_int {
    // SAFETY: the linker's description of an object, whose headers are as many as it says; `search` is the caller's.
    let (base, headers, search) = unsafe {
        let info = &*info;
        (
            info.dlpi_addr as usize,
            std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()),
            &mut *search.cast::<Search>(),
        )
    };
    let parts = headers
        .iter()
        .filter(|header| header.p_type == libc::PT_LOAD)
        .map(|header| {
            let start = base + header.p_vaddr as usize;
            (start, start + header.p_memsz as usize, header.p_flags)
        });
    let has = |inside: &usize| {
        parts
            .clone()
            .any(|(start, end, _)| (start..end).contains(inside))
    };
    if search.inside.iter().any(has) {
        let unwritten = parts
            .clone()
            .filter(|(_, _, flags)| flags & libc::PF_W == 0)
            .map(|(start, end, _)| (start & !(PAGE - 1), end.next_multiple_of(PAGE)));
        search.parts.extend(unwritten);
    }
    0
}

fn parts() -> &'static [(usize, usize)] {
    PARTS.get_or_init(|| {
        let mut search = Search {
            inside: [
                visit as *const () as usize,
                _Unwind_Resume as *const () as usize,
            ],
            parts: Vec::new(),
        };
        // SAFETY: `visit` takes what it is given here.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
        search.parts
    })
}

/// Whether a debugger is at work: its breakpoints are in pages that would be lost. Looked at once a second, which is
/// cheaper than unmapping.
fn is_traced() -> bool {
    static LAST: Mutex<Option<(Instant, bool)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((when, known)) = *last
        && when.elapsed() < Duration::from_secs(1)
    {
        return known;
    }
    let traced = read_is_traced();
    *last = Some((Instant::now(), traced));
    traced
}

fn read_is_traced() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    !status.contains("\nTracerPid:\t0\n")
}

/// Unmaps what is mapped of the module's code and constants; what is touched next is mapped again.
pub fn unmap_idle() {
    if is_traced() {
        return;
    }
    for &(start, end) in parts() {
        // SAFETY: whole pages of a private mapping of a file, never written: their contents are the file's.
        unsafe { libc::madvise(start as *mut c_void, end - start, libc::MADV_DONTNEED) };
    }
}

/// Functions of the C library that we call and CPython hardly ever does.
#[must_use]
pub fn seldom_run() -> [usize; 5] {
    [
        libc::getpid as *const () as usize,
        libc::sched_getaffinity as *const () as usize,
        libc::sched_setaffinity as *const () as usize,
        libc::sysconf as *const () as usize,
        libc::waitpid as *const () as usize,
    ]
}

/// Has the system map nothing around functions of other objects when they run: each one's page becomes a mapping of its own. To be
/// called before they run. Where code beside them has run already, all this does is nothing.
pub fn isolate(functions: &[usize]) {
    /// What a function takes at most, usually.
    const SIZE: usize = 256;
    for &function in functions {
        let page = function & !(PAGE - 1);
        let size = (function + SIZE).next_multiple_of(PAGE) - page;
        // SAFETY: pages with code; their contents and what may be done with them stay.
        unsafe { libc::madvise(page as *mut c_void, size, libc::MADV_DONTDUMP) };
    }
}

/// Has the system map windows of [`WINDOW`] bytes from now on, instead of 64 kB: it maps what it has around a place, up to the ends of the mapping
/// in the process, so every second window becomes a mapping of its own. What tells them apart is whether a core dump has them, which it
/// has of neither: what is read from a file stays there. A mapping costs 200 bytes in the kernel, a window holds up a program for less than a microsecond.
pub fn narrow() {
    if is_traced() {
        return;
    }
    for &(start, end) in parts() {
        // The first page is the file's header, which a core dump has.
        let first = (start + WINDOW).next_multiple_of(2 * WINDOW);
        for window in (first..end).step_by(2 * WINDOW) {
            let size = WINDOW.min(end - window);
            // SAFETY: the pages of a mapped file; their contents and what may be done with them stay.
            unsafe { libc::madvise(window as *mut c_void, size, libc::MADV_DONTDUMP) };
        }
    }
    unmap_idle();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mappings of this file in the process.
    fn mappings() -> usize {
        let file = std::env::current_exe().unwrap();
        let name = file.to_str().unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().filter(|line| line.ends_with(name)).count()
    }

    #[test]
    fn code_comes_back() {
        assert!(!parts().is_empty());
        assert!(parts().iter().all(|(start, end)| start < end));
        unmap_idle();
        let before = mappings();
        isolate(&[code_comes_back as *const () as usize]);
        let alone = mappings();
        assert!(
            (before + 1..=before + 2).contains(&alone),
            "{before}, {alone}"
        );
        isolate(&[code_comes_back as *const () as usize]);
        assert_eq!(mappings(), alone, "it is alone already");
        narrow();
        assert!(mappings() > before + 100, "{before}, {}", mappings());
        assert_eq!((1..=10u64).product::<u64>(), 3_628_800);
    }
}
