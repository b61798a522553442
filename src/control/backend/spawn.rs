//! Starting the helper so that the program can't tell: it is no child of the Python process (nothing to wait for, no
//! `SIGCHLD`), in a session of its own (Ctrl-C is not for it), has none of the program's descriptors (nobody waits for it to
//! close a pipe), and a large heap costs nothing, since nothing is copied (`CLONE_VM`, as `vfork`).
//!
//! A first child without exit signal makes the second one, which executes the helper; the first one exits at once and is
//! waited for here, so that the helper's parent is the system's first process.

use crate::code::descriptor::out_of_the_way;
use crate::signals;
use std::ffi::{CStr, CString, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::ptr;

/// Bytes of stack for each of the two children.
const STACK: usize = 64 << 10;

/// What the children read.
struct Task {
    path: *const libc::c_char,
    argv: *const *const libc::c_char,
    connection: RawFd,
    memory: RawFd,
    lifeline: RawFd,
    /// Whether the helper has our stderr.
    shows_log: bool,
    second_stack: *mut u8,
    answer: *mut Answer,
}

/// What the children leave. On a page that is shared in any case: valgrind makes copies of processes where memory should be the same one.
struct Answer {
    /// The helper's process.
    pid: c_int,
    error: c_int,
}

/// Pages of zeros for a start: the allocator of the program, which may have to clear what it gives, would keep them.
struct Pages {
    start: *mut u8,
    size: usize,
}

impl Pages {
    /// `sharing` is `MAP_SHARED` or `MAP_PRIVATE`.
    fn new(size: usize, sharing: c_int) -> io::Result<Pages> {
        // SAFETY: a new mapping.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                sharing | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Pages {
            start: start.cast(),
            size,
        })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's.
        unsafe { libc::munmap(self.start.cast(), self.size) };
    }
}

/// A helper that has been started.
pub(super) struct Spawned {
    /// Our end of the connection to it.
    pub(super) connection: OwnedFd,
    /// Says nothing: when it is closed, the system kills the helper.
    pub(super) lifeline: OwnedFd,
    pub(super) pid: u32,
}

/// Starts the helper at `path`.
///
/// # Errors
/// What the system says: no such program, no more processes, descriptors or memory.
pub(super) fn spawn(path: &Path, memory: BorrowedFd<'_>, log: Option<&str>) -> io::Result<Spawned> {
    let (ours, theirs) = UnixStream::pair()?;
    let (our_life, their_life) = UnixStream::pair()?;
    let path = CString::new(path.as_os_str().as_bytes())?;
    let log = log.map(CString::new).transpose()?;
    let mut argv: Vec<*const libc::c_char> = vec![c"swallow-codegen".as_ptr()];
    argv.extend(log.as_deref().map(CStr::as_ptr));
    argv.push(ptr::null());
    let stacks = Pages::new(2 * STACK, libc::MAP_PRIVATE)?;
    // SAFETY: inside and at the end of the mapping.
    let (second_stack, first_stack) =
        unsafe { (stacks.start.add(STACK), stacks.start.add(2 * STACK)) };
    let page = Pages::new(size_of::<Answer>(), libc::MAP_SHARED)?;
    let answer: *mut Answer = page.start.cast();
    let mut task = Task {
        path: path.as_ptr(),
        argv: argv.as_ptr(),
        connection: theirs.as_raw_fd(),
        memory: memory.as_raw_fd(),
        lifeline: their_life.as_raw_fd(),
        shows_log: log.is_some(),
        second_stack,
        answer,
    };
    // SAFETY: this thread is suspended until the child has exited; all that the children touch outlives them. They run with
    // all signals blocked, so no handler of the program runs in them.
    let answer = unsafe {
        let (child, error) = signals::blocked(|| {
            let child = libc::clone(
                first,
                first_stack.cast(),
                libc::CLONE_VM | libc::CLONE_VFORK,
                (&raw mut task).cast(),
            );
            let error = io::Error::last_os_error();
            if child > 0 {
                while libc::waitpid(child, ptr::null_mut(), libc::__WALL) < 0
                    && *libc::__errno_location() == libc::EINTR
                {}
            }
            (child, error)
        });
        if child < 0 {
            return Err(error);
        }
        // Its zeros are an answer, too.
        answer.read()
    };
    if answer.error != 0 {
        return Err(io::Error::from_raw_os_error(answer.error));
    }
    // Numbers that mean others: a child that came to its end before it could make the second one.
    if answer.pid <= 1 {
        return Err(io::ErrorKind::Interrupted.into());
    }
    ours.set_nonblocking(true)?;
    Ok(Spawned {
        connection: out_of_the_way(ours.into()),
        lifeline: out_of_the_way(our_life.into()),
        pid: answer.pid as u32,
    })
}

/// The first child.
extern "C" fn first(task: *mut c_void) -> c_int {
    // SAFETY: `spawn`'s task; the memory is shared and its owner suspended. Only async-signal-safe calls.
    unsafe {
        let Task {
            second_stack,
            answer,
            ..
        } = *task.cast::<Task>();
        let child = libc::clone(
            second,
            second_stack.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK,
            task,
        );
        (*answer).pid = child;
        if child < 0 {
            (*answer).error = *libc::__errno_location();
        }
    }
    0
}

/// The second child, which becomes the helper; returns only when that fails.
extern "C" fn second(task: *mut c_void) -> c_int {
    // SAFETY: as in `first`.
    unsafe {
        let task = &*task.cast::<Task>();
        libc::setsid();
        // The program's directory is not to be kept busy.
        libc::chdir(c"/".as_ptr());
        let [connection, memory, lifeline] = [task.connection, task.memory, task.lifeline]
            .map(|fd| libc::fcntl(fd, libc::F_DUPFD, 6));
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        let own = if task.shows_log { 2 } else { 3 };
        let fine = connection >= 0
            && memory >= 0
            && lifeline >= 0
            && null >= 0
            && (0..own).all(|fd| libc::dup2(null, fd) >= 0)
            && libc::dup2(connection, 3) >= 0
            && libc::dup2(memory, 4) >= 0
            && libc::dup2(lifeline, 5) >= 0;
        if fine {
            libc::syscall(libc::SYS_close_range, 6u32, u32::MAX, 0u32);
            libc::execve(task.path, task.argv, environ);
        }
        (*task.answer).error = *libc::__errno_location();
    }
    1
}

unsafe extern "C" {
    /// The program's environment.
    static environ: *const *const libc::c_char;
}
