//! The code generator as a process of its own: started by the extension module with a connection, the code memory and a lifeline as
//! descriptors 3 to 5, gone when it is idle or the connection is closed. Exit status 2: not started that way.

use _swallow::code::arena::HelperArena;
use _swallow::code::pages;
use _swallow::codegen::protocol::Setup;
use _swallow::codegen::server::{Server, Surroundings};
use _swallow::codegen::{CodeMemory, CodegenError};
use _swallow::layout::PAGE;
use _swallow::log;
use std::fs::File;
use std::os::fd::{FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;

/// Descriptors that the extension module leaves open.
const CONNECTION: RawFd = 3;
const MEMORY: RawFd = 4;
const LIFELINE: RawFd = 5;

/// What LLVM takes of the heap for a unit of middling size. It is made present at once: of the 24 ms of processor time that the first unit takes, 4 went into
/// having these pages one by one.
const ROOM: usize = 5 << 19;

/// Larger blocks are had from the system one by one. Glibc's own limit is below [`ROOM`], which is to be left in the heap.
const LARGE: libc::c_int = 8 << 20;

/// The shared arena.
struct Shared {
    /// Until it is mapped.
    file: Option<File>,
    arena: Option<Arc<HelperArena>>,
}

impl Surroundings for Shared {
    fn memory(&mut self, setup: &Setup) -> Result<Arc<dyn CodeMemory>, CodegenError> {
        let file = self
            .file
            .take()
            .ok_or_else(|| CodegenError::BadRequest("a second setup".to_owned()))?;
        let arena = HelperArena::attach(file, setup.memory, &setup.used).map_err(|error| {
            CodegenError::Backend(format!("the code memory can't be mapped: {error}"))
        })?;
        let arena = Arc::new(arena);
        self.arena = Some(arena.clone());
        Ok(arena)
    }

    fn announce(&self) {
        if let Some(arena) = &self.arena {
            arena.ring();
        }
    }

    fn make_room(&self) {
        // SAFETY: the block is freed once, and what is touched of it are whole pages of its own. Where the call is not known, or memory is
        // short, the pages come one by one.
        unsafe {
            let block = libc::malloc(ROOM);
            if !block.is_null() {
                let start = (block as usize).next_multiple_of(PAGE);
                let size = ROOM - PAGE;
                libc::madvise(start as *mut _, size, libc::MADV_POPULATE_WRITE);
                libc::free(block);
            }
        }
    }

    fn rest(&self) {
        // SAFETY: gives back free pages of the C library's heap.
        unsafe { libc::malloc_trim(0) };
        // LLVM's code is nearly all of this process.
        pages::unmap_idle();
    }
}

/// Whether a descriptor is what the extension module hands over.
fn is_kind(fd: RawFd, kind: libc::mode_t) -> bool {
    // SAFETY: `stat` is plain data, filled in by the call if that succeeds.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        libc::fstat(fd, &mut stat) == 0 && stat.st_mode & libc::S_IFMT == kind
    }
}

/// Has the system kill this process when the other end of the lifeline is closed: also in the middle of a compilation, and
/// where this process has been stopped. Otherwise the lifeline is silent.
fn hold_the_lifeline() {
    let mut poll = libc::pollfd {
        fd: LIFELINE,
        events: libc::POLLRDHUP,
        revents: 0,
    };
    // SAFETY: calls on a descriptor that stays open.
    unsafe {
        libc::fcntl(LIFELINE, libc::F_SETOWN, libc::getpid());
        libc::fcntl(LIFELINE, F_SETSIG, libc::SIGKILL);
        let flags = libc::fcntl(LIFELINE, libc::F_GETFL);
        libc::fcntl(LIFELINE, libc::F_SETFL, flags | libc::O_ASYNC);
        // It may have been closed before.
        if libc::poll(&mut poll, 1, 0) != 0 {
            libc::_exit(0);
        }
    }
}

/// `fcntl`'s command that chooses the signal.
const F_SETSIG: libc::c_int = 10;

fn main() -> ExitCode {
    let sockets = [CONNECTION, LIFELINE];
    if !sockets.iter().all(|fd| is_kind(*fd, libc::S_IFSOCK)) || !is_kind(MEMORY, libc::S_IFREG) {
        eprintln!(
            "swallow-codegen: this is a part of the Python package swallow, which starts it; there is nothing to run by hand"
        );
        return ExitCode::from(2);
    }
    // What LLVM's static initialisers have touched.
    pages::unmap_idle();
    if let Some(filter) = std::env::args().nth(1) {
        log::start(&filter);
    }
    // Being woken by a request, it is not to take the processor away from the program, which has more to do than to send it.
    // SAFETY: a plain structure, for this process. Where it is not allowed nothing changes.
    unsafe {
        let parameters: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &parameters);
    }
    // SAFETY: the descriptors are open and of the right kind, and nobody else in this process has them.
    let (mut connection, file) = unsafe {
        (
            UnixStream::from_raw_fd(CONNECTION),
            File::from_raw_fd(MEMORY),
        )
    };
    // A file that may not grow is an error then.
    // SAFETY: no handler is a function of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    hold_the_lifeline();
    // What is free is given back in pauses, by `rest`.
    // SAFETY: settings of the C library's allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
    let mut server = Server::new(Shared {
        file: Some(file),
        arena: None,
    });
    let result = server.serve(&mut connection);
    if let Err(error) = &result {
        tracing::warn!(%error, "the connection is given up");
    }
    // Code in the memory is in use over there: nothing of it is freed, and nothing else needs to be.
    // SAFETY: ends the process.
    unsafe { libc::_exit(i32::from(result.is_err())) }
}
