//! Descriptors of ours in a process that is the program's: programs close what they don't know, and the numbers are given
//! out again. So ours have numbers that are seldom touched, and are looked at before they are used.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// Numbers from here on are seldom touched.
const HIGH: i32 = 400;

/// Moves a descriptor to a high number, if it can be.
#[must_use]
pub fn out_of_the_way(fd: OwnedFd) -> OwnedFd {
    // SAFETY: a call on an open descriptor; the copy is new and ours.
    unsafe {
        let copy = libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, HIGH);
        if copy < 0 {
            return fd;
        }
        OwnedFd::from_raw_fd(copy)
    }
}

/// Numbers that tell what is open from everything else.
fn identity_of(fd: impl AsFd) -> io::Result<(u64, u64)> {
    // SAFETY: plain data, filled in by the call if that succeeds.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        if libc::fstat(fd.as_fd().as_raw_fd(), &mut stat) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((stat.st_dev, stat.st_ino))
    }
}

/// What has a descriptor that may become the program's.
pub struct Ours<T: AsFd> {
    /// There until the value is dropped.
    inner: Option<T>,
    identity: (u64, u64),
}

impl<T: AsFd> Ours<T> {
    /// Remembers what is open there now.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(inner: T) -> io::Result<Self> {
        Ok(Ours {
            identity: identity_of(&inner)?,
            inner: Some(inner),
        })
    }

    /// It, if it is still ours.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        let inner = self.inner.as_ref()?;
        let same = identity_of(inner).is_ok_and(|found| found == self.identity);
        same.then_some(inner)
    }
}

impl<T: AsFd> Drop for Ours<T> {
    fn drop(&mut self) {
        if self.get().is_none() {
            // What is there now is not ours to close.
            std::mem::forget(self.inner.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn what_is_not_ours_is_not_closed() {
        let null = || File::open("/dev/null").expect("a file");
        let zero = File::open("/dev/zero").expect("a file");
        let ours = Ours::new(null()).expect("known");
        let number = ours.get().expect("ours").as_raw_fd();
        // SAFETY: both are open; the second one's number is ours from now on, as a program would have it.
        unsafe { libc::dup2(zero.as_raw_fd(), number) };
        assert!(ours.get().is_none());
        drop(ours);
        // SAFETY: a question about a number; then it is closed, being nobody's.
        unsafe {
            assert!(libc::fcntl(number, libc::F_GETFD) >= 0);
            libc::close(number);
        }
    }
}
