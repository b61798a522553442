//! The part of the main thread's C stack that was in use once and is not any more: the system keeps its pages until the process ends.
//!
//! With a frame hook each call of a Python function takes a piece of the C stack, where CPython alone, which runs calls that Python functions make of
//! each other in one C frame, takes none. So at the beginning of a lull what lies below the stack's end is given back; it comes back as zeros.

use crate::layout::PAGE;
use std::ffi::c_void;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::sync::Mutex;

/// Bytes below a local variable that are kept: what is called from here needs far less, and so does what the system may write below the stack's end.
const KEPT: usize = 4 * PAGE;

/// Bytes read of the list of mappings at a time.
const PART: usize = 4096;

/// Gives back what lies below the frame that calls this, if that is one of the main thread's stack.
pub fn give_back() {
    let here = 0_u8;
    let here = &raw const here as usize;
    let Some(unused) = stack().and_then(|stack| unused(&stack, here)) else {
        return;
    };
    // SAFETY: whole pages of the mapping that this thread's stack is in, below all of its frames: the wrapper of this very call takes
    // less than `KEPT`. A signal's handler that runs on this stack is done when the call goes on.
    unsafe {
        libc::madvise(
            unused.start as *mut c_void,
            unused.len(),
            libc::MADV_DONTNEED,
        )
    };
}

/// What [`mapping`] said: its upper end stays, its lower end only goes down.
static KNOWN: Mutex<Range<usize>> = Mutex::new(0..0);

/// The main thread's stack. The list of mappings, half a millisecond's reading where the windows are narrow, is read again only if it has grown.
fn stack() -> Option<Range<usize>> {
    // Only a thread with the GIL takes it; in the child of a fork it might stay taken.
    let mut known = KNOWN.try_lock().ok()?;
    if known.is_empty() || is_mapped(known.start - PAGE) {
        *known = mapping()?;
    }
    Some(known.clone())
}

/// Whether there is anything at a page's address.
fn is_mapped(page: usize) -> bool {
    let mut resident = 0_u8;
    // SAFETY: it only looks, and writes a byte for the one page.
    unsafe { libc::mincore(page as *mut c_void, PAGE, &raw mut resident) == 0 }
}

/// The main thread's stack, as the system names it. A stack that something else has made is not this.
fn mapping() -> Option<Range<usize>> {
    let mut file = BufReader::with_capacity(PART, File::open("/proc/self/maps").ok()?);
    let mut line = String::new();
    while file.read_line(&mut line).ok()? > 0 {
        if let Some(stack) = parse(&line) {
            return Some(stack);
        }
        line.clear();
    }
    None
}

/// The addresses of a line of `/proc/PID/maps` if it is the stack's.
fn parse(line: &str) -> Option<Range<usize>> {
    let (start, end) = line
        .trim_end()
        .strip_suffix("[stack]")?
        .split_once(' ')?
        .0
        .split_once('-')?;
    Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
}

/// Whole pages of the stack that no frame is in, where `here` is one of its innermost frame.
fn unused(stack: &Range<usize>, here: usize) -> Option<Range<usize>> {
    if !stack.contains(&here) {
        return None;
    }
    let end = here.saturating_sub(KEPT) & !(PAGE - 1);
    (stack.start < end).then_some(stack.start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_found() {
        let line =
            "7ffd1c2f5000-7ffd1c316000 rw-p 00000000 00:00 0                          [stack]\n";
        assert_eq!(parse(line), Some(0x7ffd_1c2f_5000..0x7ffd_1c31_6000));
        assert_eq!(parse(&line.replace("stack", "heap")), None);
        assert_eq!(parse("x [stack]"), None);
        let found = mapping().expect("there is one");
        assert!(is_mapped(found.start) && !is_mapped(found.start - PAGE));
        assert_eq!(stack(), Some(found.clone()));
        assert_eq!(stack(), Some(found), "it has not grown");
    }

    #[test]
    fn only_what_is_below_goes() {
        let stack = 0x10_0000..0x20_0000;
        assert_eq!(unused(&stack, 0x1f_0123), Some(0x10_0000..0x1e_c000));
        assert_eq!(unused(&stack, 0x10_4fff), None, "there is nothing");
        assert_eq!(unused(&stack, 0x20_0000), None, "another stack");
        assert_eq!(unused(&stack, 0x0f_ffff), None, "another stack");
        // Tests run on threads of their own.
        let here = 0_u8;
        let main = mapping().unwrap();
        assert_eq!(unused(&main, &raw const here as usize), None);
    }
}
