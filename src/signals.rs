//! Signals are the program's: what we start gets none of them.

/// Does something with all signals blocked on this thread. A thread or process that it starts begins like that: handlers of the program
/// don't run there, and calls of the system that a signal is to interrupt are the program's own threads'.
pub fn blocked<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: sets of signals are plain data, and both functions write to the ones they are given.
    unsafe {
        let mut every: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut every);
        libc::pthread_sigmask(libc::SIG_SETMASK, &every, &mut before);
        let result = body();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        result
    }
}
